package foreign

import (
	"maps"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// age gives the server subjects that have had so many forms; see recordtest.Aged. Forms after the third are like it.
func (w *world) age() {
	w.t.Helper()
	c := recordtest.Aged("subjects")
	same := func(o record.Object) record.Object { return o }
	for ; c.Schema < w.aged; c.Schema++ {
		c.Older = append(c.Older, record.Form{Lift: same, Lower: same})
	}
	w.must(c.Prepare())
	w.Catalogue["subjects"] = c // which the services share
}

// years are the fields of the subjects that programs know, and those of them that are new to who knew the form before.
var years = []struct {
	fields map[string]string
	fresh  []string
}{
	{map[string]string{"name": "string", "term": "string", "phone": "string", "unit": "string"}, []string{}},
	{map[string]string{"title": "string", "validFrom": "string", "validTo": "string", "phone": "string", "unit": "string"}, []string{"title", "validFrom", "validTo"}},
	{map[string]string{"title": "string", "validFrom": "string", "validTo": "string", "contacts": "json", "unit": "string"}, []string{"contacts"}},
}

// of are the subjects of a program of some year: their form, and its fields.
func of(schema int) map[string]any {
	return map[string]any{"subjects": map[string]any{"schema": schema, "fields": years[schema-1].fields, "fresh": years[schema-1].fresh}}
}

// inForm is what the server holds of subjects, as [world.held], in the form of a program and as far as it knows their fields.
func (w *world) inForm(schema int) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	page, _, err := w.DB.Changes(ctx, "unit/"+street, 0, 500)
	w.must(err)
	for _, c := range page {
		if c.Gone != "" || c.Collection != "subjects" {
			continue
		}
		body, err := wire.Object(c.Body)
		w.must(err)
		body = maps.Clone(w.Catalogue["subjects"].BodyIn(body, max(1, c.Schema), schema))
		maps.DeleteFunc(body, func(name string, _ any) bool { return years[min(schema, 3)-1].fields[name] == "" })
		body["id"], body["serverVersion"] = c.ID, float64(c.Version)
		out[c.ID] = canonical(w.t, body)
	}
	return out
}

// shows fails unless a client holds the subjects that the server holds, in its own form.
func (c *client) shows(schema int) {
	c.t.Helper()
	if want, got := c.w.inForm(schema), c.holds("subjects"); !maps.Equal(want, got) {
		c.t.Fatalf("who speaks form %d holds %v, want %v", schema, got, want)
	}
}

// outdated syncs, and returns the collections whose form the server speaks no more. Nothing else may go wrong.
func (c *client) outdated() []string {
	c.t.Helper()
	var out struct{ Errors, Outdated []string }
	if c.do("sync", &out); len(out.Errors) > 0 {
		c.t.Fatalf("sync: %v", out.Errors)
	}
	return out.Outdated
}

// TestProgramsOfOtherYears: the real libraries with schemas one and two forms back create, edit, are in conflict and merge with newer programs, each in
// its own form; one of them is updated with work unsent; and when the server speaks its form no more, what it sends is kept.
func TestProgramsOfOtherYears(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			lib := k.sources(t)
			w := newWorld(t)
			w.aged = 3
			w.age()
			first := w.open(lib, w.hire(street, "officer"), street, "forms", of(1))
			second := w.open(lib, w.hire(street, "officer"), street, "forms", of(2))
			shop, stall := newID(), newID()
			first.insert("subjects", record.Object{"id": shop, "name": "店", "term": "a/b", "phone": "1", "unit": street},
				record.Object{"id": stall, "name": "摊", "unit": street})
			first.sync()
			first.sync() // what RxDB has pushed comes back with its version by the next pull
			second.sync()
			first.shows(1)
			second.shows(2)
			if body := w.body(street, "subjects", shop); body["title"] != "店" || body["validTo"] != "b" || body["name"] != nil {
				t.Fatalf("the record is %v", body)
			}

			w.change("subjects", shop, record.Object{"validTo": "z", "contacts": record.Object{"k": record.Object{"phone": "9"}}})
			second.patch("subjects", shop, record.Object{"title": "酒店"})
			first.patch("subjects", shop, record.Object{"name": "饭店", "phone": "2"})
			for _, c := range []*client{second, first, second, first} {
				c.sync()
			}
			first.shows(1)
			second.shows(2)
			body := w.body(street, "subjects", shop)
			want := record.Object{"main": record.Object{"phone": "2"}, "k": record.Object{"phone": "9"}}
			if body["title"] != "酒店" || body["validTo"] != "z" || !record.Equal(body["contacts"], want) {
				t.Errorf("the record is %v", body)
			}
			fields := w.only(street, "conflicts")["fields"]
			if clash := (record.Object{"title": record.Object{"base": "店", "ours": "饭店", "theirs": "酒店"}}); !record.Equal(fields, clash) {
				t.Errorf("the conflict is about %v", fields)
			}

			second.patch("subjects", stall, record.Object{"title": "新摊"})
			second.kill()
			second.opening["forms"] = of(3)
			second.start()
			second.sync()
			second.sync()
			second.shows(3)
			if body := w.body(street, "subjects", stall); body["title"] != "新摊" {
				t.Errorf("what was unsent when the program was updated is lost: %v", body)
			}

			first.patch("subjects", shop, record.Object{"phone": "3"})
			first.insert("subjects", record.Object{"id": newID(), "name": "晚到的店", "unit": street})
			first.insert("tasks", record.Object{"id": newID(), "title": "另一集合", "unit": street, "kind": "routine", "state": "draft"})
			w.stop()
			w.aged = 4
			w.start()
			before := w.inForm(4)
			if got := first.outdated(); !slices.Equal(got, []string{"subjects"}) {
				t.Errorf("outdated are %v", got)
			}
			if after := w.inForm(4); !maps.Equal(before, after) {
				t.Errorf("the records are %v, were %v", after, before)
			}
			late := 0
			for _, text := range w.held(street, "deadletters") {
				if letter := w.parsed(text); letter["code"] == string(fault.SchemaTooOld) && letter["collection"] == "subjects" {
					late++
				}
			}
			if late != 2 {
				t.Errorf("%d edits are kept for people, want two: %v", late, w.held(street, "deadletters"))
			}
			second.sync()
			second.shows(3)
		})
	}
}
