package adapt_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// reader is a client that never edits: what it was told of subjects, and in which form it shows them now.
type reader struct {
	w      *world
	caller people.Caller
	schema int
	holds  map[string]record.Object
	page   func(r *reader, limit int) (more bool) // fetches a page and takes it in
	rx     string                                 // RxDB's checkpoint
	wm     int64                                  // WatermelonDB's number
}

func (r *reader) rxPage(limit int) bool {
	page, err := r.w.adapt.RxPull(ctx, r.caller, "subjects", r.schema-1, r.rx, limit)
	r.w.must(err)
	for _, doc := range page.Documents {
		id := doc["id"].(string)
		if delete(r.holds, id); doc["_deleted"] != true {
			delete(doc, "_deleted")
			r.holds[id] = doc
		}
	}
	r.rx = page.Checkpoint.ID
	return len(page.Documents) == limit
}

func (r *reader) wmPage(limit int) bool {
	page, err := r.w.adapt.WmPull(ctx, r.caller, wire.WmPull{LastPulledAt: &r.wm, Tables: map[string]int{"subjects": r.schema}, Limit: limit})
	r.w.must(err)
	for _, row := range page.Changes["subjects"].Updated {
		doc := record.Object{}
		for name, value := range row {
			if value != nil {
				doc[name] = value
			}
		}
		if text, flat := doc["contacts"].(string); flat {
			var err error
			if doc["contacts"], err = wire.Column(text); err != nil {
				r.w.Fatal(err)
			}
		}
		r.holds[row["id"].(string)] = doc
	}
	for _, id := range page.Changes["subjects"].Deleted {
		delete(r.holds, id)
	}
	r.wm = page.Timestamp
	return page.More
}

// works lets somebody be in a unit from now on.
func (r *reader) works(unit string) {
	r.caller.Unit, r.caller.Grants = unit, []people.Grant{{Role: "officer", Unit: unit}}
}

// agrees fails unless the client, which has pulled to its end, holds what its unit shows, in the form it shows now, and nothing else.
func (r *reader) agrees(t *rapid.T) {
	for range 1000 {
		if !r.page(r, 3) {
			break
		}
	}
	want := map[string]record.Object{}
	shown, _, err := r.w.db.Changes(ctx, "unit/"+r.caller.Unit, 0, 1000)
	r.w.must(err)
	for _, c := range shown {
		if c.Gone != "" || c.Collection != "subjects" {
			continue
		}
		body, err := wire.Object(c.Body)
		r.w.must(err)
		body = r.w.adapt.Catalogue["subjects"].BodyIn(body, max(1, c.Schema), r.schema)
		want[c.ID] = with(body, "id", c.ID, "serverVersion", float64(c.Version))
	}
	for id, doc := range want {
		if got := r.holds[id]; !record.Equal(got, doc) {
			t.Fatalf("in form %d it holds %v, want %v", r.schema, got, doc)
		}
	}
	for id, doc := range r.holds {
		if want[id] == nil {
			t.Fatalf("it holds %v, which its unit does not show", doc)
		}
	}
}

// TestWhoShowsAnotherForm: a client's program is updated, or put back, at any moment, also in the middle of a pull, while records change, go and move and
// its person changes units. In the end it holds what its unit shows, in the form of its program: nothing is left as an earlier program showed it, and
// nothing of what it may not see any more.
func TestWhoShowsAnotherForm(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("30"); err != nil { // each is some dozens of writes
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(checks.DefValue) }()
	}
	for name, page := range map[string]func(*reader, int) bool{"rxdb": (*reader).rxPage, "watermelon": (*reader).wmPage} {
		t.Run(name, func(t *testing.T) {
			w := aged(t, 3)
			round := 0
			rapid.Check(t, func(t *rapid.T) {
				round++
				unit := func() string { return fmt.Sprintf("120102%d%02d", rapid.IntRange(1, 2).Draw(t, "unit"), round%100) }
				r := &reader{w: w, caller: w.hire("officer"), schema: rapid.IntRange(1, 3).Draw(t, "form"), holds: map[string]record.Object{}, page: page}
				r.works(unit())
				var ids []string
				for range rapid.IntRange(5, 30).Draw(t, "steps") {
					w.now = w.now.Add(time.Second)
					what := rapid.SampledFrom([]string{"create", "create", "change", "move", "remove", "works", "form", "pull", "pull"}).Draw(t, "step")
					if i := len(ids) - 1; i >= 0 {
						i = rapid.IntRange(0, i).Draw(t, "which")
						switch what {
						case "change":
							w.change("subjects", ids[i], record.Object{"validTo": fmt.Sprint(w.now.Unix())})
						case "move":
							w.change("subjects", ids[i], record.Object{"unit": unit()})
						case "remove":
							w.remove("subjects", ids[i])
							ids = append(ids[:i], ids[i+1:]...)
						}
					}
					switch what {
					case "create":
						ids = append(ids, w.put("subjects", record.Object{"unit": unit(), "title": "店", "validFrom": "a",
							"contacts": record.Object{"main": record.Object{"phone": "1"}}}))
					case "works":
						r.works(unit())
					case "form":
						r.schema = rapid.IntRange(1, 3).Draw(t, "form")
					case "pull":
						r.page(r, rapid.IntRange(1, 3).Draw(t, "limit"))
					}
				}
				r.agrees(t)
			})
		})
	}
}

func (w *world) remove(collection, id string) {
	w.Helper()
	w.must(w.push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Remove}}))
}

// trimAll lets the feeds forget what has left them.
func (w *world) trimAll() {
	w.Helper()
	for range 2 {
		w.now = w.now.Add(48 * time.Hour)
		_, err := w.db.TrimDepartures(ctx, w.now.Add(-24*time.Hour), pull.TrimWait)
		w.must(err)
	}
}

// A client that is told everything once more still holds what it was told before, also of a feed that its telling has not come to yet. When it loses that
// feed, its records go. When what has left since is not known any more the client has to begin with nothing: RxDB's is answered 410, WatermelonDB's has
// its replacement.
func TestWhoIsToldOnceMoreStillHolds(t *testing.T) {
	w := aged(t, 3)
	c := w.hire("officer")
	one := c.Grants
	c.Grants = append(c.Grants, people.Grant{Role: "officer", Unit: other})
	for range 2 {
		w.put("subjects", record.Object{"unit": street, "title": "甲"})
	}
	last := w.put("subjects", record.Object{"unit": other, "title": "乙"})
	old, err := w.adapt.RxPull(ctx, c, "subjects", 0, "", 10)
	w.must(err)
	rows, err := w.adapt.WmPull(ctx, c, wire.WmPull{Tables: map[string]int{"subjects": 1}})
	w.must(err)
	half, err := w.adapt.RxPull(ctx, c, "subjects", 2, old.Checkpoint.ID, 2)
	w.must(err)
	if len(half.Documents) != 2 || half.Documents[0]["title"] != "甲" {
		t.Fatalf("told once more: %v", half.Documents)
	}
	less := c
	less.Grants = one
	for name, checkpoint := range map[string]string{"old": old.Checkpoint.ID, "half way": half.Checkpoint.ID} {
		page, err := w.adapt.RxPull(ctx, less, "subjects", 2, checkpoint, 10)
		if w.must(err); !slices.ContainsFunc(page.Documents, func(doc map[string]any) bool { return doc["id"] == last && doc["_deleted"] == true }) {
			t.Errorf("%s: who has lost a feed is told %v", name, page.Documents)
		}
	}
	w.remove("subjects", last)
	w.trimAll()
	for name, checkpoint := range map[string]string{"old": old.Checkpoint.ID, "half way": half.Checkpoint.ID} {
		if _, err := w.adapt.RxPull(ctx, c, "subjects", 2, checkpoint, 10); !isCode(err, fault.DeparturesGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newer, err := w.adapt.WmPull(ctx, c, wire.WmPull{LastPulledAt: &rows.Timestamp, Tables: map[string]int{"subjects": 3}})
	if w.must(err); newer.Strategy != "replacement" {
		t.Errorf("WatermelonDB is told %+v", newer)
	}
}
