package papers_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// run lets the devices work for half days, until so many papers are issued; then those that can be reached bring what they have.
func (f *fleet) run(seed uint64, devices, issues int) {
	rng := rand.New(rand.NewPCG(seed, 23))
	for range devices {
		f.enlist(rng)
	}
	for done := 0; done < issues && !f.Failed(); {
		f.clock.Add((12 * time.Hour).Microseconds())
		f.atOnce(func(d *carried, i int) {
			for range d.rng.IntN([]int{80, 80, 80, 80, 80, 80, 80, 5}[i%8]) { // every eighth has little to do: its blocks run out
				if !d.work() {
					if d.contact(false); !d.work() {
						break
					}
				}
			}
			if d.rng.IntN(100) == 0 {
				for _, r := range d.runs {
					if d.now().Before(r.ExpiresAt) {
						d.giveBack(r)
					}
				}
			}
			if d.rng.IntN(10) < 6 {
				d.contact(false)
			}
		})
		f.lead(rng)
		done = 0
		for _, d := range f.devices {
			done += d.issues
		}
	}
	for _, d := range f.devices { // half of those that are missing turn up, some when their blocks are over
		d.dark = d.dark && rng.IntN(2) == 0
	}
	for range 3 {
		f.atOnce(func(d *carried, _ int) { d.contact(true) })
	}
}

// atOnce lets some workers do something with each device that can be reached, each device with one of them.
func (f *fleet) atOnce(do func(d *carried, i int)) {
	const workers = 4
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(f.devices); i += workers {
				if d := f.devices[i]; !d.dark && d.revoked.IsZero() && !f.Failed() {
					do(d, i)
				}
			}
		})
	}
	all.Wait()
}

// lead is what leaders do between rounds: devices are missing, and found; numbers of missing ones move; some devices are revoked and looked at.
func (f *fleet) lead(rng *rand.Rand) {
	for _, d := range f.devices {
		switch chance := rng.IntN(200); {
		case d.dark && d.revoked.IsZero() && chance < 20:
			d.dark = false // it was in another car
			d.contact(true)
		case !d.dark && d.revoked.IsZero() && chance < 6:
			d.dark = true
			f.lose(rng, d)
		case !d.dark && d.revoked.IsZero() && chance == 6 && len(f.devices) > 8:
			d.revoked = f.now()
			f.must(f.replicas[0].db.RevokeDevice(f.ctx, d.id, "server", d.revoked))
			if rng.IntN(2) == 0 {
				f.lose(rng, d)
			} else {
				f.inspect(d)
			}
		}
	}
}

// lose marks the living blocks of a device as lost, and moves the rest of some to another device, from a number on that it has surely not reached.
func (f *fleet) lose(rng *rand.Rand, d *carried) {
	r := f.replicas[rng.IntN(len(f.replicas))]
	found, err := r.db.Lookup(f.ctx, document.Blocks.Name, "device", d.id)
	f.must(err)
	for _, rec := range found {
		body, err := wire.Object(rec.Body)
		f.must(err)
		b := document.ReadLeasedBlock(rec.ID, body)
		if !f.now().Before(b.ExpiresAt) || b.MovedFrom > 0 || len(b.Returns) > 0 {
			continue
		}
		loss, held := papers.Loss{Reason: "执法终端遗失"}, d.holds(b.ID)
		from := b.From
		if held != nil {
			from = held.next + uint64(rng.IntN(4))
		}
		if to := f.devices[rng.IntN(len(f.devices))]; to != d && to.revoked.IsZero() && from <= b.To && rng.IntN(3) > 0 {
			loss.Device, loss.From = to.id, from
		}
		if _, _, _, err := r.papers.Lose(f.ctx, d.caller(), b.ID, loss); err != nil {
			f.Errorf("lose: %v", err)
		}
		if held == nil {
			continue
		}
		if held.lost = true; loss.Device != "" {
			held.To = loss.From - 1
		}
	}
}

func (d *carried) holds(block string) *run {
	for _, r := range d.runs {
		if r.ID == block {
			return r
		}
	}
	return nil
}

// inspect is a leader who has a revoked device in his hands, and says which of its numbers are unused. What it had not told stays in doubt.
func (f *fleet) inspect(d *carried) {
	by := d.caller()
	by.Device = newID()
	for _, r := range d.runs {
		if r.next > r.To || r.lost {
			continue
		}
		entry := record.Object{"to": float64(r.To), "at": f.now().Format(time.RFC3339), "officer": f.officer, "reason": "终端已收回"}
		out, err := f.replicas[0].push.ApplyOnline(f.ctx, by, []wire.OnlineOp{{ID: newID(), Collection: document.Blocks.Name, Record: r.ID, Action: "update", Base: 1,
			Patch: record.Object{"returns": record.Object{fmt.Sprint(r.next): entry}}}})
		if err != nil || out[0].Code != "" {
			f.Errorf("inspect: %+v %v", out, err)
			continue
		}
		for ; r.next <= r.To; r.next++ {
			d.uses[r.next] = &used{back: true, told: true}
		}
	}
}

// expected is what has become of the numbers as the devices and people know, each but those of blocks that no device has ever held.
func (f *fleet) expected() map[uint64]document.NumberState {
	want, now := map[uint64]document.NumberState{}, f.now()
	for _, d := range f.devices {
		d.told()
		for _, r := range d.runs {
			for n := r.From; n <= r.To; n++ {
				u := d.uses[n]
				switch {
				case u != nil && u.told && u.back:
					want[n] = document.StateReturned
				case u != nil && u.told && u.void:
					want[n] = document.StateVoid
				case u != nil && u.told:
					want[n] = document.StateIssued
				case r.lost, !d.revoked.IsZero() && d.revoked.Before(r.ExpiresAt):
					want[n] = document.StateDoubt
				case !now.Before(r.ExpiresAt):
					want[n] = document.StateExpired
				default:
					want[n] = document.StateLeased
				}
			}
		}
	}
	return want
}

// verify holds every number to what the devices know: none was given twice, each is accounted for as it is, the totals add up, and all replicas say the
// same.
func (f *fleet) verify() document.NumberTotals {
	owner := map[uint64]string{}
	for _, d := range f.devices {
		for n, u := range d.uses {
			if by, taken := owner[n]; taken && !u.back {
				f.Errorf("number %d was given to %s and %s", n, by, d.id)
			}
			if !u.back {
				owner[n] = d.id
			}
		}
	}
	var first document.NumberTotals
	for i, r := range f.replicas {
		if i > 0 && r.db == f.replicas[0].db {
			break // on SQLite there is one process, and one answer
		}
		totals := f.account(r)
		if i == 0 {
			first = totals
		}
		if fmt.Sprint(totals) != fmt.Sprint(first) {
			f.Errorf("replica %d says %+v, the first %+v", i, totals, first)
		}
	}
	return first
}

func (f *fleet) account(r replica) (totals document.NumberTotals) {
	want, next, wrong := f.expected(), uint64(1), 0
	err := r.papers.EachNumber(f.ctx, f.series, func(e document.NumberEntry) error {
		totals.Add(&e)
		if e.From != next || len(e.Doubles) > 0 || e.State == document.StateUnexplained || e.State == document.StateIssued && (e.Device == "" || e.Paper == "" || e.At.IsZero()) ||
			e.State == document.StateVoid && (e.Reason == "" || e.Officer != f.officer) {
			f.Errorf("after %d: %+v", next-1, e)
		}
		for n := e.From; n <= e.To && wrong < 5; n++ {
			state, known := want[n]
			unused := e.State == document.StateOpen || e.State == document.StateLeased || e.State == document.StateDoubt || e.State == document.StateExpired
			if known && e.State != state || !known && !unused {
				wrong++
				f.Errorf("number %d is %s (%+v), the devices know it as %q", n, e.State, e, state)
			}
		}
		next = e.To + 1
		return nil
	})
	f.must(err)
	facts, err := r.db.NumberFacts(f.ctx, f.series, next-1, 1)
	f.must(err)
	sum := uint64(0)
	for _, n := range totals.By {
		sum += n
	}
	if sum != facts.Last || totals.Last != facts.Last || totals.Doubles != 0 || uint64(len(want)) > facts.Last {
		f.Errorf("totals %+v of %d numbers", totals, facts.Last)
	}
	return totals
}

func honest(n papers.Numbers) papers.Numbers { return n }

// onSQLite opens one database for all replicas: there is one process. onPostgres opens one for each.
func onSQLite(t testing.TB) func(func() time.Time) []*db.DB {
	return func(now func() time.Time) []*db.DB {
		d := databases.SQLite(t, now)
		return []*db.DB{d, d, d}
	}
}

func onPostgres(t testing.TB) func(func() time.Time) []*db.DB {
	return func(now func() time.Time) []*db.DB {
		url := services.Postgres(t)
		var all []*db.DB
		for range 3 {
			d, err := db.Open(context.Background(), db.Config{URL: url, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			all = append(all, d)
		}
		if _, err := all[0].MigrateUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		return all
	}
}

var numberSeed = flag.Uint64("numbers.seed", 20261129, "of the run of a hundred thousand numbers")

// A hundred thousand papers on PostgreSQL behind three replicas, and on SQLite; with the race detector or in a short run a tenth of them.
func TestAHundredThousandNumbers(t *testing.T) {
	devices, issues := 64, 100_000
	if testing.Short() || raceDetector {
		devices, issues = 12, 10_000
	}
	for name, open := range map[string]func(testing.TB) func(func() time.Time) []*db.DB{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed, began := *numberSeed, time.Now()
			f := newFleet(t, honest, open(t))
			f.run(seed, devices, issues)
			worked := time.Since(began)
			totals := f.verify()
			for _, state := range []document.NumberState{document.StateIssued, document.StateVoid, document.StateReturned, document.StateExpired, document.StateDoubt, document.StateLeased} {
				if totals.By[state] == 0 {
					t.Errorf("seed %d: no number is %s: the run tries too little", seed, state)
				}
			}
			t.Logf("seed %d: %+v; %v and %v", seed, totals, worked.Round(time.Second), (time.Since(began) - worked).Round(time.Second))
		})
	}
}

// catcher is a test that may fail: it notes the first thing that is wrong.
type catcher struct {
	testing.TB
	mu    sync.Mutex // guards first
	first string
}

func (c *catcher) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == "" {
		c.first = fmt.Sprintf(format, args...)
	}
}
func (c *catcher) Error(args ...any) { c.Errorf("%s", fmt.Sprint(args...)) }
func (c *catcher) Fatal(args ...any) {
	c.Error(args...)
	runtime.Goexit()
}
func (c *catcher) Failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first != ""
}

// forgetful takes new numbers when a lease is asked for again that had broken off.
type forgetful struct {
	papers.Numbers
	mu   *sync.Mutex
	seen map[string]bool
}

func (n forgetful) LeaseNumbers(ctx context.Context, lease, series string, count int) (uint64, error) {
	n.mu.Lock()
	again := n.seen[lease]
	n.seen[lease] = true
	n.mu.Unlock()
	if again {
		lease = newID()
	}
	return n.Numbers.LeaseNumbers(ctx, lease, series, count)
}

// thrifty gives the numbers of blocks in doubt to the next who asks, as if they had come back.
type thrifty struct {
	papers.Numbers
	mu    *sync.Mutex
	given map[uint64]bool
}

func (n thrifty) LeaseNumbers(ctx context.Context, lease, series string, count int) (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for after := uint64(0); ; {
		f, err := n.NumberFacts(ctx, series, after, 50)
		if err != nil {
			break // the series has not begun
		}
		for _, e := range f.Account(after, time.Unix(0, 0)) {
			if after = e.To; e.State == document.StateDoubt && e.Numbers() > 20 && !n.given[e.From] {
				n.given[e.From] = true
				return e.From, nil
			}
		}
		if !f.More {
			break
		}
	}
	return n.Numbers.LeaseNumbers(ctx, lease, series, count)
}

// punctual takes a number for expired although a paper that was issued in time has come late.
type punctual struct{ papers.Numbers }

func (n punctual) NumberFacts(ctx context.Context, series string, after uint64, leases int) (document.NumberFacts, error) {
	f, err := n.Numbers.NumberFacts(ctx, series, after, leases)
	for id, body := range f.Blocks {
		b := document.ReadLeasedBlock(id, body)
		for no := b.From; no <= b.To; no++ {
			if u, ok := f.Uses[no]; ok && b.Has(no) && u.ReceivedAt.After(b.ExpiresAt) {
				delete(f.Uses, no)
			}
		}
	}
	return f, err
}

// The run finds what it is there to find: each of these servers is wrong in one thing.
func TestPlantedBugsOfNumbers(t *testing.T) {
	for name, plant := range map[string]func(papers.Numbers) papers.Numbers{
		"a lease that is asked for again takes new numbers": func() func(papers.Numbers) papers.Numbers {
			mu, seen := &sync.Mutex{}, map[string]bool{}
			return func(n papers.Numbers) papers.Numbers { return forgetful{n, mu, seen} }
		}(),
		"numbers in doubt are given again": func() func(papers.Numbers) papers.Numbers {
			mu, given := &sync.Mutex{}, map[uint64]bool{}
			return func(n papers.Numbers) papers.Numbers { return thrifty{n, mu, given} }
		}(),
		"a late paper does not count when its block is over": func(n papers.Numbers) papers.Numbers { return punctual{n} },
	} {
		t.Run(name, func(t *testing.T) {
			c := &catcher{TB: t}
			var all sync.WaitGroup
			all.Go(func() {
				f := newFleet(c, plant, onSQLite(t))
				f.run(7, 16, 8000)
				f.verify()
			})
			all.Wait()
			if !c.Failed() {
				t.Error("the run finds nothing wrong")
			}
			t.Log(c.first)
		})
	}
	t.Run("none", func(t *testing.T) { // and where nothing is wrong it finds nothing
		f := newFleet(t, honest, onSQLite(t))
		f.run(7, 16, 8000)
		f.verify()
	})
}

// Who moved the numbers was wrong about how far the lost device had gone. All its papers stand; those that moved are found, and of the one number that
// both have used the account names both.
func TestAWrongGuessAboutALostDevice(t *testing.T) {
	for name, open := range map[string]func(testing.TB) func(func() time.Time) []*db.DB{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, honest, open(t))
			rng := rand.New(rand.NewPCG(1, 1))
			f.enlist(rng)
			f.enlist(rng)
			lost, other := f.devices[0], f.devices[1]
			lost.contact(true)
			for lost.issues < 5 {
				lost.work()
			}
			last := lost.runs[0].next - 1
			_, to, _, err := f.replicas[1].papers.Lose(f.ctx, lost.caller(), lost.runs[0].ID, papers.Loss{Reason: "遗失", Device: other.id, From: last - 1})
			f.must(err)
			other.hear()
			for other.issues < 1 {
				other.work()
			}
			double := other.runs[0].next - 1
			if other.runs[0].ID != to || double > last {
				t.Fatalf("the other device has %+v", other.runs)
			}
			if !other.send(true) {
				t.Fatal("the other device's paper is not taken")
			}
			for _, o := range lost.tell() {
				codes := f.codes(o.outcome)
				want := "[]"
				switch {
				case o.n == double:
					want = "[G05.moved number.double]"
				case o.n > last-2 && o.collection == document.Documents.Name && o.action == string(record.Create):
					want = "[G05.moved]"
				case o.n > last-2:
					continue
				}
				if o.outcome.Status != "applied" && o.outcome.Status != "merged" || codes != want {
					t.Errorf("number %d (%s): %s %s, want %s", o.n, o.collection, o.outcome.Status, codes, want)
				}
			}
			found := 0
			f.must(f.replicas[2].papers.EachNumber(f.ctx, f.series, func(e document.NumberEntry) error {
				if len(e.Doubles) > 0 {
					found++
					if e.From != double || e.Paper != other.uses[double].paper || len(e.Doubles) != 1 || e.Doubles[0].Record != lost.uses[double].paper || e.Doubles[0].Device != lost.id {
						t.Errorf("double %+v", e)
					}
				}
				return nil
			}))
			if found != 1 {
				t.Errorf("%d doubles in the account", found)
			}
		})
	}
}
