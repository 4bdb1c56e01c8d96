package foreign

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TestARefusedRowMayStay: an application that passes experimentalRejectedIds on keeps its row, unsent; once it may, and the row is changed,
// it goes through. Everything else has been sent meanwhile.
func TestARefusedRowMayStay(t *testing.T) {
	w, lib := newWorld(t), laidOut(t, "watermelon")
	officer := w.hire(street, "officer")
	a := w.open(lib, officer, street)
	id := newID()
	a.insert("tasks", record.Object{"id": id, "title": "自派任务", "unit": street, "kind": "routine", "state": "draft"})
	a.insert("subjects", subject("某某超市"))
	var out struct {
		Refused []struct{ Table, ID, Code, Zh string }
	}
	a.do("sync", &out, "keepRefused", true)
	if len(out.Refused) == 0 || out.Refused[0].ID != id || out.Refused[0].Code != "op.denied" || out.Refused[0].Zh == "" {
		t.Fatalf("refused: %+v", out.Refused)
	}
	if len(w.held(street, "tasks")) != 0 || len(w.held(street, "subjects")) != 1 || a.holds("tasks")[id] == "" {
		t.Fatalf("the server holds %v and %v, the client %v", w.held(street, "tasks"), w.held(street, "subjects"), a.holds("tasks"))
	}
	w.change("officers", officer.officer, record.Object{"grants": record.Object{"leader": record.Object{"role": "leader", "unit": street}}})
	a.patch("tasks", id, record.Object{"title": "已获授权的任务"})
	a.sync()
	a.agrees(street, "tasks", "subjects")
	if w.only(street, "tasks")["title"] != "已获授权的任务" {
		t.Errorf("the task is %v", w.only(street, "tasks"))
	}
}

// TestAnUnsentEditIsSavedBeforeItsRowGoes: WatermelonDB pulls first and drops unsent edits of rows that a pull takes away. They are
// sent before, and wait as dead letters in the unit that owns the record.
func TestAnUnsentEditIsSavedBeforeItsRowGoes(t *testing.T) {
	w, lib := newWorld(t), laidOut(t, "watermelon")
	a := w.open(lib, w.hire(street, "officer"), street)
	id := newID()
	w.put("subjects", id, record.Object{"kind": "enterprise", "name": "原名", "unit": street})
	a.sync()
	a.patch("subjects", id, record.Object{"name": "途中补记"})
	w.change("subjects", id, record.Object{"unit": other})
	a.sync()
	a.agrees(street, "subjects")
	if letters := w.held(other, "deadletters"); len(letters) != 1 {
		t.Errorf("%d letters wait in the unit: %v; in the old one: %v", len(letters), letters, w.held(street, "deadletters"))
	}
}

// TestWhatIsUnsentIsSavedBeforeItsRowGoes: a removal, too, and what was made here, sent, and changed before the answer was heard.
func TestWhatIsUnsentIsSavedBeforeItsRowGoes(t *testing.T) {
	w, lib := newWorld(t), laidOut(t, "watermelon")
	a := w.open(lib, w.hire(street, "leader"), street)
	removed, made := newID(), newID()
	w.put("tasks", removed, record.Object{"title": "任务", "unit": street, "kind": "routine", "state": "draft"})
	a.sync()
	a.insert("tasks", record.Object{"id": made, "title": "自建任务", "unit": street, "kind": "routine", "state": "draft"})
	a.do("deaf", nil)
	a.do("remove", nil, "collection", "tasks", "id", removed)
	a.patch("tasks", made, record.Object{"title": "又改的任务"})
	for _, id := range []string{removed, made} {
		w.change("tasks", id, record.Object{"unit": other})
	}
	a.sync()
	a.agrees(street, "tasks")
	got := map[string]string{}
	for _, text := range w.held(other, "deadletters") {
		letter := w.parsed(text)
		got[letter["record"].(string)] = letter["action"].(string)
	}
	if got[removed] != "remove" || got[made] == "" {
		t.Errorf("letters of %v wait in the unit", got)
	}
}
