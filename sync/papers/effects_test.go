package papers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// effects does the jobs about what runs from papers that are queued, as the runner would, and tells whether the named paper was among them.
func (w *world) effects(id string) {
	w.Helper()
	queued, err := w.db.Lease(context.Background(), []string{document.EffectsJob}, 20, time.Now().Add(time.Hour))
	if err != nil {
		w.Fatal(err)
	}
	named := false
	for _, job := range queued {
		named = named || job.Key == id
		if err := w.Effects(context.Background(), job.Key); err != nil && !strings.Contains(err.Error(), "calendar") {
			w.Fatal(err)
		}
		if err := w.db.Done(context.Background(), job); err != nil {
			w.Fatal(err)
		}
	}
	if !named {
		w.Errorf("no job for %s", id)
	}
}

// receipt is a receipt of service of a paper by mail, and is issued.
func (w *world) receipt(of, slipOn string) record.Object {
	return record.Object{"unit": street, "kind": document.ServiceReceipt, "template": w.template, "templateVersion": 1.0, "state": document.Issued,
		"issuedAt": slipOn + "T08:00:00Z", "data": record.Object{"addressee": "某公司", "paper": record.Object{"document": of, "name": "当场行政处罚决定书"},
			"mode": document.ServedByMail, "slip": "EMS1", "slipOn": slipOn, "servedAt": slipOn + "T02:00:00Z"}}
}

// A receipt has the served paper say when it was served and what runs from that, also when the receipt is there first; a void receipt takes it back.
func TestServedPaperSaysSo(t *testing.T) {
	each(t, func(w *world) {
		unsigned := w.penalty(document.Issued)
		delete(unsigned["signatures"].(record.Object), "p")
		id, receipt := newID(), newID()
		w.apply(document.Documents.Name, receipt, record.Create, w.receipt(id, "2026-11-27"))
		w.effects(id) // of a paper that is not there yet
		w.apply(document.Documents.Name, id, record.Create, unsigned)
		w.effects(id)
		said, version := w.body(document.Documents.Name, id)
		service, _ := said["service"].(record.Object)
		if service["on"] != "2026-11-27" || service["mode"] != document.ServedByMail || service["receipt"] != receipt || service["unproven"] != nil ||
			record.At(service, "deadlines/payBy/on") != "2026-12-14" || record.At(service, "deadlines/payBy/basis") != "《行政处罚法》第六十七条" {
			w.Errorf("service %v", service)
		}
		if reconsider, _ := record.At(service, "deadlines/reconsiderBy").(record.Object); reconsider == nil || reconsider["on"] != nil {
			w.Errorf("a last day in a year without a calendar: %v", reconsider)
		}
		if err := w.Effects(context.Background(), id); err == nil || !strings.Contains(err.Error(), "2027") {
			w.Errorf("what the calendar lacks is not told: %v", err)
		}
		if _, again := w.body(document.Documents.Name, id); again != version {
			w.Errorf("working it out again made version %d out of %d", again, version)
		}
		w.apply(document.Documents.Name, receipt, record.Update, record.Object{"state": document.Voided})
		w.effects(id)
		if said, _ := w.body(document.Documents.Name, id); said["service"] != nil {
			w.Errorf("the receipt is void: %v", said["service"])
		}
	})
}

// What a party signs for on the paper itself is served; a correction is named by the paper it corrects until it is void.
func TestHandedOverAndCorrected(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		w.effects(id)
		said, _ := w.body(document.Documents.Name, id)
		if record.At(said, "service/on") != "2026-11-25" || record.At(said, "service/mode") != document.ServedDirectly || record.At(said, "service/receipt") != nil {
			w.Errorf("service %v", said["service"])
		}
		better := w.penalty(document.Issued)
		better["corrects"] = record.Object{"document": id, "name": "当场行政处罚决定书", "reason": "地点有误"}
		by := w.create(document.Documents.Name, better)
		w.effects(id)
		if said, _ := w.body(document.Documents.Name, id); record.At(said, "correctedBy/document") != by || said["state"] != document.Issued {
			w.Errorf("corrected by %v", said["correctedBy"])
		}
		w.apply(document.Documents.Name, by, record.Update, record.Object{"state": document.Voided})
		w.effects(id)
		if said, _ := w.body(document.Documents.Name, id); said["correctedBy"] != nil {
			w.Errorf("a void correction: %v", said["correctedBy"])
		}
	})
}

// The issue of a paper, its rendering and what the server says of its service are each a leaf of the ledger in waiting: none of them can be changed
// unseen. The digest of the PDF is in the op that its leaf hashes.
func TestIssueAndRenderingGiveLeaves(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		w.render(id)
		w.effects(id)
		queued, err := w.db.Queue(context.Background(), 10_000)
		if err != nil {
			w.Fatal(err)
		}
		waiting := map[ledger.Ref]bool{}
		for _, q := range queued {
			waiting[q.Ref] = true
		}
		made, err := w.db.Revisions(context.Background(), id)
		if err != nil || len(made) != 3 {
			w.Fatalf("%d versions, %v", len(made), err)
		}
		for _, v := range made {
			if !waiting[ledger.Ref{Kind: ledger.Op, ID: v.Op}] {
				w.Errorf("version %d has no leaf", v.Version)
			}
		}
	})
}
