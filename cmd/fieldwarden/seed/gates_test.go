package seed_test

import (
	"context"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// seeded answers gates from the seed itself.
type seeded []push.ServerOp

func (s seeded) Find(_ context.Context, collection, id string) (record.Object, bool, error) {
	for _, op := range s {
		if op.Collection == collection && op.Record == id {
			return op.Patch, true, nil
		}
	}
	return nil, false, nil
}

func (s seeded) Match(_ context.Context, collection, field, value string) (map[string]record.Object, error) {
	found := map[string]record.Object{}
	for _, op := range s {
		if op.Collection == collection && op.Patch[field] == value {
			found[op.Record] = op.Patch
		}
	}
	return found, nil
}

// The server's own ops are not judged; but a seed that people could not have made would teach wrong habits. So every gate of
// every collection is asked as if somebody had written the records in the morning, one after another.
func TestNoGateWouldObject(t *testing.T) {
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	all := build(t).Ops()
	morning := law.DayOf(day).Add(8 * time.Hour)
	judged := 0
	for i, op := range all {
		ev := record.Event{Op: record.Op{Record: op.Record, Collection: op.Collection, Action: op.Action, Author: "the-supervisor"},
			After: op.Patch, Earliest: morning, Latest: morning, Received: morning}
		for _, g := range catalogue[op.Collection].Gates {
			breaches, err := g.Judge(context.Background(), ev, seeded(all[:i]))
			if err != nil {
				t.Fatal(err)
			}
			judged++
			for _, b := range breaches {
				t.Errorf("%s/%s: %s %s %s %s", op.Collection, op.Record, g.Code, b.Code, b.Zh, b.Field)
			}
		}
	}
	if judged < 200 {
		t.Errorf("only %d judgements: the gates are not there", judged)
	}
}
