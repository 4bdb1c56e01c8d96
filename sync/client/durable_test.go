package client_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Two handhelds edit the same records while requests and replies are lost, cut, doubled and late, and while batteries are
// pulled out. In the end every edit has one outcome, the same here and there, and has left its mark where that outcome says;
// and both handhelds show what the server holds.
func TestEveryEditEndsOnce(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		street := w.street()
		pair := []*handheld{w.handheld(street), w.handheld(street)}
		for range rapid.IntRange(4, 24).Draw(rt, "steps") {
			h := rapid.SampledFrom(pair).Draw(rt, "who")
			step(rt, h, street)
		}
		for range 3 {
			for _, h := range pair {
				h.line.set()
				if err := h.Sync(ctx); err != nil {
					rt.Fatalf("on a good line: %v", err)
				}
			}
		}
		for _, h := range pair {
			check := &settled{rt: rt, h: h, server: look(t, w.path)}
			check.outcomes()
			check.views("unit/" + street)
		}
	})
}

func step(rt *rapid.T, h *handheld, street string) {
	switch rapid.SampledFrom([]string{"edit", "edit", "edit", "group", "sync", "sync", "refresh", "restart"}).Draw(rt, "step") {
	case "edit":
		edit(rt, h, street, nil)
	case "group":
		_ = h.Group(ctx, func(e *client.Edit) error {
			for range rapid.IntRange(2, 3).Draw(rt, "edits") {
				edit(rt, h, street, e)
			}
			return nil
		})
	case "sync":
		h.line.set(rapid.SliceOfN(rapid.Map(rapid.IntRange(0, int(fates)-1), func(i int) fate { return fate(i) }), 0, 8).Draw(rt, "plan")...)
		h.line.edit = amidst(rt, h, street)
		_ = h.Sync(ctx)
		h.line.edit = nil
	case "refresh":
		h.line.set(rapid.SampledFrom([]fate{passes, requestLost, replyLost, replyCut, doubled}).Draw(rt, "fate"))
		_ = h.Refresh(ctx)
	case "restart":
		h.restart()
	}
}

// amidst makes an edit while a request is under way: edits never wait for the network.
func amidst(rt *rapid.T, h *handheld, street string) func(*http.Request) *http.Request {
	wait := rapid.IntRange(0, 5).Draw(rt, "edit at call")
	return func(r *http.Request) *http.Request {
		if wait--; wait == 0 {
			edit(rt, h, street, nil)
		}
		return r
	}
}

// editor is what can be edited: a device, or one transaction of it.
type editor interface {
	create(collection string, body record.Object) error
	update(collection, id string, change func(record.Object)) error
	remove(collection, id string) error
}

type single struct{ *client.Device }

func (s single) create(c string, b record.Object) error { _, err := s.Create(ctx, c, b); return err }
func (s single) update(c, id string, f func(record.Object)) error {
	return s.Update(ctx, c, id, f)
}
func (s single) remove(c, id string) error { return s.Remove(ctx, c, id) }

type grouped struct{ *client.Edit }

func (g grouped) create(c string, b record.Object) error           { _, err := g.Create(c, b); return err }
func (g grouped) update(c, id string, f func(record.Object)) error { return g.Update(c, id, f) }
func (g grouped) remove(c, id string) error                        { return g.Remove(c, id) }

// edit makes one edit, good or bad, on what the person sees.
func edit(rt *rapid.T, h *handheld, street string, group *client.Edit) {
	var to editor = single{h.Device}
	if group != nil {
		to = grouped{group}
	}
	value := rapid.SampledFrom([]any{"1", "2", "3", nil}).Draw(rt, "value")
	kind := rapid.SampledFrom([]string{"subject", "subject", "task", "change", "change", "change", "officer", "state", "remove", "no name", "foreign", "wrong kind"}).Draw(rt, "edit")
	subject, task := "", ""
	if group == nil { // inside a transaction the device's one connection is taken: groups make new records
		subject, task = pick(rt, h, "subjects"), pick(rt, h, "tasks")
	}
	var err error
	switch {
	case kind == "no name":
		err = to.create("subjects", record.Object{"kind": "household", "unit": street})
	case kind == "foreign":
		err = to.create("subjects", record.Object{"kind": "household", "name": "别处", "unit": district + "999"})
	case kind == "task" || task == "" && (kind == "officer" || kind == "state" || kind == "remove"):
		err = to.create("tasks", record.Object{"title": "检查", "unit": street, "kind": "routine", "state": "draft"})
	case kind == "subject" || subject == "":
		err = to.create("subjects", record.Object{"kind": "household", "name": fmt.Sprint("店", value), "unit": street})
	case kind == "change":
		field := rapid.SampledFrom([]string{"name", "phone", "address"}).Draw(rt, "field")
		err = to.update("subjects", subject, func(b record.Object) { b[field] = value })
	case kind == "wrong kind":
		err = to.update("subjects", subject, func(b record.Object) { b["phone"] = 7.0 })
	case kind == "officer":
		err = to.update("tasks", task, func(b record.Object) {
			officers, _ := b["officers"].(record.Object)
			if officers == nil {
				officers = record.Object{}
			}
			if officers[h.who.officer] = (record.Object{"role": value}); value == nil {
				delete(officers, h.who.officer)
			}
			b["officers"] = officers
		})
	case kind == "state":
		state := rapid.SampledFrom([]string{"draft", "assigned", "accepted", "done"}).Draw(rt, "state")
		err = to.update("tasks", task, func(b record.Object) { b["state"] = state })
	case kind == "remove":
		err = to.remove("tasks", task)
	}
	if err != nil {
		rt.Fatalf("%s: %v", kind, err)
	}
}

// pick chooses one of the records that the person sees, or "".
func pick(rt *rapid.T, h *handheld, collection string) string {
	all, err := h.List(ctx, collection)
	if err != nil {
		rt.Fatal(err)
	}
	i := rapid.IntRange(0, 1<<16).Draw(rt, "which")
	if len(all) == 0 {
		return ""
	}
	return all[i%len(all)].ID
}

// settled checks what a handheld and the server say of each other when nothing is unsent any more.
type settled struct {
	rt     *rapid.T
	h      *handheld
	server *sql.DB
}

// opRow is an op as one of the two has it.
type opRow struct {
	id, hash, status, push string
	op                     wire.Op
	outcome                wire.Outcome
}

func (s *settled) rows(from *sql.DB, query string, args ...any) []opRow {
	found, err := from.Query(query, args...)
	if err != nil {
		s.rt.Fatal(err)
	}
	defer found.Close()
	var all []opRow
	for found.Next() {
		var r opRow
		var text, outcome []byte
		if err := found.Scan(&r.id, &r.hash, &r.status, &r.push, &text, &outcome); err != nil {
			s.rt.Fatal(err)
		}
		if err := wire.Decode(text, &r.op); err != nil {
			s.rt.Fatal(err)
		}
		if err := wire.Decode(outcome, &r.outcome); err != nil {
			s.rt.Fatalf("op %d is %q without an outcome: %v", r.op.Seq, r.status, err)
		}
		all = append(all, r)
	}
	return all
}

// outcomes checks that the server has every op of the device, once, in the device's order, none torn out of its group; that both
// say the same of it; and that it has left its mark.
func (s *settled) outcomes() {
	me, err := s.h.Identity(ctx)
	if err != nil {
		s.rt.Fatal(err)
	}
	var last uint64
	if err := s.h.file().QueryRow("SELECT last_seq FROM device").Scan(&last); err != nil {
		s.rt.Fatal(err)
	}
	here := s.rows(s.h.file(), "SELECT id, hash, status, '', text, coalesce(outcome, '') FROM ops ORDER BY seq")
	there := s.rows(s.server, "SELECT id, hash, status, push, text, outcome FROM ops WHERE device = ? ORDER BY seq", me.ID)
	if uint64(len(here)) != last || len(there) != len(here) {
		s.rt.Fatalf("the device made %d ops and has %d, the server has %d", last, len(here), len(there))
	}
	pushOf := map[string]string{}
	for i, mine := range here {
		theirs := there[i]
		if mine.op.Seq != uint64(i+1) || mine.id != theirs.id || mine.hash != theirs.hash || mine.status != theirs.status ||
			mine.outcome.Version != theirs.outcome.Version || mine.outcome.Conflict != theirs.outcome.Conflict {
			s.rt.Fatalf("op %d is %+v here and %+v there", i+1, mine, theirs)
		}
		if txn := mine.op.Txn; txn != "" {
			if p, ok := pushOf[txn]; ok && p != theirs.push {
				s.rt.Fatalf("group %s was torn over two pushes", txn)
			}
			pushOf[txn] = theirs.push
		}
		s.mark(theirs)
	}
}

// mark checks that an op is in exactly the place that its outcome names.
func (s *settled) mark(r opRow) {
	var made int
	var version uint64
	err := s.server.QueryRow("SELECT count(*), coalesce(max(version), 0) FROM revisions WHERE op = ?", r.id).Scan(&made, &version)
	if err != nil {
		s.rt.Fatal(err)
	}
	switch r.status {
	case "rejected", "held":
		if made != 0 || r.outcome.Code == "" {
			s.rt.Fatalf("a %s op made %d versions, code %q", r.status, made, r.outcome.Code)
		}
		return
	case "applied", "merged", "conflict":
	default:
		s.rt.Fatalf("op %d is %q", r.op.Seq, r.status)
	}
	if made == 1 && version != r.outcome.Version || made > 1 {
		s.rt.Fatalf("op %d made %d versions, the last is %d, the outcome says %d", r.op.Seq, made, version, r.outcome.Version)
	}
	clashes := record.Object{}
	if r.status == "conflict" {
		c := s.h.w.body("conflicts", r.outcome.Conflict)
		if clashes = c["fields"].(record.Object); c["ours"] != r.id || len(clashes) == 0 {
			s.rt.Fatalf("the conflict of op %s says %v", r.id, c)
		}
	} else if r.outcome.Conflict != "" {
		s.rt.Fatalf("a %s op names a conflict", r.status)
	}
	if r.op.Action != "remove" {
		s.leaves(r, clashes, s.version(r.op.Record, r.outcome.Version), "", r.op.Patch)
	}
}

// version reads a record as it was.
func (s *settled) version(id string, version uint64) record.Object {
	var body []byte
	if err := s.server.QueryRow("SELECT body FROM revisions WHERE record = ? AND version = ?", id, version).Scan(&body); err != nil {
		s.rt.Fatalf("record %s version %d: %v", id, version, err)
	}
	return objectOf(s.h.t, body)
}

// leaves checks that every value of a patch is in the version the op ended in, or on our side of its conflict.
func (s *settled) leaves(r opRow, clashes, body record.Object, path string, patch record.Object) {
	for _, key := range slices.Sorted(maps.Keys(patch)) {
		at := strings.TrimPrefix(path+"/"+key, "/")
		if clashes["/"] != nil || clashes[at] != nil {
			continue
		}
		inner, isObject := patch[key].(record.Object)
		if there, ok := body[key].(record.Object); isObject && (ok || body[key] == nil) {
			s.leaves(r, clashes, there, at, inner)
		} else if !record.Equal(body[key], patch[key]) {
			s.rt.Fatalf("op %d (%s) set %s to %v; the version holds %v and no conflict does", r.op.Seq, r.status, at, patch[key], body[key])
		}
	}
}

// views checks that the handheld shows exactly what its feeds hold.
func (s *settled) views(feeds ...string) {
	me, err := s.h.Identity(ctx)
	if err != nil {
		s.rt.Fatal(err)
	}
	want, byCollection := map[string]string{}, map[string]bool{"subjects": true, "tasks": true}
	for _, feed := range append(feeds, "ref/"+district, "device/"+me.ID) {
		rows, err := s.server.Query("SELECT collection, id, version, body FROM records WHERE feed = ? AND NOT removed", feed)
		if err != nil {
			s.rt.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var collection, id, body string
			var version uint64
			if err := rows.Scan(&collection, &id, &version, &body); err != nil {
				s.rt.Fatal(err)
			}
			byCollection[collection] = true
			want[id] = fmt.Sprintf("%s v%d %s", collection, version, body)
		}
	}
	got := map[string]string{}
	for collection := range byCollection {
		all, err := s.h.List(ctx, collection)
		if err != nil {
			s.rt.Fatal(err)
		}
		for _, r := range all {
			text, err := wire.Canonical(r.Body)
			if err != nil || r.Unsent != 0 {
				s.rt.Fatalf("%s has %d unsent edits (%v)", r.ID, r.Unsent, err)
			}
			got[r.ID] = fmt.Sprintf("%s v%d %s", r.Collection, r.Version, text)
		}
	}
	for id := range want {
		if got[id] != want[id] {
			s.rt.Fatalf("%s:\nshown %q\n held %q", id, got[id], want[id])
		}
	}
	if len(got) != len(want) {
		s.rt.Fatalf("%d records are shown, the server holds %d", len(got), len(want))
	}
}

// Every single step of a sync, broken in every single way, with the battery pulled out right after: the next one mends it.
func TestEachStepBrokenInEachWay(t *testing.T) {
	w := newWorld(t)
	for f := requestLost; f < fates; f++ {
		for at := range 4 {
			street := w.street()
			h := w.handheld(street)
			id := h.create(street, "店")
			h.sync()
			h.set(id, "phone", "1")
			plan := make([]fate, at+5)
			for i := at; i < len(plan); i++ {
				plan[i] = f // as long as one call tries
			}
			h.line.set(plan...)
			if err := h.Sync(ctx); err != nil && f != doubled {
				want(t, err, fault.Unreachable)
			}
			h.restart()
			h.line.set()
			h.sync()
			if r := h.get(id); r.Version != 2 || r.Body["phone"] != "1" || r.Unsent != 0 {
				t.Errorf("fate %d at call %d: %+v", f, at, r)
			}
			if r, err := w.db.Record(ctx, "subjects", id); err != nil || r.Version != 2 {
				t.Errorf("fate %d at call %d: the server has version %d (%v)", f, at, r.Version, err)
			}
		}
	}
}
