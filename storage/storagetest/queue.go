package storagetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Clock is a clock that a suite moves by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that stands at the suites' moment.
func NewClock() *Clock { return &Clock{now: at} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Queue is what every jobs.Queue must do. open gives an empty one that goes by the clock.
func Queue(t *testing.T, open func(t *testing.T, now func() time.Time) Database) {
	for _, c := range []struct {
		name string
		run  func(*queue)
	}{
		{"leased jobs are hidden until the lease ends", (*queue).lease},
		{"a job with a day waits for it", (*queue).later},
		{"a lease is extended by who holds it", (*queue).extend},
		{"what is done is gone", (*queue).done},
		{"what failed comes back when it is due", (*queue).retry},
		{"dead jobs rest until they are revived", (*queue).dead},
		{"one job for one cause, once more for a cause that comes meanwhile", (*queue).unique},
		{"many workers, each job once", (*queue).workers},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := NewClock()
			c.run(&queue{writes{t, open(t, clock.Now), t.Context()}, clock})
		})
	}
}

// queue is one run of one case.
type queue struct {
	writes
	clock *Clock
}

// cause queues jobs as a push does.
func (s *queue) cause(kind string, keys ...string) {
	s.Helper()
	b := &push.Batch{At: s.clock.Now(), Heads: map[string]uint64{}}
	for _, key := range keys {
		b.Jobs = append(b.Jobs, record.Job{Kind: kind, Key: key})
	}
	s.put(b)
}

// take leases up to n jobs for a minute.
func (s *queue) take(n int, kinds ...string) []jobs.Job {
	s.Helper()
	leased, err := s.Lease(s.ctx, kinds, n, s.clock.Now().Add(time.Minute))
	s.must(err)
	return leased
}

// one leases the only job there is.
func (s *queue) one(key string, attempts int) jobs.Job {
	s.Helper()
	leased := s.take(9, "k")
	if len(leased) != 1 || leased[0].Key != key || leased[0].Kind != "k" || leased[0].Attempts != attempts {
		s.Fatalf("leased %+v, want %s for the time %d", leased, key, attempts)
	}
	return leased[0]
}

func (s *queue) none() {
	s.Helper()
	if leased := s.take(9, "k"); len(leased) > 0 {
		s.Fatalf("leased %+v, want none", leased)
	}
}

func (s *queue) pending(waiting, dead int) {
	s.Helper()
	if w, d, err := s.Pending(s.ctx); w != waiting || d != dead || err != nil {
		s.Errorf("%d wait and %d are dead, want %d and %d: %v", w, d, waiting, dead, err)
	}
}

func (s *queue) lease() {
	s.cause("k", "a", "b", "c")
	s.cause("other", "a")
	if first := s.take(2, "k"); len(first) != 2 || !first[0].Until.Equal(s.clock.Now().Add(time.Minute)) {
		s.Errorf("leased %+v", first)
	}
	if rest := s.take(9, "k", "nothing"); len(rest) != 1 {
		s.Errorf("then leased %+v", rest)
	}
	s.none()
	s.pending(4, 0)
	s.clock.pass(time.Minute)
	again := s.take(9, "k")
	if len(again) != 3 || again[0].Attempts != 2 {
		s.Errorf("when the lease has ended %+v", again)
	}
}

// later: queued again it waits for the newest day that was said.
func (s *queue) later() {
	put := func(due time.Time) {
		s.put(&push.Batch{At: s.clock.Now(), Heads: map[string]uint64{}, Jobs: []record.Job{{Kind: "k", Key: "a", Due: due}}})
	}
	day := s.clock.Now().Add(24 * time.Hour)
	put(day)
	s.clock.pass(24*time.Hour - time.Second)
	s.none()
	put(day.Add(time.Minute))
	s.clock.pass(time.Second)
	s.none()
	s.clock.pass(time.Minute)
	s.one("a", 1)
}

func (s *queue) extend() {
	s.cause("k", "a")
	job := s.one("a", 1)
	s.clock.pass(50 * time.Second)
	longer, ok, err := s.Extend(s.ctx, job, s.clock.Now().Add(time.Minute))
	s.must(err)
	if !ok || !longer.Until.Equal(s.clock.Now().Add(time.Minute)) || longer.ID != job.ID {
		s.Fatalf("extended to %+v, %v", longer, ok)
	}
	s.clock.pass(30 * time.Second)
	s.none()
	if _, ok, err := s.Extend(s.ctx, job, s.clock.Now().Add(time.Hour)); ok || err != nil {
		s.Errorf("a lease that is no more was extended: %v, %v", ok, err)
	}
	s.clock.pass(time.Minute)
	s.one("a", 2)
	if _, ok, _ := s.Extend(s.ctx, longer, s.clock.Now().Add(time.Hour)); ok {
		s.Error("another's lease was extended")
	}
}

func (s *queue) done() {
	s.cause("k", "a")
	stale := s.one("a", 1)
	s.clock.pass(2 * time.Minute)
	job := s.one("a", 2)
	s.must(s.Done(s.ctx, stale)) // its lease was lost: the one who holds it now goes on
	s.pending(1, 0)
	s.must(s.Done(s.ctx, job))
	s.pending(0, 0)
	s.must(s.Done(s.ctx, job))
	s.cause("k", "a")
	s.one("a", 1)
}

func (s *queue) retry() {
	s.cause("k", "a")
	job := s.one("a", 1)
	s.must(s.Retry(s.ctx, job, s.clock.Now().Add(10*time.Second), "the store is down", false))
	s.none()
	s.clock.pass(10 * time.Second)
	again := s.one("a", 2)
	s.must(s.Retry(s.ctx, job, s.clock.Now(), "late", false)) // a failure told late changes nothing
	s.none()
	s.must(s.Done(s.ctx, again))
	s.pending(0, 0)
}

func (s *queue) dead() {
	s.cause("k", "a", "b")
	for _, job := range s.take(9, "k") {
		s.must(s.Retry(s.ctx, job, s.clock.Now(), "hopeless", job.Key == "a"))
	}
	s.pending(1, 1)
	s.must(s.Done(s.ctx, s.one("b", 2)))
	s.clock.pass(time.Hour)
	s.none()
	n, err := s.Revive(s.ctx)
	s.must(err)
	if n != 1 {
		s.Errorf("%d revived", n)
	}
	s.one("a", 1)
}

func (s *queue) unique() {
	s.cause("k", "a", "a")
	s.cause("k", "a")
	running := s.one("a", 1)
	s.cause("k", "a") // while it runs: this cause may have come too late for the run
	s.none()          // never two runs at once
	s.must(s.Done(s.ctx, running))
	s.pending(1, 0)
	s.must(s.Done(s.ctx, s.one("a", 1)))
	s.pending(0, 0)
}

func (s *queue) workers() {
	const n = 60
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("%02d", i))
	}
	s.cause("k", keys...)
	var all sync.WaitGroup
	var mu sync.Mutex
	var did []string
	for range 6 {
		all.Go(func() {
			for {
				leased, err := s.Lease(context.WithoutCancel(s.ctx), []string{"k"}, 4, s.clock.Now().Add(time.Minute))
				if err != nil {
					s.Error(err)
					return
				}
				if len(leased) == 0 {
					return
				}
				for _, job := range leased {
					mu.Lock()
					did = append(did, job.Key)
					mu.Unlock()
					if err := s.Done(s.ctx, job); err != nil {
						s.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if slices.Sort(did); !slices.Equal(did, keys) {
		s.Errorf("did %v", did)
	}
	s.pending(0, 0)
}
