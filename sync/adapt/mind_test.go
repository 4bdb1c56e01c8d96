package adapt_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// TestWhoChangesHisMind: a person who sets a field, sets it back, and sets it once more, all before his client has pulled, ends with what he
// wrote last. Sent again, because an answer was lost, each edit is still one op.
func TestWhoChangesHisMind(t *testing.T) {
	words := []string{"乙", "甲", "乙", "甲", "甲", "乙", "乙"}
	t.Run("rxdb", func(t *testing.T) {
		w := newWorld(t)
		c := w.hire("officer")
		id := w.put("subjects", subject("甲"))
		shown := with(subject("甲"), "serverVersion", 1.0)
		versions := 1
		for i, word := range words {
			next := with(shown, "name", word)
			for range 3 { // the answer is lost twice
				if back := w.rx(c, "subjects", row(id, shown, next)); len(back) != 0 || w.body(id)["name"] != word {
					t.Fatalf("edit %d, %s: the server holds %v; the client is told %v", i, word, w.body(id), back)
				}
			}
			if word != shown["name"] {
				versions++
			}
			shown = next
		}
		if n := w.ops(id); n != versions || w.conflicts() != 0 {
			t.Errorf("%d versions, want %d; %d conflicts", n, versions, w.conflicts())
		}
	})
	t.Run("watermelon", func(t *testing.T) {
		w := newWorld(t)
		c := w.hire("officer")
		id := w.put("subjects", with(subject("甲"), "place", record.Object{"lat": 1.0, "lng": 2.0}))
		page := w.wmPull(c, 0)
		row := page.Changes["subjects"].Updated[0]
		versions, last := 1, "甲"
		for i, word := range words {
			for range 3 {
				out := w.wmPush(c, page.Timestamp, updated(row, "name,place", "name", word, "place", `{"lat":1,"lng":"`+word+`"}`))
				if body := w.body(id); len(out.Refused) != 0 || body["name"] != word {
					t.Fatalf("edit %d, %s: the server holds %v; refused %v", i, word, body, out.Refused)
				}
			}
			if word != last || i == 0 {
				versions++
			}
			last = word
		}
		if n := w.ops(id); n != versions || w.conflicts() != 0 {
			t.Errorf("%d versions, want %d; %d conflicts", n, versions, w.conflicts())
		}
	})
	t.Run("rxdb makes again what it has removed", func(t *testing.T) {
		w := newWorld(t)
		c := w.hire("leader")
		id, task := newID(), record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"}
		w.rx(c, "tasks", row(id, nil, task))
		w.rx(c, "tasks", row(id, task, with(task, "_deleted", true)))
		if w.body(id) != nil {
			t.Fatalf("it was not removed: %v", w.body(id))
		}
		w.rx(c, "tasks", row(id, with(task, "_deleted", true), task))
		if w.conflicts() != 1 {
			t.Errorf("what was made again is nowhere: %d conflicts", w.conflicts())
		}
	})
}

// TestWhoRemovesHadSeen: WatermelonDB pulls before it pushes, so a row that somebody has removed may have changed meanwhile. It says which version
// he had before him: what others have changed since is not removed with it.
func TestWhoRemovesHadSeen(t *testing.T) {
	for name, versions := range map[string]map[string]map[string]uint64{"said": nil, "unknown": {"tasks": {}}, "absurd": {}} {
		w := newWorld(t)
		c := w.hire("leader")
		task := record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"}
		changed, same := w.put("tasks", task), w.put("tasks", task)
		switch name {
		case "said":
			versions = map[string]map[string]uint64{"tasks": {changed: 1, same: 1}}
		case "absurd":
			versions = map[string]map[string]uint64{"tasks": {changed: 1 << 60, same: 1 << 53, "x": 1}, "nothing": {same: 1}}
		}
		w.wmPull(c, 0)
		w.change("tasks", changed, record.Object{"title": "他人改"})
		page := w.wmPull(c, 0)
		out, err := w.adapt.WmPush(ctx, c, wire.WmPush{LastPulledAt: page.Timestamp, Tables: wmTables, DeletedVersions: versions,
			Changes: map[string]wire.WmTable{"tasks": {Deleted: []string{changed, same}}}})
		w.must(err)
		wantThere, wantConflicts := name == "said", map[bool]int{true: 1}[name == "said"]
		if there := w.body(changed) != nil; len(out.Refused) != 0 || there != wantThere || w.conflicts() != wantConflicts || w.body(same) != nil {
			t.Errorf("%s: %v; there %v, %d conflicts, the other %v", name, out, there, w.conflicts(), w.body(same))
		}
	}
}

// TestWhoTakesOverADevice looks at the copy that is on it, with what the one before him wrote on top: he can set that back, and is not in conflict with it.
func TestWhoTakesOverADevice(t *testing.T) {
	for kind, writes := range map[string]func(w *world, c people.Caller, id, was, name string){
		"rxdb": func(w *world, c people.Caller, id, was, name string) {
			base := with(subject(was), "serverVersion", 1.0)
			w.rx(c, "subjects", row(id, base, with(base, "name", name)))
		},
		"watermelon": func(w *world, c people.Caller, id, _, name string) {
			w.wmPush(c, 0, updated(record.Object{"id": id, "serverVersion": 1.0}, "name", "name", name))
		},
	} {
		w := newWorld(t)
		a, b := w.hire("officer"), w.hire("officer")
		b.Device = a.Device
		id := w.put("subjects", subject("甲"))
		was := "甲"
		for i, name := range []string{"乙", "甲", "丙"} {
			writes(w, []people.Caller{a, b, a}[i], id, was, name)
			if body := w.body(id); body["name"] != name || w.conflicts() != 0 {
				t.Fatalf("%s: the record is %v, want %s; %d conflicts", kind, body, name, w.conflicts())
			}
			was = name
		}
	}
}
