package docx

import (
	"fmt"
	"strings"
)

// Cell is one cell: what stands in it, and how many columns and rows it takes from its place on.
type Cell struct {
	Column, Span, Rows int
	Text               []Paragraph
	Bare               bool // without edges but for a line below, if Line
	Line               bool
}

// Row is one row of a table. Its cells stand in the order of their columns.
type Row struct {
	Cells  []Cell
	Height float64 // at least
	Head   bool    // again on every page
}

// Table adds a table of columns of the given widths. Texts keep pad from the edges above and below. Places that no cell takes are empty cells.
func (d *Document) Table(columns []float64, pad float64, rows []Row) {
	b := &d.body
	b.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblLayout w:type="fixed"/>`)
	fmt.Fprintf(b, `<w:tblCellMar><w:top w:w="%[1]d" w:type="dxa"/><w:left w:w="100" w:type="dxa"/><w:bottom w:w="%[1]d" w:type="dxa"/><w:right w:w="100" w:type="dxa"/></w:tblCellMar>`, twips(pad))
	b.WriteString(`</w:tblPr><w:tblGrid>`)
	for _, w := range columns {
		fmt.Fprintf(b, `<w:gridCol w:w="%d"/>`, twips(w))
	}
	b.WriteString(`</w:tblGrid>`)
	reaching := make([]Cell, len(columns)) // cells from rows above, by their first column; Rows is how many they still take
	for _, r := range rows {
		b.WriteString(`<w:tr><w:trPr>`)
		if len(r.Cells) > 0 && !r.long() {
			b.WriteString(`<w:cantSplit/>`)
		}
		fmt.Fprintf(b, `<w:trHeight w:val="%d" w:hRule="atLeast"/>`, twips(r.Height))
		if r.Head {
			b.WriteString(`<w:tblHeader/>`)
		}
		b.WriteString(`</w:trPr>`)
		d.cells(columns, r, reaching)
		b.WriteString(`</w:tr>`)
	}
	b.WriteString(`</w:tbl>`)
}

// long reports whether a row may be broken over pages.
func (r Row) long() bool {
	n := 0
	for _, c := range r.Cells {
		for _, p := range c.Text {
			n = max(n, len(p.Text)/3)
		}
	}
	return n > 200
}

func (d *Document) cells(columns []float64, r Row, reaching []Cell) {
	at := func(column int) (Cell, bool) {
		for _, c := range r.Cells {
			if c.Column == column {
				return c, true
			}
		}
		return Cell{}, false
	}
	for column := 0; column < len(columns); {
		merge := ""
		c, here := at(column)
		above := reaching[column]
		switch {
		case here:
			c.Span = min(max(1, c.Span), len(columns)-column)
			if c.Rows > 1 {
				merge = `<w:vMerge w:val="restart"/>`
				reaching[column] = Cell{Span: c.Span, Rows: c.Rows - 1, Bare: c.Bare}
			}
		case above.Rows > 0:
			c, merge = Cell{Span: above.Span, Bare: above.Bare}, `<w:vMerge/>`
			reaching[column].Rows--
		default:
			c = Cell{Span: 1, Bare: true}
		}
		width := 0.0
		for _, w := range columns[column : column+c.Span] {
			width += w
		}
		fmt.Fprintf(&d.body, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/><w:gridSpan w:val="%d"/>%s%s<w:vAlign w:val="center"/></w:tcPr>`, twips(width), c.Span, merge, c.edges())
		for _, p := range c.Text {
			d.body.WriteString(d.paragraph(p))
		}
		if len(c.Text) == 0 {
			d.body.WriteString(`<w:p/>`) // a cell without a paragraph is a broken file
		}
		d.body.WriteString(`</w:tc>`)
		column += c.Span
	}
}

func (c Cell) edges() string {
	var b strings.Builder
	b.WriteString(`<w:tcBorders>`)
	for _, side := range []string{"top", "left", "bottom", "right"} {
		line := "single"
		if c.Bare && !(c.Line && side == "bottom") {
			line = "nil"
		}
		fmt.Fprintf(&b, `<w:%s w:val="%s" w:sz="5" w:space="0" w:color="auto"/>`, side, line)
	}
	return b.String() + `</w:tcBorders>`
}
