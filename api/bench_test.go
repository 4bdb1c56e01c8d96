package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	benchRecords = 50_000
	benchPage    = 500
	benchDevices = 50
)

// bench is a whole server before a street of many records, and beside it the floor: a bare server that reads the same rows by one SELECT
// and sends them by the same encoder, without login, shape or seals.
type bench struct {
	*world
	b     *testing.B
	floor string // its address
	began time.Duration
}

func eachBench(b *testing.B, fn func(b *testing.B, w *bench)) {
	for name, database := range map[string]func() (ours, driver, dsn string){
		"sqlite": func() (string, string, string) {
			path := filepath.Join(b.TempDir(), "bench.db")
			return "sqlite://" + path, "sqlite", "file:" + path + "?_pragma=query_only(1)"
		},
		"postgres": func() (string, string, string) {
			url := services.Postgres(b)
			return url, "pgx", url + "?enable_seqscan=off&random_page_cost=1.1&jit=off&plan_cache_mode=force_generic_plan" // as the server's sessions are
		},
	} {
		b.Run(name, func(b *testing.B) {
			url, driver, dsn := database()
			endless := guard.Rate{PerSecond: 1e9, Burst: 1e9}
			w := &bench{b: b, world: newWorldOn(b, url, func(d *api.Deps) { d.Limits = api.Limits{Device: endless, Address: endless, SignIn: endless} })}
			w.fillStreet()
			raw, err := sql.Open(driver, dsn)
			w.must(err)
			b.Cleanup(func() { raw.Close() })
			raw.SetMaxOpenConns(24) // as many as the server has; by itself a pool keeps two, and opens the others anew for each query
			raw.SetMaxIdleConns(24)
			if driver == "pgx" { // as autovacuum does by itself within a minute; until then pages are sorted anew
				_, err := raw.Exec("ANALYZE records")
				w.must(err)
			}
			w.serveFloor(raw, driver)
			b.ReportAllocs()
			b.ResetTimer()
			w.began = spent()
			fn(b, w)
		})
	}
}

// fillStreet writes inspections as they stand at the end of a day, of about 700 octets each.
func (w *bench) fillStreet() {
	w.b.Helper()
	body := `{"answers":{"q1":{"at":"2026-11-23T01:02:00Z","value":"符合"},"q2":{"note":"灭火器压力不足","value":"不符合"},"q3":{"value":"符合"}},` +
		`"officers":{"0197f3c0-0000-7000-8000-000000000001":{"role":"lead"},"0197f3c0-0000-7000-8000-000000000002":{"role":"second"}},` +
		`"opinion":"责令三日内更换灭火器。","place":{"lat":39.12,"lon":117.25},"present":{"name":"王某","role":"店长"},"startedAt":"2026-11-23T01:00:00Z",` +
		`"state":"completed","summary":"检查消防设施、疏散通道、用电情况，发现灭火器压力不足一处，当场指出，第%d号。","unit":"` + street + `"}`
	const batch = 2500
	for from := 0; from < benchRecords; from += batch {
		rows := make([]push.Row, batch)
		for i := range rows {
			n := from + i + 1
			rows[i] = push.Row{ID: fmt.Sprintf("0197f3c0-0000-7000-8000-%012x", n*2654435761%(1<<48)), Collection: "inspections", Feed: "unit/" + street, Seq: uint64(n),
				Version: 1, Op: fmt.Sprintf("op %d", n), Body: fmt.Appendf(nil, body, n)}
		}
		w.must(w.db.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/" + street}, push.Wants{}); err != nil {
				return err
			}
			return tx.Write(ctx, &push.Batch{Records: rows, Heads: map[string]uint64{"unit/" + street: uint64(from + batch)}, At: time.Now()})
		}))
	}
}

// serveFloor serves rows as they come out of the driver: ?after=&limit=, all of them without a limit.
func (w *bench) serveFloor(raw *sql.DB, driver string) {
	const columns = "SELECT seq, collection, id, version, body FROM records WHERE feed = 'unit/" + street + "' AND NOT removed AND NOT aside AND seq > "
	marks := map[string][2]string{"pgx": {"$1", "$2"}, "sqlite": {"?", "?"}}[driver]
	page, err := raw.Prepare(columns + marks[0] + " ORDER BY seq LIMIT " + marks[1])
	w.must(err)
	if plan := explain(w.b, raw, map[string]string{"pgx": "EXPLAIN ", "sqlite": "EXPLAIN QUERY PLAN "}[driver]+columns+"5 ORDER BY seq LIMIT 500"); !strings.Contains(plan, "records_feed_seq") {
		w.b.Fatalf("the floor does not read by the index of feeds, so it is none:\n%s", plan)
	}
	encoders := sync.Pool{New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(512<<10))
		if err != nil {
			panic(err)
		}
		return e
	}}
	server := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) {
		after, limit := c.QueryArgs().GetUintOrZero("after"), c.QueryArgs().GetUintOrZero("limit")
		from, to := io.Pipe()
		c.Response.Header.Set("Content-Encoding", "zstd")
		go func() {
			e := encoders.Get().(*zstd.Encoder)
			defer encoders.Put(e)
			e.Reset(to)
			_ = to.CloseWithError(pour(page, after, limit, e))
		}()
		c.SetBodyStream(from, -1)
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.floor = "http://" + listener.Addr().String()
	go func() { _ = server.Serve(listener) }()
	w.b.Cleanup(func() { // a client may have opened a connection that it never used: fasthttp would wait for it for ever
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.ShutdownWithContext(ctx)
	})
}

// explain is how the database would answer a query, in its own words.
func explain(b *testing.B, raw *sql.DB, query string) string {
	b.Helper()
	rows, err := raw.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	var plan []string
	for rows.Next() {
		line := make([]string, len(columns))
		into := make([]any, len(columns))
		for i := range line {
			into[i] = &line[i]
		}
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		plan = append(plan, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// pour writes rows, a line each.
func pour(stmt *sql.Stmt, after, limit int, out io.WriteCloser) error {
	if limit == 0 {
		limit = 1 << 30
	}
	rows, err := stmt.Query(after, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	var seq, version int64
	var collection, id, body sql.RawBytes
	var line []byte
	for rows.Next() {
		if err := rows.Scan(&seq, &collection, &id, &version, &body); err != nil {
			return err
		}
		line = append(strconv.AppendInt(line[:0], seq, 10), '\t')
		line = append(append(append(append(line, collection...), '\t'), id...), '\t')
		line = append(append(append(strconv.AppendInt(line, version, 10), '\t'), body...), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return out.Close()
}

// fetch reads a reply to its end as it comes.
func (w *bench) fetch(method, url string, h http.Header, body []byte) int64 {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err == nil {
		req.Header = h
		req.Header.Set("Accept-Encoding", "zstd")
		var res *http.Response
		if res, err = client.Do(req); err == nil {
			defer res.Body.Close()
			var n int64
			if n, err = io.Copy(io.Discard, res.Body); err == nil && res.StatusCode == 200 && res.Header.Get("Content-Encoding") == "zstd" {
				return n
			}
			err = fmt.Errorf("status %d, %v", res.StatusCode, err)
		}
	}
	w.b.Error(err)
	return 0
}

// spent is the processor time of this process: on a machine that others use too it compares better than the clock.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (w *bench) report(records int, octets int64) {
	b := w.b
	b.ReportMetric(float64((spent()-w.began).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(octets)/b.Elapsed().Seconds()/1e6, "MB/s")
}

// BenchmarkBootstrap downloads a feed of 50,000 records as a new handheld does.
func BenchmarkBootstrap(b *testing.B) {
	eachBench(b, func(b *testing.B, w *bench) {
		path, octets := "/v1/sync/snapshot/unit/"+street, int64(0)
		for b.Loop() {
			octets += w.fetch("GET", "http://"+w.address+path, w.officer.credentials("GET", path), nil)
		}
		w.report(b.N*benchRecords, octets)
	})
}

// BenchmarkBootstrapFloor sends the same rows out of one SELECT.
func BenchmarkBootstrapFloor(b *testing.B) {
	eachBench(b, func(b *testing.B, w *bench) {
		octets := int64(0)
		for b.Loop() {
			octets += w.fetch("GET", w.floor+"/?after=0", http.Header{}, nil)
		}
		w.report(b.N*benchRecords, octets)
	})
}

// BenchmarkPull has 50 devices, each somewhere else in the feed, pull pages of 500 changes beside each other; each with a proof of its own.
func BenchmarkPull(b *testing.B) {
	eachBench(b, func(b *testing.B, w *bench) {
		devices := make(chan *puller, benchDevices)
		for i := range benchDevices {
			devices <- w.puller(w.hire(fmt.Sprint("甲", i), "officer", street), place(i+1))
		}
		var octets atomic.Int64
		b.SetParallelism(benchDevices / 2) // on two cores
		b.ResetTimer()
		w.began = spent()
		b.RunParallel(func(pb *testing.PB) {
			p := <-devices
			defer func() { devices <- p }()
			for pb.Next() {
				h := p.credentials("POST", "/v1/sync/pull")
				h.Set("Content-Type", "application/json")
				octets.Add(w.fetch("POST", "http://"+w.address+"/v1/sync/pull", h, p.ask))
			}
		})
		w.report(b.N*benchPage, octets.Load())
	})
}

// place is where a device stands in the feed.
func place(i int) int { return i * 9973 % (benchRecords - benchPage) }

// puller is a device that asks for a page.
type puller struct {
	*person
	ask []byte
}

// puller lets a device stand at a place, by a snapshot of nothing.
func (w *bench) puller(p *person, at int) *puller {
	w.b.Helper()
	path := "/v1/sync/snapshot/unit/" + street
	res := w.send("GET", fmt.Sprintf("%s?after=%d&upTo=%d", path, at, at), nil, p.credentials("GET", path)).want(200)
	var line wire.SnapshotLine
	w.must(wire.Decode(bytes.TrimSpace(res.body), &line))
	ask, err := wire.Canonical(wire.Pull{Cursor: line.End.Cursor, Limit: benchPage})
	w.must(err)
	return &puller{p, ask}
}

// BenchmarkPullFloor has as many clients read as many rows by one prepared SELECT each.
func BenchmarkPullFloor(b *testing.B) {
	eachBench(b, func(b *testing.B, w *bench) {
		var octets, clients atomic.Int64
		b.SetParallelism(benchDevices / 2)
		b.RunParallel(func(pb *testing.PB) {
			at := place(int(clients.Add(1)))
			for pb.Next() {
				octets.Add(w.fetch("GET", fmt.Sprint(w.floor, "/?after=", at, "&limit=", benchPage), http.Header{}, nil))
			}
		})
		w.report(b.N*benchPage, octets.Load())
	})
}
