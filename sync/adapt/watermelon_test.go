package adapt_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

var wmTables = map[string]int{"subjects": 1, "tasks": 1}

func (w *world) wmPull(c people.Caller, last int64) wire.WmPage {
	w.Helper()
	in := wire.WmPull{Tables: wmTables}
	if last > 0 {
		in.LastPulledAt = &last
	}
	page, err := w.adapt.WmPull(ctx, c, in)
	w.must(err)
	return page
}

func (w *world) wmPush(c people.Caller, last int64, changes map[string]wire.WmTable) wire.WmPushed {
	w.Helper()
	out, err := w.adapt.WmPush(ctx, c, wire.WmPush{LastPulledAt: last, Tables: wmTables, Changes: changes})
	w.must(err)
	return out
}

func updated(row map[string]any, changed string, pairs ...any) map[string]wire.WmTable {
	return map[string]wire.WmTable{"subjects": {Updated: []map[string]any{with(row, append(pairs, "_status", "updated", "_changed", changed)...)}}}
}

// TestAnEditOnAnOldPull is merged by the version that its row bears, or, if it bears none, by where the client stood: never refused, and
// never over what it had not seen.
func TestAnEditOnAnOldPull(t *testing.T) {
	for _, bears := range []bool{true, false} {
		w := newWorld(t)
		c := w.hire("officer")
		id := w.put("subjects", with(subject("旧"), "place", record.Object{"lat": 1.0, "lng": 2.0}))
		page := w.wmPull(c, 0)
		row := page.Changes["subjects"].Updated[0]
		if row["place"] != `{"lat":1,"lng":2}` || row["serverVersion"] != 1.0 || row["phone"] != nil {
			t.Fatalf("the row is %v", row)
		}
		if !bears {
			delete(row, "serverVersion")
		}
		w.change("subjects", id, record.Object{"phone": "1", "name": "他人改"})
		out := w.wmPush(c, page.Timestamp, updated(row, "address,place", "address", "新地址", "place", `{"lat":3,"lng":2}`, "name", "不算"))
		body := w.body(id)
		if len(out.Refused) != 0 || body["address"] != "新地址" || body["phone"] != "1" || body["name"] != "他人改" || w.conflicts() != 0 {
			t.Errorf("bears %v: %v, %v, %d conflicts", bears, out, body, w.conflicts())
		}
		if !record.Equal(body["place"], record.Object{"lat": 3.0, "lng": 2.0}) {
			t.Errorf("place is %v", body["place"])
		}
		w.wmPush(c, page.Timestamp, updated(row, "name", "name", "我改"))
		if w.conflicts() != 1 || w.body(id)["name"] != "他人改" {
			t.Errorf("bears %v: an edit over what was not seen: %v, %d conflicts", bears, w.body(id), w.conflicts())
		}
		if again := w.wmPull(c, page.Timestamp); len(again.Changes["subjects"].Updated) != 1 || again.Changes["subjects"].Updated[0]["name"] != "他人改" {
			t.Errorf("what stands is not sent: %v", again.Changes)
		}
	}
}

// TestWhatIsRefusedIsNamedAndSentAgain: in experimentalRejectedIds, with the reason, and as it stands with the next pull although no
// new version was made of it. The client's number is good once it has pulled.
func TestWhatIsRefusedIsNamedAndSentAgain(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	task := w.put("tasks", record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"})
	page := w.wmPull(c, 0)
	made, deep := newID(), ""
	for range 40 {
		deep = `{"a":` + deep
	}
	out := w.wmPush(c, page.Timestamp, map[string]wire.WmTable{"tasks": {
		Created: []map[string]any{{"id": made, "title": "自派", "unit": street, "kind": "routine", "state": "draft", "due": nil, "_status": "created"},
			{"id": "no-uuid", "title": "x"}, {"id": newID(), "officers": deep, "title": "x"}, {"title": "no id"}},
		Deleted: []string{task},
	}, "subjects": {Created: []map[string]any{with(subject("好的"), "id", newID(), "place", "", "uscc", nil)}}})
	rejected := out.RejectedIDs["tasks"]
	if len(rejected) != 5 || !slices.Contains(rejected, made) || !slices.Contains(rejected, task) || len(out.Refused) != 5 || len(out.RejectedIDs["subjects"]) != 0 {
		t.Fatalf("%+v", out)
	}
	for _, r := range out.Refused {
		if r.Code == "" || r.Zh == "" || r.En == "" || r.Table != "tasks" {
			t.Errorf("a refusal without its reason: %+v", r)
		}
	}
	again := w.wmPull(c, page.Timestamp)
	tasks := again.Changes["tasks"]
	if len(tasks.Updated) != 1 || tasks.Updated[0]["id"] != task || !slices.Contains(tasks.Deleted, made) || len(again.Changes["subjects"].Updated) != 1 {
		t.Errorf("%+v", again.Changes)
	}
	if last := w.wmPull(c, again.Timestamp); last.Timestamp != again.Timestamp || len(last.Changes["tasks"].Updated) != 0 {
		t.Errorf("told for ever: %+v", last)
	}
}

// TestARowThatWasRefusedIsNotJudgedWithEverySync: WatermelonDB sends it each time.
func TestARowThatWasRefusedIsNotJudgedWithEverySync(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	created := map[string]wire.WmTable{"tasks": {Created: []map[string]any{{"id": newID(), "title": "t", "unit": street, "kind": "k", "state": "draft"}}}}
	page := w.wmPull(c, 0)
	letters := func() int {
		lines, _, err := w.db.Changes(ctx, "unit/"+street, 0, 1000)
		w.must(err)
		n := 0
		for _, l := range lines {
			if l.Collection == "deadletters" {
				n++
			}
		}
		return n
	}
	for range 5 {
		w.wmPush(c, page.Timestamp, created)
	}
	if n := letters(); n < 1 || n > 2 {
		t.Errorf("%d letters of one refused row", n)
	}
}

// TestAnUnknownNumberBeginsAnew: it may be another device's, of before a backup, or made up.
func TestAnUnknownNumberBeginsAnew(t *testing.T) {
	w := newWorld(t)
	c, stranger := w.hire("officer"), w.hire("officer")
	id := w.put("subjects", subject("a"))
	first := w.wmPull(c, 0)
	if first.Strategy != "" {
		t.Errorf("a client that has nothing needs nothing replaced: %q", first.Strategy)
	}
	for name, page := range map[string]wire.WmPage{"another device's": w.wmPull(stranger, first.Timestamp), "made up": w.wmPull(c, 1), "late": w.wmPull(c, 1<<52)} {
		if page.Strategy != "replacement" || len(page.Changes["subjects"].Updated) != 1 || page.Changes["subjects"].Updated[0]["id"] != id {
			t.Errorf("%s: %+v", name, page)
		}
		if page.Timestamp <= first.Timestamp && name != "another device's" {
			t.Errorf("%s: the number %d does not grow", name, page.Timestamp)
		}
	}
	if page := w.wmPull(c, first.Timestamp); page.Strategy != "" || page.Timestamp != first.Timestamp {
		t.Errorf("its own: %+v", page)
	}
	for name, in := range map[string]wire.WmPull{"no tables": {}, "unknown": {Tables: map[string]int{"x": 1}}, "newer form": {Tables: map[string]int{"tasks": 9}},
		"limit": {Tables: wmTables, Limit: 5000}} {
		if _, err := w.adapt.WmPull(ctx, c, in); err == nil || fault.Of(err).Kind == fault.Unknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMarksAreFew however often a client pulls, and a page that was lost is told again.
func TestMarksAreFew(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	stands := w.wmPull(c, 0).Timestamp
	for i := range 40 {
		w.put("subjects", subject(fmt.Sprint(i)))
		if page := w.wmPull(c, stands); len(page.Changes["subjects"].Updated) != i+1 {
			t.Fatalf("pull %d after lost answers: %d rows", i, len(page.Changes["subjects"].Updated))
		}
	}
	kept := 0
	for n := stands; n < stands+100; n++ {
		_, ok, err := w.db.Mark(ctx, c.Device, n)
		w.must(err)
		if ok {
			kept++
		}
	}
	if kept > 9 {
		t.Errorf("%d marks of one device are kept", kept)
	}
}
