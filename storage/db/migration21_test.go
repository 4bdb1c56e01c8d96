package db

import (
	"context"
	"fmt"
	"testing"
)

// Acts of custody that are in the feeds of units go to feeds that nobody pulls, and back. Handhelds are told that they are gone, unless they had
// left before; what else is in the feed stays where it is.
func TestActsOfCustodyLeaveTheFeedsOfUnits(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 20); err != nil {
			t.Fatal(err)
		}
		run := func(query string, args ...any) {
			t.Helper()
			if err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, query, args...) }); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range []struct {
			id, collection, feed string
			seq                  int
			aside                bool
		}{{"task", "tasks", "unit/a", 1, false}, {"old", "custody", "unit/a", 2, true}, {"first", "custody", "unit/a", 3, false}, {"second", "custody", "unit/a", 5, false},
			{"other", "custody", "unit/b", 1, false}} {
			run("INSERT INTO records (id, collection, feed, seq, version, removed, op, body, updated_at, closed, aside, schema) VALUES ("+d.marks(1, 12)+")",
				r.id, r.collection, r.feed, r.seq, 1, false, "op", "{}", 1, r.collection == "custody", r.aside, 1)
		}
		run("INSERT INTO feeds (name, head) VALUES ('unit/a', 5), ('unit/b', 1), ('unit/c', 7)")
		run("INSERT INTO departures (feed, seq, record, collection, reason, at) VALUES ('unit/a', 4, 'old', 'custody', 'closed', 1), ('unit/a', 2, 'second', 'custody', 'moved', 1)")
		looks := func(records, feeds, departures string) {
			t.Helper()
			for query, want := range map[string]string{
				"SELECT id || ' ' || feed || ' ' || seq || CASE WHEN closed THEN ' closed' ELSE '' END || CASE WHEN aside THEN ' aside' ELSE '' END FROM records ORDER BY id": records,
				"SELECT name || ' ' || head FROM feeds ORDER BY name":                                            feeds,
				"SELECT feed || ' ' || seq || ' ' || record || ' ' || reason FROM departures ORDER BY feed, seq": departures,
			} {
				if got := fmt.Sprint(texts(t, d, query)); got != want {
					t.Errorf("%s\n%s, want\n%s", query, got, want)
				}
			}
		}
		if _, err := p.UpTo(ctx, 21); err != nil {
			t.Fatal(err)
		}
		looks("[first audit/a 2 old audit/a 1 other audit/b 1 second audit/a 3 task unit/a 1]", "[audit/a 3 audit/b 1 unit/a 7 unit/b 2 unit/c 7]",
			"[unit/a 4 old closed unit/a 6 first moved unit/a 7 second moved unit/b 2 other moved]")
		for range 2 {
			if _, err := p.UpTo(ctx, 21); err != nil {
				t.Fatal(err)
			}
			if len(texts(t, d, "SELECT id FROM records WHERE collection = 'custody' AND feed LIKE 'unit/%'")) > 0 {
				t.Fatal("an act is still in the feed of a unit")
			}
			if _, err := p.DownTo(ctx, 20); err != nil {
				t.Fatal(err)
			}
		}
		// Twice up and down: two live acts left at 6 and 7 and came back, with the one that had been aside, at 8 to 10; and so on.
		looks("[first unit/a 15 closed old unit/a 14 closed other unit/b 5 closed second unit/a 16 closed task unit/a 1]", "[unit/a 16 unit/b 5 unit/c 7]", "[]")
		if _, err := p.UpTo(ctx, 21); err != nil {
			t.Fatal(err)
		}
		looks("[first audit/a 2 old audit/a 1 other audit/b 1 second audit/a 3 task unit/a 1]", "[audit/a 3 audit/b 1 unit/a 19 unit/b 6 unit/c 7]",
			"[unit/a 17 old moved unit/a 18 first moved unit/a 19 second moved unit/b 6 other moved]")
	})
}
