package papers_test

import (
	"context"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// A decision that is not served within seven working days is found on the day after, once, whoever closes the finding; one that was served, or made
// void, is not.
func TestUnservedPaperIsFound(t *testing.T) {
	each(t, func(w *world) {
		decision := func() string {
			id := w.create(document.Documents.Name, record.Object{"unit": street, "kind": "penalty-decision", "template": w.template, "templateVersion": 1.0,
				"state": document.Issued, "issuedAt": "2026-11-25T01:00:00Z", "data": record.Object{}})
			w.effects(id)
			return id
		}
		late, served, void := decision(), decision(), decision()
		if body, _ := w.body(document.Documents.Name, late); record.At(body, "service/deadlines/serveBy/on") != "2026-12-04" {
			t.Fatalf("service %v", body["service"])
		}
		w.create(document.Documents.Name, w.receipt(served, "2026-11-27"))
		w.effects(served)
		w.apply(document.Documents.Name, void, record.Update, record.Object{"state": document.Voided, "voidReason": "填写错误"})
		w.effects(void)
		look := func(at string) (codes []string) {
			t.Helper()
			moment, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			w.Now = func() time.Time { return moment }
			for _, id := range []string{late, served, void, newID()} {
				if err := w.Unserved(context.Background(), id); err != nil {
					t.Fatal(err)
				}
				found, err := w.db.Lookup(context.Background(), "findings", "record", id)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					body, _ := w.body("findings", f.ID)
					if body["code"] != papers.UnservedFinding || body["unit"] != street {
						continue
					}
					codes = append(codes, body["record"].(string))
					w.apply("findings", f.ID, record.Update, record.Object{"state": "closed", "explanation": "已补送"})
				}
			}
			return codes
		}
		if got := look("2026-12-04T15:59:59Z"); len(got) > 0 {
			t.Errorf("found while the last day lasts: %v", got)
		}
		for range 2 {
			if got := look("2026-12-04T16:00:00Z"); len(got) != 1 || got[0] != late {
				t.Errorf("found %v, want %s", got, late)
			}
		}
	})
}

// The day on which it is looked is queued with the write that says the last day, and anew when that moves.
func TestUnservedIsLookedForOnTheDayAfter(t *testing.T) {
	by := func(day string) record.Object {
		return record.Object{"state": document.Issued, "service": record.Object{"deadlines": record.Object{"serveBy": record.Object{"on": day}}}}
	}
	due := func(before, after record.Object) (days []string) {
		for _, j := range document.Documents.Jobs(record.Event{Op: record.Op{Record: "r"}, Before: before, After: after}) {
			if j.Kind == document.UnservedJob {
				days = append(days, j.Key+" "+j.Due.Format(time.RFC3339))
			}
		}
		return days
	}
	for _, c := range []struct {
		before, after record.Object
		want          string
	}{
		{record.Object{"state": document.Issued}, by("2026-12-04"), "r 2026-12-05T00:00:00+08:00"},
		{by("2026-12-04"), by("2026-12-31"), "r 2027-01-01T00:00:00+08:00"},
		{by("2026-12-04"), by("2026-12-04"), ""},
		{by("2026-12-04"), record.Object{"state": document.Issued}, ""},
		{by("2026-12-04"), nil, ""},
	} {
		got := due(c.before, c.after)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0] != c.want) {
			t.Errorf("%v to %v: %v, want %s", c.before, c.after, got, c.want)
		}
	}
}
