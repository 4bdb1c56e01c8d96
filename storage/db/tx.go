package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/sync/push"
)

// attempts is how often a transaction is run when PostgreSQL asks for it.
const attempts = 5

// tx is one transaction. conn is GORM's connection pool for it, which prepares each statement once.
type tx struct {
	*DB
	conn gorm.ConnPool
}

var _ push.Store = (*DB)(nil)

// InTx implements push.Store. On PostgreSQL it runs at READ COMMITTED: the feeds' locks order the writers; on SQLite the
// immediate transaction is the lock.
func (d *DB) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error { return fn(ctx, t) })
}

func (d *DB) transact(ctx context.Context, fn func(context.Context, *tx) error) error {
	var err error
	for try := range attempts {
		err = d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			return fn(ctx, &tx{DB: d, conn: g.Statement.ConnPool})
		})
		if !retryable(rootOf(err)) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(1<<try) * 5 * time.Millisecond):
		}
	}
	return translate(err)
}

// rootOf undoes translate, so that a retry is seen through the fault that a query inside fn returned.
func rootOf(err error) error {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}

// exec runs one statement.
func (t *tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := t.conn.ExecContext(ctx, query, args...)
	return translate(err)
}

// micros and moment convert times: the database keeps UTC microseconds since 1970 as an integer, alike on both dialects;
// the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
