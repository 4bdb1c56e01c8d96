package papers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// paper gathers everything a paper prints: its template in the version it was made with, and what its author left for the records to say, as it was said when
// the paper was rendered first. It returns that too.
func (s *Service) paper(ctx context.Context, id string, body record.Object) (render.Paper, record.Object, error) {
	in := document.ReadInstance(body)
	p := render.Paper{CheckURL: s.PublicURL + "/check/" + id}
	template, err := s.template(ctx, in)
	if err != nil {
		return p, nil, fmt.Errorf("document %s: %w", id, err)
	}
	filling := document.FillingOf(body)
	if filling == nil {
		if filling, err = s.recordsOf(body).filling(ctx, template, in); err != nil {
			return p, nil, err
		}
	}
	in.Fill(filling)
	organ, _ := filling["organ"].(record.Object)
	name, _ := organ["name"].(string)
	code, _ := organ["code"].(string)
	p.Words = document.Words{Template: template, Instance: in, Organ: name}
	p.Seal = s.seal(ctx, template, code)
	return p, filling, nil
}

// recordsOf is the service with the records as a paper's first rendering found them: those that stand, unless it was rendered before fillings were kept.
func (s *Service) recordsOf(body record.Object) *Service {
	rendered, _ := body["rendered"].(record.Object)
	if issued, is := rendered["issued"].(record.Object); is {
		rendered = issued
	}
	at, _ := rendered["at"].(string)
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return s
	}
	then := *s
	then.History = past{s.History, moment}
	return &then
}

// filling is what the records say where a paper's author left it to them.
func (s *Service) filling(ctx context.Context, t document.Template, in document.Instance) (record.Object, error) {
	full := in
	full.Officers = slices.Clone(in.Officers)
	if in.Subject != "" {
		subject, err := s.optional(ctx, "subjects", in.Subject)
		if err != nil {
			return nil, err
		}
		full.FillParty(t, subject)
	}
	if err := s.nameOfficers(ctx, &full); err != nil {
		return nil, err
	}
	organ, err := s.organ(ctx, in.Unit)
	out := document.Filling(in, full)
	out["organ"] = record.Object{"code": organ.Code, "name": organ.Name}
	return out, err
}

// seal is the picture of the organ's seal for a paper that has a place for one. A seal that cannot be had is not printed: the paper is then
// sealed by hand, and "rendered" does not name a seal.
func (s *Service) seal(ctx context.Context, t document.Template, organ string) []byte {
	if s.Seals == nil || !slices.ContainsFunc(t.Layout, func(b document.Block) bool { return b.Kind == document.SealBlock }) {
		return nil
	}
	picture, err := s.Seals.Seal(ctx, organ)
	if err == nil && picture != nil {
		_, err = document.Seal(picture)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "an organ's seal cannot be printed", "organ", organ, "error", err)
		return nil
	}
	return picture
}

// optional reads a record that a paper can do without.
func (s *Service) optional(ctx context.Context, collection, id string) (record.Object, error) {
	body, err := s.find(ctx, collection, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil, nil
	}
	return body, err
}

// template finds the template as it was when the paper was made. A version that never was stands for the newest.
func (s *Service) template(ctx context.Context, in document.Instance) (document.Template, error) {
	revisions, err := s.History.Revisions(ctx, in.Template)
	if err != nil {
		return document.Template{}, err
	}
	var newest *document.Template
	for i := len(revisions) - 1; i >= 0; i-- {
		body, err := wire.Object(revisions[i].Body)
		if err != nil {
			return document.Template{}, fmt.Errorf("template %s version %d as stored: %w", in.Template, revisions[i].Version, err)
		}
		t := document.ReadTemplate(body)
		if t.Version == in.TemplateVersion {
			return t, nil
		}
		if newest == nil {
			newest = &t
		}
	}
	if newest == nil {
		return document.Template{}, fault.New(fault.PaperTemplateAbsent).At("template")
	}
	return *newest, nil
}

// nameOfficers completes the officers' names and certificates, where the author left them out: the certificate is the one
// that was valid when the paper was issued, or else the newest.
func (s *Service) nameOfficers(ctx context.Context, in *document.Instance) error {
	for i := range in.Officers {
		o := &in.Officers[i]
		if o.Name == "" {
			body, err := s.optional(ctx, people.Officers.Name, o.ID)
			if err != nil {
				return err
			}
			o.Name, _ = body["name"].(string)
		}
		if o.Certificate == "" {
			h, err := people.HoldingOf(ctx, facts{s.History}, o.ID)
			if err != nil {
				return err
			}
			o.Certificate = numberOf(h, in)
		}
	}
	return nil
}

func numberOf(h people.Holding, in *document.Instance) string {
	for _, c := range h {
		if (people.Holding{c}).ValidDuring(in.IssuedAt, in.IssuedAt) == record.Throughout {
			return c.Number
		}
	}
	if len(h) > 0 {
		return h[0].Number
	}
	return ""
}

// facts lets the rules of the domain look at committed records.
type facts struct{ history History }

// Find implements record.Facts.
func (f facts) Find(ctx context.Context, collection, id string) (record.Object, bool, error) {
	body, err := (&Service{History: f.history}).optional(ctx, collection, id)
	return body, body != nil, err
}

// Match implements record.Facts.
func (f facts) Match(ctx context.Context, collection, field, value string) (map[string]record.Object, error) {
	found, err := f.history.Lookup(ctx, collection, field, value)
	out := make(map[string]record.Object, len(found))
	for _, r := range found {
		if out[r.ID], err = wire.Object(r.Body); err != nil {
			return nil, fmt.Errorf("record %s as stored: %w", r.ID, err)
		}
	}
	return out, err
}

// organ is the organ that a unit's papers are of: the unit itself, or what a team belongs to.
func (s *Service) organ(ctx context.Context, unit string) (people.Organ, error) {
	return people.OrganOf(ctx, facts{s.History}, unit)
}
