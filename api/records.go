package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Record is a record as it stands.
type Record struct {
	Collection string         `json:"collection"`
	ID         string         `json:"id"`
	Version    uint64         `json:"version"`
	Removed    bool           `json:"removed"`
	Body       jsontext.Value `json:"body"`
}

// History is a record's past, oldest version first.
type History struct {
	Collection string    `json:"collection"`
	ID         string    `json:"id"`
	Versions   []Version `json:"versions"`
}

// Version is one version of a record: who made it, when, on what, and what it then said.
type Version struct {
	Version    uint64         `json:"version"`
	Op         string         `json:"op"`
	Action     string         `json:"action"`
	Author     string         `json:"author"`
	Device     string         `json:"device,omitempty"`
	OccurredAt time.Time      `json:"occurredAt"`
	ReceivedAt time.Time      `json:"receivedAt"`
	Outcome    string         `json:"outcome"`
	Body       jsontext.Value `json:"body"`
}

// Check is what a certificate is worth at a moment.
type Check struct {
	Number    string          `json:"number"`
	Officer   string          `json:"officer"`
	Name      string          `json:"name"`
	Organ     string          `json:"organ"`
	Standing  people.Standing `json:"standing"`
	ValidFrom string          `json:"validFrom"`
	ValidTo   string          `json:"validTo"`
	Since     *time.Time      `json:"since,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}

func (s *server) readRecord(r *request) error {
	speaks, err := s.speaks(r)
	if err != nil {
		return err
	}
	rec, err := s.visible(r, "records.read")
	if err != nil {
		return err
	}
	out, err := shown(rec, speaks)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

func (s *server) readHistory(r *request) error {
	speaks, err := s.speaks(r)
	if err != nil {
		return err
	}
	rec, err := s.visible(r, "records.history")
	if err != nil {
		return err
	}
	past, err := s.History.Revisions(r.ctx, rec.ID)
	if err != nil {
		return err
	}
	versions, err := versionsOf(past, speaks)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, History{Collection: rec.Collection, ID: rec.ID, Versions: versions})
}

// visible finds the record that the path names, if the caller has the right over it. A record of a unit is seen by those who have the
// right over that unit, one that no handheld pulls if they may read the collection besides, one of a device on that device and by those who may settle such records over its unit, one of the district by
// all who have the right. What is foreign answers like what is absent.
func (s *server) visible(r *request, right people.Right) (pull.Record, error) {
	c, known := s.Catalogue[r.Params("collection")]
	id, err := r.id("id")
	if !known || err != nil {
		return pull.Record{}, fault.New(fault.NotFound)
	}
	rec, body, err := s.record(r.ctx, c.Name, id)
	if err != nil {
		return rec, err
	}
	if !s.sees(r, c, body, right) {
		return rec, fault.New(fault.NotFound)
	}
	return rec, nil
}

// sees reports whether the caller has the right over a body of the collection.
func (s *server) sees(r *request, c *record.Collection, body record.Object, right people.Right) bool {
	switch c.Scope {
	case record.District:
		return r.caller.May(right, "", s.Now())
	case record.Unit:
		return r.caller.MayAny(right, c.UnitsOf(body), s.Now())
	case record.Audit:
		own := people.Right(c.Name + ".read")
		return r.caller.MayAny(right, c.UnitsOf(body), s.Now()) && r.caller.MayAny(own, c.UnitsOf(body), s.Now())
	case record.Device:
		settles := people.Right(c.Name + ".settle")
		return text(body, "device") == r.caller.Device || text(body, "unit") != "" && r.caller.May(settles, text(body, "unit"), s.Now())
	}
	return false
}

// record reads a record with its body.
func (s *server) record(ctx context.Context, collection, id string) (pull.Record, record.Object, error) {
	rec, err := s.History.Record(ctx, collection, id)
	if err != nil {
		return rec, nil, err
	}
	body, err := wire.Object(rec.Body)
	return rec, body, err
}

// checkCertificate tells what the certificate of a number is worth, now or at a moment. Of several records of one number, such
// as a renewal's, the one with the latest term is meant.
func (s *server) checkCertificate(r *request) error {
	number, err := r.text("number")
	if err != nil {
		return err
	}
	at, err := r.moment("at", s.Now())
	if err != nil {
		return err
	}
	found, err := s.History.Lookup(r.ctx, people.Certificates.Name, "number", number)
	if err != nil {
		return err
	}
	c, ok := newest(found)
	if !ok {
		return fault.New(fault.NotFound).At("number")
	}
	status := c.StandingAt(at)
	out := Check{Number: c.Number, Officer: c.Officer, Standing: status.Standing, ValidFrom: c.From, ValidTo: c.To, Reason: status.Reason}
	if !status.Since.IsZero() {
		since := status.Since.UTC()
		out.Since = &since
	}
	if out.Name, err = s.nameOf(r.ctx, people.Officers.Name, c.Officer); err != nil {
		return err
	}
	if out.Organ, err = s.unitName(r.ctx, c.Organ); err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

func newest(found []pull.Record) (best people.Certificate, ok bool) {
	for _, rec := range found {
		body, err := wire.Object(rec.Body)
		if err != nil {
			continue
		}
		if c, err := people.ReadCertificate(body); err == nil && (!ok || c.Term.Until.After(best.Term.Until)) {
			best, ok = c, true
		}
	}
	return best, ok
}

// nameOf is the "name" of a record, "" if there is none.
func (s *server) nameOf(ctx context.Context, collection, id string) (string, error) {
	if !record.IsID(id) {
		return "", nil
	}
	_, body, err := s.record(ctx, collection, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return "", nil
	}
	return text(body, "name"), err
}

// unitName is the name of the unit with a code; what is no known code is a name already.
func (s *server) unitName(ctx context.Context, code string) (string, error) {
	found, err := s.History.Lookup(ctx, people.Units.Name, "code", code)
	if err != nil || len(found) == 0 {
		return code, err
	}
	body, err := wire.Object(found[0].Body)
	return text(body, "name"), err
}

// downloadPaper gives out the rendered PDF of an issued paper.
func (s *server) downloadPaper(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	_, body, err := s.record(r.ctx, document.Documents.Name, id)
	if err != nil {
		return err
	}
	if !r.caller.MayAny("documents.download", document.Documents.UnitsOf(body), s.Now()) {
		return fault.New(fault.NotFound)
	}
	r.standing(s.PublicURL, body)
	form, which := r.Query("form", "pdf"), r.Query("copy", "")
	switch {
	case which != "" && form != "pdf":
		return fault.New(fault.FieldInvalid).At("copy").Detail("只有 pdf 可以加印联次", "only pdf has copies")
	case which != "":
		return s.madeAnew(r, id, func() (papers.File, error) { return s.Papers.Copy(r.ctx, id, which) })
	case form != "pdf" && form != "issued":
		return s.madeAnew(r, id, func() (papers.File, error) { return s.Papers.As(r.ctx, id, form) })
	}
	kept, err := papers.KeptOf(body, form == "issued")
	if err != nil {
		return err
	}
	return s.serve(r.Ctx, media{size: kept.Length, sha: kept.SHA256, mime: "application/pdf", name: id + ".pdf", ours: true, doubt: s.doubt(custody.Paper(id)),
		open: func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
			body, err := s.Blobs.OpenRange(ctx, kept.Key, from, n)
			return body, evidence.NotThere(err)
		}})
}

// paperState is the header that says what has become of a paper whose file is given out: the file of a corrected one does not.
const paperState = "Paper-State"

// standing says by headers what has become of a paper, and where the one is that corrects it (RFC 5829).
func (r *request) standing(public string, body record.Object) {
	standing := document.Standing(body)
	if standing == document.Draft {
		return
	}
	r.Set(paperState, standing)
	if by := text(object(body, "correctedBy"), "document"); record.IsID(by) {
		r.Set(fiber.HeaderLink, "<"+public+"/v1/documents/"+by+`/pdf>; rel="successor-version"`)
	}
}

// madeAnew gives out a paper in a form that is made anew each time. It costs what a preview costs, so it counts as one.
func (s *server) madeAnew(r *request, id string, anew func() (papers.File, error)) error {
	if wait, ok := s.renders.Take(r.caller.Device); !ok {
		return fault.New(fault.RateLimited).After(wait)
	}
	file, err := anew()
	if err != nil {
		return err
	}
	return s.serve(r.Ctx, media{size: int64(len(file.Bytes)), sha: file.SHA256, mime: file.Type, name: id + "." + file.Ending, ours: true,
		open: func(_ context.Context, from, n int64) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(file.Bytes[from : from+n])), nil
		}})
}
