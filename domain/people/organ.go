package people

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Organ is the organ that a unit's papers are of: the unit itself, or what a team belongs to.
type Organ struct{ Code, Name, Short string }

// teamKind is the kind of units that act in the name of the one above them.
const teamKind = "team"

// OrganOf finds the organ of a unit. Of a unit that is not on record the code alone is known.
func OrganOf(ctx context.Context, facts record.Facts, unit string) (Organ, error) {
	for range 3 { // a team of a team of an organ: deeper there is nothing
		units, err := facts.Match(ctx, Units.Name, "code", unit)
		if err != nil {
			return Organ{}, err
		}
		var body record.Object
		for _, id := range slices.Sorted(maps.Keys(units)) {
			body = units[id]
		}
		parent := text(body["parent"])
		if text(body["kind"]) == teamKind && parent != "" {
			unit = parent
			continue
		}
		return Organ{Code: unit, Name: text(body["name"]), Short: text(body["short"])}, nil
	}
	return Organ{}, nil
}
