package foreign

import (
	"maps"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TestLive: RxDB's clients hear of others' changes, and of what leaves their scope, without asking; rxdb-server's client is never told
// RESYNC, which it takes for documents.
func TestLive(t *testing.T) {
	for _, name := range []string{"rxdb", "rxdb-server"} {
		t.Run(name, func(t *testing.T) {
			w, lib := newWorld(t), laidOut(t, name)
			officer := w.hire(street, "officer")
			a := w.open(lib, officer, street)
			here := newID()
			w.put("subjects", here, record.Object{"kind": "enterprise", "name": "原有", "unit": street})
			w.put("subjects", newID(), record.Object{"kind": "enterprise", "name": "别处", "unit": other})
			a.do("live", nil)
			w.put("subjects", newID(), record.Object{"kind": "enterprise", "name": "新设", "unit": street})
			w.change("subjects", here, record.Object{"phone": "13800000000"})
			a.hears(street, "subjects")
			mine := subject("自建")
			a.insert("subjects", mine)
			a.hears(street, "subjects")
			if _, ok := w.held(street, "subjects")[mine["id"].(string)]; !ok {
				t.Error("what was made while it listened has not been sent")
			}
			w.change("officers", officer.officer, record.Object{"unit": other, "grants": record.Object{"officer": record.Object{"unit": other}}})
			a.hears(other, "subjects")
			var out struct{ Errors []string }
			if a.do("settled", &out); len(out.Errors) > 0 {
				t.Errorf("errors: %v", out.Errors)
			}
		})
	}
}

// hears waits until a client that listens agrees with the server.
func (c *client) hears(unit, collection string) {
	c.t.Helper()
	for range 120 {
		if maps.Equal(c.w.held(unit, collection), c.holds(collection)) {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	c.agrees(unit, collection)
}
