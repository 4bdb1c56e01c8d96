package client_test

import (
	"bytes"
	"database/sql"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// held is what a device's file holds as sent by the server, in all its feeds.
func held(t testing.TB, h *handheld) map[string]string {
	t.Helper()
	return rowsOf(t, h.file(), "SELECT id, feed || ' ' || collection || ' ' || version || ' ' || body FROM records")
}

// kept is what the server has in some feeds.
func (w *world) kept(feeds ...string) map[string]string {
	w.t.Helper()
	return rowsOf(w.t, look(w.t, w.path), "SELECT id, feed || ' ' || collection || ' ' || version || ' ' || body FROM records WHERE NOT removed AND feed IN ('"+
		strings.Join(feeds, "','")+"')")
}

func rowsOf(t testing.TB, from *sql.DB, query string) map[string]string {
	t.Helper()
	out := map[string]string{}
	rows, err := from.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			t.Fatal(err)
		}
		out[id] = text
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// countedRecords is a line that notes which records are asked for.
type countedRecords struct {
	next   http.RoundTripper
	asked  []string // ids of records asked for
	moving func()   // before each list of digests; may be nil
}

func (c *countedRecords) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/sync/records" {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		var q wire.RecordsQuery
		if err := wire.Decode(text, &q); err != nil {
			return nil, err
		}
		c.asked = append(c.asked, q.IDs...)
		r.Body = io.NopCloser(bytes.NewReader(text))
	}
	if c.moving != nil && r.Method == "POST" && strings.HasPrefix(r.URL.Path, "/v1/sync/digests/unit/") {
		c.moving()
	}
	return c.next.RoundTrip(r)
}

func spoil(t testing.TB, h *handheld, statement string, args ...any) {
	t.Helper()
	f := writable(t, h)
	defer f.Close()
	done, err := f.Exec(statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows (%v)", statement, n, err)
	}
}

// Each kind of damage is found for what it is, mended, and only what differs is fetched.
func TestCheckRepairs(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 700)
	for _, damage := range []struct {
		name      string
		statement string
		found     []client.What
		fetched   int
	}{
		{"none", "", nil, 0},
		{"a body altered", `UPDATE records SET body = replace(body, '店', '站') WHERE id = ?1`, []client.What{client.Altered}, 1},
		{"a body that is no JSON", `UPDATE records SET body = '{' WHERE id = ?1`, []client.What{client.Altered}, 1},
		{"a record missing", `DELETE FROM records WHERE id = ?1`, []client.What{client.Missing}, 1},
		{"a record too many", `INSERT INTO records SELECT '0197f3c0-0000-7000-8000-000000000001', collection, feed, version, body, generation FROM records WHERE id = ?1`,
			[]client.What{client.Surplus}, 0},
		{"no id of a record", `INSERT INTO records SELECT 'x', collection, feed, version, body, generation FROM records WHERE id = ?1`, []client.What{client.Surplus}, 0},
		{"an older version", `UPDATE records SET version = 0 WHERE id = ?1`, []client.What{client.Altered}, 1},
		{"a newer version", `UPDATE records SET version = 99 WHERE id = ?1`, []client.What{client.Altered}, 1},
		{"another collection", `UPDATE records SET collection = 'tasks' WHERE id = ?1`, []client.What{client.Altered}, 1},
		{"a row that names another feed", `UPDATE records SET feed = 'ref/120102' WHERE id = ?1`, nil, 0},
		{"no feed that holds it", `DELETE FROM holds WHERE id = ?1`, nil, 0},
		{"held by another feed", `UPDATE holds SET feed = 'ref/120102' WHERE id = ?1`, []client.What{client.Surplus, client.Missing}, 1},
		{"held by two feeds", `INSERT INTO holds SELECT id, 'ref/120102', generation FROM holds WHERE id = ?1`, []client.What{client.Surplus}, 0},
		{"held by a feed of nobody", `UPDATE holds SET feed = 'unit/0' WHERE id = ?1`, []client.What{client.Surplus, client.Missing}, 1},
		{"a hold of nothing", `DELETE FROM records WHERE id = ?1`, []client.What{client.Missing}, 1},
		{"everything gone", `DELETE FROM records WHERE collection = 'subjects' AND ?1 <> ''`, slices.Repeat([]client.What{client.Missing}, len(ids)), len(ids)},
	} {
		t.Run(damage.name, func(t *testing.T) {
			a := w.handheld(street)
			counted := &countedRecords{next: a.line.next}
			a.line.next = counted
			a.sync()
			whole := held(t, a)
			if len(whole) < len(ids) {
				t.Fatalf("%d records", len(whole))
			}
			if damage.statement != "" {
				spoil(t, a, damage.statement, ids[7])
			}
			got, err := a.Check(ctx)
			a.must(err)
			var found []client.What
			for _, f := range got.Found {
				found = append(found, f.What)
			}
			if !slices.Equal(found, damage.found) || int(got.Fetched) != damage.fetched || len(counted.asked) != damage.fetched {
				t.Errorf("found %v, %d fetched, %d asked for", found, got.Fetched, len(counted.asked))
			}
			if !maps.Equal(held(t, a), whole) {
				t.Error("the device does not hold what it held before")
			}
			if again, err := a.Check(ctx); err != nil || len(again.Found) != 0 || again.Compared != uint64(len(whole)) {
				t.Errorf("checked again: %+v, %v", again, err)
			}
		})
	}
}

// Whatever is damaged, in however many places: after a check the device holds what the server has, to the octet, and has asked for no
// record that it held rightly.
func TestAnyDamageIsRepaired(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	w.many(street, 60)
	a := w.handheld(street)
	counted := &countedRecords{next: a.line.next}
	a.line.next = counted
	a.sync()
	whole := held(t, a)
	f := writable(t, a)
	rapid.Check(t, func(rt *rapid.T) {
		touched := map[string]bool{}
		counted.asked = nil
		for range rapid.IntRange(1, 12).Draw(rt, "damages") {
			id := rapid.SampledFrom(slices.Sorted(maps.Keys(whole))).Draw(rt, "id")
			touched[id] = true
			statement := rapid.SampledFrom([]string{
				`DELETE FROM records WHERE id = ?1`,
				`UPDATE records SET body = ?2 WHERE id = ?1`,
				`UPDATE records SET body = body || ' ' WHERE id = ?1`,
				`UPDATE records SET version = version + length(?2) - 5 WHERE id = ?1`,
				`UPDATE records SET collection = ?2 WHERE id = ?1`,
				`UPDATE records SET feed = ?2 WHERE id = ?1`,
				`UPDATE records SET feed = 'ref/120102' WHERE id = ?1`,
				`DELETE FROM holds WHERE id = ?1`,
				`UPDATE OR IGNORE holds SET feed = 'ref/120102' WHERE id = ?1`,
				`INSERT OR IGNORE INTO holds SELECT ?1, ?2, generation FROM device`,
				`INSERT OR IGNORE INTO holds SELECT ?2, feed, generation FROM records WHERE id = ?1`,
				`INSERT OR IGNORE INTO records SELECT ?2, collection, feed, version, body, generation FROM records WHERE id = ?1`,
				`INSERT OR IGNORE INTO arrivals SELECT id, collection, feed, version + 1, ?2, generation FROM records WHERE id = ?1`,
				`INSERT OR IGNORE INTO arrivals SELECT id, collection, feed, 0, NULL, generation FROM records WHERE id = ?1`,
			}).Draw(rt, "statement")
			_, err := f.Exec(statement, id, rapid.StringMatching(`[a-z{}"\[\]]{0,9}`).Draw(rt, "text"))
			a.must(err)
		}
		got, err := a.Check(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		now := held(t, a)
		if !maps.Equal(now, whole) {
			rt.Fatalf("after %+v the device holds %d records, and not what it held", got, len(now))
		}
		for _, id := range counted.asked {
			if !touched[id] {
				rt.Fatalf("%s was right and has been asked for", id)
			}
		}
		var waiting int
		a.must(f.QueryRow("SELECT count(*) FROM arrivals").Scan(&waiting))
		if waiting != 0 {
			rt.Fatalf("%d news wait for nothing", waiting)
		}
	})
}

// Unsent ops stay as they are, and on top; what is compared is what the server sent.
func TestCheckBesideUnsentOps(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	id := a.create(street, "甲")
	other := a.create(street, "乙")
	a.sync()
	b.sync()
	a.set(id, "phone", "a")
	a.set(other, "phone", "a")
	if got, err := a.Check(ctx); err != nil || len(got.Found) != 0 {
		t.Fatalf("own ops are taken for damage: %+v, %v", got, err)
	}
	b.set(id, "address", "b 路")
	b.sync()
	// The news of b waits beside the version that a's op is based on.
	if got, err := a.Check(ctx); err != nil || len(got.Found) != 0 {
		t.Fatalf("waiting news is taken for damage: %+v, %v", got, err)
	}
	if r := a.get(id); r.Body["address"] != nil || r.Body["phone"] != "a" || r.Version != 1 {
		t.Errorf("the base has moved under an unsent op: %+v", r)
	}
	spoil(t, a, `UPDATE arrivals SET body = '{}' WHERE id = ?`, id)
	spoil(t, a, `UPDATE records SET body = replace(body, '乙', '丙'), version = 7 WHERE id = ?`, other)
	if got, err := a.Check(ctx); err != nil || len(got.Found) != 2 || got.Fetched != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := a.get(other); r.Body["name"] != "乙" || r.Body["phone"] != "a" || r.Unsent != 1 || r.Version != 1 {
		t.Errorf("%+v", r)
	}
	a.sync()
	if r := a.get(id); r.Body["address"] != "b 路" || r.Body["phone"] != "a" || r.Unsent != 0 {
		t.Errorf("%+v", r)
	}
	if got, err := a.Check(ctx); err != nil || len(got.Found) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A feed that moves on between two steps is pulled and compared again; one that never stands still is told so.
func TestCheckOfAFeedThatMoves(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 50)
	a := w.handheld(street)
	a.sync()
	counted := &countedRecords{next: a.line.next}
	a.line.next = counted
	touch := func() {
		w.own(push.ServerOp{Collection: "subjects", Record: ids[1], Action: record.Update, Patch: record.Object{"phone": newID()}})
	}
	n := 0
	counted.moving = func() {
		if n++; n < 3 {
			touch()
		}
	}
	spoil(t, a, `DELETE FROM records WHERE id = ?`, ids[0])
	if got, err := a.Check(ctx); err != nil || len(got.Found) != 1 || n < 3 {
		t.Errorf("%+v after %d lists, %v", got, n, err)
	}
	if !maps.Equal(w.kept("unit/"+street), rowsOf(t, a.file(), "SELECT id, feed || ' ' || collection || ' ' || version || ' ' || body FROM records WHERE feed = 'unit/"+street+"'")) {
		t.Error("the device does not hold what the server has")
	}
	counted.moving = touch
	spoil(t, a, `DELETE FROM records WHERE id = ?`, ids[0])
	_, err := a.Check(ctx)
	want(t, err, fault.HeadMoved)
}

// Sync checks by itself once a day, and a check that cannot be made does not stop it.
func TestSyncChecksDaily(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 20)
	var ahead time.Duration
	a := w.handheld(street, func(c *client.Config) { c.Now = func() time.Time { return time.Now().Add(ahead) } })
	a.sync()
	a.sync()
	if n := a.line.count("GET", "/v1/sync/digests/"); n != 0 {
		t.Fatalf("%d digests on the first day", n)
	}
	spoil(t, a, `DELETE FROM records WHERE id = ?`, ids[3])
	ahead = 23 * time.Hour
	a.sync()
	_, err := a.Get(ctx, "subjects", ids[3])
	want(t, err, fault.RecordUnknown)
	next := a.line.next
	a.line.next = without{next, "/v1/sync/digests/"}
	ahead = 25 * time.Hour
	a.sync() // the check fails, and is put off
	a.line.next = next
	ahead += 30 * time.Minute
	a.sync()
	_, err = a.Get(ctx, "subjects", ids[3])
	want(t, err, fault.RecordUnknown)
	ahead += time.Hour
	a.sync()
	a.get(ids[3])
	before := a.line.count("GET", "/v1/sync/digests/")
	a.sync()
	if n := a.line.count("GET", "/v1/sync/digests/"); n != before || n == 0 {
		t.Errorf("%d digests, then %d", before, n)
	}
}

// without is a server that has not some path.
type without struct {
	next   http.RoundTripper
	prefix string
}

func (f without) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, f.prefix) {
		return f.next.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}
