package db

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Records that were closed before there was a mark for it are marked by migration 11, and no others; departures that there are count from then.
func TestWhatWasClosedIsMarked(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 10); err != nil {
			t.Fatal(err)
		}
		bodies := map[string]string{"tasks": `{"state":"done"}`, "inspections": `{"state":"completed"}`, "documents": `{"state":"voided"}`,
			"evidence": `{"custody":{"state":"held"}}`, "findings": `{"state":"closed"}`, "conflicts": `{"state":"resolved"}`, "deadletters": `{"state":"retried"}`,
			"open tasks": `{"state":"assigned"}`, "open evidence": `{"custody":{"state":"mismatch"}}`, "open deadletters": `{"state":"open"}`, "open findings": `{}`}
		seq := 0
		run := func(query string, args ...any) {
			t.Helper()
			if err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, query, args...) }); err != nil {
				t.Fatal(err)
			}
		}
		for name, body := range bodies {
			seq++
			run("INSERT INTO records (id, collection, feed, seq, version, removed, op, body, updated_at, closed, aside) VALUES ("+d.marks(1, 11)+")",
				name, strings.TrimPrefix(name, "open "), "unit/u", seq, 1, false, "op", body, 1, false, false)
		}
		run("INSERT INTO departures (feed, seq, record, collection, reason) VALUES ("+d.marks(1, 5)+")", "unit/u", 99, "gone", "tasks", "moved")
		if _, err := p.UpTo(ctx, 11); err != nil {
			t.Fatal(err)
		}
		for name := range bodies {
			marked := texts(t, d, "SELECT id FROM records WHERE closed AND id = "+d.param(1), name)
			if open := strings.HasPrefix(name, "open "); len(marked) != 1 && !open || len(marked) != 0 && open {
				t.Errorf("%s: marked as closed: %v", name, marked)
			}
		}
		var at int64
		if _, err := fmt.Sscan(texts(t, d, "SELECT CAST(at AS TEXT) FROM departures")[0], &at); err != nil || time.Since(moment(at)).Abs() > time.Hour {
			t.Errorf("the departure is of %v, %v", moment(at), err)
		}
	})
}
