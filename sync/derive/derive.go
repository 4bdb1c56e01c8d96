package derive

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Maker makes files out of recordings, by programs of others. What it is given is hostile.
//
// Implementations MUST keep the programs from everything but the one file: no network, no other files, bounds on time, memory and what is
// written. They MUST open the file as the format that is named, and as no other. What cannot be made of it is a fault derive.format_unsupported,
// derive.too_much, derive.failed or derive.out_of_time; any other error may be tried again.
type Maker interface {
	Make(ctx context.Context, of Source, recipe evidence.Recipe) (Made, error)
}

// Source is the recording that something is made of.
type Source struct {
	Format evidence.Format
	Digest evidence.Digest
	Open   func(ctx context.Context) (io.ReadCloser, error)
}

// Made is what was made. Whoever gets it reads the file to its end and closes it.
type Made struct {
	File   io.ReadCloser
	Digest evidence.Digest
	MIME   string
	Layout record.Object // what a player must know of it; nil: nothing
	Tools  record.Object // programs by name, with their versions
}

// Request asks for a derivative of an evidence, for those with the right evidence.derive over it, and tells its id. Asked again for the same, it
// is the same one, unless that has failed. A reason must be given. Absent and foreign are alike fault request.not_found.
func (s *Service) Request(ctx context.Context, caller people.Caller, id string, recipe record.Object, reason string) (string, error) {
	body, err := s.evidence(ctx, caller, id, "evidence.derive")
	if err != nil {
		return "", err
	}
	if reason, err = Reason(reason); err != nil {
		return "", err
	}
	r, err := evidence.RecipeOf(recipe)
	if err != nil {
		return "", err
	}
	return s.request(ctx, caller, id, body, r, reason)
}

// Reason reads why something is done with a recording: one line of at most [evidence.MaxReason] characters, or fault request.field_invalid.
func Reason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > evidence.MaxReason || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7F || r == utf8.RuneError }) {
		return "", fault.New(fault.FieldInvalid).At("reason").Detail("请写明事由，一行，至多五百字", "say why, in one line of at most 500 characters")
	}
	return text, nil
}

func (s *Service) request(ctx context.Context, caller people.Caller, id string, body record.Object, r evidence.Recipe, reason string) (string, error) {
	if s.Maker == nil {
		return "", fault.New(fault.DeriveOff)
	}
	if _, err := keyOf(body); err != nil {
		return "", err
	}
	if there, err := s.same(ctx, id, r); err != nil || there != "" {
		return there, err
	}
	made := s.NewID()
	unit, _ := body["unit"].(string)
	ops := []push.ServerOp{{Collection: evidence.Derivatives.Name, Record: made, Action: record.Create, Patch: record.Object{
		"unit": unit, "evidence": id, "of": body["sha256"], "kind": r.Kind, "recipe": r.Object(), "state": evidence.DeriveAsked, "requestedBy": caller.Officer}}}
	act := s.Custody.By(caller, evidence.ActDerive, id, unit, reason)
	act.Related, act.Detail = made, record.Object{"kind": r.Kind}
	return made, s.Custody.Record(ctx, []evidence.Entry{act}, ops...)
}

// same finds a derivative by the same recipe that has not failed; "" if there is none.
func (s *Service) same(ctx context.Context, id string, r evidence.Recipe) (string, error) {
	want, err := wire.Canonical(r.Object())
	if err != nil {
		return "", err
	}
	found, err := s.History.Lookup(ctx, evidence.Derivatives.Name, "evidence", id)
	if err != nil {
		return "", err
	}
	for _, f := range found {
		body, err := wire.Object(f.Body)
		if err != nil {
			return "", err
		}
		recipe, err := wire.Canonical(body["recipe"])
		if err == nil && string(recipe) == string(want) && (body["state"] == evidence.DeriveAsked || body["state"] == evidence.DeriveMade) {
			return f.ID, nil
		}
	}
	return "", nil
}

// evidence reads an evidence that the caller has a right over.
func (s *Service) evidence(ctx context.Context, caller people.Caller, id string, right people.Right) (record.Object, error) {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil {
		return nil, err
	}
	if body == nil || !caller.MayAny(right, evidence.Evidence.UnitsOf(body), s.Now()) {
		return nil, fault.New(fault.NotFound)
	}
	return body, nil
}

// Derive does the job evidence.DeriveJob: it makes the derivative of that record id. What cannot be made is said in the record; a store that is
// down delays. Done again it changes nothing.
func (s *Service) Derive(ctx context.Context, id string) error {
	body, err := s.find(ctx, evidence.Derivatives.Name, id)
	if err != nil || body == nil || body["state"] != evidence.DeriveAsked {
		return err
	}
	if s.Maker == nil {
		return fault.New(fault.DeriveOff)
	}
	patch, err := s.make(ctx, body)
	var f *fault.Error
	if errors.As(err, &f) && lasting[f.Code] {
		patch, err = record.Object{"state": evidence.DeriveFailed, "failure": record.Object{"code": string(f.Code), "zh": f.Zh, "en": f.En}}, nil
		s.Log.WarnContext(ctx, "a derivative cannot be made", "derivative", id, "error", f)
	}
	if err != nil {
		return err
	}
	patch["at"] = s.Now().UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	return s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: evidence.Derivatives.Name, Record: id, Action: record.Update, Patch: patch}})
}

// lasting are the faults that another try does not mend.
var lasting = map[fault.Code]bool{fault.RecipeInvalid: true, fault.DeriveFormat: true, fault.DeriveTooMuch: true, fault.DeriveFailed: true,
	fault.DeriveOutOfTime: true, fault.NotHeld: true, fault.Disposed: true, fault.ManifestInvalid: true}

// make makes a derivative and keeps its file; it returns what is to be said of it.
func (s *Service) make(ctx context.Context, body record.Object) (record.Object, error) {
	recipe, _ := body["recipe"].(record.Object)
	r, err := evidence.RecipeOf(recipe)
	if err != nil {
		return nil, err
	}
	id, _ := body["evidence"].(string)
	source, err := s.source(ctx, id)
	if err != nil {
		return nil, err
	}
	made, err := s.Maker.Make(ctx, source, r)
	if err != nil {
		return nil, err
	}
	defer made.File.Close()
	key := evidence.Key(evidence.Derived, made.Digest.SHA256)
	err = s.Blobs.Put(ctx, key, made.Digest, made.File)
	if errors.Is(err, fault.New(fault.StoreDiffers)) { // an earlier copy that was damaged there: the next try has the place
		return nil, errors.Join(err, s.Blobs.Remove(ctx, key))
	}
	if err != nil {
		return nil, err
	}
	file := record.Object{"key": key, "sha256": made.Digest.SHA256, "length": float64(made.Digest.Length), "mime": made.MIME}
	if made.Layout != nil {
		file["layout"] = made.Layout
	}
	return record.Object{"state": evidence.DeriveMade, "file": file, "tools": made.Tools}, nil
}

// source opens the recording of an evidence, by the format that its first octets have.
func (s *Service) source(ctx context.Context, id string) (Source, error) {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil {
		return Source{}, err
	}
	key, err := keyOf(body)
	if err != nil {
		return Source{}, err
	}
	m, err := evidence.ManifestOf(body)
	if err != nil {
		return Source{}, err
	}
	file := &stream{ctx: ctx, key: key, blobs: s.Blobs, size: m.Digest.Length}
	defer file.close()
	head, err := headOf(file, evidence.SniffLength)
	if err != nil {
		return Source{}, err
	}
	format, known := evidence.Sniff(head)
	if !known {
		return Source{}, fault.New(fault.DeriveFormat)
	}
	return Source{format, m.Digest, func(ctx context.Context) (io.ReadCloser, error) { return s.Blobs.OpenRange(ctx, key, 0, -1) }}, nil
}

// File is something that was made, opened for reading.
type File struct {
	evidence.Digest
	Evidence  string // of which it was made
	Unit      string // of that
	MIME      string
	OpenRange func(ctx context.Context, from, n int64) (io.ReadCloser, error)
}

// Content opens a derivative for those who may play its evidence. One that is not made yet, or cannot be, is fault derive.pending or the fault
// it has failed by; of a recording that was disposed of there is nothing to be seen: fault evidence.disposed.
func (s *Service) Content(ctx context.Context, caller people.Caller, id string) (File, error) {
	body, err := s.find(ctx, evidence.Derivatives.Name, id)
	if err != nil {
		return File{}, err
	}
	if body == nil {
		return File{}, fault.New(fault.NotFound)
	}
	of, _ := body["evidence"].(string)
	if _, err := s.evidence(ctx, caller, of, "evidence.play"); err != nil {
		return File{}, err
	}
	return s.open(ctx, body)
}

// open opens the file of a derivative, unless its recording was disposed of.
func (s *Service) open(ctx context.Context, body record.Object) (File, error) {
	id, _ := body["evidence"].(string)
	of, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil {
		return File{}, err
	}
	if _, err := keyOf(of); err != nil {
		return File{}, err
	}
	f, err := s.fileIn(body)
	f.Evidence = id
	f.Unit, _ = of["unit"].(string)
	return f, err
}

// keyOf is where the bytes of an evidence are: fault evidence.not_held before they have come, evidence.disposed after they have gone.
func keyOf(body record.Object) (string, error) {
	key, held := evidence.HeldUnder(body)
	switch {
	case held:
		return key, nil
	case evidence.StateOf(body).Disposed():
		return "", fault.New(fault.Disposed)
	}
	return "", fault.New(fault.NotHeld)
}

func (s *Service) fileIn(body record.Object) (File, error) {
	file, _ := body["file"].(record.Object)
	key, _ := file["key"].(string)
	if key == "" {
		if failure, _ := body["failure"].(record.Object); failure != nil {
			code, _ := failure["code"].(string)
			return File{}, fault.New(fault.Code(code))
		}
		return File{}, fault.New(fault.DerivePending)
	}
	length, _ := file["length"].(float64)
	f := File{OpenRange: func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		body, err := s.Blobs.OpenRange(ctx, key, from, n)
		return body, evidence.NotThere(err)
	}}
	f.SHA256, _ = file["sha256"].(string)
	f.MIME, _ = file["mime"].(string)
	f.Length = int64(length)
	return f, nil
}

// List tells the derivatives of an evidence, by their ids, for those who may play it.
func (s *Service) List(ctx context.Context, caller people.Caller, id string) (map[string]record.Object, error) {
	if _, err := s.evidence(ctx, caller, id, "evidence.play"); err != nil {
		return nil, err
	}
	found, err := s.History.Lookup(ctx, evidence.Derivatives.Name, "evidence", id)
	if err != nil {
		return nil, err
	}
	all := map[string]record.Object{}
	for _, f := range found {
		if all[f.ID], err = wire.Object(f.Body); err != nil {
			return nil, err
		}
	}
	return all, nil
}
