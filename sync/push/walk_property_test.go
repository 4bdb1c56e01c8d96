package push_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// newWalkField is a field whose catalogue has tasks of every merge class, which leaders may also remove.
func newWalkField(t testing.TB, d *db.DB, store push.Store) *field {
	officers := record.Collection{Name: "officers", Schema: 1, Scope: record.District}
	tasks, findings, conflicts, letters := visits(), collections.Findings, collections.Conflicts, collections.DeadLetters
	tasks.Name, tasks.Claims = "tasks", nil
	catalogue, err := record.NewCatalogue(&officers, &tasks, &findings, &conflicts, &letters)
	if err != nil {
		t.Fatal(err)
	}
	return &field{t: t, db: d, officer: newID(), service: &push.Service{Store: store, Catalogue: catalogue, District: "120102",
		Now: time.Now, NewID: newID}}
}

// walks is how many walks are drawn on each database, unless -rapid.checks says otherwise.
const walks = "25"

func TestWalks(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set(walks)
		defer func() { _ = checks.Value.Set(checks.DefValue) }()
	}
	databases.Each(t, func(t *testing.T, d *db.DB) {
		f := newWalkField(t, d, d)
		rapid.Check(t, func(t *rapid.T) {
			if err := f.walk(t); err != nil {
				t.Fatal(err)
			}
		})
		// The one verifier finds nothing wrong with all that an honest server has stored.
		report, err := (&audit.Auditor{Reader: d, Catalogue: f.service.Catalogue}).Run(context.Background())
		if err != nil || !report.Sound() || report.Ops == 0 {
			t.Errorf("the audit: %v, %+v", err, report)
		}
	})
}

func (f *field) walk(t *rapid.T) error {
	w := newWalk(t, f)
	if err := w.run(rapid.IntRange(1, 60).Draw(t, "steps")); err != nil {
		return err
	}
	return w.check()
}

// A store that is wrong in one way; each must be caught, or the walks prove nothing.
type spoilt struct {
	push.Store
	spoil func(push.Tx) push.Tx
}

func (s spoilt) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error { return fn(ctx, s.spoil(tx)) })
}

// newestAsBase answers the newest body when asked for the one an author had seen: last writer wins.
type newestAsBase struct{ push.Tx }

func (s newestAsBase) Bodies(ctx context.Context, refs []push.Version) (map[push.Version]push.Stored, error) {
	bodies := map[push.Version]push.Stored{}
	for _, ref := range refs {
		rows, err := s.Records(ctx, []string{ref.Record})
		if err != nil {
			return nil, err
		}
		bodies[ref] = push.Stored{Schema: rows[ref.Record].Schema, Body: rows[ref.Record].Body}
	}
	return bodies, nil
}

// writing changes what is written.
type writing struct {
	push.Tx
	change func(*push.Batch)
}

func (s writing) Write(ctx context.Context, b *push.Batch) error {
	s.change(b)
	return s.Tx.Write(ctx, b)
}

func TestWalksCatchPlantedBugs(t *testing.T) {
	write := func(change func(*push.Batch)) func(push.Tx) push.Tx {
		return func(tx push.Tx) push.Tx { return writing{tx, change} }
	}
	planted := map[string]func(push.Tx) push.Tx{
		"takes the newest body for the base": func(tx push.Tx) push.Tx { return newestAsBase{tx} },
		"forgets departures":                 write(func(b *push.Batch) { b.Departures = nil }),
		"forgets the last revision of a batch": write(func(b *push.Batch) {
			if n := len(b.Revisions); n > 1 {
				b.Revisions = b.Revisions[:n-1]
			}
		}),
		"forgets that ops were taken": write(func(b *push.Batch) {
			if b.Device != nil && len(b.Ops) > 1 {
				b.Device.LastSeq--
			}
		}),
		"skips a number of each feed": write(func(b *push.Batch) {
			for feed := range b.Heads {
				b.Heads[feed]++
			}
		}),
		"keeps no conflicts": write(func(b *push.Batch) {
			kept := b.Records[:0]
			for _, r := range b.Records {
				if r.Collection != "conflicts" {
					kept = append(kept, r)
				}
			}
			b.Records = kept
		}),
	}
	d := databases.SQLite(t, time.Now)
	for name, spoil := range planted {
		f := newWalkField(t, d, spoilt{d, spoil})
		verdict := rapid.Custom(func(t *rapid.T) bool { return f.walk(t) != nil })
		caught := false
		for seed := 0; seed < 200 && !caught; seed++ {
			caught = verdict.Example(seed)
		}
		if !caught {
			t.Errorf("a store that %s passes every walk", name)
		}
	}
}
