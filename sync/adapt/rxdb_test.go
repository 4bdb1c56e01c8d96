package adapt_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// likeRxDB pulls as RxDB does: a short page ends the pull, an empty one does not move the checkpoint, whose members are laid over those
// it had. It returns what it then holds.
func likeRxDB(pull func(checkpoint string, limit int) wire.RxPage, checkpoint *string, limit int) (docs map[string]record.Object, err error) {
	docs = map[string]record.Object{}
	for range 1000 {
		page := pull(*checkpoint, limit)
		if len(page.Documents) > limit {
			return docs, errors.New("a page over its limit")
		}
		if len(page.Documents) == 0 {
			return docs, nil
		}
		if page.Checkpoint.ID == "" {
			return docs, errors.New("a checkpoint without its id would be the one before")
		}
		*checkpoint = page.Checkpoint.ID
		for _, doc := range page.Documents {
			docs[doc["id"].(string)] = doc
		}
		if len(page.Documents) < limit {
			return docs, nil
		}
	}
	return docs, errors.New("the pull does not end")
}

func TestPagesAreFull(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	var want []string
	for i := range 45 {
		w.put("tasks", record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"})
		if i%2 == 0 {
			want = append(want, w.put("subjects", subject(fmt.Sprint(i))))
		}
	}
	for _, limit := range []int{1, 7, 23, 24, 1000} {
		checkpoint := ""
		docs, err := likeRxDB(func(at string, n int) wire.RxPage { return w.pull(c, "subjects", at, n) }, &checkpoint, limit)
		if got := slices.Sorted(maps.Keys(docs)); err != nil || !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("limit %d: %d documents, want %d, %v", limit, len(docs), len(want), err)
		}
		if again := w.pull(c, "subjects", checkpoint, limit); len(again.Documents) != 0 {
			t.Errorf("limit %d: %d documents are told twice", limit, len(again.Documents))
		}
	}
	// Planted: a page of the feed, less what is of other collections, as one would first write it.
	checkpoint := "0"
	docs, _ := likeRxDB(func(at string, n int) (page wire.RxPage) {
		after, err := strconv.ParseUint(at, 10, 64)
		w.must(err)
		lines, _, err := w.db.Changes(ctx, "unit/"+street, after, n)
		w.must(err)
		for _, line := range lines {
			page.Checkpoint.ID = strconv.FormatUint(line.Seq, 10)
			if line.Collection == "subjects" {
				page.Documents = append(page.Documents, map[string]any{"id": line.ID})
			}
		}
		return page
	}, &checkpoint, 7)
	if len(docs) >= len(want) {
		t.Error("the test does not notice pages that are short")
	}
}

func TestCheckpointsAreTheServersOwn(t *testing.T) {
	w := newWorld(t)
	c, stranger := w.hire("officer"), w.hire("officer")
	w.put("subjects", subject("a"))
	good := w.pull(c, "subjects", "", 10).Checkpoint.ID
	foreign := w.pull(stranger, "subjects", "", 10).Checkpoint.ID
	other := "A"
	if good[:1] == other {
		other = "B"
	}
	for name, text := range map[string]string{"cut": good[:len(good)-4], "forged": other + good[1:], "another device's": foreign, "rubbish": "x", "long": strings.Repeat("A", 5000)} {
		if _, err := w.adapt.RxPull(ctx, c, "subjects", 0, text, 10); !isCode(err, fault.CursorInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.adapt.RxPull(ctx, c, "tasks", 0, good, 10); !isCode(err, fault.CursorInvalid) {
		t.Errorf("another collection's: %v", err)
	}
	for _, limit := range []int{0, -1, 1001} {
		if _, err := w.adapt.RxPull(ctx, c, "subjects", 0, "", limit); !isCode(err, fault.FieldInvalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestSchemaVersionsOfRxDB(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	older := *w.adapt
	older.Catalogue = maps.Clone(w.adapt.Catalogue)
	newer := *older.Catalogue["subjects"]
	newer.Schema = 5
	same := func(o record.Object) record.Object { return o }
	for range 4 {
		newer.Older = append(newer.Older, record.Form{Lift: same, Lower: same})
	}
	older.Catalogue["subjects"] = &newer
	for version, want := range map[int]fault.Code{0: fault.ClientOutdated, 1: fault.ClientOutdated, 2: "", 3: "", 4: "", 5: fault.NotFound, -1: fault.NotFound} {
		_, err := older.RxPull(ctx, c, "subjects", version, "", 10)
		if want == "" && err != nil || want != "" && !isCode(err, want) {
			t.Errorf("version %d: %v, want %s", version, err, want)
		}
	}
	if _, err := w.adapt.RxPull(ctx, c, "nothing", 0, "", 10); !isCode(err, fault.NotFound) {
		t.Errorf("an unknown collection: %v", err)
	}
}

// TestRowsOfAPush: what is wrong with one row concerns that row alone, and comes back as what the server holds.
func TestRowsOfAPush(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	shop := subject("某某超市")
	id, task, deep := newID(), newID(), any("x")
	for range 40 {
		deep = record.Object{"a": deep}
	}
	back := w.rx(c, "subjects", row(id, nil, shop), row("no-uuid", nil, shop), row(newID(), nil, with(shop, "_deleted", true)))
	if len(back) != 1 || back["no-uuid"]["_deleted"] != true || w.body(id)["name"] != "某某超市" {
		t.Errorf("came back %v", back)
	}
	back = w.rx(c, "tasks", row(task, nil, record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"}))
	if back[task]["_deleted"] != true || w.body(task) != nil {
		t.Errorf("a refused creation came back as %v", back[task])
	}
	if back = w.rx(c, "tasks", row(task, back[task], back[task])); len(back) != 0 {
		t.Errorf("a refused creation that the client has taken back came again: %v", back)
	}
	flawed := row(id, with(shop, "serverVersion", 1.0), with(shop, "place", deep))
	flawed.Flawed = true
	if back = w.rx(c, "subjects", flawed); back[id]["name"] != "某某超市" || back[id]["serverVersion"] != 1.0 {
		t.Errorf("a row that no op could carry came back as %v", back[id])
	}
	if back = w.rx(c, "subjects", row(task, nil, shop)); back[task] != nil && w.body(task) == nil {
		t.Errorf("an id that was refused elsewhere: %v", back[task])
	}
}

// TestSentTwiceIsDoneOnce, also when the answer to the first was lost and the document has changed since.
func TestSentTwiceIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	id, shop := newID(), subject("a")
	for range 3 {
		if back := w.rx(c, "subjects", row(id, nil, shop)); len(back) != 0 {
			t.Errorf("came back %v", back)
		}
	}
	shop2 := with(shop, "phone", "1")
	if back := w.rx(c, "subjects", row(id, nil, shop2)); len(back) != 0 || w.body(id)["phone"] != "1" {
		t.Errorf("changed after a lost answer: %v, %v", back, w.body(id))
	}
	if n := w.ops(id); n != 2 || w.conflicts() != 0 {
		t.Errorf("%d versions and %d conflicts, want 2 and none", n, w.conflicts())
	}
	// Killed between having heard of its version and having it in the document.
	heard := with(with(shop2, "serverVersion", 2.0), "id", id)
	if back := w.rx(c, "subjects", row(id, heard, shop2)); back[id]["serverVersion"] != 2.0 || back[id]["phone"] != "1" || w.ops(id) != 2 {
		t.Errorf("a document without a version came back as %v", back[id])
	}
	if back := w.rx(c, "subjects", row(id, heard, heard)); len(back) != 0 {
		t.Errorf("and once more: %v", back)
	}
	if back := w.rx(c, "subjects", row(id, nil, with(shop2, "_deleted", true))); len(back) != 1 {
		t.Errorf("who may not remove is told %v", back)
	}
}

// TestWhoEditsTwiceIsNotInConflictWithHimself: RxDB goes on from what it has sent, and names the version it had pulled.
func TestWhoEditsTwiceIsNotInConflictWithHimself(t *testing.T) {
	w := newWorld(t)
	a, b := w.hire("officer"), w.hire("officer")
	id := w.put("subjects", subject("v1"))
	base := with(subject("v1"), "serverVersion", 1.0)
	one, two := with(base, "name", "一"), with(base, "name", "二")
	w.rx(a, "subjects", row(id, base, one))
	if back := w.rx(a, "subjects", row(id, one, two)); len(back) != 0 || w.body(id)["name"] != "二" {
		t.Errorf("%v, the record is %v", back, w.body(id))
	}
	// The first answer came while the client wrote again: it names what it had assumed before, and its edit is both together.
	if back := w.rx(a, "subjects", row(id, base, with(base, "name", "三"))); len(back) != 0 || w.body(id)["name"] != "三" {
		t.Errorf("%v, the record is %v", back, w.body(id))
	}
	if n := w.conflicts(); n != 0 {
		t.Errorf("%d conflicts with himself", n)
	}
	// Somebody else who had seen only the first version is in conflict, and is given what stands.
	back := w.rx(b, "subjects", row(id, base, with(base, "name", "乙")))
	if back[id]["name"] != "三" || w.conflicts() != 1 {
		t.Errorf("the other: %v, %d conflicts", back, w.conflicts())
	}
}

// TestARefusedEditIsJudgedAgain, so that who has put right what was wrong gets through, but not as often as it is sent.
func TestARefusedEditIsJudgedAgain(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	id := newID()
	create := row(id, nil, record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"})
	for range 3 {
		if back := w.rx(c, "tasks", create); back[id]["_deleted"] != true {
			t.Fatalf("came back %v", back)
		}
	}
	w.change("officers", c.Officer, record.Object{"grants": record.Object{"leader": record.Object{"role": "leader", "unit": street}}})
	w.now = w.now.Add(2 * time.Minute)
	if back := w.rx(c, "tasks", create); len(back) != 0 || w.body(id) == nil {
		t.Errorf("after the right was given: %v", back)
	}
}

// TestALostFeedIsTaken: everything of it that the client may hold is told deleted, in full pages, and nothing of it is told in its
// body; what comes back comes back.
func TestALostFeedIsTaken(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	held := map[string]bool{}
	for i := range 30 {
		held[w.put("subjects", subject(fmt.Sprint(i)))] = true
	}
	checkpoint := ""
	pulling := func(at string, n int) wire.RxPage { return w.pull(c, "subjects", at, n) }
	if _, err := likeRxDB(pulling, &checkpoint, 7); err != nil {
		t.Fatal(err)
	}
	var moved, edited string
	for id := range held {
		moved, edited = edited, id
	}
	w.change("subjects", moved, record.Object{"unit": other})
	w.change("subjects", edited, record.Object{"phone": "1"})
	never := w.put("subjects", subject("later"))
	c.Grants = []people.Grant{{Role: people.RoleOfficer, Unit: other}}
	docs, err := likeRxDB(pulling, &checkpoint, 7)
	if err != nil || docs[moved]["name"] == nil || docs[never] != nil {
		t.Errorf("%v; moved to the new unit: %v; never held: %v", err, docs[moved], docs[never])
	}
	for id := range held {
		if doc := docs[id]; id != moved && (doc["_deleted"] != true || len(doc) != 2) {
			t.Errorf("%s: %v, want its id and that it is deleted", id, doc)
		}
	}
	c.Grants = []people.Grant{{Role: people.RoleOfficer, Unit: street}}
	docs, err = likeRxDB(pulling, &checkpoint, 7)
	if err != nil || docs[edited]["phone"] != "1" || docs[never] == nil || docs[moved]["_deleted"] != true {
		t.Errorf("%v; back again: %v, %v, %v", err, docs[edited], docs[never], docs[moved])
	}
}

// TestAnOutOfScopeEditIsTakenBack: the client is told that the record is not there, and not what is in it.
func TestAnOutOfScopeEditIsTakenBack(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	id := w.put("subjects", record.Object{"kind": "enterprise", "name": "秘密", "unit": other})
	base := with(subject("旧"), "serverVersion", 1.0)
	back := w.rx(c, "subjects", row(id, base, with(base, "name", "新")), row(newID(), nil, with(subject("x"), "unit", other)))
	for id, doc := range back {
		if doc["_deleted"] != true || doc["name"] != nil {
			t.Errorf("%s: %v", id, doc)
		}
	}
	if len(back) != 2 || w.body(id)["name"] != "秘密" {
		t.Errorf("%d came back, the record is %v", len(back), w.body(id))
	}
}

func TestTheStreamTellsWhatHappens(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	w.put("subjects", subject("before"))
	stream, err := w.adapt.RxStream(ctx, c, "subjects", 0)
	w.must(err)
	if page, ok, err := stream.Next(ctx, c); ok || err != nil {
		t.Errorf("nothing has happened: %v, %v", page, err)
	}
	w.put("tasks", record.Object{"title": "t", "unit": street, "kind": "routine", "state": "draft"})
	id := w.put("subjects", subject("after"))
	page, ok, err := stream.Next(ctx, c)
	if !ok || err != nil || !slices.Equal(ids(page.Documents), []string{id}) || page.Checkpoint.ID == "" {
		t.Errorf("%v, %v, %v", page, ok, err)
	}
	if next := w.pull(c, "subjects", page.Checkpoint.ID, 10); len(next.Documents) != 0 {
		t.Errorf("the event's checkpoint is not behind it: %v", next.Documents)
	}
	c.Grants = nil
	page, ok, err = stream.Next(ctx, c)
	if !ok || err != nil || len(page.Documents) != 2 || page.Documents[0]["_deleted"] != true {
		t.Errorf("out of scope: %v, %v, %v", page, ok, err)
	}
}

// TestNoFieldBearsAReservedName: what the adapters add must not stand in the way of what a body has.
func TestNoFieldBearsAReservedName(t *testing.T) {
	w := newWorld(t)
	for _, c := range w.adapt.Catalogue {
		for _, f := range c.Fields {
			if slices.Contains([]string{"id", "serverVersion", "_deleted", "_status", "_changed", "collectionField"}, f.Path) {
				t.Errorf("%s declares %s", c.Name, f.Path)
			}
		}
	}
}

// TestASharedRecordIsSeenByItsPartners: a record that another unit has shared is in their feed, and is theirs to see although it is at
// home elsewhere; taken back, it is gone.
func TestASharedRecordIsSeenByItsPartners(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	for _, code := range []string{street, other} {
		w.put("units", record.Object{"code": code, "name": code, "kind": "street"})
	}
	id := w.put("tasks", record.Object{"title": "联合检查", "unit": other, "kind": "joint", "state": "draft", "partners": record.Object{street: record.Object{}}})
	page := w.pull(c, "tasks", "", 10)
	if len(page.Documents) != 1 || page.Documents[0]["id"] != id || page.Documents[0]["title"] != "联合检查" {
		t.Fatalf("the partner sees %v", page.Documents)
	}
	w.change("tasks", id, record.Object{"partners": nil})
	page = w.pull(c, "tasks", page.Checkpoint.ID, 10)
	if len(page.Documents) != 1 || page.Documents[0]["_deleted"] != true {
		t.Errorf("taken back: %v", page.Documents)
	}
}
