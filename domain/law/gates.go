package law

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The ways to break the rules of published items (G30) and of an organ's own powers (G31).
const (
	NotInCatalogue = "G30.unknown"     // no item of that code
	NotPublished   = "G30.unpublished" // suspended or cancelled
	NotInForce     = "G30.date"        // not the law on that day
	MaybeInForce   = "G30.uncertain"   // whether it was depends on when exactly it happened
	NotOurs        = "G31.organ"       // the power of another organ
)

// Named is what an event relies on: codes or record ids of items, in which unit, and when. No items: nothing to judge.
type Named struct {
	Items    []string
	Unit     string
	From, To time.Time
}

// Naming tells what an event relies on.
type Naming func(ctx context.Context, ev record.Event, facts record.Facts) (Named, error)

// ItemGates judge that what is enforced is published and in force on that day (G30), and in the power of the unit (G31).
func ItemGates(effect record.Effect, naming Naming) []record.Gate {
	return []record.Gate{
		{Code: "G30", Basis: "国办发〔2024〕54号", Effect: effect, Judge: each(naming, published)},
		{Code: "G31", Basis: "行政处罚法第二十四条、第三十八条", Effect: effect, Judge: each(naming, ours)},
	}
}

// each judges one named item after another.
func each(naming Naming, rule func(versions []Item, n Named) record.Breach) func(context.Context, record.Event, record.Facts) ([]record.Breach, error) {
	return func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		n, err := naming(ctx, ev, facts)
		if err != nil {
			return nil, err
		}
		var breaches []record.Breach
		for _, name := range n.Items {
			versions, err := versionsOf(ctx, facts, name)
			if err != nil {
				return nil, err
			}
			if b := rule(versions, n); b.Code != "" {
				b.Zh, b.En, b.Field = title(name, versions)+b.Zh, title(name, versions)+" "+b.En, "items/"+name
				breaches = append(breaches, b)
			}
		}
		return breaches, nil
	}
}

// versionsOf finds an item by its record id, or every version of it by its code, in the order of their terms. A version that
// cannot be read is none.
func versionsOf(ctx context.Context, facts record.Facts, name string) ([]Item, error) {
	found := map[string]record.Object{}
	var err error
	if record.IsID(name) {
		body, ok, findErr := facts.Find(ctx, Items.Name, name)
		if err = findErr; ok {
			found[name] = body
		}
	} else {
		found, err = facts.Match(ctx, Items.Name, "code", name)
	}
	if err != nil {
		return nil, err
	}
	var versions []Item
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if item, err := ReadItem(found[id]); err == nil {
			versions = append(versions, item)
		}
	}
	slices.SortStableFunc(versions, func(a, b Item) int { return a.Term.From.Compare(b.Term.From) })
	return versions, nil
}

func title(name string, versions []Item) string {
	if len(versions) == 0 {
		return name
	}
	last := versions[len(versions)-1]
	return fmt.Sprintf("%s（%s）", last.Name, last.Code)
}

// published judges all versions together: one may follow another within the interval.
func published(versions []Item, n Named) record.Breach {
	if len(versions) == 0 {
		return record.Breach{Code: NotInCatalogue, Zh: "不在执法事项目录中", En: "is not in the catalogue of items"}
	}
	var terms []record.Span
	for _, v := range versions {
		if v.State == Published {
			terms = append(terms, v.Term)
		}
	}
	if len(terms) == 0 {
		return record.Breach{Code: NotPublished, Zh: "已暂停或取消，未公布的事项不得实施", En: "is suspended or cancelled: only published items may be enforced"}
	}
	switch record.During(terms, n.From, n.To) {
	case record.Never:
		return record.Breach{Code: NotInForce, Zh: "在行为当日不在有效期内", En: "was not in force on that day"}
	case record.Uncertain:
		return record.Breach{Code: MaybeInForce, Zh: "在行为时是否有效不能确定：期间内有效期起止", En: "may not have been in force: its term begins or ends meanwhile"}
	}
	return record.Breach{}
}

// ours judges the versions of the day, or all of them on a day that none is of: that is for the other rule to say.
func ours(versions []Item, n Named) record.Breach {
	ofTheDay := slices.DeleteFunc(slices.Clone(versions), func(i Item) bool {
		return record.During([]record.Span{i.Term}, n.From, n.To) == record.Never
	})
	if len(ofTheDay) > 0 {
		versions = ofTheDay
	}
	if len(versions) == 0 || slices.ContainsFunc(versions, func(i Item) bool { return i.Belongs(n.Unit) }) {
		return record.Breach{}
	}
	var organs []string
	for _, v := range versions {
		organs = append(organs, v.Organ)
	}
	organ := strings.Join(slices.Compact(organs), "、")
	return record.Breach{Code: NotOurs, Zh: "属于" + organ + "的职权，不属于" + n.Unit, En: "is in the power of " + organ + ", not of " + n.Unit}
}
