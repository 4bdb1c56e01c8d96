package papers

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Visited says what is asked about a visit.
type Visited struct {
	Outcomes []string // none: those on record
	On       string   // YYYY-MM-DD in Beijing; "" is today
	Given    record.Object
}

// Bounds of what is read for a proposal.
const (
	mostOutcomes = 20
	mostItems    = 50
)

// Propose names the papers that follow from an inspection that the caller may write papers for, and drafts them from the records that he may see. It
// writes nothing. Absent and foreign inspections are alike fault request.not_found; a visit without an outcome, or with one that there is not, is fault
// request.field_invalid.
func (s *Service) Propose(ctx context.Context, caller people.Caller, id string, asked Visited) (document.Visit, []document.Proposal, string, error) {
	inspection, err := s.seen(ctx, caller, &inspect.Inspections, id, "documents.create")
	if err != nil {
		return document.Visit{}, nil, "", err
	}
	if inspection == nil {
		return document.Visit{}, nil, "", fault.New(fault.NotFound)
	}
	on, err := s.day(asked.On)
	if err != nil {
		return document.Visit{}, nil, "", err
	}
	v := document.Visit{ID: id, Inspection: inspection, Outcomes: asked.Outcomes, Given: asked.Given}
	if err := choose(&v); err != nil {
		return v, nil, "", err
	}
	if characters(v.Given) > mostCharacters {
		return v, nil, "", fault.New(fault.PaperTooLarge).At("given")
	}
	if err := s.gather(ctx, caller, &v, on); err != nil {
		return v, nil, "", err
	}
	editions, err := s.editions(ctx, v)
	if err != nil {
		return v, nil, "", err
	}
	return v, document.Propose(v, editions, on), on, nil
}

// choose takes the outcomes that were given, or those on record.
func choose(v *document.Visit) error {
	if len(v.Outcomes) == 0 {
		kept, _ := v.Inspection["outcomes"].([]any)
		for _, o := range kept {
			if key, ok := o.(string); ok && document.KnownOutcome(key) {
				v.Outcomes = append(v.Outcomes, key)
			}
		}
	}
	if len(v.Outcomes) > mostOutcomes {
		return fault.New(fault.FieldInvalid).At("outcomes").Detail(fmt.Sprintf("共%d项，最多%d项", len(v.Outcomes), mostOutcomes), fmt.Sprintf("%d of them, at most %d", len(v.Outcomes), mostOutcomes))
	}
	if len(v.Outcomes) == 0 {
		return fault.New(fault.FieldInvalid).At("outcomes").Detail("应指明检查结果", "say what the visit came to")
	}
	for _, o := range v.Outcomes {
		if !document.KnownOutcome(o) {
			return fault.New(fault.FieldInvalid).At("outcomes").Detail("没有这种检查结果", "there is no such outcome")
		}
	}
	slices.Sort(v.Outcomes)
	v.Outcomes = slices.Compact(v.Outcomes)
	return nil
}

// gather reads what a visit names, as far as the caller may see it: what he may not is not known.
func (s *Service) gather(ctx context.Context, caller people.Caller, v *document.Visit, on string) error {
	var err error
	read := func(c *record.Collection, field string) record.Object {
		id, _ := v.Inspection[field].(string)
		if err != nil || id == "" {
			return nil
		}
		var body record.Object
		body, err = s.seen(ctx, caller, c, id, "records.read")
		return body
	}
	v.Subject, v.Checklist, v.Task = read(&inspect.Subjects, "subject"), read(&inspect.Checklists, "checklist"), read(&inspect.Tasks, "task")
	if err != nil {
		return err
	}
	if v.Evidence, err = s.ofVisit(ctx, caller, &evidence.Evidence, v.ID); err != nil {
		return err
	}
	if v.Papers, err = s.ofVisit(ctx, caller, &document.Documents, v.ID); err != nil {
		return err
	}
	if v.Items, err = s.items(ctx, v.Inspection["items"], on); err != nil {
		return err
	}
	v.Officers, err = s.team(ctx, v.Inspection)
	return err
}

// seen reads a record that the caller has a right over; nil when it is absent or not for him.
func (s *Service) seen(ctx context.Context, caller people.Caller, c *record.Collection, id string, right people.Right) (record.Object, error) {
	if !record.IsID(id) {
		return nil, nil
	}
	body, err := s.optional(ctx, c.Name, id)
	if err != nil || body == nil || !s.allowed(caller, c, body, right) {
		return nil, err
	}
	return body, nil
}

func (s *Service) allowed(caller people.Caller, c *record.Collection, body record.Object, right people.Right) bool {
	return c.Scope == record.District || caller.MayAny(right, c.UnitsOf(body), s.Now())
}

// ofVisit lists the records of a collection that belong to an inspection and that the caller may see.
func (s *Service) ofVisit(ctx context.Context, caller people.Caller, c *record.Collection, id string) (map[string]record.Object, error) {
	all, err := facts{s.History}.Match(ctx, c.Name, "inspection", id)
	maps.DeleteFunc(all, func(_ string, body record.Object) bool { return !s.allowed(caller, c, body, "records.read") })
	return all, err
}

// items reads the items that an inspection names by code or by record id, in its order, as it is in force on a day.
func (s *Service) items(ctx context.Context, named any, on string) ([]record.Object, error) {
	names, _ := named.([]any)
	var all []record.Object
	for _, name := range names[:min(len(names), mostItems)] {
		text, _ := name.(string)
		if !record.Storable(text) {
			continue
		}
		if record.IsID(text) {
			body, err := s.optional(ctx, law.Items.Name, text)
			if err != nil {
				return nil, err
			}
			if body != nil {
				all = append(all, body)
			}
			continue
		}
		found, err := facts{s.History}.Match(ctx, law.Items.Name, "code", text)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(found)) {
			from, _ := found[id]["validFrom"].(string)
			to, _ := found[id]["validTo"].(string)
			if from <= on && (to == "" || on <= to) {
				all = append(all, found[id])
			}
		}
	}
	return all, nil
}

// team is the officers of an inspection as papers name them.
func (s *Service) team(ctx context.Context, inspection record.Object) (record.Object, error) {
	officers, _ := inspection["officers"].(record.Object)
	named := record.Object{}
	for id, o := range officers {
		if _, ok := o.(record.Object); ok && record.IsID(id) && len(named) < mostOfficers {
			named[id] = o
		}
	}
	in := document.ReadInstance(record.Object{"officers": named})
	in.IssuedAt = s.Now()
	if err := s.nameOfficers(ctx, &in); err != nil {
		return nil, err
	}
	team := record.Object{}
	for _, o := range in.Officers {
		one := record.Object{}
		for key, value := range map[string]string{"role": o.Role, "name": o.Name, "certificate": o.Certificate} {
			if value != "" {
				one[key] = value
			}
		}
		team[o.ID] = one
	}
	return team, nil
}

// editions reads the templates of the kinds that may follow.
func (s *Service) editions(ctx context.Context, v document.Visit) ([]document.Edition, error) {
	read := map[string]bool{}
	var all []document.Edition
	for _, r := range document.Rules() {
		if read[r.Kind] || !slices.ContainsFunc(r.Outcomes, func(o string) bool { return slices.Contains(v.Outcomes, o) }) {
			continue
		}
		read[r.Kind] = true
		versions, err := s.versionsOfKind(ctx, r.Kind)
		if err != nil {
			return nil, err
		}
		all = append(all, versions...)
	}
	return all, nil
}
