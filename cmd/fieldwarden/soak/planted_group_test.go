package soak

import (
	"context"
	"errors"
	"slices"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// tearing commits the last record of a group after the others.
func tearing(r *run, core *server.Core) { core.Push.Store = torn{core.Push.Store, r} }

type torn struct {
	push.Store
	r *run
}

func (s torn) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	var later *push.Batch
	err := s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		later = nil
		return fn(ctx, writer{tx, s.r, func(_ *run, b *push.Batch) { later = tear(b) }})
	})
	if err != nil || later == nil {
		return err
	}
	if s.r.host.amid != nil { // somebody reads now
		s.r.host.broken = errors.Join(s.r.host.broken, s.r.host.amid())
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error { return tx.Write(ctx, later) })
}

// tear takes the last record that a group has changed out of a batch.
func tear(b *push.Batch) *push.Batch {
	last := ""
	for _, op := range b.Ops {
		if op.Txn != "" && op.Outcome.Version > 0 {
			last = op.Record
		}
	}
	later := &push.Batch{At: b.At}
	b.Records = slices.DeleteFunc(b.Records, func(x push.Row) bool {
		if x.ID == last {
			later.Records = append(later.Records, x)
		}
		return x.ID == last
	})
	b.Revisions = slices.DeleteFunc(b.Revisions, func(x push.Revision) bool {
		if x.Record == last {
			later.Revisions = append(later.Revisions, x)
		}
		return x.Record == last
	})
	if last == "" || len(later.Records) == 0 {
		return nil
	}
	return later
}
