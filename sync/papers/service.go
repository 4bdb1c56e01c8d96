package papers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Service renders papers and leases numbers. It is safe for concurrent use.
type Service struct {
	History   History
	Records   Records
	Blobs     evidence.Blobs
	Watch     Watch
	Numbers   Numbers
	Devices   Devices
	Judged    Judged
	Seals     Seals         // nil: papers are sealed by hand
	PublicURL string        // where the check page of a paper is, without a slash at the end
	NumberTTL time.Duration // how long a leased block may be used
	Now       func() time.Time
	NewID     func() string // UUIDv7
	Log       *slog.Logger
	Temp      string // folder for files that are being made; "": that of the system
}

// Render does the job document.RenderJob: it renders the paper of that record id, keeps the PDF, and says so in the paper's
// field "rendered". Of a paper that was made void afterwards it keeps a copy of that with the mark of it; what was handed over
// stays named in "rendered/issued". What is kept is read again at night from then on. Done again it changes nothing. A store that is down is its error, and the job is tried
// again later; so is a picture that has not been brought (paper.picture_pending), which "rendered/waiting" names meanwhile.
func (s *Service) Render(ctx context.Context, id string) error {
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil || body == nil {
		return err
	}
	state, _ := body["state"].(string)
	if state != document.Issued && state != document.Voided {
		return nil
	}
	if have, _ := body["rendered"].(record.Object); have["state"] != state {
		if err := s.render(ctx, id, state, body, have); err != nil {
			return err
		}
	}
	return s.Watch.KeepCheck(ctx, custody.Paper(id), false, s.Now())
}

// render makes what is not there yet of a paper that was issued, and perhaps made void since.
func (s *Service) render(ctx context.Context, id, state string, body, have record.Object) (err error) {
	said := record.Object{}
	if waits(have) {
		have, said["waiting"] = nil, nil // nothing was rendered, and what it waited for is there
	}
	if have == nil { // also of a paper that was made void before anybody rendered it: first what was handed over
		if have, err = s.keep(ctx, id, body, said); err != nil {
			return s.wait(ctx, id, body, err)
		}
	}
	if state == document.Voided {
		return s.keepVoid(ctx, id, body, have)
	}
	return nil
}

// keep renders a paper as it was issued, puts the bytes where they are durable and proven to be there, and only then says so in the record, beside what is to be
// said anyway.
func (s *Service) keep(ctx context.Context, id string, body, said record.Object) (record.Object, error) {
	paper, filling, err := s.paper(ctx, id, body)
	if err != nil {
		return nil, err
	}
	paper.Instance.State, paper.Instance.VoidReason = document.Issued, ""
	done, err := album(ctx, paper)
	if err != nil {
		return nil, err
	}
	defer done()
	var printed []evidence.Entry
	paper.Pictures = s.pictures(ctx, paper.Instance.Unit, func(e evidence.Entry) { printed = append(printed, e) })
	var out bytes.Buffer
	result, err := render.PDF(&out, paper)
	if failed, ok := hindered(err); ok { // no later attempt finds it otherwise
		s.Log.ErrorContext(ctx, "a paper cannot be rendered", "document", id, "error", err)
		maps.Copy(failed, said)
		failed["state"], failed["filling"], failed["at"] = document.Issued, filling, stamp(s.Now())
		return s.say(ctx, id, failed, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("render document %s: %w", id, err)
	}
	if len(result.Missing) > 0 {
		s.Log.WarnContext(ctx, "a paper has characters that no font has", "document", id, "characters", string(result.Missing))
	}
	rendered, err := s.store(ctx, id, document.Issued, result, &out)
	if err != nil {
		return nil, err
	}
	rendered["filling"] = filling
	maps.Copy(rendered, said)
	if len(paper.Seal) > 0 {
		digest := sha256.Sum256(paper.Seal)
		rendered["seal"] = hex.EncodeToString(digest[:])
	}
	if len(result.Missing) > 0 {
		rendered["missing"] = string(result.Missing)
	}
	return s.say(ctx, id, rendered, nil, s.prints(id, body, printed)...)
}

// keepVoid makes the copy of a void paper with the mark of it, beside what was handed over.
func (s *Service) keepVoid(ctx context.Context, id string, body, issued record.Object) error {
	if failure, _ := issued["failure"].(string); failure != "" {
		_, err := s.say(ctx, id, record.Object{"state": document.Voided, "failure": failure, "at": stamp(s.Now())}, issued)
		return err
	}
	var out bytes.Buffer
	result, err := s.mark(ctx, &out, body, issued)
	if err != nil {
		return fmt.Errorf("mark document %s: %w", id, err)
	}
	rendered, err := s.store(ctx, id, document.Voided, result, &out)
	if err == nil {
		_, err = s.say(ctx, id, rendered, issued)
	}
	return err
}

// store keeps a file, and returns what is to be said of it.
func (s *Service) store(ctx context.Context, id, state string, result render.Result, file *bytes.Buffer) (record.Object, error) {
	key := evidence.Key(evidence.Papers, result.SHA256)
	if err := s.Blobs.Put(ctx, key, evidence.Digest{Length: result.Length, SHA256: result.SHA256}, file); err != nil {
		return nil, fmt.Errorf("keep document %s: %w", id, err)
	}
	return record.Object{"state": state, "sha256": result.SHA256, "length": float64(result.Length), "pages": float64(result.Pages), "key": key,
		"renderer": render.Version(), "at": stamp(s.Now())}, nil
}

// say writes into a paper's record what has come of rendering it, and of rendering it before it was made void; and beside it what was done with evidence for that.
func (s *Service) say(ctx context.Context, id string, rendered, before record.Object, acts ...evidence.Entry) (record.Object, error) {
	if before != nil {
		rendered["issued"] = before
	}
	ops := []push.ServerOp{{Collection: document.Documents.Name, Record: id, Action: record.Update, Patch: record.Object{"rendered": rendered}}}
	for _, e := range acts {
		ops = append(ops, custody.Op(s.NewID(), e))
	}
	return rendered, s.Records.ApplyOwn(ctx, ops)
}

// find reads a record's body; nil when it was removed.
func (s *Service) find(ctx context.Context, collection, id string) (record.Object, error) {
	r, err := s.History.Record(ctx, collection, id)
	if err != nil || r.Removed {
		return nil, err
	}
	return wire.Object(r.Body)
}
