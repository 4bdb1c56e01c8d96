package db

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/migrations"
)

// Every migration goes up, down and up again, with a row in every table on the way: a migration that only works on empty
// tables does not work.
func TestMigrationsUpDownUp(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		sources := p.ListSources()
		for round := range 2 {
			for _, source := range sources {
				if _, err := p.UpByOne(ctx); err != nil {
					t.Fatalf("round %d, up to %d: %v", round, source.Version, err)
				}
				fillTables(t, d)
			}
			before := counts(t, d)
			if _, err := p.Up(ctx); err != nil {
				t.Fatalf("up with nothing pending: %v", err)
			}
			if after := counts(t, d); after != before {
				t.Errorf("migrating has changed the rows: %s, were %s", after, before)
			}
			for range sources {
				if _, err := p.Down(ctx); err != nil {
					t.Fatalf("round %d, down: %v", round, err)
				}
			}
			if left := tablesOf(t, d); len(left) > 0 {
				t.Fatalf("after going all the way down there are tables %v", left)
			}
		}
		status, err := d.MigrateUp(ctx)
		if err != nil || len(status) != len(sources) {
			t.Fatalf("%v, %v", status, err)
		}
		for _, m := range status {
			if m.AppliedAt.IsZero() || m.Name == "" {
				t.Errorf("status %+v", m)
			}
		}
	})
}

// fillTables puts a row into every table that is empty.
func fillTables(t *testing.T, d *DB) {
	t.Helper()
	for _, table := range tablesOf(t, d) {
		if counts(t, d, table) != table+" 0 " {
			continue
		}
		fillTable(t, d, table, nil)
	}
}

// fillTable puts a row into a table, of values that are told by column and of some that its columns can have.
func fillTable(t *testing.T, d *DB, table string, told map[string]any) {
	t.Helper()
	columns := columnsOf(t, d, table)
	values := make([]any, len(columns))
	for i, kind := range kindsOf(t, d, table) {
		switch kind = strings.ToUpper(kind); {
		case told[columns[i]] != nil:
			values[i] = told[columns[i]]
		case strings.Contains(kind, "INT"):
			values[i] = 1
		case kind == "BOOLEAN":
			values[i] = false
		case kind == "BYTEA" || kind == "BLOB":
			values[i] = []byte("x")
		default:
			values[i] = `{"x":"` + columns[i] + `"}` // text; bodies are JSON
		}
	}
	query := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), d.marks(1, len(columns)))
	err := d.transact(context.Background(), func(ctx context.Context, t *tx) error { return t.exec(ctx, query, values...) })
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

// Papers that were made before papers were read again at night are read like those that came after; recordings keep what is known of them.
func TestPapersMadeBeforeAreWatched(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		const before = 29
		if _, err := p.UpTo(ctx, before); err != nil {
			t.Fatal(err)
		}
		fillTable(t, d, "checks", map[string]any{"evidence": "recording", "checked_at": 7, "unread": 2})
		for id, rendered := range map[string]string{"issued": `{"key":"k"}`, "void": `{"key":"k","issued":{"key":"k"}}`, "unmarked": `{"failure":"f","issued":{"key":"k"}}`,
			"failed": `{"failure":"f"}`, "draft": `null`} {
			fillTable(t, d, "records", map[string]any{"collection": "documents", "id": id, "feed": id, "body": `{"rendered":` + rendered + `}`})
		}
		all := func() string {
			return strings.Join(texts(t, d, "SELECT collection || ' ' || record || ' ' || CAST(checked_at AS TEXT) || ' ' || CAST(unread AS TEXT) FROM checks ORDER BY collection, record"), ", ")
		}
		for range 2 {
			if _, err := p.UpTo(ctx, before+1); err != nil {
				t.Fatal(err)
			}
			if got, want := all(), "documents issued 0 0, documents unmarked 0 0, documents void 0 0, evidence recording 7 2"; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			if _, err := p.DownTo(ctx, before); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func kindsOf(t *testing.T, d *DB, table string) []string {
	t.Helper()
	if d.dialect == postgreSQL {
		return texts(t, d, `SELECT data_type FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position`, table)
	}
	return texts(t, d, `SELECT type FROM pragma_table_info(?)`, table)
}

// counts tells how many rows each table holds.
func counts(t *testing.T, d *DB, tables ...string) string {
	t.Helper()
	if len(tables) == 0 {
		tables = tablesOf(t, d)
	}
	var b strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&b, "%s %s ", table, texts(t, d, "SELECT CAST(count(*) AS TEXT) FROM "+table)[0])
	}
	return b.String()
}

// Both databases have the same tables, columns and indexes, or code that works on one fails on the other.
func TestDialectsAgree(t *testing.T) {
	schemas := map[dialect][]string{}
	eachDialect(t, func(t *testing.T, d *DB) {
		var lines []string
		for _, table := range tablesOf(t, d) {
			lines = append(lines, table+": "+strings.Join(columnsOf(t, d, table), ", "))
		}
		schemas[d.dialect] = append(lines, indexesOf(t, d)...)
	})
	if len(schemas) < 2 {
		t.Skip("only one database is here to compare")
	}
	if lite, pg := schemas[sqLite], schemas[postgreSQL]; !slices.Equal(lite, pg) {
		for _, line := range append(slices.Clone(lite), pg...) {
			if slices.Contains(lite, line) != slices.Contains(pg, line) {
				t.Errorf("only on one: %s", line)
			}
		}
	}
}

// Replicas that start together migrate once.
func TestReplicasMigrateTogether(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		errs := make(chan error, 3)
		for range cap(errs) {
			go func() {
				_, err := d.MigrateUp(context.Background())
				errs <- err
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestBothFoldersHoldTheSameMigrations(t *testing.T) {
	var names [2][]string
	for i, folder := range []string{"postgres", "sqlite"} {
		entries, err := fs.ReadDir(migrations.Files, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names[i] = append(names[i], e.Name())
		}
	}
	if !slices.Equal(names[0], names[1]) || len(names[0]) == 0 {
		t.Errorf("postgres has %v, sqlite has %v", names[0], names[1])
	}
}
