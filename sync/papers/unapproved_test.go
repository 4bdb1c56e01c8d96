package papers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// What was seized at once and has no approval a day later is found once, whoever closes it; what was approved, or made void, is not.
func TestUnapprovedSeizureIsFound(t *testing.T) {
	each(t, func(w *world) {
		seizure := func(visit string) string {
			return w.create(document.Documents.Name, record.Object{"unit": street, "kind": "seizure-decision", "template": w.template, "templateVersion": 1.0,
				"state": document.Issued, "issuedAt": "2026-11-25T01:00:00Z", "inspection": visit, "data": record.Object{"urgent": "yes"}})
		}
		approve := func(visit, decision string) {
			w.create(document.Documents.Name, record.Object{"unit": street, "kind": "seizure-approval", "template": w.template, "templateVersion": 1.0,
				"state": document.Issued, "issuedAt": "2026-11-25T09:00:00Z", "inspection": visit,
				"data": record.Object{"urgent": "yes", "measure": "seizure", "doneAt": "2026-11-25T00:50:00Z", "headDecision": decision}})
		}
		visits := [4]string{newID(), newID(), newID(), newID()}
		forgotten, approved, refused, void := seizure(visits[0]), seizure(visits[1]), seizure(visits[2]), seizure(visits[3])
		approve(visits[1], "approved")
		approve(visits[2], "refused")
		w.apply(document.Documents.Name, void, record.Update, record.Object{"state": document.Voided, "voidReason": "填写错误"})
		for range 2 {
			for _, id := range []string{forgotten, approved, refused, void, newID()} {
				if err := w.Unapproved(context.Background(), id); err != nil {
					w.Fatal(err)
				}
				found, err := w.db.Lookup(context.Background(), "findings", "record", id)
				if err != nil {
					w.Fatal(err)
				}
				if want := map[string]int{forgotten: 1, refused: 1}[id]; len(found) != want {
					w.Fatalf("%d findings, want %d", len(found), want)
				}
				for _, f := range found {
					body, _ := w.body("findings", f.ID)
					zh, _ := body["zh"].(string)
					if body["code"] != papers.UnapprovedFinding || body["unit"] != street || body["basis"] != "行政强制法第十九条" ||
						strings.Contains(zh, "负责人不同意") != (id == refused) {
						w.Errorf("found %v", body)
					}
					if body["state"] == "open" {
						w.apply("findings", f.ID, record.Update, record.Object{"state": "closed", "explanation": "已补办"})
					}
				}
			}
		}
	})
}
