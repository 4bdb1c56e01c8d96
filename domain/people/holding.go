package people

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Holding is every certificate of one officer: a card that ran out and the one that followed it, or one of the city and one
// of a ministry.
type Holding []Certificate

// HoldingOf reads the certificates of an officer, the newest term first. A certificate that cannot be read is none.
func HoldingOf(ctx context.Context, facts record.Facts, officer string) (Holding, error) {
	found, err := facts.Match(ctx, Certificates.Name, "officer", officer)
	if err != nil {
		return nil, err
	}
	var h Holding
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if c, err := ReadCertificate(found[id]); err == nil {
			h = append(h, c)
		}
	}
	slices.SortStableFunc(h, func(a, b Certificate) int { return b.Term.From.Compare(a.Term.From) })
	return h, nil
}

// Covering is the part of the holding that reaches the unit.
func (h Holding) Covering(unit string) Holding {
	return slices.DeleteFunc(slices.Clone(h), func(c Certificate) bool { return !c.Covers(unit) })
}

// ValidDuring judges all certificates together: one may take over from another within the interval.
func (h Holding) ValidDuring(from, to time.Time) record.Verdict {
	var spans []record.Span
	for _, c := range h {
		spans = append(spans, c.valid()...)
	}
	return record.During(spans, from, to)
}
