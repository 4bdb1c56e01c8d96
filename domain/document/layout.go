package document

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// BlockKind names a part of a page.
type BlockKind string

// The kinds of blocks.
const (
	TitleBlock      BlockKind = "title"      // lines, centred and large
	NumberBlock     BlockKind = "number"     // the paper's number, at the right
	TableBlock      BlockKind = "table"      // bordered rows of cells
	ParagraphBlock  BlockKind = "paragraph"  // running text
	ChecklistBlock  BlockKind = "checklist"  // a bordered table of what was asked and found
	QABlock         BlockKind = "qa"         // a bordered table of questions and answers
	ListBlock       BlockKind = "list"       // a bordered table of the rows of a list
	PicturesBlock   BlockKind = "pictures"   // photographs or drawings, each over what there is to say of it
	SignaturesBlock BlockKind = "signatures" // the places for signatures, filled
	SealBlock       BlockKind = "seal"       // name of the organ over the date, and the place where the seal is pressed on both
	CopiesBlock     BlockKind = "copies"     // small text at the end: how many copies, for whom
)

var blockKinds = []BlockKind{TitleBlock, NumberBlock, TableBlock, ParagraphBlock, ChecklistBlock, QABlock, ListBlock, PicturesBlock, SignaturesBlock, SealBlock, CopiesBlock}

// MostPerPage is how many pictures may share a page: on a smaller place nothing can be made out.
const MostPerPage = 3

// Block is one part of a paper's layout. Texts may hold tokens, see [Words.Expand].
type Block struct {
	ID      string
	Kind    BlockKind
	When    Condition // left out when it does not hold
	Text    string    // of paragraph and copies
	Lines   []string  // of title; of seal, where it says something else than the organ and the day of issue
	Align   string    // of paragraph: "", "left", "right", "center"
	Indent  float64   // of paragraph: first line, in characters
	Columns []float64 // of table: widths in parts of the whole
	Rows    []Row     // of table
	Field   string    // of checklist, qa, list and pictures
	PerPage int       // of pictures: how many share a page; 0: 2
	Signers []string  // of signatures: ids of signers, in order; empty: all
}

// Row is one row of a table.
type Row struct {
	ID     string
	When   Condition
	Head   bool    // repeated where the table goes on over the page
	Height float64 // least height in lines; 0: one
	Cells  []Cell
	Party  string // instead of cells: the rows that describe the party in this field
}

// Cell is one cell. It shows a label, a value, or a text with tokens.
type Cell struct {
	ID      string
	Label   string // id of the field whose label it shows
	Value   string // id of the field whose value it shows
	Choices bool   // the value is shown among all its options, ticked
	Text    string
	Signer  string // id of the signer whose signatures stand below the text
	Span    int    // columns it takes; 0: one
	Rows    int    // rows it takes; 0: one
	Align   string
}

// signs reports whether a cell of the block's table shows the signatures of a signer.
func (b Block) signs(id string) bool {
	return slices.ContainsFunc(b.Rows, func(r Row) bool {
		return slices.ContainsFunc(r.Cells, func(c Cell) bool { return c.Signer == id })
	})
}

// InCells reports whether a signer's signatures stand in a cell of a table, and so in no block of signatures that names nobody.
func (t *Template) InCells(id string) bool {
	return slices.ContainsFunc(t.Layout, func(b Block) bool { return b.signs(id) })
}

func readBlock(e entry) Block {
	b := Block{ID: e.id, Kind: BlockKind(text(e.body, "kind")), When: condition(e.body, "when"), Text: text(e.body, "text"),
		Lines: texts(e.body["lines"]), Align: text(e.body, "align"), Indent: amount(e.body, "indent"), Field: text(e.body, "field"), PerPage: whole(e.body, "perPage"),
		Signers: texts(e.body["signers"])}
	columns, _ := e.body["columns"].([]any)
	for _, c := range columns {
		if width, ok := c.(float64); ok && width > 0 {
			b.Columns = append(b.Columns, width)
		}
	}
	for _, r := range ordered(object(e.body, "rows")) {
		b.Rows = append(b.Rows, readRow(r))
	}
	return b
}

func readRow(e entry) Row {
	r := Row{ID: e.id, When: condition(e.body, "when"), Head: truth(e.body, "head"), Height: amount(e.body, "height"),
		Party: text(e.body, "party")}
	for _, c := range ordered(object(e.body, "cells")) {
		r.Cells = append(r.Cells, readCell(c.id, c.body))
	}
	return r
}

func readCell(id string, body record.Object) Cell {
	return Cell{ID: id, Label: text(body, "label"), Value: text(body, "value"), Choices: truth(body, "choices"),
		Text: text(body, "text"), Signer: text(body, "signer"), Span: whole(body, "span"), Rows: whole(body, "rows"), Align: text(body, "align")}
}
