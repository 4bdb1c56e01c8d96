package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/sync/jobs"
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

// Done implements jobs.Queue. A job that was queued again while it ran has another id by now, and stays.
func (d *DB) Done(ctx context.Context, job jobs.Job) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "DELETE FROM jobs WHERE id = "+t.param(1)+" AND lease_until = "+t.param(2), job.ID, micros(job.Until))
	})
}

// Retry implements jobs.Queue.
func (d *DB) Retry(ctx context.Context, job jobs.Job, due time.Time, reason string, dead bool) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		query := fmt.Sprintf("UPDATE jobs SET lease_until = 0, due = %s, reason = %s, dead = %s WHERE id = %s AND lease_until = %s",
			t.param(1), t.param(2), t.param(3), t.param(4), t.param(5))
		return t.exec(ctx, query, micros(due), reason, dead, job.ID, micros(job.Until))
	})
}

// Pending implements jobs.Queue.
func (d *DB) Pending(ctx context.Context) (waiting, dead int, err error) {
	query := "SELECT COALESCE(SUM(CASE WHEN dead THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN dead THEN 1 ELSE 0 END), 0) FROM jobs"
	err = d.pool().QueryRowContext(ctx, query).Scan(&waiting, &dead)
	return waiting, dead, translate(err)
}

// enqueue queues one job in a transaction, unless it waits already.
func (t *tx) enqueue(ctx context.Context, kind, key string) error {
	at := micros(t.now())
	return t.exec(ctx, "INSERT INTO jobs (id, kind, key, due, lease_until, attempts, dead, reason, created_at) VALUES ("+t.marks(1, 9)+
		") ON CONFLICT (kind, key) DO NOTHING", uuid.Must(uuid.NewV7()).String(), kind, key, at, 0, 0, false, "", at)
}
