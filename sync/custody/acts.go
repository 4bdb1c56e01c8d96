package custody

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Feeds reads what a feed shows; pull.Reader is one.
type Feeds interface {
	Changes(ctx context.Context, feed string, after uint64, limit int) (page []pull.Change, head uint64, err error)
}

// Told is an act with its own record id.
type Told struct {
	ID string
	evidence.Entry
}

// Acts lists the acts on recordings of one unit, in the order in which they were written, behind a place in their feed, at most limit: for those who have
// the right over the unit, and for others as if there were no such unit. An act that has changed since, because a viewing went on, comes again at its new
// place. next is where to go on from; 0 at the end.
func (s *Service) Acts(ctx context.Context, caller people.Caller, unit string, after uint64, limit int) (acts []Told, next uint64, err error) {
	feed, err := evidence.Custodies.FeedOf(record.Object{"unit": unit}, s.District)
	if err != nil || !record.Storable(unit) || !caller.May("custody.read", unit, s.Now()) {
		return nil, 0, fault.New(fault.NotFound)
	}
	page, head, err := s.Feeds.Changes(ctx, feed, after, limit)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range page {
		if next = c.Seq; c.Gone != "" {
			continue // it went along with its recording, to another unit
		}
		body, err := wire.Object(c.Body)
		if err != nil {
			return nil, 0, err
		}
		acts = append(acts, Told{c.ID, evidence.ReadEntry(body)})
	}
	if next >= head {
		next = 0
	}
	return acts, next, nil
}
