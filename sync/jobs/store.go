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
// a job is unique by kind and key while it is not done.
type Queue interface {
	// Lease takes at most n due jobs of the given kinds and hides them from others until the lease ends.
	Lease(ctx context.Context, kinds []string, n int, until time.Time) ([]Job, error)
	// Done removes a finished job. A job whose lease was lost and taken by another is left alone.
	Done(ctx context.Context, job Job) error
	// Retry gives a failed job back, due at the given time, with the reason for people; dead jobs are not leased again.
	Retry(ctx context.Context, job Job, due time.Time, reason string, dead bool) error
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
