package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestMain(m *testing.M) { services.Main(m) }

// enqueue queues jobs as a push does.
func enqueue(t *testing.T, d *db.DB, work ...record.Job) {
	t.Helper()
	err := d.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
		return tx.Write(ctx, &push.Batch{Jobs: work, At: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runner starts a runner that is quick about everything, and stops it with the test.
func runner(t *testing.T, q jobs.Queue, handlers map[string]jobs.Handler, tune ...func(*jobs.Runner)) *jobs.Runner {
	t.Helper()
	r := &jobs.Runner{Queue: q, Workers: 2, Now: time.Now, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond}
	for kind, fn := range handlers {
		r.Handle(kind, fn)
	}
	for _, fn := range tune {
		fn(r)
	}
	start(t, r)
	return r
}

func start(t *testing.T, r *jobs.Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return stop
}

// eventually waits until the condition holds; it gives up only after a time that means that it never will.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 6000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it never came to this: %s", what)
}

func pending(t *testing.T, d *db.DB, waiting, dead int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d jobs wait and %d are dead", waiting, dead), func() bool {
		w, x, err := d.Pending(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return w == waiting && x == dead
	})
}

func TestFailsThenSucceeds(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		for name, failure := range map[string]func() error{
			"error": func() error { return errors.New("not yet") },
			"panic": func() error { panic("not yet") },
		} {
			t.Run(name, func(t *testing.T) {
				var calls atomic.Int32
				enqueue(t, d, record.Job{Kind: "k", Key: name})
				runner(t, d, map[string]jobs.Handler{"k": func(_ context.Context, key string) error {
					if key != name {
						t.Errorf("key %q", key)
					}
					if calls.Add(1) == 1 {
						return failure()
					}
					return nil
				}})
				pending(t, d, 0, 0)
				if calls.Load() != 2 {
					t.Errorf("the handler was called %d times", calls.Load())
				}
			})
		}
	})
}

// unheard loses the answer to Done, the first time.
type unheard struct {
	jobs.Queue
	done  bool // the queue did its part before the answer was lost
	calls atomic.Int32
}

func (u *unheard) Done(ctx context.Context, job jobs.Job) error {
	if u.calls.Add(1) > 1 {
		return u.Queue.Done(ctx, job)
	}
	if u.done {
		if err := u.Queue.Done(ctx, job); err != nil {
			return err
		}
	}
	return errors.New("the line is cut")
}

func TestSucceededUnheard(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprint("done ", done), func(t *testing.T) {
				var calls atomic.Int32
				enqueue(t, d, record.Job{Kind: "k", Key: t.Name()})
				runner(t, &unheard{Queue: d, done: done}, map[string]jobs.Handler{"k": func(context.Context, string) error {
					calls.Add(1)
					return nil
				}}, func(r *jobs.Runner) {
					r.Workers = 1
					if !done {
						r.Lease = time.Second
					}
				})
				pending(t, d, 0, 0)
				if want := map[bool]int32{false: 2, true: 1}[done]; calls.Load() != want {
					t.Errorf("the handler was called %d times, want %d", calls.Load(), want)
				}
			})
		}
	})
}

func TestDeadAndRevived(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		var mended atomic.Bool
		handlers := map[string]jobs.Handler{"k": func(_ context.Context, key string) error {
			switch {
			case mended.Load():
				return nil
			case key == "down":
				return fault.New(fault.TemporarilyDown)
			}
			return errors.New("never")
		}}
		enqueue(t, d, record.Job{Kind: "k", Key: "broken"}, record.Job{Kind: "k", Key: "down"}, record.Job{Kind: "other", Key: "1"})
		r := &jobs.Runner{Queue: d, Workers: 2, Now: time.Now, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond, Tries: 2}
		r.Handle("k", handlers["k"])
		stop := start(t, r)
		pending(t, d, 2, 1) // what waits for a store does not die of it, and nobody here does the other kind
		stop()
		mended.Store(true)
		runner(t, d, handlers)
		pending(t, d, 1, 0)
	})
}

func TestWake(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	var calls atomic.Int32
	r := runner(t, d, map[string]jobs.Handler{"k": func(context.Context, string) error { calls.Add(1); return nil }},
		func(r *jobs.Runner) { r.Poll = time.Hour })
	for n := range int32(3) {
		enqueue(t, d, record.Job{Kind: "k", Key: fmt.Sprint(n)})
		r.Wake()
		eventually(t, "the woken runner does the job", func() bool { return calls.Load() == n+1 })
	}
}

// TestQueuedAgain: the cause came again while the job ran, perhaps too late for that run: it runs once more.
func TestQueuedAgain(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		for name, first := range map[string]error{"after success": nil, "after failure": errors.New("failed")} {
			t.Run(name, func(t *testing.T) {
				var calls atomic.Int32
				work := record.Job{Kind: "k", Key: name}
				enqueue(t, d, work)
				runner(t, d, map[string]jobs.Handler{"k": func(context.Context, string) error {
					if calls.Add(1) == 1 {
						enqueue(t, d, work)
						return first
					}
					return nil
				}})
				pending(t, d, 0, 0)
				if calls.Load() != 2 {
					t.Errorf("the handler was called %d times", calls.Load())
				}
			})
		}
	})
}

func TestManyRunners(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		const n = 60
		var work []record.Job
		for i := range n {
			work = append(work, record.Job{Kind: "k", Key: fmt.Sprint(i)})
		}
		enqueue(t, d, work...)
		var calls, now, most atomic.Int32
		handlers := map[string]jobs.Handler{"k": func(context.Context, string) error {
			for at := now.Add(1); ; {
				if old := most.Load(); at <= old || most.CompareAndSwap(old, at) {
					break
				}
			}
			calls.Add(1)
			time.Sleep(time.Millisecond)
			now.Add(-1)
			return nil
		}}
		for range 3 {
			runner(t, d, handlers)
		}
		pending(t, d, 0, 0)
		if calls.Load() != n || most.Load() > 6 {
			t.Errorf("%d calls of %d, at most %d at once", calls.Load(), n, most.Load())
		}
	})
}

// leases watches what a runner does to its leases.
type leases struct {
	jobs.Queue
	extended chan bool // what Extend answered
	lose     bool      // another has taken the job
}

func (l *leases) Extend(ctx context.Context, job jobs.Job, until time.Time) (jobs.Job, bool, error) {
	job, ok, err := l.Queue.Extend(ctx, job, until)
	ok = ok && !l.lose
	select {
	case l.extended <- ok:
	default:
	}
	return job, ok, err
}

func TestLeaseIsExtended(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		q := &leases{Queue: d, extended: make(chan bool)}
		enqueue(t, d, record.Job{Kind: "k", Key: "long"})
		runner(t, q, map[string]jobs.Handler{"k": func(context.Context, string) error {
			for range 2 {
				if !<-q.extended {
					t.Error("the lease was lost")
				}
			}
			return nil
		}}, func(r *jobs.Runner) { r.Lease, r.Workers = 600*time.Millisecond, 1 })
		pending(t, d, 0, 0)
	})
}

func TestLostLeaseEndsTheWork(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	q := &leases{Queue: d, lose: true}
	var cut atomic.Int32
	enqueue(t, d, record.Job{Kind: "k", Key: "long"})
	runner(t, q, map[string]jobs.Handler{"k": func(ctx context.Context, _ string) error {
		if cut.Load() == 0 {
			<-ctx.Done()
			cut.Add(1)
			return ctx.Err()
		}
		return nil
	}}, func(r *jobs.Runner) { r.Lease = 200 * time.Millisecond })
	eventually(t, "the work ends", func() bool { return cut.Load() == 1 })
}

// TestLease: a leased job is hidden until the lease ends, and the old lease then means nothing any more.
func TestLease(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		lease := func(until time.Time) []jobs.Job {
			t.Helper()
			leased, err := d.Lease(ctx, []string{"k", "other"}, 5, until)
			if err != nil {
				t.Fatal(err)
			}
			return leased
		}
		enqueue(t, d, record.Job{Kind: "k", Key: "1"})
		first := lease(time.Now().Add(-time.Second)) // a lease that has ended already
		if len(first) != 1 || first[0].Attempts != 1 {
			t.Fatalf("leased %+v", first)
		}
		second := lease(time.Now().Add(time.Hour))
		if len(second) != 1 || second[0].Attempts != 2 || second[0].ID != first[0].ID {
			t.Fatalf("leased %+v", second)
		}
		if third := lease(time.Now().Add(time.Hour)); len(third) != 0 {
			t.Fatalf("leased twice: %+v", third)
		}
		if _, ok, err := d.Extend(ctx, first[0], time.Now().Add(time.Hour)); ok || err != nil {
			t.Errorf("an old lease was extended: %v", err)
		}
		if err := errors.Join(d.Done(ctx, first[0]), d.Retry(ctx, first[0], time.Now(), "", true)); err != nil {
			t.Error(err)
		}
		pending(t, d, 1, 0)
		extended, ok, err := d.Extend(ctx, second[0], time.Now().Add(2*time.Hour))
		if !ok || err != nil {
			t.Fatalf("extend: %v, %v", ok, err)
		}
		if err := d.Done(ctx, second[0]); err != nil {
			t.Error(err)
		}
		pending(t, d, 1, 0)
		if err := d.Done(ctx, extended); err != nil {
			t.Error(err)
		}
		pending(t, d, 0, 0)
	})
}

// TestStop: what runs may finish; what does not is cut off and given back, due at once and without a mark against it.
func TestStop(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	started, finish := make(chan string, 2), make(chan struct{})
	var finished atomic.Bool
	r := &jobs.Runner{Queue: d, Workers: 2, Now: time.Now, Log: slog.New(slog.DiscardHandler), Grace: 300 * time.Millisecond, Tries: 1}
	r.Handle("k", func(ctx context.Context, key string) error {
		started <- key
		if key == "short" {
			<-finish
			finished.Store(true)
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	enqueue(t, d, record.Job{Kind: "k", Key: "short"}, record.Job{Kind: "k", Key: "long"})
	stop := start(t, r)
	<-started
	<-started
	close(finish)
	stop()
	if !finished.Load() {
		t.Error("a job that could finish was cut off")
	}
	pending(t, d, 1, 0)
	leased, err := d.Lease(context.Background(), []string{"k"}, 5, time.Now().Add(time.Minute))
	if err != nil || len(leased) != 1 || leased[0].Key != "long" {
		t.Errorf("leased %+v, %v", leased, err)
	}
}

func TestBackoff(t *testing.T) {
	for attempt, base := range map[int]time.Duration{-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second,
		5: 16 * time.Second, 10: 512 * time.Second, 11: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		seen := map[time.Duration]bool{}
		for range 200 {
			wait := jobs.Backoff(attempt)
			if wait < base/2 || wait > base*3/2 {
				t.Fatalf("after %d failures: %v", attempt, wait)
			}
			seen[wait] = true
		}
		if len(seen) < 100 {
			t.Errorf("after %d failures: only %d different waits", attempt, len(seen))
		}
	}
}

// Who steps the work himself finds done what was due, and left what is not due yet: that which has just failed.
func TestDrain(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		done := map[string]int{}
		r := &jobs.Runner{Queue: d, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		r.Handle("paper", func(_ context.Context, key string) error {
			done[key]++
			if key == "bad" {
				return errors.New("no ink")
			}
			return nil
		})
		enqueue(t, d, record.Job{Kind: "paper", Key: "a"}, record.Job{Kind: "paper", Key: "bad"}, record.Job{Kind: "paper", Key: "b"})
		if n := r.Drain(context.Background()); n != 3 || done["a"] != 1 || done["b"] != 1 || done["bad"] != 1 {
			t.Errorf("%d jobs were done: %v", n, done)
		}
		if n := r.Drain(context.Background()); n != 0 {
			t.Errorf("%d jobs were done once more", n)
		}
		pending(t, d, 1, 0)
	})
}
