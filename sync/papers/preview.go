package papers

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
)

// Sketch is a paper that need not be on record: what somebody has entered so far.
type Sketch struct {
	Which
	Unit       string // whose paper it is; "" is the unit of the caller's device
	Subject    string // fills in a party that was left out, if the caller may see it
	Officers   record.Object
	Data       record.Object
	Signatures record.Object
}

// Bounds of a sketch, so that nobody has a book rendered.
const (
	mostCharacters = 100_000 // of all texts of the data together
	mostSignatures = 50
)

// instance is the sketch as a paper by a template.
func (k Sketch) instance(t document.Edition) document.Instance {
	return document.ReadInstance(record.Object{"unit": k.Unit, "kind": t.Kind, "template": t.ID, "templateVersion": float64(t.Version), "state": document.Draft,
		"subject": k.Subject, "officers": k.Officers, "data": k.Data, "signatures": k.Signatures})
}

// Checked says what is wrong with a sketch, and how far signing is.
type Checked struct {
	Template document.Edition
	Flaws    []document.Flaw
	Steps    []document.Step
}

// Check tells the flaws of a sketch by its template, field by field; periods by the calendar of working days. Nothing is written. A sketch
// beyond all bounds is fault paper.too_large.
func (s *Service) Check(ctx context.Context, caller people.Caller, k Sketch) (Checked, error) {
	t, in, err := s.sketched(ctx, caller, k)
	if err != nil {
		return Checked{}, err
	}
	flaws := append(document.Check(t.Template, in), document.CheckPeriods(t.Template, in, collections.Calendar(ctx, facts{s.History}))...)
	return Checked{t, flaws, document.Steps(t.Template, in)}, nil
}

// Preview renders a sketch: without a number, without the hands of who has signed, and without a code to check it by, marked as a draft. Nothing is written or
// kept. It is dated as if issued on the sketch's day. Beyond all bounds it is fault paper.too_large; no more are rendered at once than
// there are processors, and who waits for his turn beyond his deadline gets the context's error.
func (s *Service) Preview(ctx context.Context, caller people.Caller, k Sketch) ([]byte, error) {
	t, in, err := s.sketched(ctx, caller, k)
	if err != nil {
		return nil, err
	}
	on, err := s.day(k.On)
	if err != nil {
		return nil, err
	}
	if in.IssuedAt, err = time.ParseInLocation(time.DateOnly, on, record.Beijing); err != nil {
		return nil, err
	}
	for i := range in.Signatures { // who has signed is shown, the hand is not
		in.Signatures[i].Image, in.Signatures[i].Strokes = "", ""
	}
	if t.Number != nil {
		in.NumberText = "（未编号）"
	}
	if err := s.nameOfficers(ctx, &in); err != nil {
		return nil, err
	}
	o, err := s.organ(ctx, in.Unit)
	if err != nil {
		return nil, err
	}
	done, err := turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var out bytes.Buffer
	_, err = render.PDF(&out, render.Paper{Words: document.Words{Template: t.Template, Instance: in, Organ: o.Name}})
	return out.Bytes(), told(err)
}

// turns is what is held while somebody waits for a page to be rendered: one for each processor, since all services of a process share them.
var turns = make(chan struct{}, runtime.GOMAXPROCS(0))

// turn waits until a page may be rendered, at the latest until the context ends; done gives the turn back.
func turn(ctx context.Context) (done func(), err error) {
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sketched finds a sketch's template and completes its party. Unknown templates come first, then what is not the caller's, then bounds.
func (s *Service) sketched(ctx context.Context, caller people.Caller, k Sketch) (document.Edition, document.Instance, error) {
	t, err := s.Template(ctx, k.Which)
	if err != nil {
		return t, document.Instance{}, err
	}
	if k.Unit == "" {
		k.Unit = caller.Unit
	}
	if !record.Storable(k.Unit) || !caller.May("documents.check", k.Unit, s.Now()) {
		return t, document.Instance{}, fault.New(fault.NotFound).At("unit")
	}
	if n := characters(k.Data); n > mostCharacters {
		return t, document.Instance{}, fault.New(fault.PaperTooLarge).At("data").Detail(fmt.Sprintf("共%d字，最多%d字", n, mostCharacters), fmt.Sprintf("%d characters, at most %d", n, mostCharacters))
	}
	if len(k.Signatures) > mostSignatures {
		return t, document.Instance{}, tooMany("signatures", len(k.Signatures), mostSignatures)
	}
	if err := s.bounded(k); err != nil {
		return t, document.Instance{}, err
	}
	in := k.instance(t)
	if k.Subject == "" {
		return t, in, nil
	}
	subject, err := s.subjectFor(ctx, caller, k.Subject)
	if err != nil {
		return t, in, err
	}
	in.FillParty(t.Template, subject)
	return t, in, nil
}

// mostOfficers is how many officers a sketch may name: each may cost two questions to the database.
const mostOfficers = 20

func (s *Service) bounded(k Sketch) error {
	if len(k.Officers) > mostOfficers {
		return tooMany("officers", len(k.Officers), mostOfficers)
	}
	for id := range k.Officers {
		if !record.IsID(id) {
			return fault.New(fault.FieldInvalid).At("officers").Detail("键应为执法人员的记录编号", "the keys are ids of records of officers")
		}
	}
	return nil
}

func tooMany(field string, n, most int) error {
	return fault.New(fault.PaperTooLarge).At(field).Detail(fmt.Sprintf("共%d项，最多%d项", n, most), fmt.Sprintf("%d of them, at most %d", n, most))
}

// subjectFor reads a subject that the caller may see. Foreign and absent are alike.
func (s *Service) subjectFor(ctx context.Context, caller people.Caller, id string) (record.Object, error) {
	absent := fault.New(fault.NotFound).At("subject")
	if !record.IsID(id) {
		return nil, absent
	}
	subject, err := s.optional(ctx, "subjects", id)
	if err != nil {
		return nil, err
	}
	unit, _ := subject["unit"].(string)
	if unit == "" || !caller.May("records.read", unit, s.Now()) {
		return nil, absent
	}
	return subject, nil
}

// characters counts those of all texts in a value, names of members included.
func characters(value any) (n int) {
	switch v := value.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []any:
		for _, inner := range v {
			n += 1 + characters(inner)
		}
	case record.Object:
		for key, inner := range v {
			n += utf8.RuneCountInString(key) + 1 + characters(inner)
		}
	}
	return n
}
