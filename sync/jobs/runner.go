package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Handler does the work that a key names. It may be called again for the same key, after a failure and after a success that
// nobody heard of; it must find done what is done. It must end soon after its context has.
type Handler func(ctx context.Context, key string) error

// Runner leases jobs and has them done. Set the fields and the handlers, then Run.
type Runner struct {
	Queue   Queue
	Workers int // jobs done at once, at least 1
	Now     func() time.Time
	Log     *slog.Logger

	Lease time.Duration // how long a silent worker keeps a job; 0 is two minutes. A living one extends it.
	Poll  time.Duration // how often to look without being woken; 0 is two seconds
	Tries int           // failures until a job is dead; 0 is ten
	Grace time.Duration // how long running jobs may go on when the runner is stopped; 0 is ten seconds

	handlers map[string]Handler
	init     sync.Once
	wake     chan struct{}
}

// Handle sets who does the jobs of a kind. Call it before Run.
func (r *Runner) Handle(kind string, fn Handler) {
	if r.handlers == nil {
		r.handlers = map[string]Handler{}
	}
	r.handlers[kind] = fn
}

// Wake makes the runner look for jobs now. It never blocks and may be called by anyone, also before Run.
func (r *Runner) Wake() {
	select {
	case r.bell() <- struct{}{}:
	default:
	}
}

func (r *Runner) bell() chan struct{} {
	r.init.Do(func() { r.wake = make(chan struct{}, 1) })
	return r.wake
}

// Run works until the context ends, then lets what runs finish for the time of grace, cuts it off, and returns when all has
// ended. It begins by giving dead jobs another chance: what killed them may have been mended by the restart.
func (r *Runner) Run(ctx context.Context) {
	if n, err := r.Queue.Revive(ctx); err != nil {
		r.Log.WarnContext(ctx, "dead jobs were not revived", "error", err)
	} else if n > 0 {
		r.Log.InfoContext(ctx, "dead jobs are tried again", "jobs", n)
	}
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	free := make(chan struct{}, max(r.Workers, 1))
	var running sync.WaitGroup
	for ctx.Err() == nil {
		jobs := r.lease(ctx, cap(free)-len(free))
		for _, job := range jobs {
			free <- struct{}{}
			running.Go(func() {
				defer r.Wake() // a worker is free
				defer func() { <-free }()
				r.do(work, job)
			})
		}
		if len(jobs) == 0 || len(free) == cap(free) {
			r.rest(ctx)
		}
	}
	defer time.AfterFunc(or(r.Grace, 10*time.Second), cut).Stop()
	running.Wait()
}

// Drain does the jobs that are due, one after another, and tells how many it did: for whoever steps the work himself instead of
// letting it run.
func (r *Runner) Drain(ctx context.Context) (done int) {
	for {
		jobs := r.lease(ctx, 1)
		if len(jobs) == 0 {
			return done
		}
		r.do(ctx, jobs[0])
		done++
	}
}

// rest waits until there may be something to do.
func (r *Runner) rest(ctx context.Context) {
	timer := time.NewTimer(or(r.Poll, 2*time.Second))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-r.bell():
	}
}

func (r *Runner) lease(ctx context.Context, n int) []Job {
	if n == 0 || len(r.handlers) == 0 {
		return nil
	}
	jobs, err := r.Queue.Lease(ctx, slices.Sorted(maps.Keys(r.handlers)), n, r.Now().Add(r.leaseTime()))
	if err != nil && ctx.Err() == nil {
		r.Log.WarnContext(ctx, "jobs cannot be leased", "error", err)
	}
	return jobs
}

func (r *Runner) leaseTime() time.Duration { return or(r.Lease, 2*time.Minute) }

// do has one job done and tells the queue what became of it. If the queue does not hear it, the lease ends and the job runs
// again.
func (r *Runner) do(ctx context.Context, job Job) {
	log := r.Log.With("job", job.ID, "kind", job.Kind, "key", job.Key, "attempt", job.Attempts)
	job, err := r.run(ctx, job)
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	switch {
	case err == nil:
		err = r.Queue.Done(ctx, job)
	case stopped:
		err = r.Queue.Retry(ctx, job, r.Now(), "stopped", false)
	default:
		dead := job.Attempts >= or(r.Tries, 10) && !r.waits(err)
		wait := Backoff(job.Attempts)
		log.WarnContext(ctx, "job failed", "error", err, "dead", dead, "retry", wait)
		err = r.Queue.Retry(ctx, job, r.Now().Add(wait), err.Error(), dead)
	}
	if err != nil {
		log.WarnContext(ctx, "the end of a job was not recorded", "error", err)
	}
}

// waits reports whether a failure is that of something the job depends on. That delays a job, for days if need be, and never
// kills it.
func (r *Runner) waits(err error) bool {
	kind := fault.Of(err).Kind
	return kind == fault.Unavailable || kind == fault.OutOfSpace
}

// run calls the handler, and extends the lease while it works. A panic is a failure of the job and not of the program.
func (r *Runner) run(ctx context.Context, job Job) (Job, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				end <- fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		end <- r.handlers[job.Kind](ctx, job.Key)
	}()
	tick := time.NewTicker(r.leaseTime() / 3)
	defer tick.Stop()
	for {
		select {
		case err := <-end:
			return job, err
		case <-tick.C:
			extended, ok, err := r.Queue.Extend(ctx, job, r.Now().Add(r.leaseTime()))
			if ok {
				job = extended
			} else if err == nil {
				cancel() // it is another's now
			}
		}
	}
}

// Backoff is how long a job waits after its n-th failure: doubling from a second to ten minutes, and a random half of that
// more or less, so that many jobs that failed together do not come back together.
func Backoff(attempt int) time.Duration {
	wait := 10 * time.Minute
	if attempt < 11 {
		wait = min(wait, time.Second<<max(attempt-1, 0))
	}
	return wait/2 + rand.N(wait)
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
