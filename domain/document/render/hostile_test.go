package render

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// forms are all that a paper is written as.
var forms = map[string]func(io.Writer, Paper) (Result, error){"pdf": PDF, "receipt": Receipt, "docx": DOCX}

// numbers that no page can have, as Go would write them.
var numberless = regexp.MustCompile(`NaN|Inf|[0-9]{12}`)

// A template that multiplies what was entered is refused as too long, in every form, within bounded time, and nothing of it is written.
func TestTemplatesThatExplode(t *testing.T) {
	long := strings.Repeat("甲乙丙丁戊己庚辛，", 2000)
	cells, blocks, lists := record.Object{}, record.Object{}, record.Object{}
	for i := range 2000 {
		cells["r"+itoa(10000+i)] = record.Object{"cells": record.Object{"a": record.Object{"value": "facts"}}}
		blocks["b"+itoa(10000+i)] = record.Object{"kind": "paragraph", "text": "{facts}{facts}"}
		lists["b"+itoa(10000+i)] = record.Object{"kind": "qa", "field": "questions"}
	}
	for name, layout := range map[string]record.Object{
		"tokens":     {"a": record.Object{"kind": "paragraph", "text": strings.Repeat("{facts}", 20000)}},
		"paragraphs": blocks,
		"cells":      {"a": record.Object{"kind": "table", "columns": []any{1.0}, "rows": cells}},
		"questions":  lists,
		"narrow":     {"a": record.Object{"kind": "table", "columns": []any{1.0, 1e9}, "rows": record.Object{"r": record.Object{"cells": record.Object{"a": record.Object{"order": 1.0, "text": strings.Repeat("{facts}", 8)}, "b": record.Object{"order": 2.0, "text": "x"}}}}}},
	} {
		body := record.Object{"name": "文书", "fields": record.Object{"facts": record.Object{"kind": "longtext"}, "questions": record.Object{"kind": "qa"}}, "layout": layout}
		p := Paper{Words: document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(record.Object{"state": document.Issued,
			"data": record.Object{"facts": long, "questions": record.Object{"a": record.Object{"question": long, "answer": long}}}})}}
		for form, write := range forms {
			if form != "pdf" && name != "paragraphs" && name != "narrow" {
				continue // one way of counting for all forms
			}
			var out bytes.Buffer
			begun := time.Now()
			_, err := write(&out, p)
			fits := name == "narrow" && form != "pdf" // only a page has columns so narrow that text goes on for ever
			if errors.Is(err, ErrTooLong) == fits || out.Len() > 0 != fits {
				t.Errorf("%s as %s: %v, %d octets", name, form, err, out.Len())
			}
			if took := time.Since(begun); took > 2*time.Minute {
				t.Errorf("%s as %s took %v", name, form, took)
			}
		}
	}
}

// Figures that no layout has are held to what a page can show.
func TestFiguresBeyondAllBounds(t *testing.T) {
	body := record.Object{"name": "文书", "fields": record.Object{"a": record.Object{"kind": "list", "label": "表", "columns": record.Object{
		"x": record.Object{"kind": "text", "label": "甲", "width": 1e308}, "y": record.Object{"kind": "text", "label": "乙", "width": 1e308}, "z": record.Object{"kind": "text", "label": "丙"}}}},
		"layout": record.Object{"a": record.Object{"order": 1.0, "kind": "paragraph", "text": "缩进", "indent": 1e300}, "b": record.Object{"order": 2.0, "kind": "list", "field": "a"},
			"c": record.Object{"order": 3.0, "kind": "table", "columns": []any{1e308, 1e308, 1e-300}, "rows": record.Object{"r": record.Object{"height": 1e300,
				"cells": record.Object{"a": record.Object{"text": "甲", "rows": 1e6}, "b": record.Object{"text": "乙", "span": 1e6}}}}}}}
	p := Paper{Words: document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(record.Object{"state": document.Issued,
		"data": record.Object{"a": record.Object{"r": record.Object{"x": "一", "y": "二", "z": "三"}}}})}}
	for form, write := range forms {
		var out bytes.Buffer
		if _, err := write(&out, p); err != nil {
			t.Fatal(form, err)
		}
		for _, text := range figures(t, form, out.Bytes()) {
			if bad := numberless.FindString(text); bad != "" {
				t.Errorf("%s holds %s", form, bad)
			}
		}
	}
}

// figures are the parts of a file in which figures are written out.
func figures(t testing.TB, form string, file []byte) (all []string) {
	t.Helper()
	if form == "docx" {
		return append(all, string(unzipped(t, file)["word/document.xml"]))
	}
	inflated, _ := unpacked(t, file)
	for _, content := range inflated {
		if strings.Contains(content, " Tf ") {
			all = append(all, regexp.MustCompile(`<[0-9A-F]*>`).ReplaceAllString(content, ""))
		}
	}
	return all
}

// FuzzRender renders whatever template and paper there are, in every form. They are written or refused as too long; there is no panic, and no page
// holds what is no number.
func FuzzRender(f *testing.F) {
	for _, kind := range []string{document.SummaryPenalty, document.InspectionRecord, "evidence-extraction"} {
		template, err := templates.Files.ReadFile(kind + ".json")
		if err != nil {
			f.Fatal(err)
		}
		paper, err := templates.Samples.ReadFile("samples/" + kind + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(template, paper)
	}
	f.Add([]byte(`{"layout":{"a":{"kind":"table","columns":[1,2],"rows":{"r":{"height":9,"head":true,"cells":{"a":{"text":"{a}","rows":3},"b":{"value":"a","choices":true}}}}},"s":{"kind":"seal"},"g":{"kind":"signatures"}},
		"fields":{"a":{"kind":"enum","options":{"x":{"label":"x"}}}},"signers":{"p":{"role":"party","count":2,"everyPage":true}}}`),
		[]byte(`{"state":"voided","data":{"a":"x"},"signatures":{"a":{"role":"party","strokes":"1,9,9;0,0,0,5,5,10"}}}`))
	f.Fuzz(func(t *testing.T, template, paper []byte) {
		if len(template)+len(paper) > 64<<10 {
			return
		}
		body, err := wire.Object(template)
		if err != nil {
			return
		}
		data, err := wire.Object(paper)
		if err != nil {
			return
		}
		organ, _ := data["organ"].(string)
		p := Paper{Words: document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(data), Organ: organ}, CheckURL: organ, Pictures: drawnPictures}
		for form, write := range forms {
			var out bytes.Buffer
			if _, err := write(&out, p); err != nil {
				var picture *PictureError
				if !errors.Is(err, ErrTooLong) && !errors.Is(err, errNoPicture) && !errors.As(err, &picture) || out.Len() > 0 {
					t.Fatalf("%s: %v, %d octets", form, err, out.Len())
				}
				continue
			}
			for _, text := range figures(t, form, out.Bytes()) {
				if bad := numberless.FindString(text); bad != "" && form != "docx" {
					t.Fatalf("%s holds %s", form, bad)
				}
			}
		}
	})
}
