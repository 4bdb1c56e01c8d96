// Package jobs runs work that was queued in the transaction of the change that caused it: rendering a paper, promoting an
// upload. A job may run more than once; its worker must be idempotent.
//
// It must not know what the work is, nor SQL.
package jobs

import (
	"context"
	"time"
)

// Queue is the durable list of jobs. Enqueueing happens through the stores of those who cause work, in their transaction;
// a job is unique by kind and key while it is not done. A job that is queued again while it runs has a new identity: the run
// under way can no longer finish it, and it runs once more, because its cause may have come too late for that run.
//
// Implementations MUST be safe for concurrent use by many processes, and every method is one durable unit of work.
type Queue interface {
	// Lease takes at most n due jobs of the given kinds and hides them from others until the lease ends.
	Lease(ctx context.Context, kinds []string, n int, until time.Time) ([]Job, error)
	// Extend moves the end of a lease; false if the job is not this run's any more.
	Extend(ctx context.Context, job Job, until time.Time) (extended Job, ok bool, err error)
	// Done removes a finished job. A job whose lease was lost and taken by another is left alone; one that was queued again
	// meanwhile is due at once.
	Done(ctx context.Context, job Job) error
	// Retry gives a failed job back, due at the given time, with the reason for people; dead jobs are not leased again.
	// What holds for Done of jobs that are not this run's any more holds here.
	Retry(ctx context.Context, job Job, due time.Time, reason string, dead bool) error
	// Revive makes all dead jobs due, as if they had never been tried, and returns how many there were.
	Revive(ctx context.Context) (int, error)
	// Pending counts jobs that are not done, dead ones included.
	Pending(ctx context.Context) (waiting, dead int, err error)
}

// Job is one piece of leased work.
type Job struct {
	ID       string // UUIDv7
	Kind     string
	Key      string
	Attempts int       // how often it was leased, this time included
	Until    time.Time // end of this lease; identifies it
}
