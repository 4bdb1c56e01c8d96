package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// session is a transaction on one PostgreSQL connection whose statements may share a trip to the server: who pushes alone waits
// for each trip, and for the server to be given the processor again. Statements that wait go ahead of the next one, in their
// order: BEGIN waits for the first, what [tx.last] was given for COMMIT. It is used by one goroutine.
//
// It is the connection pool of its transaction, so statements that go alone are run as on any other.
type session struct {
	conn    *sql.Conn
	waiting []statement
	began   bool  // BEGIN may have reached the server
	failed  error // first failure of statements that had waited: QueryRowContext has no other way to tell it
}

var _ gorm.ConnPool = (*session)(nil)

// statement is SQL with its arguments.
type statement struct {
	query string
	args  []any
	scan  func(scanner) error // called for each row; nil when there are none
}

// scanner is the row at hand: of *sql.Rows, or of pgx.Rows where statements share a trip.
type scanner interface{ Scan(into ...any) error }

// errRolledBack means that PostgreSQL answered COMMIT with ROLLBACK: a statement had failed, and somebody went on.
var errRolledBack = errors.New("commit of a transaction in which a statement failed")

// inSession runs fn in a transaction and commits it. When anything fails, or fn panics, nothing is left.
func inSession(ctx context.Context, pool *sql.DB, fn func(*session) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &session{conn: conn, waiting: []statement{{query: "BEGIN"}}}
	committed := false
	defer func() {
		if !committed {
			s.rollback(ctx)
		}
	}()
	err = fn(s)
	if s.failed != nil {
		err = s.failed
	}
	if err == nil {
		err = s.commit(ctx)
	}
	committed = err == nil
	return err
}

func (s *session) commit(ctx context.Context) error {
	if !s.began && len(s.waiting) == 1 {
		return nil // nothing was asked, nothing is to be written
	}
	tag, err := s.send(ctx, statement{query: "COMMIT"})
	if err == nil && tag.String() == "ROLLBACK" {
		err = errRolledBack
	}
	return err
}

// rollbackWithin bounds a rollback, which is run although the caller may have gone.
const rollbackWithin = 5 * time.Second

// rollback ends the transaction. Where that fails the connection is given up, and the server ends it.
func (s *session) rollback(ctx context.Context) {
	if !s.began {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// send makes one trip: what waits, then the statements. It returns what the last was answered with. The first that fails ends
// the trip; the server passes over the rest.
func (s *session) send(ctx context.Context, statements ...statement) (tag pgconn.CommandTag, err error) {
	all := append(s.waiting, statements...)
	s.waiting, s.began = nil, true
	err = s.conn.Raw(func(conn any) error {
		tag, err = trip(ctx, conn.(*stdlib.Conn).Conn(), all)
		return err
	})
	return tag, err
}

// ahead sends what waits before a statement that goes alone.
func (s *session) ahead(ctx context.Context) error {
	if s.failed == nil && len(s.waiting) > 0 {
		_, s.failed = s.send(ctx)
	}
	return s.failed
}

// PrepareContext implements gorm.ConnPool.
func (s *session) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := s.ahead(ctx); err != nil {
		return nil, err
	}
	return s.conn.PrepareContext(ctx, query)
}

// ExecContext implements gorm.ConnPool.
func (s *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := s.ahead(ctx); err != nil {
		return nil, err
	}
	return s.conn.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (s *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := s.ahead(ctx); err != nil {
		return nil, err
	}
	return s.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gorm.ConnPool. When what waited has failed, the server refuses this statement too; the transaction
// ends with the first failure.
func (s *session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = s.ahead(ctx)
	return s.conn.QueryRowContext(ctx, query, args...)
}
