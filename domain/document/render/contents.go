package render

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// Contents is the table of contents (目录) of many papers bound as one file.
type Contents struct {
	Title   string
	Notes   []string // said below it, a paragraph each
	At      time.Time
	Entries []Entry
	Missing []Absence
}

// Entry is a paper in the file.
type Entry struct {
	Number string // 津河东东新执当罚决字〔2026〕第12号; "" for a paper without one
	Name   string
	Note   string // in brackets behind its name: who corrects it
	Kind   string // its place in the list of papers, as D10
	Date   string // of issue, YYYY-MM-DD
	State  string
	Page   int // its first page, counted from 1 behind the contents
}

// Absence is a paper that was asked for and is not in the file.
type Absence struct{ What, Why string }

// Columns of the tables, in hundredths, and how their texts are set: a month has thousands of rows.
var (
	entryColumns   = []float64{8.5, 27, 24, 8, 14.5, 8.5, 9.5}
	missingColumns = []float64{8.5, 56, 35.5}
	contentsCells  = cells{sizeSmall, 15, 3}
)

// WriteContents writes the pages of a table of contents. The pages of its entries are told as those of the file that begins with it. [ErrTooLong] is that they are
// more than a file may have.
func WriteContents(w io.Writer, c Contents) (Result, error) {
	f, err := c.arrange(0)
	if err != nil {
		return Result{}, err
	}
	if f, err = c.arrange(len(f.pages)); err != nil { // now that it is known how many pages come before the papers
		return Result{}, err
	}
	return f.write(w)
}

// arrange lays the contents out, with so many pages of their own.
func (c Contents) arrange(own int) (*flow, error) {
	press, err := newPress(pdf.Info{Title: c.Title, Producer: "Fieldwarden " + Version(), Created: c.At})
	if err != nil {
		return nil, err
	}
	f := &flow{press: press, size: sizeForm, pitch: pitch, cells: contentsCells}
	f.turn()
	f.title([]string{c.Title})
	for _, note := range c.Notes {
		f.running(note, 2, "justify")
	}
	f.apart()
	f.table(c.entries(own), entryColumns)
	if len(c.Missing) > 0 {
		f.apart()
		f.running("下列文书未收入本册：", 2, "left")
		f.apart()
		f.table(c.missing(), missingColumns)
	}
	if f.full {
		return nil, ErrTooLong
	}
	all := f.pages
	for i := range all {
		f.pages = all[:i+1]
		f.aligned(body(sizeFoot), left, footTop, width, "center", line{text: []rune(fmt.Sprintf("目录 共%d页 第%d页", len(all), i+1))})
	}
	return f, nil
}

func (c Contents) entries(own int) []row {
	rows := []row{counted(true, counter, "文书编号", "文书名称", "种类", "签发日期", "页码", "状态")}
	for i, e := range c.Entries {
		name := e.Name
		if e.Note != "" {
			name += "（" + e.Note + "）"
		}
		r := counted(false, itoa(i+1), orElse(e.Number, nothing), name, orElse(e.Kind, nothing), orElse(e.Date, nothing), strconv.Itoa(own+e.Page), e.State)
		r.cells[1].align, r.cells[2].align = "left", "left"
		rows = append(rows, r)
	}
	return rows
}

func (c Contents) missing() []row {
	rows := []row{counted(true, counter, "文书", "原因")}
	for i, a := range c.Missing {
		r := counted(false, itoa(i+1), a.What, a.Why)
		r.cells[1].align, r.cells[2].align = "left", "left"
		rows = append(rows, r)
	}
	return rows
}
