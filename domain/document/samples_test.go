package document_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Every period of a sample ends on the day that the calendar of working days gives, and its number is one that its template writes: who
// learns from samples must not learn wrong days.
func TestSamplesKeepTheCalendarAndTheirNumbers(t *testing.T) {
	names, err := fs.Glob(templates.Samples, "samples/*.json")
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	due := byLaw(t)
	for _, name := range names {
		kind := strings.TrimSuffix(path.Base(name), ".json")
		text, err := templates.Samples.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var body record.Object
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatal(kind, err)
		}
		tpl, in := document.ReadTemplate(seed(t, kind)), document.ReadInstance(body)
		for _, flaw := range document.CheckPeriods(tpl, in, due) {
			t.Errorf("%s: %s: %s", kind, flaw.Path, flaw.Zh)
		}
		if tpl.Number == nil {
			continue
		}
		want := document.NumberText(tpl.Number.Pattern("ORGAN", in.IssuedAt.In(record.Beijing).Year()), in.N)
		form := strings.Replace(regexp.QuoteMeta(want), "ORGAN", `\p{Han}+`, 1)
		if !regexp.MustCompile("^"+form+"$").MatchString(in.NumberText) || !strings.HasSuffix(in.Series, "/"+kind+"/"+strconv.Itoa(in.IssuedAt.In(record.Beijing).Year())) {
			t.Errorf("%s: the number %s of %s is none that its template writes: %s", kind, in.NumberText, in.Series, want)
		}
	}
}

var fieldToken = regexp.MustCompile(`\{([a-z][A-Za-z0-9]*)[|.}]`)

// No sentence of a paper has a hole: whatever field a paragraph names is required whenever the paragraph is printed.
func TestNoSentenceHasAHole(t *testing.T) {
	sentences := 0
	for _, kind := range templates.Kinds() {
		tpl := document.ReadTemplate(seed(t, kind))
		for _, b := range tpl.Layout {
			for _, token := range fieldToken.FindAllStringSubmatch(b.Text, -1) {
				f, known := tpl.Field(token[1])
				if sentences++; known && !f.Required && !f.RequiredWhen.Covers(b.When) && !b.When[f.ID].Filled {
					t.Errorf("%s: %s prints %s, which may be empty", kind, b.ID, f.ID)
				}
			}
		}
	}
	if sentences < 100 {
		t.Errorf("only %d tokens: the paragraphs are not read", sentences)
	}
}

// No two kinds of papers write the same number: it would name two papers.
func TestEachKindHasNumbersOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	for _, kind := range templates.Kinds() {
		tpl := document.ReadTemplate(seed(t, kind))
		if tpl.Number == nil {
			continue
		}
		pattern := tpl.Number.Pattern("东新", 2026)
		if other := seen[pattern]; other != "" {
			t.Errorf("%s and %s are both numbered %s", kind, other, pattern)
		}
		seen[pattern] = kind
	}
}
