package adapt_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// aged gives a world whose subjects have had so many forms; see recordtest.Aged.
func aged(t *testing.T, schema int) *world {
	w := newWorld(t)
	c := recordtest.Aged("subjects")
	same := func(o record.Object) record.Object { return o }
	for c.Schema < schema {
		c.Schema++
		c.Older = append(c.Older, record.Form{Lift: same, Lower: same})
	}
	w.must(c.Prepare())
	w.adapt.Catalogue["subjects"] = c // which push shares
	return w
}

// A client of RxDB whose schema is two versions back works in its own form.
func TestRxDBInAnOlderForm(t *testing.T) {
	w := aged(t, 3)
	c := w.hire("officer")
	id := newID()
	if back := w.rx(c, "subjects", row(id, nil, record.Object{"unit": street, "name": "店", "term": "a/b", "phone": "1"})); len(back) != 0 {
		t.Fatalf("created: %v", back)
	}
	if body := w.body(id); body["title"] != "店" || body["validTo"] != "b" || body["name"] != nil {
		t.Fatalf("the record is %v", body)
	}
	page := w.pull(c, "subjects", "", 10)
	doc := page.Documents[0]
	if doc["name"] != "店" || doc["term"] != "a/b" || doc["phone"] != "1" || doc["title"] != nil || doc["contacts"] != nil {
		t.Fatalf("the document is %v", doc)
	}
	w.change("subjects", id, record.Object{"validTo": "z", "contacts": record.Object{"k": record.Object{"phone": "9"}}})
	back := w.rx(c, "subjects", row(id, doc, with(doc, "phone", "2")))
	if got := back[id]; got["phone"] != "2" || got["term"] != "a/z" || got["name"] != "店" {
		t.Errorf("what comes back is %v", back)
	}
	want := record.Object{"unit": street, "title": "店", "validFrom": "a", "validTo": "z",
		"contacts": record.Object{"main": record.Object{"phone": "2"}, "k": record.Object{"phone": "9"}}}
	if body := w.body(id); !record.Equal(body, want) || w.conflicts() != 0 {
		t.Errorf("the record is %v, %d conflicts", body, w.conflicts())
	}
	// an answer that was lost: the same creation again, of a record that is here
	if back := w.rx(c, "subjects", row(id, nil, record.Object{"unit": street, "name": "店", "term": "a/b", "phone": "1"})); len(back) != 1 || w.conflicts() != 0 {
		t.Errorf("sent again: %v, %d conflicts", back, w.conflicts())
	}
	stream, err := w.adapt.RxStream(ctx, c, "subjects", 1)
	w.must(err)
	w.change("subjects", id, record.Object{"title": "酒店"})
	told, ok, err := stream.Next(ctx, c)
	if w.must(err); !ok || told.Documents[0]["title"] != "酒店" || told.Documents[0]["phone"] != "2" {
		t.Errorf("the second form hears %v", told.Documents)
	}
}

// A client of WatermelonDB has columns of its own form, and is told null where one of them has nothing.
func TestWatermelonInAnOlderForm(t *testing.T) {
	w := aged(t, 3)
	c := w.hire("officer")
	id := w.put("subjects", record.Object{"unit": street, "title": "店", "validFrom": "a", "contacts": record.Object{"main": record.Object{"phone": "1"}}})
	page := w.wmPull(c, 0)
	row := page.Changes["subjects"].Updated[0]
	if row["name"] != "店" || row["term"] != "a" || row["phone"] != "1" || row["title"] != nil {
		t.Fatalf("the row is %v", row)
	}
	if out := w.wmPush(c, page.Timestamp, updated(row, "name,phone", "name", "酒店", "phone", nil)); len(out.Refused) > 0 {
		t.Fatalf("%v", out)
	}
	if body := w.body(id); body["title"] != "酒店" || body["contacts"].(record.Object)["main"].(record.Object)["phone"] != nil || body["name"] != nil {
		t.Errorf("the record is %v", body)
	}
	again := w.wmPull(c, page.Timestamp)
	row = again.Changes["subjects"].Updated[0]
	if phone, there := row["phone"]; !there || phone != nil || row["name"] != "酒店" {
		t.Errorf("the row is %v", row)
	}
	// the client is updated: its rows are sent in the newer form, though none has changed
	newer, err := w.adapt.WmPull(ctx, c, wire.WmPull{LastPulledAt: &again.Timestamp, Tables: map[string]int{"subjects": 3, "tasks": 1}})
	w.must(err)
	if rows := newer.Changes["subjects"].Updated; len(rows) != 1 || rows[0]["title"] != "酒店" || rows[0]["name"] != nil {
		t.Errorf("the rows are %v", rows)
	}
	still, err := w.adapt.WmPull(ctx, c, wire.WmPull{LastPulledAt: &newer.Timestamp, Tables: map[string]int{"subjects": 3, "tasks": 1}})
	if w.must(err); len(still.Changes["subjects"].Updated) != 0 {
		t.Errorf("sent once more: %v", still.Changes)
	}
}

// Who asks in a form that is spoken no more is refused, by both. Who brings edits in one is not: each is refused with a letter, from which a person can
// still apply it, and the client shows what stands, in its own form.
func TestOutdatedForeignClients(t *testing.T) {
	w := aged(t, 4)
	c := w.hire("officer")
	id := w.put("subjects", record.Object{"unit": street, "title": "店", "validFrom": "a", "contacts": record.Object{"main": record.Object{"phone": "1"}}})
	if _, err := w.adapt.RxPull(ctx, c, "subjects", 0, "", 10); !isCode(err, fault.ClientOutdated) {
		t.Errorf("pull: %v", err)
	}
	if _, err := w.adapt.RxStream(ctx, c, "subjects", 0); !isCode(err, fault.ClientOutdated) {
		t.Errorf("stream: %v", err)
	}
	_, err := w.adapt.WmPull(ctx, c, wire.WmPull{Tables: map[string]int{"subjects": 1}})
	if !isCode(err, fault.ClientOutdated) || fault.Of(err).Field != "tables/subjects" {
		t.Errorf("tables: %v", err)
	}
	old := record.Object{"unit": street, "name": "店", "term": "a", "phone": "1", "serverVersion": 1.0}
	fresh := newID()
	back := w.rx(c, "subjects", row(id, old, with(old, "phone", "2")), row(fresh, nil, record.Object{"unit": street, "name": "新店"}))
	if got := back[id]; got["phone"] != "1" || got["name"] != "店" || got["title"] != nil {
		t.Errorf("what comes back is %v", got)
	}
	if got := back[fresh]; got["_deleted"] != true {
		t.Errorf("the creation comes back as %v", got)
	}
	out := w.wmPush(c, 0, updated(record.Object{"id": id, "name": "酒店", "serverVersion": 1.0}, "name"))
	if len(out.Refused) != 1 || out.Refused[0].Code != string(fault.SchemaTooOld) {
		t.Errorf("refused: %+v", out.Refused)
	}
	if body := w.body(id); body["title"] != "店" || body["phone"] != nil {
		t.Errorf("the record is %v", body)
	}
	page, _, err := w.db.Changes(ctx, "unit/"+street, 0, 100)
	w.must(err)
	letters := 0
	for _, change := range page {
		if change.Collection == "deadletters" {
			letters++
		}
	}
	if letters != 3 {
		t.Errorf("%d letters, want three", letters)
	}
}
