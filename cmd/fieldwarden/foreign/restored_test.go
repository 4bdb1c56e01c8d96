package foreign

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TestServerRestored: the server is restored from a backup. What clients have not sent reaches it, and in the end they hold what the
// server holds: also of records that were made, or changed, in the history that is lost.
func TestServerRestored(t *testing.T) {
	each(t, func(t *testing.T, w *world, lib library) {
		a := w.open(lib, w.hire(street, "officer"), street)
		b := w.open(lib, w.hire(street, "leader"), street)
		shop, stall := subject("某某超市"), subject("某某摊位")
		a.insert("subjects", shop, stall)
		a.sync()
		b.sync()
		backup := w.backup()
		lost := subject("备份以后的店")
		a.insert("subjects", lost)
		b.patch("subjects", stall["id"].(string), record.Object{"name": "备份以后的摊位"})
		a.sync()
		b.sync()
		a.sync()
		fresh := subject("未提交的店")
		a.insert("subjects", fresh)
		a.patch("subjects", shop["id"].(string), record.Object{"phone": "13800000000"})
		w.restore(backup)
		for _, c := range []*client{a, b, a} {
			c.sync()
		}
		for _, c := range []*client{a, b} {
			c.agrees(street, "subjects", "conflicts")
		}
		held := w.held(street, "subjects")
		if held[fresh["id"].(string)] == "" {
			t.Error("a record that was not sent yet is lost")
		}
		if body := w.body(street, "subjects", shop["id"].(string)); body["phone"] != "13800000000" {
			t.Errorf("an edit that was not sent yet is lost: %v", body)
		}
	})
}

// body is a record of a unit.
func (w *world) body(unit, collection, id string) record.Object {
	w.t.Helper()
	return w.parsed(w.held(unit, collection)[id])
}
