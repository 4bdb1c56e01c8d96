package pull

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
)

// Newest reads a history with every body in the newest form of its collection, whatever form it was written in: what the server's own
// rules are written for.
func Newest(of History, catalogue record.Catalogue) History {
	return newest{of, catalogue}
}

type newest struct {
	History
	catalogue record.Catalogue
}

// text is a body in the newest form.
func (n newest) text(collection string, schema int, body []byte) ([]byte, error) {
	return forms.Newest(n.catalogue).Text(collection, schema, body)
}

// schema is the newest form of a collection.
func (n newest) schema(collection string, was int) int {
	if c := n.catalogue[collection]; c != nil {
		return c.Schema
	}
	return was
}

// Record implements History.
func (n newest) Record(ctx context.Context, collection, id string) (Record, error) {
	r, err := n.History.Record(ctx, collection, id)
	if err != nil {
		return r, err
	}
	return r, n.lift(&r)
}

func (n newest) lift(r *Record) (err error) {
	r.Body, err = n.text(r.Collection, r.Schema, r.Body)
	r.Schema = n.schema(r.Collection, r.Schema)
	return err
}

// Revisions implements History.
func (n newest) Revisions(ctx context.Context, id string) ([]Revision, error) {
	found, err := n.History.Revisions(ctx, id)
	for i := range found {
		if err == nil {
			v := &found[i]
			v.Body, err = n.text(v.Collection, v.Schema, v.Body)
			v.Schema = n.schema(v.Collection, v.Schema)
		}
	}
	return found, err
}

// Lookup implements History.
func (n newest) Lookup(ctx context.Context, collection, field, value string) ([]Record, error) {
	found, err := n.History.Lookup(ctx, collection, field, value)
	return found, n.all(found, err)
}

// Waiting implements History.
func (n newest) Waiting(ctx context.Context, w Waiting) ([]Record, error) {
	found, err := n.History.Waiting(ctx, w)
	return found, n.all(found, err)
}

// Among implements History.
func (n newest) Among(ctx context.Context, collection string, ids []string) ([]Record, error) {
	found, err := n.History.Among(ctx, collection, ids)
	return found, n.all(found, err)
}

// Touched implements History.
func (n newest) Touched(ctx context.Context, t Touched, fn func(Record) error) error {
	return n.History.Touched(ctx, t, func(r Record) error {
		if err := n.lift(&r); err != nil {
			return err
		}
		return fn(r)
	})
}

func (n newest) all(found []Record, err error) error {
	for i := range found {
		if err == nil {
			err = n.lift(&found[i])
		}
	}
	return err
}
