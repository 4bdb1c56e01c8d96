package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

var _ jobs.Queue = (*DB)(nil)

// Lease implements jobs.Queue. On PostgreSQL replicas pass over each other's rows.
func (d *DB) Lease(ctx context.Context, kinds []string, n int, until time.Time) ([]jobs.Job, error) {
	var leased []jobs.Job
	err := d.transact(ctx, func(ctx context.Context, t *tx) error {
		leased = nil
		skip := ""
		if t.dialect == postgreSQL {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		now := micros(d.now())
		where, arg := t.among("kind", 3, kinds)
		query := fmt.Sprintf("SELECT id, kind, key, attempts FROM jobs WHERE due <= %s AND lease_until <= %s AND NOT dead AND %s ORDER BY due LIMIT %d%s",
			t.param(1), t.param(2), where, n, skip)
		err := rows(ctx, t.conn, func(r *sql.Rows) error {
			j := jobs.Job{Until: until.UTC().Truncate(time.Microsecond)}
			err := r.Scan(&j.ID, &j.Kind, &j.Key, &j.Attempts)
			j.Attempts++
			leased = append(leased, j)
			return err
		}, query, now, now, arg)
		if err != nil {
			return err
		}
		for _, j := range leased {
			err := t.exec(ctx, "UPDATE jobs SET lease_until = "+t.param(1)+", attempts = attempts + 1 WHERE id = "+t.param(2), micros(until), j.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return leased, err
}

// Extend implements jobs.Queue.
func (d *DB) Extend(ctx context.Context, job jobs.Job, until time.Time) (jobs.Job, bool, error) {
	ok := false
	err := d.transact(ctx, func(ctx context.Context, t *tx) error {
		query := fmt.Sprintf("UPDATE jobs SET lease_until = %s WHERE id = %s AND lease_until = %s", t.param(1), t.param(2), t.param(3))
		n, err := t.change(ctx, query, micros(until), job.ID, micros(job.Until))
		ok = n == 1
		return err
	})
	if ok {
		job.Until = until.UTC().Truncate(time.Microsecond)
	}
	return job, ok, err
}

// Done implements jobs.Queue. A job that was queued again while it ran has another id by now, and stays.
func (d *DB) Done(ctx context.Context, job jobs.Job) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "DELETE FROM jobs WHERE id = "+t.param(1)+" AND lease_until = "+t.param(2), job.ID, micros(job.Until))
		if err != nil || n == 1 {
			return err
		}
		return t.unlease(ctx, job)
	})
}

// Retry implements jobs.Queue.
func (d *DB) Retry(ctx context.Context, job jobs.Job, due time.Time, reason string, dead bool) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		query := fmt.Sprintf("UPDATE jobs SET lease_until = 0, due = %s, reason = %s, dead = %s WHERE id = %s AND lease_until = %s",
			t.param(1), t.param(2), t.param(3), t.param(4), t.param(5))
		n, err := t.change(ctx, query, micros(due), reason, dead, job.ID, micros(job.Until))
		if err != nil || n == 1 {
			return err
		}
		return t.unlease(ctx, job)
	})
}

// unlease ends the lease of a job that was queued again under it, so that it need not wait for the lease's end.
func (t *tx) unlease(ctx context.Context, job jobs.Job) error {
	query := fmt.Sprintf("UPDATE jobs SET lease_until = 0 WHERE kind = %s AND key = %s AND id <> %s AND lease_until = %s",
		t.param(1), t.param(2), t.param(3), t.param(4))
	return t.exec(ctx, query, job.Kind, job.Key, job.ID, micros(job.Until))
}

// Revive implements jobs.Queue.
func (d *DB) Revive(ctx context.Context) (int, error) {
	var revived int64
	err := d.transact(ctx, func(ctx context.Context, t *tx) (err error) {
		revived, err = t.change(ctx, "UPDATE jobs SET dead = "+t.param(1)+", attempts = 0, due = "+t.param(2)+" WHERE dead", false, micros(t.now()))
		return err
	})
	return int(revived), err
}

// change runs one statement and returns how many rows it touched.
func (t *tx) change(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

// Pending implements jobs.Queue.
func (d *DB) Pending(ctx context.Context) (waiting, dead int, err error) {
	query := "SELECT COALESCE(SUM(CASE WHEN dead THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN dead THEN 1 ELSE 0 END), 0) FROM jobs"
	err = row(ctx, d.pool(), query).Scan(&waiting, &dead)
	return waiting, dead, translate(err)
}

// enqueue queues one job in a transaction. One that waits already is due at once, and one that runs will run once more; see
// jobs.Queue.
func (t *tx) enqueue(ctx context.Context, kind, key string) error {
	return t.together(ctx, t.queued(&push.Batch{At: t.now(), Jobs: []record.Job{{Kind: kind, Key: key}}})...)
}
