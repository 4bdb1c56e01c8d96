package updated

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Programs of three years edit one record without a network, and converge: each in its own form.
func TestThreeProgramsConverge(t *testing.T) {
	each(t, 3, func(w *world) {
		first, second, third := w.hand(1), w.hand(2), w.hand(3)
		id, err := third.Create(ctx, changed, object{"unit": street, "title": "店", "validFrom": "a", "validTo": "b", "state": "open",
			"contacts": object{"main": object{"phone": "1"}}})
		w.must(err)
		for _, h := range []*hand{third, first, second} {
			h.sync()
		}
		first.sees(id, object{"unit": street, "name": "店", "term": "a/b", "phone": "1", "state": "open"})
		second.sees(id, object{"unit": street, "title": "店", "validFrom": "a", "validTo": "b", "phone": "1", "state": "open"})

		first.edit(changed, id, object{"phone": "2"})
		first.edit(changed, id, object{"term": "a/z", "novel": object{"from": "the past"}})
		second.edit(changed, id, object{"title": "酒店"})
		third.edit(changed, id, object{"state": "paused", "contacts": object{"k": object{"phone": "9"}}})
		for _, h := range []*hand{third, first, second} {
			h.sync()
		}
		w.same(id, first, second, third)
		third.sees(id, object{"unit": street, "title": "酒店", "validFrom": "a", "validTo": "z", "state": "paused", "novel": object{"from": "the past"},
			"contacts": object{"main": object{"phone": "2"}, "k": object{"phone": "9"}}})
		for _, h := range []*hand{first, second, third} {
			if conflicts, err := h.Conflicts(ctx); err != nil || len(conflicts) > 0 {
				w.Errorf("form %d: conflicts %v, %v", h.schema, conflicts, err)
			}
		}
		w.sound()
	})
}

// What clashes is shown to each in paths that its program knows, and whoever decides, decides for all.
func TestConflictsOfThreePrograms(t *testing.T) {
	each(t, 3, func(w *world) {
		first, second, third := w.hand(1, "officer", "leader"), w.hand(2), w.hand(3)
		id, err := first.Create(ctx, changed, object{"unit": street, "name": "店", "term": "a/b"})
		w.must(err)
		for _, h := range []*hand{first, second, third} {
			h.sync()
		}
		third.edit(changed, id, object{"title": "t", "validTo": "t"})
		first.edit(changed, id, object{"name": "o", "term": "a/o"})
		third.sync()
		first.sync()
		clashes, err := first.Conflicts(ctx)
		if err != nil || len(clashes) != 1 {
			w.Fatalf("conflicts %v, %v", clashes, err)
		}
		conflict := clashes[0].Outcome.Conflict
		for h, paths := range map[*hand]string{first: "name term", second: "title validTo", third: "title validTo"} {
			h.sync()
			told, err := h.Get(ctx, "conflicts", conflict)
			w.must(err)
			fields, _ := told.Body["fields"].(object)
			if strings.Join(keys(fields), " ") != paths || told.Body["schema"] != float64(h.schema) {
				w.Errorf("form %d is told %v", h.schema, told.Body)
			}
			read := h.ask("/v1/records/conflicts/"+conflict, url.Values{"schemas": {changed + ":" + string(rune('0'+h.schema))}})
			if body := read["body"].(object); !record.Equal(body, told.Body) {
				w.Errorf("form %d reads %v online, holds %v", h.schema, body, told.Body)
			}
		}
		first.edit("conflicts", conflict, object{"state": "resolved", "reason": "现场核实", "resolutionSchema": 1.0,
			"resolution": object{"name": object{"take": "theirs"}, "term": object{"take": "ours"}}})
		first.sync()
		w.same(id, first, second, third)
		third.sees(id, object{"unit": street, "title": "t", "validFrom": "a", "validTo": "o"})
		w.sound()
	})
}

func keys(o object) []string {
	var names []string
	for _, l := range []string{"contacts/main/phone", "name", "phone", "term", "title", "validFrom", "validTo"} {
		if _, there := o[l]; there {
			names = append(names, l)
		}
	}
	if len(names) != len(o) {
		names = append(names, "and others")
	}
	return names
}

// refused fails unless an error is the problem of that status and code.
func (w *world) refused(err error, status int, code fault.Code) *client.Problem {
	w.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status || p.Fault.Code != code {
		w.Fatalf("got %v, want %d %s", err, status, code)
	}
	return p
}

// A program that is too old is told so when it asks, by every route; what it did is not lost.
func TestTooOldPrograms(t *testing.T) {
	each(t, 4, func(w *world) {
		old, boss := w.hand(1), w.hand(4, "leader", "officer")
		id, err := old.Create(ctx, changed, object{"unit": street, "name": "店", "phone": "1"})
		w.must(err)
		task, err := old.Create(ctx, "tasks", object{"unit": street, "title": "另一集合"}) // is not concerned
		w.must(err)
		p := w.refused(old.Sync(ctx), http.StatusUpgradeRequired, fault.ClientOutdated)
		if !strings.Contains(p.Fault.Zh, changed) || !strings.Contains(p.Fault.En, changed) || p.Fault.Field != "schemas/"+changed {
			w.Errorf("the problem does not name the collection: %+v", p)
		}
		rejected, err := old.Rejected(ctx)
		if err != nil || len(rejected) < 1 || rejected[0].Record != id || rejected[0].Outcome.Code != string(fault.SchemaTooOld) {
			w.Fatalf("rejected %+v, %v", rejected, err)
		}
		if unsent, err := old.Unsent(ctx); err != nil || len(unsent) > 0 {
			w.Errorf("unsent %v, %v", unsent, err)
		}
		for _, q := range rejected[1:] {
			if q.Record == task && q.Outcome.Code == string(fault.SchemaTooOld) {
				w.Errorf("another collection's op is too old: %+v", q.Outcome)
			}
		}
		outdated := url.Values{"schemas": {changed + ":1"}}
		for _, path := range []string{"/v1/sync/snapshot/unit/" + street, "/v1/sync/digests/unit/" + street, "/v1/records/" + changed + "/" + id,
			"/v1/records/" + changed + "/" + id + "/history", "/v1/desk/deadletters", "/v1/desk/deadletters/" + rejected[0].Outcome.Letter} {
			_, err := boss.Call(ctx, http.MethodGet, path, outdated, nil, nil)
			w.refused(err, http.StatusUpgradeRequired, fault.ClientOutdated)
		}
		says := map[string]int{changed: 1}
		for path, in := range map[string]any{"/v1/sync/records": wire.RecordsQuery{Feed: "unit/" + street, IDs: []string{id}, Schemas: says},
			"/v1/sync/digests/unit/" + street: wire.DigestQuery{Buckets: []string{"00"}, Schemas: says}} {
			_, err := boss.Call(ctx, http.MethodPost, path, nil, nil, in)
			w.refused(err, http.StatusUpgradeRequired, fault.ClientOutdated)
		}
		boss.sync()
		boss.edit("deadletters", rejected[0].Outcome.Letter, object{"state": "retried"})
		boss.sync()
		boss.sees(id, object{"unit": street, "title": "店", "contacts": object{"main": object{"phone": "1"}}})
		w.sound()
	})
}

// A server is updated: its database is not rewritten, and its clients go on with their cursors and with what they hold.
func TestTheServerIsUpdated(t *testing.T) {
	each(t, 1, func(w *world) {
		first := w.hand(1)
		id, err := first.Create(ctx, changed, object{"unit": street, "name": "店", "term": "a/b", "phone": "1", "state": "open"})
		w.must(err)
		untouched, err := first.Create(ctx, changed, object{"unit": street, "name": "旧", "phone": "3"})
		w.must(err)
		first.sync()
		w.same(id, first)
		w.update(3)
		if rec, err := w.DB.Record(ctx, changed, id); err != nil || rec.Schema != 1 {
			w.Fatalf("form %d, %v", rec.Schema, err)
		}
		found, err := first.Check(ctx) // pulls by the cursor it has
		if err != nil || len(found.Found) > 0 || found.Fetched > 0 {
			w.Errorf("what the first program holds differs: %+v, %v", found, err)
		}
		second, third := w.hand(2), w.hand(3)
		w.same(untouched, first, second, third)
		third.sees(id, object{"unit": street, "title": "店", "validFrom": "a", "validTo": "b", "contacts": object{"main": object{"phone": "1"}}, "state": "open"})
		first.edit(changed, id, object{"phone": "2"})
		third.edit(changed, id, object{"validTo": "z"})
		third.sync()
		first.sync()
		w.same(id, first, second, third)
		first.sees(id, object{"unit": street, "name": "店", "term": "a/z", "phone": "2", "state": "open"})
		past := third.ask("/v1/records/"+changed+"/"+id+"/history", nil)["versions"].([]any)
		for i, v := range past {
			body := v.(object)["body"].(object)
			if body["title"] != "店" || body["name"] != nil {
				w.Errorf("version %d is told as %v", i+1, body)
			}
		}
		old := third.ask("/v1/records/"+changed+"/"+id+"/history", url.Values{"schemas": {changed + ":1"}})["versions"].([]any)
		if body := old[len(old)-1].(object)["body"].(object); len(old) != 3 || body["name"] != "店" || body["phone"] != "2" {
			w.Errorf("in the first form: %v", old)
		}
		w.sound()
	})
}

// A handheld's program is updated in the middle of its work: its queue goes out as it was written, and what it holds is pulled anew.
func TestAHandheldIsUpdated(t *testing.T) {
	each(t, 3, func(w *world) {
		h, other := w.hand(1), w.hand(3)
		id, err := h.Create(ctx, changed, object{"unit": street, "name": "店", "phone": "1"})
		w.must(err)
		h.sync()
		other.sync()
		other.edit(changed, id, object{"summary": "别人所写"})
		other.sync()
		h.edit(changed, id, object{"phone": "2"})
		h.open(3)
		unsent, err := h.Unsent(ctx)
		if err != nil || len(unsent) != 1 || unsent[0].Schema != 1 {
			w.Fatalf("unsent %+v, %v", unsent, err)
		}
		h.sync()
		h.sees(id, object{"unit": street, "title": "店", "summary": "别人所写", "contacts": object{"main": object{"phone": "2"}}})
		h.edit(changed, id, object{"validFrom": "a"})
		h.sync()
		w.same(id, h, other)
		h.open(2) // and put back
		w.same(id, h, other)
		w.sound()
	})
}

// An edit that is tried again after an update of the program is still in the form in which it was written.
func TestAnEditIsTriedAgainAfterAnUpdate(t *testing.T) {
	each(t, 3, func(w *world) {
		h := w.hand(1)
		created, err := h.Create(ctx, changed, object{"unit": street, "name": "店"})
		w.must(err)
		h.edit(changed, created, object{"name": nil}) // which must not be
		h.sync()
		rejected, err := h.Rejected(ctx)
		if err != nil || len(rejected) != 1 {
			w.Fatalf("rejected %v, %v", rejected, err)
		}
		h.open(3)
		h.sync()
		w.must(h.Retry(ctx, rejected[0].ID))
		unsent, err := h.Unsent(ctx)
		if err != nil || len(unsent) != 1 || unsent[0].Schema != 1 {
			w.Fatalf("unsent %+v, %v", unsent, err)
		}
		h.sync()
		if rejected, err = h.Rejected(ctx); err != nil || len(rejected) != 1 || rejected[0].Outcome.Code != string(fault.FieldRequired) {
			w.Errorf("rejected %+v, %v", rejected, err)
		}
		w.same(created, h)
	})
}

// A cursor is good for the forms it was made for: else a client would hold bodies of two forms.
func TestCursorsAreBoundToForms(t *testing.T) {
	each(t, 3, func(w *world) {
		h := w.hand(3)
		_, err := h.Create(ctx, changed, object{"unit": street, "title": "店"})
		w.must(err)
		h.sync()
		pull := func(cursor string, says map[string]int) (wire.PullReply, error) {
			var out wire.PullReply
			reply, err := h.Call(ctx, http.MethodPost, "/v1/sync/pull", nil, nil, wire.Pull{Cursor: cursor, Schemas: says, Acked: new(uint64)})
			if err == nil {
				err = wire.Decode(reply.Body, &out)
			}
			return out, err
		}
		first, err := pull("", map[string]int{changed: 1})
		w.must(err)
		for _, says := range []map[string]int{nil, {changed: 2}, {changed: 1, "tasks": 1}} {
			_, err := pull(first.Cursor, says)
			w.refused(err, http.StatusBadRequest, fault.CursorInvalid)
			_, err = h.Call(ctx, http.MethodGet, "/v1/sync/snapshot/unit/"+street, url.Values{"cursor": {first.Cursor}}, nil, nil)
			w.refused(err, http.StatusBadRequest, fault.CursorInvalid)
		}
		if again, err := pull(first.Cursor, map[string]int{changed: 1}); err != nil || len(again.Changes) > 0 {
			w.Errorf("%+v, %v", again, err)
		}
		for _, says := range []map[string]int{{changed: 0}, {"nothing": -1}} {
			_, err := pull("", says)
			w.refused(err, http.StatusBadRequest, fault.FieldInvalid)
		}
		for _, says := range []map[string]int{{changed: 99}, {"nothing": 7}} { // newer than the server, or of another
			if _, err := pull("", says); err != nil {
				w.Errorf("%v: %v", says, err)
			}
		}
		for _, text := range []string{"x", "subjects", "subjects:", "subjects:a", ":1,:1", "subjects:1,", "subjects:1,subjects:1", "subjects:0", strings.Repeat("a", 200)} {
			_, err := h.Call(ctx, http.MethodGet, "/v1/sync/digests/unit/"+street, url.Values{"schemas": {text}}, nil, nil)
			w.refused(err, http.StatusBadRequest, fault.FieldInvalid)
		}
	})
}

// A feed comes as a snapshot in the forms that are spoken, and its seals hold.
func TestSnapshotsInOlderForms(t *testing.T) {
	each(t, 3, func(w *world) {
		author := w.hand(3)
		ids := make([]string, 0, 700) // more than one page, so that the rest comes as a snapshot
		for len(ids) < cap(ids) {
			w.must(author.Group(ctx, func(e *client.Edit) error {
				for range 100 {
					id, err := e.Create(changed, object{"unit": street, "title": "店", "contacts": object{"main": object{"phone": "1"}}})
					if err != nil {
						return err
					}
					ids = append(ids, id)
				}
				return nil
			}))
		}
		author.sync()
		old := w.hand(1)
		old.sync()
		all, err := old.List(ctx, changed)
		if err != nil || len(all) != len(ids) {
			w.Fatalf("%d records, %v", len(all), err)
		}
		for _, rec := range all {
			if !record.Equal(rec.Body, object{"unit": street, "name": "店", "phone": "1"}) {
				w.Fatalf("%s is %v", rec.ID, rec.Body)
			}
		}
		w.same(ids[650], old, author)
	})
}

// The server says what it speaks.
func TestCapabilitiesNameTheForms(t *testing.T) {
	w := newWorld(t, "", 5)
	told := w.hand(5).ask("/v1/capabilities", nil)
	if told["collections"].(object)[changed] != 5.0 || told["oldest"].(object)[changed] != 3.0 || told["oldest"].(object)["tasks"] != 1.0 {
		t.Errorf("%v", told)
	}
}
