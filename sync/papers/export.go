package papers

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/cases"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// The forms of an export.
const (
	FormPDF = "pdf" // one file with an outline
	FormZIP = "zip" // every paper as it is stored, with a manifest of digests
)

// exportTTL is how long a file of many papers can be had.
const exportTTL = 24 * time.Hour

// mostNamed is how many papers may be named one by one.
const mostNamed = 500

// Wanted says which papers are wanted as one file: those of an inspection, those of a case, those of a unit and a month, or those named.
type Wanted struct {
	Form       string
	Reason     string
	Inspection string
	Case       string // its paper of filing
	Unit       string
	Month      string // YYYY-MM in Beijing
	Documents  []string
}

// Export begins to make a file of many papers, for those with the right documents.export; which papers come into it is asked of each when its turn comes. It
// returns the record id. An inspection, a case or a unit that is not the caller's is fault request.not_found, like an absent one.
func (s *Service) Export(ctx context.Context, caller people.Caller, w Wanted) (string, error) {
	if err := s.wanted(ctx, caller, &w); err != nil {
		return "", err
	}
	id := s.NewID()
	body := record.Object{"device": caller.Device, "officer": caller.Officer, "actorUnit": caller.Unit, "form": w.Form, "reason": w.Reason, "state": document.ExportQueued,
		"createdAt": stamp(s.Now())}
	for key, value := range map[string]string{"inspection": w.Inspection, "case": w.Case, "unit": w.Unit, "month": w.Month} {
		if value != "" {
			body[key] = value
		}
	}
	if len(w.Documents) > 0 {
		named := make([]any, len(w.Documents))
		for i, d := range w.Documents {
			named[i] = d
		}
		body["documents"] = named
	}
	return id, s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: document.Exports.Name, Record: id, Action: record.Create, Patch: body}})
}

// wanted checks what is asked for.
func (s *Service) wanted(ctx context.Context, caller people.Caller, w *Wanted) error {
	wrong := func(field, zh, en string) error { return fault.New(fault.FieldInvalid).At(field).Detail(zh, en) }
	w.Reason = strings.TrimSpace(w.Reason)
	n := utf8.RuneCountInString(w.Reason)
	switch {
	case w.Form != FormPDF && w.Form != FormZIP:
		return wrong("form", "应为 pdf 或者 zip", "want pdf or zip")
	case n == 0 || n > 500 || !record.Storable(w.Reason) || strings.ContainsFunc(w.Reason, func(c rune) bool { return c < ' ' || c == utf8.RuneError }):
		return fault.New(fault.ReasonNeeded).At("reason")
	case w.ways() != 1 || w.Unit != "" && w.Month == "":
		return wrong("inspection", "应指明一次检查、一个案件、一个月份或者若干文书之一", "name an inspection, or a case, or a month, or papers")
	case w.Month != "":
		if w.Unit == "" {
			w.Unit = caller.Unit
		}
		if _, err := time.Parse("2006-01", w.Month); err != nil {
			return wrong("month", "应为YYYY-MM", "want YYYY-MM")
		}
		if !record.Storable(w.Unit) || !caller.May("documents.export", w.Unit, s.Now()) {
			return fault.New(fault.NotFound).At("unit")
		}
		return nil
	case w.Documents != nil:
		if len(w.Documents) > mostNamed {
			return wrong("documents", "一次至多500份", "at most 500 at once")
		}
		for _, id := range w.Documents {
			if !record.IsID(id) {
				return wrong("documents", "不是文书标识", "is not the id of a paper")
			}
		}
		return nil
	case w.Case != "":
		return s.wantedCase(ctx, caller, w.Case)
	}
	body, err := s.seen(ctx, caller, &inspect.Inspections, w.Inspection, "documents.export")
	if err == nil && body == nil {
		err = fault.New(fault.NotFound).At("inspection")
	}
	return err
}

// ways counts in how many ways it is said which papers are wanted.
func (w *Wanted) ways() (n int) {
	for _, said := range []bool{w.Inspection != "", w.Case != "", w.Month != "", len(w.Documents) > 0} {
		if said {
			n++
		}
	}
	return n
}

// wantedCase checks that a case is there for the caller, by its paper of filing. Which papers it has is found when the file is made.
func (s *Service) wantedCase(ctx context.Context, caller people.Caller, id string) error {
	body, err := s.seen(ctx, caller, &document.Documents, id, "documents.export")
	switch {
	case err != nil:
		return err
	case body == nil:
		return fault.New(fault.NotFound).At("case")
	}
	return cases.Filing(body)
}

// Exported tells how far an export is. It is told to who asked for it, on the device he asked on; anybody else's answers like an absent one.
func (s *Service) Exported(ctx context.Context, caller people.Caller, id string) (record.Object, error) {
	body, err := s.find(ctx, document.Exports.Name, id)
	if err == nil && (body == nil || body["device"] != caller.Device || body["officer"] != caller.Officer) {
		err = fault.New(fault.NotFound)
	}
	return body, err
}

// ExportFile is a file that is ready.
type ExportFile struct {
	Key, SHA256, Form string
	Length            int64
}

// ExportFile finds the file of an export: fault export.not_ready until it is there, export.gone once there is none any more.
func (s *Service) ExportFile(ctx context.Context, caller people.Caller, id string) (ExportFile, error) {
	body, err := s.Exported(ctx, caller, id)
	if err != nil {
		return ExportFile{}, err
	}
	f := fileOf(body)
	switch state := body["state"]; {
	case state == document.ExportQueued || state == document.ExportWorking:
		return f, fault.New(fault.ExportPending)
	case state != document.ExportDone || !s.Now().Before(expiryOf(body)):
		return f, fault.New(fault.ExportGone)
	}
	return f, nil
}

func fileOf(body record.Object) ExportFile {
	f := ExportFile{}
	f.Key, _ = body["key"].(string)
	f.SHA256, _ = body["sha256"].(string)
	f.Form, _ = body["form"].(string)
	length, _ := body["length"].(float64)
	f.Length = int64(length)
	return f
}

func expiryOf(body record.Object) time.Time {
	text, _ := body["expiresAt"].(string)
	at, _ := time.Parse(time.RFC3339Nano, text)
	return at
}

// CancelExport ends an export: what works at it stops before the next paper, and its file goes. Of one that has ended nothing changes.
func (s *Service) CancelExport(ctx context.Context, caller people.Caller, id string) error {
	if _, err := s.Exported(ctx, caller, id); err != nil {
		return err
	}
	return s.endExport(ctx, id, document.ExportCancelled)
}

// endExport puts an export into an end state, and takes its file away. The state is written first: a worker that finishes in that moment sees it, or has
// written its own before, and then the file is named.
func (s *Service) endExport(ctx context.Context, id, state string) error {
	body, err := s.find(ctx, document.Exports.Name, id)
	if err != nil || over(body) {
		return err
	}
	op := push.ServerOp{Collection: document.Exports.Name, Record: id, Action: record.Update, Patch: record.Object{"state": state}}
	if err := s.Judged.ApplyJudged(ctx, []push.ServerOp{op}); err != nil {
		return err
	}
	if body, err = s.find(ctx, document.Exports.Name, id); err != nil {
		return err
	}
	return s.dropFile(ctx, fileOf(body).Key)
}

// over reports whether nothing more comes of an export.
func over(body record.Object) bool {
	state, _ := body["state"].(string)
	return document.ExportEnded(state)
}

// dropFile removes a file, unless another export that can be had has the same bytes.
func (s *Service) dropFile(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	others, err := facts{s.History}.Match(ctx, document.Exports.Name, "key", key)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other["state"] == document.ExportDone {
			return nil
		}
	}
	return s.Blobs.Remove(ctx, key)
}

// ExpireExports takes away the files whose time is over. It goes on where it can; what fails is tried again the next time.
func (s *Service) ExpireExports(ctx context.Context) error {
	ready, err := facts{s.History}.Match(ctx, document.Exports.Name, "state", document.ExportDone)
	if err != nil {
		return err
	}
	var errs []error
	for id, body := range ready {
		if !s.Now().Before(expiryOf(body)) {
			errs = append(errs, s.endExport(ctx, id, document.ExportExpired))
		}
	}
	return errors.Join(errs...)
}
