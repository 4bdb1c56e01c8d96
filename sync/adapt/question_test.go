package adapt_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TestAQuestionIsNoEdit: a row whose two documents are alike wants nothing. Of a document that is otherwise here the answer holds it as it stands, in the client's
// form and as far as he may see it; also where his own edit is on top, whose answer was lost.
func TestAQuestionIsNoEdit(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	edited, gone, away, same := w.put("subjects", subject("甲")), w.put("subjects", subject("乙")), w.put("subjects", subject("丙")), w.put("subjects", subject("丁"))
	base := with(subject("甲"), "serverVersion", 1.0)
	w.rx(c, "subjects", row(edited, base, with(base, "name", "我的")))
	w.remove("subjects", gone)
	w.change("subjects", away, record.Object{"unit": other})
	unknown := newID()
	ask := func(id string) map[string]record.Object {
		return w.rx(c, "subjects", row(id, record.Object{}, record.Object{}))
	}
	for range 2 {
		if doc := ask(edited)[edited]; doc["name"] != "我的" || doc["serverVersion"] != 2.0 {
			t.Errorf("of an edited document comes %v", doc)
		}
		for _, id := range []string{gone, away, unknown} {
			if doc := ask(id)[id]; doc["_deleted"] != true || len(doc) != 2 {
				t.Errorf("of a document that is not to be seen comes %v", doc)
			}
		}
		full := with(subject("丁"), "serverVersion", 1.0)
		if back := w.rx(c, "subjects", row(same, full, full)); len(back) != 0 {
			t.Errorf("of one that is the same comes %v", back)
		}
	}
	if n := w.ops(edited); n != 2 || w.ops(away) != 2 || w.ops(unknown) != 0 || w.conflicts() != 0 {
		t.Errorf("questions have made versions: %d", n)
	}
}

// TestNewsThatWasDropped: an edit is taken and its answer lost, the news of it dropped because the document is changed, and then the document set back to what it was. It
// is asked for, and shown; so is one that has left the client's scope meanwhile, and one that others have changed.
func TestNewsThatWasDropped(t *testing.T) {
	for name, change := range map[string]record.Object{"own": nil, "others'": {"phone": "他人的"}, "gone": {"unit": other}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := newWriter(w, nil)
			id := w.put("subjects", subject("原名"))
			c.rxPull(true, nil)
			was := c.heard[id]
			c.shows[id] = with(was, "name", "我的")
			w.rx(c.caller, "subjects", row(id, was, c.shows[id])) // the answer is lost
			if change != nil {
				w.change("subjects", id, change)
			}
			c.rxPull(true, nil)
			if c.shows[id]["serverVersion"] != 1.0 {
				t.Fatalf("RxDB does not drop it: %v", c.shows[id])
			}
			c.shows[id] = was
			c.restarts()
			c.rxPull(true, nil)
			c.holds(t)
		})
	}
}
