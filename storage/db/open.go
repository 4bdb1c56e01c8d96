// Package db keeps everything but bytes in a relational database, PostgreSQL or SQLite: it implements the stores that
// sync and domain declare. Bodies are canonical JSON text and opaque here, except for the expression indexes of the
// migrations.
//
// It must not decide anything: no rule of law or of merging lives here.
package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Config says where the data are.
type Config struct {
	URL string // postgres://… or sqlite:///path/to/file
	Now func() time.Time
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	write   *gorm.DB // on SQLite one connection: there is one writer
	read    *gorm.DB // on PostgreSQL the same as write
	dialect dialect
	now     func() time.Time
	path    string // of the SQLite file
	url     string
	crowd   *crowd // of writers; nil on PostgreSQL, which gathers commits itself
}

type dialect string

const (
	postgreSQL dialect = "postgres"
	sqLite     dialect = "sqlite"
)

// Open connects, and checks that the database answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("database URL cannot be parsed") // the cause would carry the password
	}
	switch u.Scheme {
	case "postgres", "postgresql":
		return openPostgres(ctx, cfg)
	case "sqlite":
		return openSQLite(ctx, cfg, u.Path)
	}
	return nil, fmt.Errorf("database URL has scheme %q, want postgres or sqlite", u.Scheme)
}

func openPostgres(ctx context.Context, cfg Config) (*DB, error) {
	conf, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errors.New("database URL cannot be parsed") // the cause may carry the password
	}
	pool := stdlib.OpenDB(*conf, stdlib.OptionAfterConnect(byIndex))
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), settings(cfg.Now))
	if err != nil {
		return nil, translate(err)
	}
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(24)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &DB{write: g, read: g, dialect: postgreSQL, now: cfg.Now, url: cfg.URL}
	return d, translate(pool.PingContext(ctx))
}

// sessionSettings: see [byIndex]. Statements are planned once, not anew in each of the first five runs on each connection: none has a better plan
// for certain values. Long texts are packed by lz4 where PostgreSQL has it, which is faster than its own method.
const sessionSettings = `SET enable_seqscan = off; SET random_page_cost = 1.1; SET jit = off; SET plan_cache_mode = force_generic_plan;
	SELECT set_config(name, 'lz4', false) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)`

// byIndex keeps a session of PostgreSQL from reading whole tables where an index leads. Its tables grow from nothing, and the
// plan of a prepared statement that was made while a table had one page stays until the table is next analyzed: a push then reads
// every record three times. A plan that has no index to go by is still carried out, and is not worth compiling. Pages are in memory or on disks without
// arms: taken for dear, a few of them cost more than the whole of another index.
func byIndex(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, sessionSettings, pgx.QueryExecModeSimpleProtocol)
	return err
}

// openSQLite opens the file twice: one connection that writes, in immediate transactions, and a pool that only reads.
// synchronous=FULL makes a commit durable before it is acknowledged; in WAL mode that is one fsync of the log.
func openSQLite(ctx context.Context, cfg Config, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	pragmas := "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas
	write, err := gorm.Open(liteDialector{file + "&_txlock=immediate"}, settings(cfg.Now))
	if err != nil {
		return nil, translate(err)
	}
	if err := limit(write, 1); err != nil {
		return nil, err
	}
	read, err := gorm.Open(liteDialector{file + "&_pragma=query_only(1)"}, settings(cfg.Now))
	if err != nil {
		return nil, translate(err)
	}
	d := &DB{write: write, read: read, dialect: sqLite, now: cfg.Now, path: path, crowd: &crowd{}}
	return d, limit(read, 8)
}

func limit(g *gorm.DB, conns int) error {
	pool, err := g.DB()
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return nil
}

func settings(now func() time.Time) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		TranslateError:         false, // errors.go reads the SQLSTATE itself, with the constraint's name
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return now().UTC().Truncate(time.Microsecond) },
		Logger:                 logger.New(log.New(io.Discard, "", 0), logger.Config{LogLevel: logger.Silent}),
	}
}

// Close ends all connections.
func (d *DB) Close() error {
	var errs []error
	for _, g := range []*gorm.DB{d.write, d.read} {
		if pool, err := g.DB(); err == nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// Ready reports whether the database answers.
func (d *DB) Ready(ctx context.Context) error {
	var one int
	if err := d.read.WithContext(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	return nil
}

// rows runs a query and calls scan for each row.
func rows(ctx context.Context, pool gorm.ConnPool, scan func(*sql.Rows) error, query string, args ...any) error {
	found, err := pool.QueryContext(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return err
		}
	}
	return translate(found.Err())
}

// single is the one row of a query, or why there is none.
type single struct {
	rows *sql.Rows
	err  error
}

// row runs a query for one row. It is not sql's own: of a statement that could not be prepared, because the database is away or the context has ended, gorm's pool gives a
// row without its error, on which Scan panics.
func row(ctx context.Context, pool gorm.ConnPool, query string, args ...any) single {
	found, err := pool.QueryContext(ctx, query, args...)
	return single{found, err}
}

// Scan is that of sql.Row: sql.ErrNoRows where there is none, and what is behind the first is not looked at.
func (s single) Scan(into ...any) error {
	if s.err != nil {
		return s.err
	}
	defer s.rows.Close()
	if !s.rows.Next() {
		return cmp.Or(s.rows.Err(), sql.ErrNoRows)
	}
	if err := s.rows.Scan(into...); err != nil {
		return err
	}
	return s.rows.Close()
}

// marks is a list of n parameters for IN (…), beginning at $from on PostgreSQL.
func (d *DB) marks(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if d.dialect == postgreSQL {
			fmt.Fprintf(&b, "$%d", from+i)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// among is a condition "column is one of these" with its arguments: one array on PostgreSQL, so that the statement stays the
// same for any number of values; one JSON array on SQLite, for the same reason.
func (d *DB) among(column string, position int, values []string) (string, any) {
	if d.dialect == postgreSQL {
		return fmt.Sprintf("%s = ANY($%d::text[])", column, position), values
	}
	return column + " IN (SELECT value FROM json_each(?))", jsonArray(values)
}

// param is the placeholder of the n-th parameter.
func (d *DB) param(n int) string {
	if d.dialect == postgreSQL {
		return fmt.Sprintf("$%d", n)
	}
	return "?"
}
