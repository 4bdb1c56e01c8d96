package soak

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// onlineAgain forgets which edits it has taken online, and stores them as new ones.
func onlineAgain(r *run, core *server.Core) {
	core.Push.Store = spoilt{core.Push.Store, func(tx push.Tx) push.Tx { return &relapsed{Tx: tx, r: r, taken: map[string]bool{}} }}
}

type relapsed struct {
	push.Tx
	r     *run
	taken map[string]bool
}

func (x *relapsed) Ops(ctx context.Context, ids []string) (map[string]push.Taken, error) {
	past, err := x.Tx.Ops(ctx, ids)
	for id, op := range past {
		if op.Online != "" && op.Outcome.Status == record.Applied { // what left something on the desk has a place there that is taken
			x.taken[id] = true
			delete(past, id)
		}
	}
	return past, err
}

// Write gives what was there already other ids, so that no constraint stands in the way.
func (x *relapsed) Write(ctx context.Context, b *push.Batch) error {
	for i := range b.Ops {
		op := &b.Ops[i]
		if !x.taken[op.ID] {
			continue
		}
		fresh := x.r.ids.next()
		for n := range b.Revisions {
			if b.Revisions[n].Op == op.ID {
				b.Revisions[n].Op = fresh
			}
		}
		for n := range b.Records {
			if b.Records[n].Op == op.ID {
				b.Records[n].Op = fresh
			}
		}
		op.ID = fresh
	}
	return x.Tx.Write(ctx, b)
}

// undecided leaves out of a batch what a decision about a conflict has made of its record.
func undecided(_ *run, b *push.Batch) {
	for _, row := range b.Records {
		if row.Collection != "conflicts" {
			continue
		}
		body, err := wire.Object(row.Body)
		if op, ok := body["appliedAs"].(string); err == nil && ok {
			about, _ := body["record"].(string)
			drop(b, about, op)
		}
	}
}

// drop leaves out the newest version of a record if an op made it.
func drop(b *push.Batch, id, op string) {
	made := func(x push.Revision) bool { return x.Record == id && x.Op == op }
	if !slices.ContainsFunc(b.Records, func(x push.Row) bool { return x.ID == id && x.Op == op && x.Version > 1 }) ||
		slices.ContainsFunc(b.Revisions, func(x push.Revision) bool { return x.Record == id && x.Op != op }) {
		return
	}
	b.Revisions = slices.DeleteFunc(b.Revisions, made)
	b.Records = slices.DeleteFunc(b.Records, func(x push.Row) bool { return x.ID == id })
	b.Departures = slices.DeleteFunc(b.Departures, func(x push.Departure) bool { return x.Record == id })
}
