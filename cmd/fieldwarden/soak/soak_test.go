// Package soak holds the proof of reconciliation: a seeded simulation of a town whose handhelds, the real reference client,
// work against the real server, in this process, over the worst of networks; an oracle that knows everything that anybody
// has written and was told; and what must hold. docs/operations/proof.md says what is proven and what is not.
//
// One seed decides everything. A run that fails prints its seed and how to play it again.
package soak

import (
	"flag"
	"runtime"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

var (
	seedFlag     = flag.Uint64("soak.seed", 0, "play this one seed and tell its story")
	storyFlag    = flag.Int("soak.story", 30, "how many steps a failure tells")
	dbFlag       = flag.String("soak.db", "sqlite", "with -soak.seed: sqlite or postgres")
	stepsFlag    = flag.Int("soak.steps", 120, "steps of a run")
	fromFlag     = flag.Uint64("soak.from", 1, "the first seed to play")
	liteFlag     = flag.Int("soak.sqlite", 8, "how many seeds to play on SQLite; make proof plays 150")
	plantedFlag  = flag.Uint64("soak.planted", 0, "how many seeds a planted bug may take to be caught; make proof gives it 60")
	restoredFlag = flag.Int("soak.restored", 3, "how many seeds to play with a restored backup; make proof plays 20")
	heavyFlag    = flag.Int("soak.postgres", 2, "how many seeds to play on PostgreSQL; make proof plays 50")
)

func TestMain(m *testing.M) { services.Main(m) }

// TestSeed plays the one seed that is named.
func TestSeed(t *testing.T) {
	if *seedFlag == 0 {
		t.Skip("for playing one run again: name it by -soak.seed")
	}
	r := newRun(t, *seedFlag, *dbFlag == "sqlite", *stepsFlag, nil)
	if err := r.play(); err != nil {
		t.Fatal(r.report(err))
	}
	t.Logf("%s\n%s", r.stats, r.story(r.steps+2))
}

// A seed decides everything: played again, on the other database too, it tells the same story to the last word.
func TestReplays(t *testing.T) {
	var first string
	for i, lite := range []bool{true, true, false} {
		r := newRun(t, 4, lite, 60, nil)
		if err := r.play(); err != nil {
			t.Fatal(r.report(err))
		}
		story := r.story(r.steps + 2)
		if i == 0 {
			first = story
		}
		if story != first {
			t.Fatalf("played again it goes otherwise:\n%s\n\nand first it went:\n%s", story, first)
		}
	}
}

func TestSeedsOnSQLite(t *testing.T) { playSeeds(t, true, *liteFlag) }

func TestSeedsOnPostgres(t *testing.T) { playSeeds(t, false, *heavyFlag) }

// playSeeds plays so many seeds, some at a time: runs share nothing.
func playSeeds(t *testing.T, lite bool, n int) {
	if n == 0 {
		t.Skip("no seeds are asked for")
	}
	founded(t, lite)
	seeds := make(chan uint64)
	var playing sync.WaitGroup
	var mu sync.Mutex
	var sum stats
	for range min(runtime.GOMAXPROCS(0), 4) {
		playing.Go(func() {
			for seed := range seeds {
				r := newRun(t, seed, lite, *stepsFlag, nil)
				err := r.play()
				mu.Lock()
				if sum = sum.plus(r.stats); err != nil {
					t.Error(r.report(err))
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		if t.Failed() {
			break // one story is enough to read
		}
		seeds <- *fromFlag + uint64(i)
	}
	close(seeds)
	playing.Wait()
	t.Logf("种子 seeds %d–%d: %s", *fromFlag, *fromFlag+uint64(n)-1, sum)
	if missing := sum.missing(); n >= 100 && missing != "" {
		t.Errorf("in %d runs there was never one of: %s", n, missing)
	}
}
