package foreign

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// kind is a client to run the scenarios with.
type kind struct {
	name    string // of the project in deploy/foreign
	sources func(*testing.T) library
}

var kinds = []kind{
	{"rxdb", func(t *testing.T) library { return laidOut(t, "rxdb") }},
	{"rxdb-server", func(t *testing.T) library { return laidOut(t, "rxdb-server") }},
	{"watermelon", func(t *testing.T) library { return laidOut(t, "watermelon") }},
}

// each runs a scenario with every library.
func each(t *testing.T, scenario func(t *testing.T, w *world, lib library)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			lib := k.sources(t)
			scenario(t, newWorld(t), lib)
		})
	}
}

// agrees checks that a client holds exactly what the server holds of a unit.
func (c *client) agrees(unit string, collections ...string) {
	c.t.Helper()
	for _, collection := range collections {
		want, got := c.w.held(unit, collection), c.holds(collection)
		if maps.Equal(want, got) {
			continue
		}
		for id := range want {
			if want[id] != got[id] {
				c.t.Errorf("%s %s: the server holds %s, the client %s", collection, id, want[id], got[id])
			}
		}
		for id := range got {
			if _, ok := want[id]; !ok {
				c.t.Errorf("%s %s: the client holds %s, the server nothing", collection, id, got[id])
			}
		}
	}
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// agreesSoon syncs until a client agrees with the server: who somebody is, the server asks anew every few seconds.
func (c *client) agreesSoon(unit string, collections ...string) {
	c.t.Helper()
	for range 60 {
		c.sync()
		same := true
		for _, collection := range collections {
			same = same && maps.Equal(c.w.held(unit, collection), c.holds(collection))
		}
		if same {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	c.agrees(unit, collections...)
}

// sync has everything sent and fetched that can be. Nothing may go wrong on the way.
func (c *client) sync() {
	c.t.Helper()
	var out struct{ Errors []string }
	c.do("sync", &out)
	if len(out.Errors) > 0 {
		c.t.Fatalf("sync: %v", out.Errors)
	}
}

func (c *client) insert(collection string, docs ...record.Object) {
	c.t.Helper()
	c.do("insert", nil, "collection", collection, "docs", docs)
}

func (c *client) patch(collection, id string, patch record.Object) {
	c.t.Helper()
	c.do("patch", nil, "collection", collection, "id", id, "patch", patch)
}

func subject(name string) record.Object {
	return record.Object{"id": newID(), "kind": "enterprise", "name": name, "unit": street, "place": record.Object{"lat": 39.1, "lng": 117.2}}
}

// TestCreateAndEditOffline: what is made and changed without a network reaches the server, and the other client.
func TestCreateAndEditOffline(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "officer"), street)
		b := w.open(lib, w.hire(street, "leader"), street)
		shop, stall := subject("某某超市"), subject("某某摊位")
		a.insert("subjects", shop, stall)
		a.patch("subjects", shop["id"].(string), record.Object{"phone": "13800000000"})
		a.sync()
		a.agrees(street, "subjects")
		a.patch("subjects", shop["id"].(string), record.Object{"phone": "13900000000"})
		a.patch("subjects", shop["id"].(string), record.Object{"phone": "13700000000"})
		a.sync()
		b.sync()
		b.patch("subjects", stall["id"].(string), record.Object{"place": record.Object{"lat": 39.2, "lng": 117.2}})
		b.sync()
		a.sync()
		a.agrees(street, "subjects")
		b.agrees(street, "subjects")
		if n := len(w.held(street, "conflicts")); n != 0 {
			t.Errorf("%d conflicts where everybody had seen what he changed", n)
		}
	})
}

// TestConflict: two who change one field of one record without having heard of each other end with the server's value and a conflict
// that holds both; a field that only one of them has changed stands.
func TestConflict(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "officer"), street)
		b := w.open(lib, w.hire(street, "officer"), street)
		shop := subject("某某超市")
		id := shop["id"].(string)
		a.insert("subjects", shop)
		a.sync()
		b.sync()
		a.patch("subjects", id, record.Object{"name": "甲看到的招牌"})
		b.patch("subjects", id, record.Object{"name": "乙看到的招牌", "phone": "13800000000"})
		a.sync()
		b.sync()
		b.sync()
		a.sync()
		for _, c := range []*client{a, b} {
			c.agrees(street, "subjects", "conflicts")
		}
		conflict := w.only(street, "conflicts")
		fields, _ := conflict["fields"].(record.Object)
		want := record.Object{"base": "某某超市", "ours": "乙看到的招牌", "theirs": "甲看到的招牌"}
		if !record.Equal(fields["name"], want) {
			t.Errorf("the conflict holds %v, want %v", fields, want)
		}
		if body := w.only(street, "subjects"); body["phone"] != "13800000000" || body["name"] != "甲看到的招牌" {
			t.Errorf("the record is %v", body)
		}
	})
}

// TestReject: what the table of rights or the law refuses is taken back, as the server holds it; everything else goes through.
func TestReject(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		task := newID()
		w.put("tasks", task, record.Object{"title": "日常检查", "unit": street, "kind": "routine", "state": "draft"})
		leader := w.hire(street, "leader")
		a := w.open(lib, leader, street)
		a.sync()
		uncertified := record.Object{"state": "assigned", "officers": record.Object{leader.officer: record.Object{"role": "lead"}}}
		a.patch("tasks", task, uncertified)
		a.insert("subjects", subject("某某超市"))
		a.sync()
		a.sync()
		if body := w.only(street, "tasks"); body["state"] != "draft" {
			t.Errorf("the task is %v", body)
		}
		a.agrees(street, "tasks", "subjects")
		b := w.open(lib, w.hire(street, "officer"), street)
		b.sync()
		b.insert("tasks", record.Object{"id": newID(), "title": "自派任务", "unit": street, "kind": "routine", "state": "draft"})
		b.patch("subjects", w.only(street, "subjects")["id"].(string), record.Object{"phone": "13800000000"})
		b.sync()
		b.sync()
		b.agrees(street, "tasks", "subjects")
		if len(w.held(street, "tasks")) != 1 || w.only(street, "subjects")["phone"] != "13800000000" {
			t.Error("a refused creation has taken others with it, or has taken place")
		}
	})
}

// TestScopeMoves: an officer who is moved to another unit has the records of the new one and none of the old; what he had not sent
// of the old is judged, refused and taken away with the rest.
func TestScopeMoves(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		officer := w.hire(street, "officer")
		a := w.open(lib, officer, street)
		here, there := newID(), newID()
		w.put("subjects", here, record.Object{"kind": "enterprise", "name": "原街道", "unit": street})
		w.put("subjects", newID(), record.Object{"kind": "enterprise", "name": "原街道二", "unit": street})
		w.put("subjects", there, record.Object{"kind": "enterprise", "name": "新街道", "unit": other})
		a.sync()
		a.agrees(street, "subjects")
		a.patch("subjects", here, record.Object{"name": "调离以后补记"})
		w.change("officers", officer.officer, record.Object{"unit": other, "grants": record.Object{"officer": record.Object{"unit": other}}})
		a.agreesSoon(other, "subjects")
		if body := w.held(street, "subjects")[here]; body == "" {
			t.Error("the record is gone from its unit")
		}
	})
}

// TestRemovalReaches: what one removes is gone from the other, and what leaves for another unit too.
func TestRemovalReaches(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "leader"), street)
		b := w.open(lib, w.hire(street, "officer"), street)
		gone, moved := newID(), newID()
		for _, id := range []string{gone, moved} {
			w.put("tasks", id, record.Object{"title": "任务", "unit": street, "kind": "routine", "state": "draft"})
		}
		a.sync()
		b.sync()
		a.do("remove", nil, "collection", "tasks", "id", gone)
		w.change("tasks", moved, record.Object{"unit": other})
		a.sync()
		b.sync()
		a.sync()
		a.agrees(street, "tasks")
		b.agrees(street, "tasks")
		if n := len(w.held(street, "tasks")); n != 0 {
			t.Errorf("%d tasks are left", n)
		}
	})
}

// TestARemovalOfWhatOthersHaveChanged is a conflict, and the record stays: who removed it had not seen what it has become.
func TestARemovalOfWhatOthersHaveChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "leader"), street)
		changed, same := newID(), newID()
		for _, id := range []string{changed, same} {
			w.put("tasks", id, record.Object{"title": "任务", "unit": street, "kind": "routine", "state": "draft"})
		}
		a.sync()
		for _, id := range []string{changed, same} {
			a.do("remove", nil, "collection", "tasks", "id", id)
		}
		w.change("tasks", changed, record.Object{"title": "他人改的任务"})
		a.sync()
		a.agrees(street, "tasks", "conflicts")
		if body := w.only(street, "tasks"); body["title"] != "他人改的任务" || w.only(street, "conflicts")["record"] != changed {
			t.Errorf("the task is %v, the conflict %v", body, w.only(street, "conflicts"))
		}
	})
}

// TestWhoChangesHisMind: a person sets a field, sets it back and sets it once more, and each time sends it. What he wrote last stands.
func TestWhoChangesHisMind(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "officer"), street)
		id := newID()
		w.put("subjects", id, record.Object{"kind": "enterprise", "name": "甲", "unit": street})
		a.sync()
		for _, name := range []string{"乙", "甲", "乙", "甲"} {
			a.patch("subjects", id, record.Object{"name": name})
			a.do("sync", nil, "rounds", 1)
			if body := w.only(street, "subjects"); body["name"] != name {
				t.Fatalf("the record is %v, and should be %s", body, name)
			}
		}
		a.sync()
		a.agrees(street, "subjects", "conflicts")
	})
}

// TestAThousand: a thousand records come down and a thousand go up, with the process killed in the midst of either, and nothing is there
// twice or missing.
func TestAThousand(t *testing.T) {
	const n = 1000
	each(t, func(t *testing.T, w *world, lib library) {
		var ops []push.ServerOp
		for i := range n {
			ops = append(ops, push.ServerOp{Collection: "subjects", Record: newID(), Action: record.Create,
				Patch: record.Object{"kind": "enterprise", "name": fmt.Sprint("商户", i), "unit": street}})
		}
		for len(ops) > 0 {
			w.own(ops[:min(len(ops), 250)]...)
			ops = ops[min(len(ops), 250):]
		}
		a := w.open(lib, w.hire(street, "officer"), street, "batchSize", 100)
		a.tell("sync")
		time.Sleep(400 * time.Millisecond)
		a.restart()
		a.sync()
		a.agrees(street, "subjects")
		docs := make([]record.Object, n)
		for i := range docs {
			docs[i] = subject(fmt.Sprint("新商户", i))
		}
		a.insert("subjects", docs...)
		a.tell("sync")
		time.Sleep(400 * time.Millisecond)
		a.restart()
		a.sync()
		a.sync()
		a.agrees(street, "subjects")
		if got := len(w.held(street, "subjects")); got != 2*n {
			t.Errorf("%d subjects, want %d", got, 2*n)
		}
		if got := len(w.held(street, "conflicts")); got != 0 {
			t.Errorf("%d conflicts", got)
		}
	})
}

// TestHalfALine: a client that was ended in the middle of a write drops the half line when it begins again; it does not write on behind it,
// or its next start could read nothing.
func TestHalfALine(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		if lib.name == "watermelon" {
			t.Skip("it writes its file anew and renames it")
		}
		a := w.open(lib, w.hire(street, "officer"), street)
		a.insert("subjects", subject("某某超市"))
		a.kill()
		file, err := os.OpenFile(filepath.Join(a.folder, "rxdb.ndjson"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.WriteString(`[["cut-off","{\"id`)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		a.start()
		a.insert("subjects", subject("某某摊位"))
		a.restart()
		a.sync()
		a.agrees(street, "subjects")
		if n := len(w.held(street, "subjects")); n != 2 {
			t.Errorf("%d subjects, want 2", n)
		}
	})
}
