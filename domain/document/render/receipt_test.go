package render

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

func onRoll(t testing.TB, p Paper) ([]byte, Result) {
	t.Helper()
	var out bytes.Buffer
	r, err := Receipt(&out, p)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r
}

// wordsOf is a text without the blanks and line ends that depend on where it stands.
func wordsOf(text string) string { return strings.Join(strings.Fields(text), "") }

// stringsIn lists the texts in a value.
func stringsIn(value any) []string {
	var out []string
	switch v := value.(type) {
	case string:
		out = append(out, v)
	case record.Object:
		for _, inner := range v {
			out = append(out, stringsIn(inner)...)
		}
	}
	return out
}

// A roll has the words of the A4 page: every running text of the template, every value, who signed, and the number.
func TestReceiptSaysTheSame(t *testing.T) {
	for name, p := range map[string]Paper{"penalty": penalty(t), "inspection": inspection(t), "inquiry": inquiry(3), "letter": letter(4)} {
		file, result := onRoll(t, p)
		text := wordsOf(extract(t, file))
		page, _ := printed(t, p)
		full := wordsOf(extract(t, page))
		wants := []string{p.Instance.NumberText, p.Organ}
		for _, b := range p.Template.Layout {
			if b.When.Holds(p.Instance.Data) {
				wants = append(wants, p.Expand(b.Text))
			}
		}
		for _, value := range p.Instance.Data {
			for _, s := range stringsIn(value) {
				if strings.Contains(full, wordsOf(s)) { // what A4 prints as it is: not options and moments
					wants = append(wants, s)
				}
			}
		}
		for _, s := range p.Instance.Signatures {
			who, certificate := p.nameOf(s)
			wants = append(wants, who, certificate, s.Reason)
		}
		for _, want := range wants {
			if !strings.Contains(text, wordsOf(want)) {
				t.Errorf("%s: the roll lacks %q", name, want)
			}
		}
		if result.Pages != 1 || len(wants) < 5 {
			t.Errorf("%s: %d pieces, %d texts looked for", name, result.Pages, len(wants))
		}
	}
}

// A roll is 80 mm wide, as long as its text, and nothing stands in the 4 mm at its edges.
func TestReceiptFitsTheRoll(t *testing.T) {
	for name, p := range archived(t) {
		f, err := unrolled(p, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range settings(t, f.trace.String()) {
			wide := f.press.width(heading(s.size), []rune(s.text))
			if s.x < rollLeft-0.1 || s.x+wide > rollLeft+rollText+1 {
				t.Errorf("%s: %q stands from %.1f to %.1f", name, s.text, s.x, s.x+wide)
			}
		}
		file, _ := onRoll(t, p)
		size := regexp.MustCompile(`/MediaBox\[0 0 226.77 ([0-9.]+)\]`).FindSubmatch(file)
		if size == nil || bytes.Count(file, []byte("/MediaBox")) != 1 {
			t.Errorf("%s: not one sheet of 80 mm", name)
		}
	}
}

// The same paper gives the same roll, and one that is longer than a page of PDF can be goes on on another.
func TestReceiptIsTheSameAndGoesOn(t *testing.T) {
	p := penalty(t)
	_, a := onRoll(t, p)
	if _, b := onRoll(t, p); a.SHA256 != b.SHA256 || a.SHA256 == "" {
		t.Error("the same paper has two rolls")
	}
	p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"facts": strings.Repeat("甲乙丙丁，戊己庚辛；", 1900)})
	file, long := onRoll(t, p)
	if got := strings.Count(extract(t, file), "庚"); got != 1900 || long.Pages != 2 {
		t.Errorf("%d of 1900 are there on %d pieces", got, long.Pages)
	}
	for _, fault := range faultsOf(t, file) {
		t.Error(fault)
	}
}

func TestReceiptMarks(t *testing.T) {
	p := penalty(t)
	p.Instance.State, p.Instance.VoidReason = document.Voided, "当事人姓名有误"
	file, _ := onRoll(t, p)
	if text := extract(t, file); strings.Count(text, "作废\n") != 2 || strings.Count(text, "当事人姓名有误") != 2 {
		t.Error("a void roll says so at its head and its end")
	}
}

// Every paper of the house can be printed on a roll.
func TestReceiptOfEveryKind(t *testing.T) {
	for _, kind := range templates.Kinds() {
		if _, r := onRoll(t, example(t, kind)); r.Pages != 1 || len(r.Missing) > 0 {
			t.Errorf("%s: %d pieces, without a font: %q", kind, r.Pages, string(r.Missing))
		}
	}
	if math.Abs(rollText+2*rollLeft-rollWidth) > 0.01 {
		t.Error("72 mm and two edges are not 80 mm")
	}
}

// Between two parts of a roll is one line, and what is put to the right of a wide cell by blanks begins a line of its own.
func TestReceiptOfTables(t *testing.T) {
	across := regexp.MustCompile(`(?m)^0\.6 w ` + "11.34" + ` ([0-9.]+) m 215.43 `)
	for _, kind := range []string{document.InspectionRecord, "seizure-list"} {
		file, _ := onRoll(t, example(t, kind))
		inflated, _ := unpacked(t, file)
		found, before := 0, math.Inf(1)
		for _, content := range inflated {
			for _, m := range across.FindAllStringSubmatch(content, -1) {
				y, _ := strconv.ParseFloat(m[1], 64)
				if found++; before-y < rollBody {
					t.Errorf("%s: two lines at %.1f and %.1f", kind, before, y)
				}
				before = y
			}
		}
		if found < 4 {
			t.Errorf("%s: %d lines", kind, found)
		}
	}
	p := example(t, "case-filing")
	p.Template.Layout = []document.Block{{Kind: document.TableBlock, Columns: []float64{20, 80}, Rows: []document.Row{{Cells: []document.Cell{{Label: "headOpinion"},
		{Text: "{headOpinion}\n\n　　　　　　　签名：高建平　2026年10月16日", Align: "left"}}}}}}
	file, _ := onRoll(t, p)
	if text := extract(t, file); !strings.Contains(text, p.Expand("负责人意见：{headOpinion}\n签名：高建平　2026年10月16日\n")) {
		t.Error(text)
	}
}
