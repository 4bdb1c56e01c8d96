package papers

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// past reads records as they were at a moment. One that came later is read as it came: the paper that names it was made when it was known on the spot.
// Lookup finds what is found today.
type past struct {
	History
	at time.Time
}

// Record implements History.
func (p past) Record(ctx context.Context, collection, id string) (pull.Record, error) {
	r, err := p.History.Record(ctx, collection, id)
	if err != nil {
		return r, err
	}
	return r, p.turn(ctx, &r)
}

// Lookup implements History.
func (p past) Lookup(ctx context.Context, collection, field, value string) ([]pull.Record, error) {
	found, err := p.History.Lookup(ctx, collection, field, value)
	for i := range found {
		if err == nil {
			err = p.turn(ctx, &found[i])
		}
	}
	return found, err
}

// turn turns a record back.
func (p past) turn(ctx context.Context, r *pull.Record) error {
	revisions, err := p.Revisions(ctx, r.ID)
	for i, v := range revisions {
		if i > 0 && v.ReceivedAt.After(p.at) {
			break
		}
		r.Version, r.Schema, r.Body, r.Removed = v.Version, v.Schema, v.Body, v.Action == string(record.Remove)
	}
	return err
}
