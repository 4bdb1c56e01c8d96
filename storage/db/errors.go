package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// unique maps the names of unique constraints to what a violation means to a caller.
var unique = map[string]fault.Code{
	"accounts_name":      fault.AccountExists,
	"accounts.name":      fault.AccountExists,
	"devices_thumbprint": fault.KeyTaken,
	"devices.thumbprint": fault.KeyTaken,
	"ops_pkey":           fault.ReplayDiffers,
	"ops.id":             fault.ReplayDiffers,
}

// translate turns a driver's error into a fault where somebody can act on it. This is the one place that knows SQLSTATEs
// and SQLite's result codes.
func translate(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound).Because(err)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || strings.Contains(err.Error(), "connection refused") {
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	return err
}

func translatePostgres(err *pgconn.PgError) error {
	switch {
	case err.Code == "53100":
		return fault.New(fault.StorageFull).Because(err)
	case strings.HasPrefix(err.Code, "08"), strings.HasPrefix(err.Code, "57P"), strings.HasPrefix(err.Code, "53"), retryable(err):
		return fault.New(fault.TemporarilyDown).Because(err)
	case err.Code == "23505":
		return doubled(err.ConstraintName, err)
	}
	return err
}

func translateSQLite(err *sqlite.Error) error {
	switch err.Code() & 0xff {
	case lib.SQLITE_CONSTRAINT:
		if err.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || err.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
			_, columns, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
			name, _, _ := strings.Cut(columns, " ")
			return doubled(strings.TrimSuffix(name, ","), err)
		}
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.New(fault.TemporarilyDown).Because(err)
	case lib.SQLITE_FULL:
		return fault.New(fault.StorageFull).Because(err)
	}
	return err
}

func doubled(constraint string, err error) error {
	if code, ok := unique[constraint]; ok {
		return fault.New(code).Because(err)
	}
	return err
}

// retryable reports whether the transaction should be run again: PostgreSQL asks for it (serialization failure, deadlock), or
// somebody has made the same version of a record meanwhile. That is so when one record id is created twice at once in two
// feeds: no lock keeps the two apart, and the second must find what the first has made.
func retryable(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "23505" && (pg.ConstraintName == "revisions_pkey" || pg.ConstraintName == "numbers_pkey")
}
