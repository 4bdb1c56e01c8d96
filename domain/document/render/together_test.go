package render

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// marks are characters that a paragraph each is made of, so that its lines are told apart in a trace.
var marks = []rune("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉")

// mixed is a form of paragraphs of so many characters each, with a list after every second one.
func mixed(lengths []int) Paper {
	layout, fields := record.Object{}, record.Object{"things": record.Object{"kind": "list", "label": "物品", "columns": record.Object{"name": record.Object{"kind": "text", "label": "名称"}}}}
	data := record.Object{"things": record.Object{"a": record.Object{"name": "一行"}}}
	for i, n := range lengths {
		id := string(rune('a' + i))
		fields[id] = record.Object{"kind": "longtext", "label": "段"}
		data[id] = strings.Repeat(string(marks[i]), n)
		layout["p"+id] = record.Object{"order": float64(2 * i), "kind": "paragraph", "indent": 2.0, "text": "{" + id + "}"}
		if i%2 == 1 {
			layout["l"+id] = record.Object{"order": float64(2*i + 1), "kind": "list", "field": "things"}
		}
	}
	body := record.Object{"kind": "x", "name": "某文书", "fields": fields, "layout": layout}
	return Paper{Words: document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(record.Object{"state": document.Issued, "data": data})}}
}

// No page begins or ends with a single line of a paragraph, and none ends with the head of a list.
func TestNoLineIsAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(1, 400), 6, len(marks)).Draw(rt, "lengths")
		f, err := compose(mixed(lengths), true)
		if err != nil {
			rt.Fatal(err)
		}
		for mark, lines := range linesByPage(t, f) {
			total := 0
			for _, n := range lines {
				total += n
			}
			for page, n := range lines {
				if n == 1 && total > 1 {
					rt.Fatalf("page %d has one of the %d lines of paragraph %c", page, total, mark)
				}
			}
		}
	})
}

// linesByPage counts the lines of each paragraph on each page. The trace has no pages: lines go down on one, and a list's head that is the last
// thing on a page is told as the paragraph 0.
func linesByPage(t testing.TB, f *flow) map[rune]map[int]int {
	count, page, last := map[rune]map[int]int{}, 0, setting{y: top}
	for _, s := range settings(t, f.trace.String()) {
		if s.y < last.y-1 {
			page++
			if last.text == "名称" || last.text == "序号" {
				count[0] = map[int]int{page: 1, page + 1: 1}
			}
		}
		if mark := []rune(s.text)[0]; strings.Trim(s.text, string(mark)) == "" && strings.ContainsRune(string(marks), mark) {
			if count[mark] == nil {
				count[mark] = map[int]int{}
			}
			count[mark][page]++
		}
		last = s
	}
	return count
}

// A cell that goes on over the page says again what it is.
func TestACellThatGoesOnIsNamedAgain(t *testing.T) {
	body := record.Object{"kind": "x", "name": "某文书", "fields": record.Object{"facts": record.Object{"kind": "longtext", "label": "违法事实"}},
		"layout": record.Object{"t": record.Object{"kind": "table", "columns": []any{1.0, 4.0}, "rows": record.Object{"r": record.Object{"cells": record.Object{
			"a": record.Object{"order": 1.0, "label": "facts"}, "b": record.Object{"order": 2.0, "value": "facts"}}}}}}}
	p := Paper{Words: document.Words{Template: document.ReadTemplate(body),
		Instance: document.ReadInstance(record.Object{"state": document.Issued, "data": record.Object{"facts": strings.Repeat("当事人在上述地点堆放杂物。", 200)}})}}
	f, err := compose(p, true)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(f.trace.String(), "违法事实"); len(f.pages) < 2 || n != len(f.pages) {
		t.Errorf("named %d times on %d pages", n, len(f.pages))
	}
}
