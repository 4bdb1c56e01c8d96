package render

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// numbersOf is the form of the numbers that a template gives.
func numbersOf(t document.Template) *regexp.Regexp {
	form := regexp.QuoteMeta(t.Number.Pattern("ORGAN", 1111))
	return regexp.MustCompile("^" + strings.NewReplacer("ORGAN", ".+", "1111", "20[0-9]{2}", `\{n\}`, "[1-9][0-9]*").Replace(form) + "$")
}

// Samples are numbered as their templates number, and name other papers as those are named and numbered: an example that quotes a paper that
// there cannot be is learned from.
func TestSamplesNameOtherPapers(t *testing.T) {
	named := map[string]document.Template{}
	for _, kind := range templates.Kinds() {
		tpl := seed(t, kind)
		named[tpl.Name] = tpl
		number := example(t, kind).Instance.NumberText
		if tpl.Number != nil && !numbersOf(tpl).MatchString(number) {
			t.Errorf("%s: its number is written otherwise: %s", kind, number)
		}
	}
	quoted := 0
	for _, kind := range templates.Kinds() {
		paper := example(t, kind)
		for _, f := range paper.Template.Fields {
			ref, given := paper.Instance.Data[f.ID].(record.Object)
			if f.Kind != document.DocumentRef || !given {
				continue
			}
			quoted++
			name, _ := ref["name"].(string)
			number, _ := ref["number"].(string)
			other, known := named[name]
			switch {
			case !known:
				t.Errorf("%s/%s: there is no paper %s", kind, f.ID, name)
			case (other.Number == nil) != (number == ""), other.Number != nil && !numbersOf(other).MatchString(number):
				t.Errorf("%s/%s: %s is numbered otherwise: %q", kind, f.ID, name, number)
			}
		}
	}
	if quoted < 10 {
		t.Errorf("only %d papers are named", quoted)
	}
}
