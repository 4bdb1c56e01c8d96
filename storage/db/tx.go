package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/sync/push"
)

// attempts is how often a transaction is run when PostgreSQL asks for it.
const attempts = 5

// tx is one transaction. Each of its statements is prepared once per connection.
type tx struct {
	*DB
	conn gorm.ConnPool // on PostgreSQL a *session
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
		err = d.once(ctx, func(conn gorm.ConnPool) error { return fn(ctx, &tx{DB: d, conn: conn}) })
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

// once runs one transaction.
func (d *DB) once(ctx context.Context, fn func(gorm.ConnPool) error) error {
	if d.dialect == sqLite {
		return d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error { return fn(g.Statement.ConnPool) })
	}
	pool, err := d.write.DB()
	if err != nil {
		return err
	}
	return inSession(ctx, pool, func(s *session) error { return fn(s) })
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

// together runs statements in their order: on PostgreSQL in one trip to the server, on SQLite, where there is no trip, one by
// one.
func (t *tx) together(ctx context.Context, statements ...statement) error {
	if s, ok := t.conn.(*session); ok && len(statements) > 0 {
		_, err := s.send(ctx, statements...)
		return translate(err)
	}
	for _, one := range statements {
		if err := t.alone(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) alone(ctx context.Context, one statement) error {
	if one.scan == nil {
		return t.exec(ctx, one.query, one.args...)
	}
	return rows(ctx, t.conn, func(r *sql.Rows) error { return one.scan(r) }, one.query, one.args...)
}

// last is together for a transaction that has nothing more to ask: on PostgreSQL the statements travel with the commit, and what
// they fail with is what the transaction fails with.
func (t *tx) last(ctx context.Context, statements ...statement) error {
	if s, ok := t.conn.(*session); ok {
		s.waiting = append(s.waiting, statements...)
		return nil
	}
	return t.together(ctx, statements...)
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
