package pull_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	benchUnit    = "120102001"
	benchRecords = 50_000
	benchPage    = 500
)

// bases are the databases that benchmarks run on, opened by our stores and by a bare driver for the floor.
var bases = []struct {
	name string
	url  func(b *testing.B) string
	raw  func(url string) (*sql.DB, error)
}{
	{"sqlite", func(b *testing.B) string { return "sqlite://" + filepath.Join(b.TempDir(), "bench.db") },
		func(url string) (*sql.DB, error) {
			return sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite://")+"?_pragma=query_only(1)")
		}},
	{"postgres", func(b *testing.B) string { return services.Postgres(b) },
		func(url string) (*sql.DB, error) { return sql.Open("pgx", url) }},
}

// street is a feed of many records, with the service that gives it out and the bare driver beside it.
type street struct {
	b       *testing.B
	service *pull.Service
	caller  people.Caller
	raw     *sql.DB
}

func eachStreet(b *testing.B, fn func(b *testing.B, s *street)) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			url := base.url(b)
			ctx := context.Background()
			d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { d.Close() })
			if _, err := d.MigrateUp(ctx); err != nil {
				b.Fatal(err)
			}
			fillStreet(b, d)
			s := &street{b: b, caller: people.Caller{Device: "d", Unit: benchUnit, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: benchUnit}}},
				service: &pull.Service{Reader: d, Cursors: pull.Cursors{Key: make([]byte, 32)}, District: "120102", Now: time.Now}}
			if s.raw, err = base.raw(url); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { s.raw.Close() })
			if base.name == "postgres" { // as autovacuum does by itself within a minute; until then pages are sorted anew
				if _, err := s.raw.Exec("ANALYZE records"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			fn(b, s)
		})
	}
}

// fillStreet writes inspections as they stand at the end of a day, of about 700 bytes each.
func fillStreet(b *testing.B, d *db.DB) {
	b.Helper()
	body := `{"answers":{"q1":{"value":"符合","at":"2026-11-23T01:02:00Z"},"q2":{"note":"灭火器压力不足","value":"不符合"},"q3":{"value":"符合"}},` +
		`"officers":{"0197f3c0-0000-7000-8000-000000000001":{"role":"lead"},"0197f3c0-0000-7000-8000-000000000002":{"role":"second"}},` +
		`"opinion":"责令三日内更换灭火器。","place":{"lat":39.12,"lon":117.25},"present":{"name":"王某","role":"店长"},"startedAt":"2026-11-23T01:00:00Z",` +
		`"state":"completed","summary":"检查消防设施、疏散通道、用电情况，发现灭火器压力不足一处，当场指出，第%d号。","unit":"` + benchUnit + `"}`
	const batch = 2500
	for from := 0; from < benchRecords; from += batch {
		rows := make([]push.Row, batch)
		for i := range rows {
			n := from + i + 1
			rows[i] = push.Row{ID: fmt.Sprintf("0197f3c0-0000-7000-8000-%012d", n), Collection: "inspections", Feed: "unit/" + benchUnit, Seq: uint64(n),
				Version: 1, Op: fmt.Sprintf("op %d", n), Body: fmt.Appendf(nil, body, n)}
		}
		err := d.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/" + benchUnit}); err != nil {
				return err
			}
			return tx.Write(ctx, &push.Batch{Records: rows, Heads: map[string]uint64{"unit/" + benchUnit: uint64(from + batch)}, At: time.Now()})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (s *street) report(records int, bytes int64) {
	s.b.ReportMetric(float64(records)/s.b.Elapsed().Seconds(), "records/s")
	s.b.ReportMetric(float64(bytes)/s.b.Elapsed().Seconds()/1e6, "MB/s")
}

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// BenchmarkPull gives out pages of 500 records, to the JSON that travels.
func BenchmarkPull(b *testing.B) {
	eachStreet(b, func(b *testing.B, s *street) {
		cursor, out, records := "", &counter{}, 0
		var text []byte
		for b.Loop() {
			reply, err := s.service.Pull(context.Background(), s.caller, wire.Pull{Cursor: cursor, Limit: benchPage})
			if err == nil {
				if text, err = reply.Append(text[:0]); err == nil {
					_, err = out.Write(text)
				}
			}
			if err != nil || len(reply.Changes) != benchPage {
				b.Fatalf("%d changes, %v", len(reply.Changes), err)
			}
			records += len(reply.Changes)
			if cursor = reply.Cursor; !reply.More {
				cursor = ""
			}
		}
		s.report(records, out.n)
	})
}

const rawColumns = "SELECT seq, collection, id, version, body FROM records WHERE feed = 'unit/" + benchUnit + "' "

// BenchmarkPullFloor reads the same pages by one prepared SELECT and lets the bytes go.
func BenchmarkPullFloor(b *testing.B) {
	eachStreet(b, func(b *testing.B, s *street) {
		query := rawColumns + "AND seq > ? ORDER BY seq LIMIT 500"
		stmt, err := s.raw.Prepare(query)
		if err != nil {
			if stmt, err = s.raw.Prepare(strings.Replace(query, "?", "$1", 1)); err != nil {
				b.Fatal(err)
			}
		}
		defer stmt.Close()
		after, out, records := int64(0), &counter{}, 0
		for b.Loop() {
			rows, err := stmt.Query(after)
			if err != nil {
				b.Fatal(err)
			}
			n, last, err := drain(rows, out)
			if err != nil || n != benchPage {
				b.Fatalf("%d rows, %v", n, err)
			}
			records += n
			if after = last; after == benchRecords {
				after = 0
			}
		}
		s.report(records, out.n)
	})
}

func drain(rows *sql.Rows, out io.Writer) (n int, last int64, err error) {
	defer rows.Close()
	var collection, id, body sql.RawBytes
	var version int64
	for rows.Next() {
		if err := rows.Scan(&last, &collection, &id, &version, &body); err != nil {
			return n, last, err
		}
		if _, err := out.Write(body); err != nil {
			return n, last, err
		}
		n++
	}
	return n, last, rows.Err()
}

// BenchmarkSnapshot writes a feed of 50,000 records as NDJSON.
func BenchmarkSnapshot(b *testing.B) {
	eachStreet(b, func(b *testing.B, s *street) {
		out, records := &counter{}, 0
		for b.Loop() {
			if err := s.service.Snapshot(context.Background(), s.caller, pull.Wanted{Feed: "unit/" + benchUnit}, out); err != nil {
				b.Fatal(err)
			}
			records += benchRecords
		}
		s.report(records, out.n)
	})
}

// BenchmarkSnapshotFloor streams the same rows out of one SELECT.
func BenchmarkSnapshotFloor(b *testing.B) {
	eachStreet(b, func(b *testing.B, s *street) {
		out, records := &counter{}, 0
		for b.Loop() {
			rows, err := s.raw.Query(rawColumns + "AND NOT removed ORDER BY seq")
			if err != nil {
				b.Fatal(err)
			}
			n, _, err := drain(rows, out)
			if err != nil || n != benchRecords {
				b.Fatalf("%d rows, %v", n, err)
			}
			records += n
		}
		s.report(records, out.n)
	})
}
