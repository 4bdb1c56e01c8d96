package papers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Which names a template: by record, with a version or none for the one in force; or by kind. A draft that was begun on an older version
// names that one, and is finished by it.
type Which struct {
	ID      string
	Version int    // 0: the one in force on the day
	Kind    string // instead of ID
	On      string // YYYY-MM-DD in Beijing; "" is today
}

// Template finds a template as it stands, or as it stood. One that never was is fault paper.template_absent.
func (s *Service) Template(ctx context.Context, w Which) (document.Edition, error) {
	on, err := s.day(w.On)
	if err != nil {
		return document.Edition{}, err
	}
	var all []document.Edition
	if w.ID != "" {
		all, err = s.versions(ctx, w.ID)
	} else {
		all, err = s.versionsOfKind(ctx, w.Kind)
	}
	if err != nil {
		return document.Edition{}, err
	}
	if w.ID == "" || w.Version == 0 {
		if best, ok := document.InForce(all, on); ok {
			return best, nil
		}
		return document.Edition{}, notBegun(all)
	}
	for _, t := range slices.Backward(all) {
		if t.Version == w.Version {
			return t, nil
		}
	}
	return document.Edition{}, fault.New(fault.PaperTemplateAbsent)
}

// notBegun says that there is no template on a day, and of those that there are when the first begins: who has written one for a day to come wants to see it before.
func notBegun(all []document.Edition) error {
	absent := fault.New(fault.PaperTemplateAbsent)
	if len(all) == 0 {
		return absent
	}
	first := slices.MinFunc(all, func(a, b document.Edition) int { return cmp.Compare(a.ValidFrom, b.ValidFrom) })
	return absent.Detail(fmt.Sprintf("第%d版自%s起施行；此前查看，请指明模板和版次（template、templateVersion）", first.Version, first.ValidFrom),
		fmt.Sprintf("version %d begins on %s; to see it before, name template and templateVersion", first.Version, first.ValidFrom))
}

// Offer is the template of one kind that is in force for a unit on a day.
type Offer struct {
	document.Edition
	Kind     document.Kind      // the row of kinds.csv
	Pattern  string             // of the numbers of the unit's organ that year; "" for papers without a number, or where the organ has no short name
	Versions []document.Edition // every version of every template of the kind, oldest first
}

// Catalogue lists the templates in force for a unit on a day, one of each kind, in the order of the list of papers, and behind them those of kinds that the
// district has made for itself. A unit over which the caller has no rights is fault request.not_found.
func (s *Service) Catalogue(ctx context.Context, caller people.Caller, unit, on string) ([]Offer, error) {
	on, err := s.day(on)
	if err != nil {
		return nil, err
	}
	if unit == "" || !record.Storable(unit) || !caller.May("templates.read", unit, s.Now()) {
		return nil, fault.New(fault.NotFound).At("unit")
	}
	o, err := s.organ(ctx, unit)
	if err != nil {
		return nil, err
	}
	year, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return nil, err
	}
	own, err := s.ownKinds(ctx, unit)
	if err != nil {
		return nil, err
	}
	var offers []Offer
	for _, kind := range append(document.Kinds(), own...) {
		versions, err := s.versionsOfKind(ctx, kind.Key)
		if err != nil {
			return nil, err
		}
		best, ok := document.InForce(versions, on)
		if !ok {
			continue
		}
		offer := Offer{Edition: best, Kind: kind, Versions: versions}
		if best.Number != nil && o.Short != "" {
			offer.Pattern = best.Number.Pattern(o.Short, year.Year())
		}
		offers = append(offers, offer)
	}
	return offers, nil
}

// ownKinds lists the kinds of papers that stand in no list, for which a unit's district has written templates, by key.
func (s *Service) ownKinds(ctx context.Context, unit string) ([]document.Kind, error) {
	feed, err := document.Templates.FeedOf(nil, unit[:min(len(unit), districtDigits)])
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	err = s.History.Touched(ctx, pull.Touched{Collection: document.Templates.Name, Feed: feed}, func(r pull.Record) error {
		body, err := wire.Object(r.Body)
		if kind, _ := body["kind"].(string); err == nil && kind != "" {
			_, listed := document.KindOf(kind)
			found[kind] = !listed
		}
		return err
	})
	var own []document.Kind
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if found[key] {
			own = append(own, document.Kind{Key: key})
		}
	}
	return own, err
}

// districtDigits are the digits of a unit's code that name its district (GB/T 2260).
const districtDigits = 6

// day reads a day; "" is today.
func (s *Service) day(on string) (string, error) {
	if on == "" {
		return s.Now().In(record.Beijing).Format(time.DateOnly), nil
	}
	if _, err := time.Parse(time.DateOnly, on); err != nil {
		return "", fault.New(fault.FieldInvalid).At("on").Detail("日期格式应为YYYY-MM-DD", "want a date YYYY-MM-DD")
	}
	return on, nil
}

// versionsOfKind lists every version of every template of a kind, by the day they begin.
func (s *Service) versionsOfKind(ctx context.Context, kind string) ([]document.Edition, error) {
	if !record.Storable(kind) {
		return nil, nil
	}
	found, err := facts{s.History}.Match(ctx, document.Templates.Name, "kind", kind)
	if err != nil {
		return nil, err
	}
	var all []document.Edition
	for _, id := range slices.Sorted(maps.Keys(found)) {
		versions, err := s.versions(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, versions...)
	}
	slices.SortStableFunc(all, func(a, b document.Edition) int {
		return cmp.Or(cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// versions lists the versions of a template, oldest first. What was written again under the same number, before it began, is one
// version: it says what it said last. A record that is no template, or that is gone, has none.
func (s *Service) versions(ctx context.Context, id string) ([]document.Edition, error) {
	revisions, err := s.History.Revisions(ctx, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []document.Edition
	for _, r := range revisions {
		if r.Collection != document.Templates.Name {
			return nil, nil
		}
		body, err := wire.Object(r.Body)
		if err != nil {
			return nil, fmt.Errorf("template %s version %d as stored: %w", id, r.Version, err)
		}
		t := document.Edition{ID: id, Template: document.ReadTemplate(body), Body: body}
		same := func(h document.Edition) bool { return h.Version == t.Version }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i] = t
		} else {
			all = append(all, t)
		}
	}
	return all, nil
}
