package foreign

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// shop is a subject that a client has pulled.
func (c *client) shop() string {
	c.t.Helper()
	id := newID()
	c.w.put("subjects", id, record.Object{"kind": "enterprise", "name": "原名", "phone": "原来的", "unit": street})
	c.sync()
	return id
}

// TestWhatAPullBroughtIsSetBack: WatermelonDB's row says one version, and a pull brings what others wrote into its other columns. Its person sets that back to
// exactly what it was in that version: while his row is unsent, after the answer was lost, and after it was heard; with a sudden end in between.
func TestWhatAPullBroughtIsSetBack(t *testing.T) {
	lib := laidOut(t, "watermelon")
	for name, sends := range map[string]func(a *client){
		"the answer is lost":  func(a *client) { a.do("deaf", nil) },
		"the answer is heard": func(a *client) { a.do("sync", nil, "rounds", 1) },
		"it is kept":          func(a *client) { a.do("sync", nil, "rounds", 1, "keepRefused", true) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.open(lib, w.hire(street, "officer"), street)
			id := a.shop()
			mine := record.Object{"name": "我的"}
			if name == "it is kept" {
				mine = record.Object{"name": nil} // which is refused
			}
			a.patch("subjects", id, mine)
			w.change("subjects", id, record.Object{"phone": "他人的"})
			sends(a)
			a.restart()
			var noted map[string]map[string]uint64
			if a.do("noted", &noted, "collection", "subjects"); noted[id]["phone"] != 2 || noted[id]["name"] == 2 && name != "it is kept" {
				t.Errorf("it has noted %v", noted)
			}
			a.patch("subjects", id, record.Object{"phone": "原来的"})
			if name == "it is kept" { // the row is one edit, and is refused whole until he has put it right
				var out struct {
					Refused []struct{ Field string }
				}
				a.do("sync", &out, "keepRefused", true)
				if body := w.only(street, "subjects"); len(out.Refused) == 0 || out.Refused[0].Field != "name" || body["phone"] != "他人的" {
					t.Errorf("the record is %v; refused: %v", body, out.Refused)
				}
				a.patch("subjects", id, record.Object{"name": "我的"})
			}
			a.sync()
			if body := w.only(street, "subjects"); body["phone"] != "原来的" || body["name"] != "我的" {
				t.Errorf("the record is %v", body)
			}
			if conflicts := w.held(street, "conflicts"); len(conflicts) != 0 {
				t.Errorf("conflicts: %v", conflicts)
			}
			a.sync()
			a.sync()
			a.agrees(street, "subjects")
			noted = nil
			if a.do("noted", &noted, "collection", "subjects"); len(noted) != 0 {
				t.Errorf("it keeps for ever what it has noted: %v", noted)
			}
		})
	}
}

// TestNewsThatRxDBDropped reaches it although it takes the document for unchanged: its answer was lost, the process ended, and the person set the document back.
func TestNewsThatRxDBDropped(t *testing.T) {
	for _, library := range []string{"rxdb", "rxdb-server"} {
		for _, goes := range []bool{false, true} {
			t.Run(map[bool]string{false: library + " changed", true: library + " gone"}[goes], func(t *testing.T) {
				w := newWorld(t)
				a := w.open(laidOut(t, library), w.hire(street, "officer"), street)
				id := a.shop()
				a.patch("subjects", id, record.Object{"name": "我的"})
				patch := record.Object{"phone": "他人的"}
				if goes {
					patch["unit"] = other
				}
				w.change("subjects", id, patch)
				a.do("deaf", nil, "collection", "subjects")
				a.restart()
				a.patch("subjects", id, record.Object{"name": "原名"})
				a.sync()
				a.agrees(street, "subjects")
			})
		}
		t.Run(library+" while it listens", func(t *testing.T) {
			w := newWorld(t)
			a := w.open(laidOut(t, library), w.hire(street, "officer"), street)
			id := a.shop()
			a.patch("subjects", id, record.Object{"name": "我的"})
			w.change("subjects", id, record.Object{"phone": "他人的"})
			a.do("deaf", nil, "collection", "subjects", "live", true)
			a.patch("subjects", id, record.Object{"name": "原名"})
			a.do("hearing", nil)
			a.hears(street, "subjects")
		})
	}
}
