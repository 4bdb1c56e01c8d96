package papers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/cases"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Bounds of an export.
const (
	mostLength  = 64 << 20        // of one paper, in octets: it is held in memory while it is copied
	tellEvery   = 2 * time.Second // how often progress is written
	listingPage = 200
)

// mostPapers is how many papers a file may have; a variable for tests.
var mostPapers = 20_000

// bulk is one export at work.
type bulk struct {
	*Service
	id      string
	body    record.Object
	grants  []people.Grant // of who asked, as they are now
	about   string         // the paper of filing of the case, as papers name it; "": it is of none
	out     binder
	done    int
	missing []absent
	acts    []evidence.Entry
	told    time.Time
}

// binder puts papers into one file. A paper that it cannot take is fault export.paper_unfit, and the file goes on without it.
type binder interface {
	Add(p bound) error
	Close(missing []absent) error
}

// absent is a paper that is not in a file.
type absent struct {
	id   string
	body record.Object // nil where it is not for the eyes of who asked
	why  *fault.Error
}

// codes tells what stood in the way of each paper, by record id.
func codes(missing []absent) record.Object {
	out := record.Object{}
	for _, m := range missing {
		out[m.id] = string(m.why.Code)
	}
	return out
}

// bound is a paper on its way into a file.
type bound struct {
	ID       string
	Body     record.Object
	File     []byte
	SHA256   string
	Position int // from 1
}

// errCancelled ends an export whose state says so.
var errCancelled = errors.New("the export was cancelled")

// MakeExport does the job document.ExportJob: it makes the file of an export, writes an act of custody for each paper in it, and only then says that the
// file can be had. A paper that is absent, foreign or unreadable is told, and the others go on; a store that is down is the job's error, and the job begins
// anew later. Cancelled in between it leaves nothing behind.
func (s *Service) MakeExport(ctx context.Context, id string) error {
	b := &bulk{Service: s, id: id}
	var err error
	if b.body, err = s.find(ctx, document.Exports.Name, id); err != nil || over(b.body) || b.body["state"] == document.ExportDone {
		return err
	}
	err = b.make(ctx)
	switch {
	case errors.Is(err, errCancelled):
		return nil
	case errors.Is(err, fault.New(fault.ExportEmpty)), errors.Is(err, fault.New(fault.ExportTooMany)), errors.Is(err, fault.New(fault.CaseTooWide)), errors.Is(err, fault.New(fault.CaseNotFiling)):
		return b.say(ctx, record.Object{"state": document.ExportFailed, "failure": string(fault.Of(err).Code), "missing": codes(b.missing)})
	}
	return err
}

func (b *bulk) make(ctx context.Context) error {
	officer, _ := b.body["officer"].(string)
	who, err := b.optional(ctx, people.Officers.Name, officer)
	if err != nil {
		return err
	}
	b.grants = people.GrantsOf(who)
	ids, err := b.chosen(ctx)
	if err != nil {
		return err
	}
	if err := b.say(ctx, record.Object{"state": document.ExportWorking, "total": float64(len(ids)), "done": 0.0}); err != nil {
		return err
	}
	file, err := os.CreateTemp(b.Temp, "export-")
	if err != nil {
		return fault.New(fault.StorageFull).Because(err)
	}
	_ = os.Remove(file.Name()) // it lives on until it is closed, and a process that dies leaves nothing; where that cannot be, it goes below
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	digest := sha256.New()
	b.out = b.binder(io.MultiWriter(file, digest))
	for _, id := range ids {
		if err := b.paper(ctx, id); err != nil {
			return err
		}
	}
	if len(b.acts) == 0 {
		return fault.New(fault.ExportEmpty)
	}
	if err := b.out.Close(b.missing); err != nil {
		return err
	}
	return b.hand(ctx, file, hex.EncodeToString(digest.Sum(nil)))
}

func (b *bulk) binder(w io.Writer) binder {
	if b.body["form"] == FormZIP {
		a := newArchive(w, b.id, b.Now())
		a.manifest.Case, _ = b.body["case"].(string)
		return a
	}
	reason, _ := b.body["reason"].(string)
	v := newVolume(w, b.id, reason, b.Now())
	v.about = b.about
	return v
}

// chosen lists the papers that are asked for, by the moment of issue.
func (b *bulk) chosen(ctx context.Context) ([]string, error) {
	found := map[string]string{}
	note := func(id string, body record.Object) {
		if state := body["state"]; state == document.Issued || state == document.Voided {
			found[id], _ = body["issuedAt"].(string)
		}
	}
	if named, _ := b.body["documents"].([]any); len(named) > 0 {
		ids := make([]string, 0, len(named))
		for _, id := range named {
			ids = append(ids, fmt.Sprint(id))
		}
		return ids, nil
	}
	if filing, _ := b.body["case"].(string); filing != "" {
		return b.ofCase(ctx, filing)
	}
	if inspection, _ := b.body["inspection"].(string); inspection != "" {
		all, err := facts{b.History}.Match(ctx, document.Documents.Name, "inspection", inspection)
		if err != nil {
			return nil, err
		}
		for id, body := range all {
			note(id, body)
		}
	} else if err := b.ofMonth(ctx, note); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(found[x], found[y]), cmp.Compare(x, y)) })
	if len(ids) > mostPapers {
		return nil, fault.New(fault.ExportTooMany)
	}
	return ids, nil
}

// ofCase finds the papers of a case. Whether who asked may have each is asked when its turn comes; where the paper of filing is not his any more, nothing is found.
func (b *bulk) ofCase(ctx context.Context, filing string) ([]string, error) {
	body, err := b.optional(ctx, document.Documents.Name, filing)
	if err != nil {
		return nil, err
	}
	if body == nil || !people.MayAny(b.grants, "documents.export", document.Documents.UnitsOf(body), b.Now()) {
		return nil, fault.New(fault.ExportEmpty)
	}
	b.about = "《" + nameOf(body) + "》"
	if number := numberTextOf(body); number != "" {
		b.about += "（" + number + "）"
	}
	found, err := cases.Find(ctx, b.History, filing, body)
	if len(found.Papers) > mostPapers {
		return nil, fault.New(fault.ExportTooMany)
	}
	return found.Papers, err
}

// ofMonth walks over the papers of a unit that were issued in the month.
func (b *bulk) ofMonth(ctx context.Context, note func(string, record.Object)) error {
	unit, _ := b.body["unit"].(string)
	for _, state := range []string{document.Issued, document.Voided} {
		for after := ""; ; {
			page, err := b.History.Waiting(ctx, pull.Waiting{Collection: document.Documents.Name, State: state, Units: []string{unit}, After: after, Limit: listingPage})
			if err != nil {
				return err
			}
			for _, r := range page {
				body, err := wire.Object(r.Body)
				if err != nil {
					return fmt.Errorf("document %s as stored: %w", r.ID, err)
				}
				if issued := document.ReadInstance(body).IssuedAt; issued.In(record.Beijing).Format("2006-01") == b.body["month"] {
					note(r.ID, body)
				}
			}
			if len(page) < listingPage {
				break
			}
			after = page[len(page)-1].ID
		}
	}
	return nil
}

// paper takes in one paper, or notes why not.
func (b *bulk) paper(ctx context.Context, id string) error {
	if err := b.tell(ctx); err != nil {
		return err
	}
	p, err := b.read(ctx, id)
	if err == nil {
		p.Position = len(b.acts) + 1
		err = b.out.Add(p)
	}
	b.done++
	var why *fault.Error
	if errors.As(err, &why) && why.Kind != fault.Unavailable && why.Kind != fault.OutOfSpace && why.Kind != fault.Unknown {
		b.missing = append(b.missing, absent{id, p.Body, why})
		return nil
	}
	if err != nil {
		return err
	}
	officer, _ := b.body["officer"].(string)
	device, _ := b.body["device"].(string)
	reason, _ := b.body["reason"].(string)
	actorUnit, _ := b.body["actorUnit"].(string)
	unit, _ := p.Body["unit"].(string)
	b.acts = append(b.acts, evidence.Entry{Evidence: id, Unit: unit, Act: evidence.ActExport, Actor: officer, ActorUnit: actorUnit, Device: device, At: b.Now(), Reason: reason,
		Related: b.id, Detail: record.Object{"collection": document.Documents.Name, "sha256": p.SHA256}})
	return nil
}

// read reads a paper that the one who asked may export, with its stored bytes, and proves them. Foreign is as absent; of others the body is told with the error too.
func (b *bulk) read(ctx context.Context, id string) (bound, error) {
	body, err := b.optional(ctx, document.Documents.Name, id)
	if err != nil {
		return bound{}, err
	}
	if body == nil || !people.MayAny(b.grants, "documents.export", document.Documents.UnitsOf(body), b.Now()) ||
		body["state"] != document.Issued && body["state"] != document.Voided {
		return bound{}, fault.New(fault.NotFound)
	}
	p := bound{ID: id, Body: body}
	kept, err := KeptOf(body, false)
	if err != nil {
		return p, err
	}
	if kept.Length > mostLength {
		return p, fault.New(fault.PaperUnfit)
	}
	p.SHA256 = kept.SHA256
	p.File, err = b.Service.read(ctx, kept)
	return p, err
}

// tell looks whether the export is still wanted, and now and then writes how far it is.
func (b *bulk) tell(ctx context.Context) error {
	body, err := b.find(ctx, document.Exports.Name, b.id)
	if err != nil {
		return err
	}
	if over(body) {
		return errCancelled
	}
	if now := b.Now(); now.Sub(b.told) >= tellEvery {
		b.told = now
		return b.say(ctx, record.Object{"done": float64(b.done)})
	}
	return nil
}

// say writes into the export's record. One that has ended meanwhile takes nothing any more: that is errCancelled.
func (b *bulk) say(ctx context.Context, patch record.Object, acts ...evidence.Entry) error {
	op := push.ServerOp{Collection: document.Exports.Name, Record: b.id, Action: record.Update, Patch: patch}
	ops := []push.ServerOp{op}
	for _, e := range acts {
		ops = append(ops, custody.Op(b.NewID(), e))
	}
	err := b.Judged.ApplyJudged(ctx, ops)
	if err == nil {
		return nil
	}
	if body, again := b.find(ctx, document.Exports.Name, b.id); again == nil && over(body) {
		return errCancelled
	}
	return err
}

// hand puts the file where it can be had, and then says so together with the acts: none of the papers is out before it is written down.
func (b *bulk) hand(ctx context.Context, file *os.File, sum string) error {
	length, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fault.New(fault.StorageFull).Because(err)
	}
	if err := b.tell(ctx); err != nil {
		return err
	}
	key := evidence.Key(evidence.Exports, sum)
	if err := b.Blobs.Put(ctx, key, evidence.Digest{Length: length, SHA256: sum}, file); err != nil {
		return err
	}
	err = b.say(ctx, record.Object{"state": document.ExportDone, "done": float64(b.done), "missing": codes(b.missing), "key": key, "sha256": sum, "length": float64(length),
		"expiresAt": stamp(b.Now().Add(exportTTL))}, b.acts...)
	if errors.Is(err, errCancelled) {
		return errors.Join(err, b.dropFile(ctx, key))
	}
	return err
}

// titleOf names a paper in an outline or as a file: its kind and number, and what has become of it.
func titleOf(body record.Object) string {
	title := strings.TrimSpace(nameOf(body) + " " + numberTextOf(body))
	switch document.Standing(body) {
	case document.Voided:
		return title + "（作废）"
	case document.Corrected:
		return title + "（已更正）"
	}
	return title
}

// nameOf is the name of a paper's kind.
func nameOf(body record.Object) string {
	kind, _ := body["kind"].(string)
	if k, ok := document.KindOf(kind); ok {
		return k.Name
	}
	return kind
}

func numberTextOf(body record.Object) string {
	number, _ := body["number"].(record.Object)
	text, _ := number["text"].(string)
	return text
}
