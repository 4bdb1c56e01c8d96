package papers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The public page speaks for the organ. What a device wrote into a paper's number or kind stands there only where it can be a number or a kind: no story, nothing that
// turns the direction of what stands beside it.
func TestThePublicPageSaysNothingOfADevices(t *testing.T) {
	const unshown = "编号无法显示，请向制作机关核实"
	each(t, func(w *world) {
		for text, want := range map[string]string{"津河东东新执当罚决字〔2026〕第12号": "津河东东新执当罚决字〔2026〕第12号", strings.Repeat("字", 5000): unshown, "\u202e第12号": unshown, "第12号\n李某": unshown, "第\u200b12号": unshown, "": ""} {
			body := w.penalty(document.Issued)
			body["number"] = record.Object{"series": "s", "n": 12.0, "text": text}
			id := w.create(document.Documents.Name, body)
			w.apply(document.Documents.Name, id, record.Update, record.Object{"correctedBy": record.Object{"document": id, "number": text}})
			if p, err := w.Public(context.Background(), id); err != nil || p.Number != want || p.By != want {
				w.Errorf("%.20q: number %.20q, corrected by %.20q, %v", text, p.Number, p.By, err)
			}
		}
		for kind, want := range map[string]string{"street-notice": "street-notice", "李某，13900000000": "文书"} {
			body := w.penalty(document.Issued)
			body["kind"], body["template"] = kind, newID()
			id := w.create(document.Documents.Name, body)
			if p, err := w.Public(context.Background(), id); err != nil || p.Name != want {
				w.Errorf("kind %q is told as %q, %v", kind, p.Name, err)
			}
		}
	})
}
