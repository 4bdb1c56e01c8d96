package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// contents is a table of contents with papers of every standing.
func contents() Contents {
	c := Contents{Title: "文书合订本目录", At: time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC), Notes: []string{"收入文书3份，共5页（不含目录）；用途：归档。"},
		Entries: []Entry{
			{Number: "津河东东新执当罚决字〔2026〕第11号", Name: "当场行政处罚决定书", Kind: "D10", Date: "2026-11-25", State: "已更正", Page: 1, Note: "已被《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第12号）更正"},
			{Number: "津河东东新执当罚决字〔2026〕第12号", Name: "当场行政处罚决定书", Kind: "D10", Date: "2026-11-25", State: "已签发", Page: 3},
			{Name: "现场检查（勘验）笔录", Kind: "D04", Date: "2026-11-25", State: "作废", Page: 5}},
		Missing: []Absence{{"责令（限期）改正通知书 津河东东新执责改字〔2026〕第43号\n记录01890000-0000-7000-8000-0000000000aa", "电子文书尚未生成，请稍后再试"},
			{"记录01890000-0000-7000-8000-0000000000bb", "所请求的内容不存在或无权查看"}}}
	return c
}

// correctedMark is the mark on a paper that another corrects.
var correctedMark = Mark{Word: "已更正", Lines: []string{"本页为加注的副本，不是存档原件。存档原件摘要（SHA-256）：", strings.Repeat("0123456789abcdef", 4),
	"本文书已被《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第12号）更正，以更正后的文书为准。"}}

// boundBook is papers behind a table of contents, the first of them marked, and how many pages each has.
func boundBook(t testing.TB) (file []byte, pages []int) {
	t.Helper()
	var out, front bytes.Buffer
	m := pdf.NewMerger(&out, pdf.Info{Title: "合订", Producer: "Fieldwarden", Created: time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)})
	over, err := correctedMark.Overlay()
	if err != nil {
		t.Fatal(err)
	}
	inked := penalty(t)
	inked.Seal = drawnSeal(100)
	inked.Instance.Signatures[0].Strokes = written(true).String()
	for i, p := range []Paper{inked, inspection(t), letter(3)} {
		page, r := printed(t, p)
		if err := m.AddMarked(fmt.Sprintf("%d. %s", i+1, p.Template.Name), page, [][]byte{over, nil, nil}[i]); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, r.Pages)
	}
	r, err := WriteContents(&front, contents())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.AddFirst("目录", front.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), append([]int{r.Pages}, pages...)
}

// copied is a paper's file with the mark.
func copied(t testing.TB, p Paper) ([]byte, Result) {
	t.Helper()
	page, _ := printed(t, p)
	var out bytes.Buffer
	r, err := Marked(&out, page, pdf.Info{Title: "副本", Created: p.Instance.IssuedAt}, correctedMark)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r
}

// What is bound or marked is PDF/A-2b like its parts, and a second reader has nothing to say.
func TestBoundPapersAreForTheArchive(t *testing.T) {
	program := services.Program(t, "qpdf", "install qpdf, on Debian: apt-get install qpdf")
	book, _ := boundBook(t)
	marked, _ := copied(t, penalty(t))
	for name, file := range map[string][]byte{"book": book, "copy": marked} {
		for _, fault := range faultsOf(t, file) {
			t.Errorf("%s: %s", name, fault)
		}
		path := filepath.Join(t.TempDir(), "bound.pdf")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "--check", path).CombinedOutput(); err != nil || !strings.Contains(string(out), "No syntax or stream encoding errors") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// What is bound with a file that does not say that it is PDF/A does not say so either.
func TestBoundWithOtherFiles(t *testing.T) {
	page, _ := printed(t, letter(1))
	var out bytes.Buffer
	m := pdf.NewMerger(&out, pdf.Info{Title: "合订"})
	if err := m.Add("x", bytes.Replace(page, []byte("<pdfaid:part>2"), []byte("<pdfaid:part>3"), 1)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil || bytes.Contains(out.Bytes(), []byte("pdfaid")) {
		t.Errorf("%v: it says that it is PDF/A", err)
	}
}

// Every entry of the outline leads to the first page of its paper, and the contents tell the same page.
func TestOutlineLeadsToEachPaper(t *testing.T) {
	program := services.Program(t, "qpdf", "install qpdf, on Debian: apt-get install qpdf")
	file, pages := boundBook(t)
	path := filepath.Join(t.TempDir(), "book.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "--json", "--json-key=outlines", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Outlines []struct {
			Title string `json:"title"`
			Page  int    `json:"destpageposfrom1"`
		} `json:"outlines"`
	}
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatal(err)
	}
	want, at := []string{"目录", "1. 当场行政处罚决定书", "2. 现场检查（勘验）笔录", "3. "}, 1
	if len(told.Outlines) != len(want) {
		t.Fatalf("%s", out)
	}
	for i, entry := range told.Outlines {
		if !strings.HasPrefix(entry.Title, want[i]) || entry.Page != at {
			t.Errorf("%q leads to page %d, want %q on %d", entry.Title, entry.Page, want[i], at)
		}
		at += pages[i]
	}
}

// The contents tell every paper and what is missing; pages are those of the file, behind as many of its own as there turn out to be.
func TestContents(t *testing.T) {
	for _, n := range []int{1, 40} {
		c := contents()
		for i := 3; i < 3*n; i++ {
			e := c.Entries[i%3]
			e.Page = i * 2
			c.Entries = append(c.Entries, e)
		}
		var out bytes.Buffer
		r, err := WriteContents(&out, c)
		if err != nil || r.Pages < 1+n/20 {
			t.Fatalf("%d papers: %d pages, %v", len(c.Entries), r.Pages, err)
		}
		text := extract(t, out.Bytes())
		flat := wordsOf(text)
		for _, want := range []string{c.Title, "津河东东新执当罚决字〔2026〕第11号", "当场行政处罚决定书（已被《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第12号）更正）", "D04", "2026-11-25", "已更正", "作废",
			"下列文书未收入本册", "津河东东新执责改字〔2026〕第43号", "电子文书尚未生成，请稍后再试", "01890000-0000-7000-8000-0000000000bb", "所请求的内容不存在或无权查看",
			fmt.Sprintf("目录共%d页第1页", r.Pages), fmt.Sprintf("2026-11-25%d已更正", 1+r.Pages), fmt.Sprintf("2026-11-25%d作废", 5+r.Pages)} {
			if !strings.Contains(flat, wordsOf(want)) {
				t.Errorf("%d papers: %q is not in\n%s", len(c.Entries), want, text)
			}
		}
		if got := strings.Count(text, "文书编号"); got != r.Pages && n > 1 && got != r.Pages-1 {
			t.Errorf("the head stands on %d of %d pages", got, r.Pages)
		}
	}
}

// A month of twenty thousand papers has contents: ten rows and more stand on a page. What has no room on so many pages is an error and not cut.
func TestContentsOfAMonth(t *testing.T) {
	c := contents()
	for len(c.Entries) < 400 {
		c.Entries = append(c.Entries, c.Entries[1])
	}
	if r, err := WriteContents(io.Discard, c); err != nil || r.Pages > 40 {
		t.Errorf("%d pages, %v", r.Pages, err)
	}
	for i := range c.Entries {
		c.Entries[i].Note = strings.Repeat("注", 2000)
	}
	for len(c.Entries) < 600 {
		c.Entries = append(c.Entries, c.Entries[1])
	}
	if _, err := WriteContents(io.Discard, c); err != ErrTooLong {
		t.Errorf("too long: %v", err)
	}
}

// raw is the text of a file as pdftotext reads it, in the order in which it was set.
func raw(t *testing.T, file []byte) string {
	t.Helper()
	cmd := exec.Command(services.Program(t, "pdftotext", "install poppler, on Debian: apt-get install poppler-utils"), "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A copy has the pages of its paper, word for word, and on each the mark and what it is; the same copy twice has the same bytes.
func TestMarkedCopy(t *testing.T) {
	p := penalty(t)
	page, was := printed(t, p)
	file, r := copied(t, p)
	if _, again := copied(t, p); again.SHA256 != r.SHA256 || again.Length != int64(len(file)) || r.Pages != was.Pages {
		t.Errorf("%+v and %+v of %d pages", r, again, was.Pages)
	}
	text := raw(t, file)
	for i, one := range strings.Split(strings.TrimSuffix(text, "\f"), "\f") {
		for _, want := range append(correctedMark.Lines, correctedMark.Word) {
			if !strings.Contains(wordsOf(one), wordsOf(want)) {
				t.Errorf("page %d lacks %q:\n%s", i+1, want, one)
			}
		}
	}
	for _, line := range strings.Split(extract(t, page), "\n") {
		if !strings.Contains(wordsOf(text), wordsOf(line)) {
			t.Errorf("the copy lacks %q", line)
		}
	}
	var copies bytes.Buffer
	if _, err := Marked(&copies, page, pdf.Info{Title: "副本", Created: p.Instance.IssuedAt}, Mark{Copy: "送达联（一式三份）"}); err != nil {
		t.Fatal(err)
	}
	if said := raw(t, copies.Bytes()); strings.Count(said, "送达联（一式三份）") != was.Pages || strings.Contains(said, correctedMark.Word) {
		t.Errorf("one of several copies says %s", said)
	}
	for _, fault := range faultsOf(t, copies.Bytes()) {
		t.Error(fault)
	}
	if _, err := Marked(io.Discard, []byte("%PDF-1.7 of others"), pdf.Info{}, correctedMark); err != pdf.ErrForm {
		t.Errorf("a file of others: %v", err)
	}
	long := correctedMark
	long.Lines = append(long.Lines, strings.Repeat("误", 5000))
	var out bytes.Buffer
	if _, err := Marked(&out, page, pdf.Info{Title: "副本"}, long); err != nil {
		t.Fatal(err)
	}
	inflated, _ := unpacked(t, out.Bytes())
	for _, content := range inflated {
		if strings.Contains(content, "/Shade gs") && strings.Count(content, "Tj") > 12 {
			t.Errorf("a long reason covers the page: %d lines", strings.Count(content, "Tj"))
		}
	}
}
