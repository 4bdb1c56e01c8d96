package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// The samples, issued as they are with the templates of the house, break no rule about what they themselves say: codes of papers that they name and
// that are not there, and of numbers, are left out.
func TestSamplesBreakNoRule(t *testing.T) {
	elsewhere := []string{".unknown", "approval.author" /* one op for all who signed */, "service.paper", "G19.confirmation", "refusal.recording", "G05.not_leased", "G05.number", "G05.series", "paper.form", "G05.signature"}
	for _, k := range document.Kinds() {
		text, err := templates.Samples.ReadFile("samples/" + k.Key + ".json")
		if err != nil {
			continue // not every kind has one yet
		}
		sample, err := wire.Object(text)
		if err != nil {
			t.Fatal(err)
		}
		body := record.Apply(sample, record.Object{"unit": street, "kind": k.Key, "template": templateID, "templateVersion": seed(t, k.Key)["version"], "state": document.Issued})
		signatures, _ := body["signatures"].(record.Object)
		for id, one := range signatures {
			if one.(record.Object)["refused"] != true {
				body = edit(body, "signatures/"+id+"/image", picture(9, 9))
			}
		}
		f := facts{"templates": {templateID: seed(t, k.Key)}}
		codes := slices.DeleteFunc(judged(t, f, body, nil), func(code string) bool {
			return slices.ContainsFunc(elsewhere, func(e string) bool { return strings.HasSuffix(code, e) })
		})
		if len(codes) > 0 {
			t.Errorf("%s: %v", k.Key, codes)
		}
	}
}
