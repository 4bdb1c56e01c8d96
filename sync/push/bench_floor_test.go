package push_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// raw writes rows with nothing of ours in between.
type raw interface{ write(tables []rawTable) error }

// rawTable is the rows of one table, column by column.
type rawTable struct {
	name    string
	columns []rawColumn
	n       int
}

// rawColumn is a column's values: []string or []int64.
type rawColumn struct {
	name   string
	values any
}

func openRaw(b *testing.B, url string) raw {
	b.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		db.SetMaxOpenConns(1)
		return &rawLite{db: db, prepared: map[string]*sql.Stmt{}}
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	return rawPostgres{conn}
}

// rawPostgres sends one INSERT … SELECT unnest per table, the fastest INSERT there is.
type rawPostgres struct{ conn *pgx.Conn }

func (r rawPostgres) write(tables []rawTable) error {
	ctx := context.Background()
	return pgx.BeginFunc(ctx, r.conn, func(tx pgx.Tx) error {
		for _, t := range tables {
			var names, arrays []string
			var args []any
			for i, c := range t.columns {
				kind := "text[]"
				switch c.values.(type) {
				case []int64:
					kind = "bigint[]"
				case []bool:
					kind = "boolean[]"
				}
				names, arrays, args = append(names, c.name), append(arrays, fmt.Sprintf("$%d::%s", i+1, kind)), append(args, c.values)
			}
			query := fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s)", t.name, strings.Join(names, ","), strings.Join(arrays, ","))
			if _, err := tx.Exec(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// rawLite sends INSERTs of many rows each, prepared once.
type rawLite struct {
	db       *sql.DB
	prepared map[string]*sql.Stmt
}

const rawLiteRows = 20

func (r *rawLite) write(tables []rawTable) error {
	for _, t := range tables {
		for _, n := range []int{min(t.n, rawLiteRows), t.n % rawLiteRows} {
			if err := r.prepare(t, n); err != nil {
				return err
			}
		}
	}
	tx, err := r.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, t := range tables {
		for from := 0; from < t.n; from += rawLiteRows {
			if err := r.insert(tx, t, from, min(t.n, from+rawLiteRows)); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func (t rawTable) insertOf(n int) string {
	var names []string
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	row := "(?" + strings.Repeat(",?", len(names)-1) + ")"
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ",") + ") VALUES " + row + strings.Repeat(","+row, n-1)
}

func (r *rawLite) prepare(t rawTable, n int) error {
	if n == 0 || r.prepared[t.insertOf(n)] != nil {
		return nil
	}
	stmt, err := r.db.Prepare(t.insertOf(n))
	r.prepared[t.insertOf(n)] = stmt
	return err
}

func (r *rawLite) insert(tx *sql.Tx, t rawTable, from, to int) error {
	args := make([]any, 0, (to-from)*len(t.columns))
	for i := from; i < to; i++ {
		for _, c := range t.columns {
			switch v := c.values.(type) {
			case []string:
				args = append(args, v[i])
			case []int64:
				args = append(args, v[i])
			case []bool:
				args = append(args, v[i])
			}
		}
	}
	_, err := tx.Stmt(r.prepared[t.insertOf(to-from)]).Exec(args...)
	return err
}

var rawCopies atomic.Int64

// rawRows makes the rows of a push anew: the same texts under new names.
func rawRows(batch *push.Batch) []rawTable {
	n := rawCopies.Add(1)
	again := func(id string) string { return fmt.Sprintf("%s~%06d", id[:29], n) } // as long as an id
	first := n * 1000
	ops := rawTable{name: "ops", n: len(batch.Ops)}
	var id, device, collection, record, action, author, hash, status, outcome, text, empty []string
	var seq, at []int64
	for i, o := range batch.Ops {
		answered, err := wire.Canonical(push.ToWire(o.Outcome))
		if err != nil {
			panic(err)
		}
		id, device, collection, record = append(id, again(o.ID)), append(device, o.Device), append(collection, o.Collection), append(record, again(o.Record))
		action, author, hash, status = append(action, string(o.Action)), append(author, o.Author), append(hash, o.Hash), append(status, string(o.Outcome.Status))
		outcome, text, empty = append(outcome, string(answered)), append(text, string(o.Text)), append(empty, o.Push)
		seq, at = append(seq, first+int64(i)), append(at, batch.At.UnixMicro())
	}
	ops.columns = []rawColumn{{"id", id}, {"device", device}, {"seq", seq}, {"push", empty}, {"collection", collection}, {"record", record}, {"action", action},
		{"author", author}, {"occurred_at", at}, {"earliest", at}, {"latest", at}, {"received_at", at}, {"hash", hash}, {"status", status},
		{"outcome", outcome}, {"text", text}}
	return []rawTable{ops, rawRevisions(batch, again), rawRecords(batch, again, first)}
}

func rawRevisions(batch *push.Batch, again func(string) string) rawTable {
	var record, collection, op, body []string
	var version, at []int64
	var removed []bool
	for _, r := range batch.Revisions {
		record, collection, op, body = append(record, again(r.Record)), append(collection, r.Collection), append(op, again(r.Op)), append(body, string(r.Body))
		version, at, removed = append(version, int64(r.Version.Version)), append(at, batch.At.UnixMicro()), append(removed, false)
	}
	return rawTable{"revisions", []rawColumn{{"record", record}, {"version", version}, {"collection", collection}, {"op", op}, {"removed", removed},
		{"body", body}, {"at", at}}, len(record)}
}

func rawRecords(batch *push.Batch, again func(string) string, first int64) rawTable {
	var id, collection, feed, op, body []string
	var seq, version, at []int64
	var removed []bool
	for i, r := range batch.Records {
		id, collection, feed, op, body = append(id, again(r.ID)), append(collection, r.Collection), append(feed, r.Feed), append(op, again(r.Op)), append(body, string(r.Body))
		seq, version, at, removed = append(seq, first+int64(i)), append(version, int64(r.Version)), append(at, batch.At.UnixMicro()), append(removed, false)
	}
	return rawTable{"records", []rawColumn{{"id", id}, {"collection", collection}, {"feed", feed}, {"seq", seq}, {"version", version}, {"removed", removed},
		{"op", op}, {"body", body}, {"updated_at", at}}, len(id)}
}
