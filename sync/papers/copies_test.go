package papers_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// A copy is the pages that are kept, with its name: whatever has become of the records since. What was kept stays as it is, and a void paper has no copies.
func TestCopiesByName(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		named := w.penalty(document.Issued) // by its author, so that no later record changes it
		named["officers"] = record.Object{w.officers[0]: record.Object{"role": "officer", "name": "赵翀", "certificate": "02010200011"}}
		id := w.create(document.Documents.Name, named)
		if _, err := w.Copy(ctx, id, "served"); !errors.Is(err, fault.New(fault.PaperPending)) {
			w.Errorf("before it is rendered: %v", err)
		}
		w.render(id)
		kept := w.rendered(id)
		seen := map[string]bool{kept["sha256"].(string): true}
		for _, which := range []string{"served", "file", "report"} {
			first, err := w.Copy(ctx, id, which)
			if err != nil {
				w.Fatal(which, err)
			}
			again, err := w.Copy(ctx, id, which)
			if err != nil || !bytes.Equal(first.Bytes, again.Bytes) || first.SHA256 != sumOf(first.Bytes) || seen[first.SHA256] {
				w.Errorf("%s: %v, like another: %v", which, err, seen[first.SHA256])
			}
			seen[first.SHA256] = true
		}
		if now := w.rendered(id); !record.Equal(now, kept) {
			w.Errorf("what is kept became %v", now)
		}
		for _, which := range []string{"", "party", "SERVED"} {
			if _, err := w.Copy(ctx, id, which); !errors.Is(err, fault.New(fault.FieldInvalid)) || fault.Of(err).Field != "copy" {
				w.Errorf("%q: %v", which, err)
			}
		}
		w.apply("subjects", w.subject, record.Update, record.Object{"name": "改名"}) // the page says what was said when it was made
		if again, err := w.Copy(ctx, id, "served"); err != nil || !seen[again.SHA256] {
			w.Errorf("after a record changed: %v", err)
		}
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided, "voidReason": "姓名有误"})
		if _, err := w.Copy(ctx, id, "served"); !errors.Is(err, fault.New(fault.CopyVoid)) {
			w.Errorf("of a void paper: %v", err)
		}
	})
}

// A copy has the pictures that the kept pages have, also when their evidence is gone; of a paper that could not be rendered there is what it failed by.
func TestCopiesOfPictures(t *testing.T) {
	each(t, func(w *world) {
		ctx, raw, list := context.Background(), photo(w.T, 34), seed(w.T, "evidence-extraction")
		list["kind"] = "evidence-demand-list" // that is made in two copies
		template := w.create("templates", list)
		shows := func(evidence string) string {
			return w.create(document.Documents.Name, record.Object{"unit": team, "kind": "evidence-demand-list", "template": template, "templateVersion": 1.0, "state": document.Issued,
				"issuedAt": "2026-11-25T07:05:00Z", "data": record.Object{"photos": record.Object{"p1": record.Object{"evidence": evidence, "sha256": sumOf(raw), "length": float64(len(raw))}}}})
		}
		id := w.announced(team, raw)
		w.brought(id, raw)
		paper, broken := shows(id), shows("nobody")
		w.render(paper)
		w.render(broken)
		if f, err := w.Copy(ctx, paper, "file"); err != nil || !bytes.Contains(f.Bytes, raw) {
			w.Errorf("with its picture: %v", err)
		}
		if _, err := w.Copy(ctx, broken, "file"); !errors.Is(err, fault.New(fault.PictureUnfit)) {
			w.Errorf("that failed: %v", err)
		}
		w.apply("evidence", id, record.Update, record.Object{"custody": record.Object{"state": "disposed"}})
		if f, err := w.Copy(ctx, paper, "file"); err != nil || !bytes.Contains(f.Bytes, raw) {
			w.Errorf("when its evidence is gone: %v", err)
		}
	})
}
