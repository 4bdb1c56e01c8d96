package adapt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// kept is a row as sync.mjs keeps it through a pull that brings another, while it is unsent: what was not edited is the other's, and from its version.
func (w *world) kept(row, pulled record.Object, changed string) record.Object {
	seen := record.Object{}
	if text, noted := row["seenVersions"].(string); noted {
		said, err := wire.Object([]byte(text))
		w.must(err)
		seen = said
	}
	out := with(pulled, "serverVersion", row["serverVersion"])
	for name := range pulled {
		switch edited := strings.Contains(","+changed+",", ","+name+","); {
		case edited:
			out[name] = row[name]
		case name != "id" && name != "serverVersion":
			seen[name] = pulled["serverVersion"]
		}
	}
	text, err := wire.Canonical(seen)
	w.must(err)
	return with(out, "seenVersions", string(text))
}

// TestWhatAPullBroughtCanBeSetBack: a pull brings what others wrote into the columns that a row with unsent edits has not changed, and its person sees it. He
// can set it back to what it was at the row's version, before the row is sent and after; and what he has not seen he does not overwrite.
func TestWhatAPullBroughtCanBeSetBack(t *testing.T) {
	for _, when := range []string{"before it is sent", "after it was sent", "after the answer was lost"} {
		t.Run(when, func(t *testing.T) {
			w, c, id, row := soldOn(t)
			w.change("subjects", id, record.Object{"phone": "他人的"})
			page := w.wmPull(c, 0)
			row = w.kept(with(row, "name", "我的"), page.Changes["subjects"].Updated[0], "name")
			changed := "name"
			if when != "before it is sent" {
				w.wmPush(c, page.Timestamp, updated(row, changed))
				if changed = ""; when == "after the answer was lost" {
					changed = "name"
				}
			}
			changed = strings.TrimPrefix(changed+",phone", ",")
			for range 3 { // the answer is lost twice
				w.wmPush(c, page.Timestamp, updated(row, changed, "phone", "原来的"))
			}
			if body := w.body(id); body["phone"] != "原来的" || body["name"] != "我的" || w.conflicts() != 0 || w.ops(id) > 4 {
				t.Errorf("the record is %v, in version %d; %d conflicts", body, w.ops(id), w.conflicts())
			}
		})
	}
}

// soldOn is a subject that an officer has pulled.
func soldOn(t *testing.T) (w *world, c people.Caller, id string, row record.Object) {
	w = newWorld(t)
	c = w.hire("officer")
	id = w.put("subjects", with(subject("原名"), "phone", "原来的"))
	return w, c, id, w.wmPull(c, 0).Changes["subjects"].Updated[0]
}

// TestARowIsAnEditForEachVersion: where others have written into what a person was writing, that clashes; what he wrote on top of what he had seen stands. Where
// they have not, it is one edit, so that the law is asked about all of it.
func TestARowIsAnEditForEachVersion(t *testing.T) {
	w, c, id, row := soldOn(t)
	w.change("subjects", id, record.Object{"phone": "他人的", "name": "他人起的名"})
	row = w.kept(with(row, "name", "我起的名"), w.wmPull(c, 0).Changes["subjects"].Updated[0], "name")
	push := func() {
		w.wmPush(c, 0, updated(row, "name,phone,address", "phone", "原来的", "address", "我写的"))
	}
	push()
	if body := w.body(id); body["phone"] != "原来的" || body["address"] != "我写的" || body["name"] != "他人起的名" || w.conflicts() != 1 || w.ops(id) != 3 {
		t.Errorf("the record is %v, in version %d; %d conflicts", body, w.ops(id), w.conflicts())
	}
	push()
	if w.ops(id) != 3 || w.conflicts() != 1 {
		t.Errorf("sent again it makes version %d, and %d conflicts", w.ops(id), w.conflicts())
	}

	w, c, id, row = soldOn(t)
	w.change("subjects", id, record.Object{"phone": "他人的"})
	row = w.kept(with(row, "name", "我起的名"), w.wmPull(c, 0).Changes["subjects"].Updated[0], "name")
	push()
	if body := w.body(id); body["phone"] != "原来的" || body["name"] != "我起的名" || w.conflicts() != 0 || w.ops(id) != 3 {
		t.Errorf("what clashes with nothing is not one edit: %v in version %d; %d conflicts", body, w.ops(id), w.conflicts())
	}
}

// TestARefusedPartRefusesTheRow: it is named once, with each reason, and the rest of it stands.
func TestARefusedPartRefusesTheRow(t *testing.T) {
	w, c, id, row := soldOn(t)
	noted := `{"name":9007199254740990,"address":9007199254740991}` // there is no such version
	for range 2 {
		out := w.wmPush(c, 0, updated(row, "name,phone,address", "phone", "新", "name", "新", "address", "新", "seenVersions", noted))
		if named := out.RejectedIDs["subjects"]; len(named) != 1 || len(out.Refused) != 2 || w.body(id)["phone"] != "新" || w.ops(id) != 2 {
			t.Fatalf("%+v; the record is %v", out, w.body(id))
		}
	}
}

// TestACreationWhoseAnswerWasLost and that was edited since is held to what its person had seen: a pull that brings it does not let him overwrite what
// others wrote in between, and he can set back what he sent.
func TestACreationWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	id := newID()
	row := with(subject("我的店"), "id", id, "phone", "一")
	push := func(changed string, pairs ...any) {
		made := with(row, append(pairs, "_status", "created", "_changed", changed)...)
		w.wmPush(c, 0, map[string]wire.WmTable{"subjects": {Created: []map[string]any{made}}})
	}
	push("")
	push("phone", "phone", "二")
	push("phone")
	if body := w.body(id); body["phone"] != "一" {
		t.Errorf("what was sent is not set back: %v", body)
	}
	w.change("subjects", id, record.Object{"name": "他人起的名", "address": "他人写的"})
	row = w.kept(with(row, "name", "我改的名"), w.wmPull(c, 0).Changes["subjects"].Updated[0], "name")
	push("name")
	if body := w.body(id); body["name"] != "他人起的名" || body["address"] != "他人写的" || w.conflicts() != 1 {
		t.Errorf("what was not seen is overwritten: %v; %d conflicts", body, w.conflicts())
	}
}

// TestACreationThatNoPullHasBrought: its row bears no version yet, and is edited. A pull that brings what others have written meanwhile does not let him overwrite it, and what he sent he can set back.
func TestACreationThatNoPullHasBrought(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	id := newID()
	row := with(subject("我的店"), "id", id, "phone", "一", "serverVersion", nil, "_status", "created", "_changed", "")
	w.wmPush(c, 0, map[string]wire.WmTable{"subjects": {Created: []map[string]any{row}}})
	for _, phone := range []string{"二", "一"} {
		if w.wmPush(c, 0, updated(row, "phone", "phone", phone)); w.body(id)["phone"] != phone {
			t.Errorf("the record is %v, want %s", w.body(id), phone)
		}
	}
	w.change("subjects", id, record.Object{"name": "他人起的名", "address": "他人写的"})
	page := w.wmPull(c, 0)
	row = w.kept(with(row, "name", "我改的名"), page.Changes["subjects"].Updated[0], "name")
	w.wmPush(c, page.Timestamp, updated(row, "name,address", "address", "我写的"))
	if body := w.body(id); body["name"] != "他人起的名" || body["address"] != "我写的" || w.conflicts() != 1 {
		t.Errorf("what was not seen is overwritten: %v; %d conflicts", body, w.conflicts())
	}
}

// TestVersionsThatCannotBe refuse their row, and no other.
func TestVersionsThatCannotBe(t *testing.T) {
	w, c, id, row := soldOn(t)
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf(`"c%d":%d`, i, i+1)
	}
	for _, noted := range []any{7.0, true, "x", "[]", "null", `{"phone":0}`, `{"phone":-1}`, `{"phone":1.5}`, `{"phone":9007199254740992}`, `{"phone":1e300}`, `{"phone":"1"}`,
		`{"phone":null}`, `{"phone":{}}`, `{"a":1,"a":2}`, "{" + strings.Join(many, ",") + "}", strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60)} {
		changes := updated(row, "phone", "phone", "新", "seenVersions", noted)
		out := w.wmPush(c, 0, changes)
		if len(out.Refused) != 1 || out.Refused[0].Code != "op.invalid" || out.Refused[0].Field != "seenVersions" || w.ops(id) != 1 {
			t.Errorf("%v: %+v", noted, out)
		}
	}
	for _, noted := range []any{nil, "", "{}", `{"nothing":1}`, `{"name":9007199254740991}`, `{"id":1,"_changed":2}`} {
		phone := fmt.Sprint(noted)
		if out := w.wmPush(c, 0, updated(row, "phone", "phone", phone, "seenVersions", noted)); len(out.Refused) != 0 || w.body(id)["phone"] != phone {
			t.Errorf("%v: %+v", noted, out)
		}
	}
	n := w.ops(id)
	out := w.wmPush(c, 0, updated(row, "phone,address", "phone", "最新", "address", "新", "seenVersions", `{"phone":9007199254740991}`))
	if len(out.Refused) != 1 || w.ops(id) != n+1 || w.body(id)["address"] != "新" {
		t.Errorf("a version that there is not: %+v; the record is %v", out, w.body(id))
	}
}
