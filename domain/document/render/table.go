package render

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Measures of tables, in points.
const (
	padX   = 5.0
	padY   = 4.5
	border = 0.6
	pitch  = sizeForm * leading // from line to line
	// A row of more lines than this is broken over pages rather than moved whole, if at least leastLines fit.
	breakable  = 6
	leastLines = 3
)

// cell is one cell with its text broken to its width.
type cell struct {
	column, span, rows int
	lines              []line
	align              string
}

// row is one row of a table.
type row struct {
	cells []cell
	lines float64 // least height in lines
	head  bool
}

// edges are where the columns begin and end.
func edges(columns []float64) []float64 {
	total := 0.0
	for _, c := range columns {
		total += c
	}
	at, out := left, []float64{left}
	for _, c := range columns {
		at += width * c / total
		out = append(out, at)
	}
	return out
}

// rowsOf reads a block's rows and expands what stands for several.
func (f *flow) rowsOf(b document.Block) []row {
	var rows []row
	taken := make([]int, len(b.Columns)) // rows that a cell above still takes of each column
	for _, r := range b.Rows {
		if !r.When.Holds(f.paper.Instance.Data) {
			continue
		}
		if r.Party != "" {
			rows = append(rows, f.partyRows(r.Party, b.Columns)...)
			continue
		}
		out, column := row{lines: max(1, r.Height), head: r.Head}, 0
		for _, c := range r.Cells {
			for column < len(taken) && taken[column] > 0 {
				column++
			}
			if column == len(taken) {
				break // more cells than columns: the rest has no place
			}
			placed := f.cell(c, b.Columns, column)
			for i := range placed.span {
				taken[column+i] = placed.rows
			}
			column += placed.span
			out.cells = append(out.cells, placed)
		}
		for i := range taken {
			taken[i] = max(0, taken[i]-1)
		}
		rows = append(rows, out)
	}
	return rows
}

// cell breaks a cell's text to the width of its columns.
func (f *flow) cell(c document.Cell, columns []float64, column int) cell {
	out := cell{column: column, span: min(max(1, c.Span), len(columns)-column), rows: max(1, c.Rows), align: c.Align}
	text := f.paper.Expand(c.Text)
	if field, ok := f.paper.Template.Field(c.Label); ok {
		text = field.Label.Zh
	}
	if field, ok := f.paper.Template.Field(c.Value); ok {
		text = f.value(field)
		out.align = orElse(out.align, "left")
		if c.Choices {
			text = f.choices(field, out.room(columns))
		}
	}
	out.align = orElse(out.align, "center")
	out.lines = f.fill(text, columns, out)
	return out
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// room is how wide the text of a cell may be.
func (c cell) room(columns []float64) float64 {
	at := edges(columns)
	return at[c.column+c.span] - at[c.column] - 2*padX
}

func (f *flow) fill(text string, columns []float64, c cell) []line {
	room := c.room(columns)
	if c.align == "center" {
		return f.press.balance(body(sizeForm), text, room)
	}
	return f.press.breakText(body(sizeForm), text, room, 0)
}

// nothing stands in a field that was left empty, so that nothing can be added later.
const nothing = "／"

// value is what stands in a cell for a field.
func (f *flow) value(field document.Field) string {
	value, _ := f.paper.Value(field, "")
	return orElse(value, nothing)
}

// choices are all options of a field, the chosen one ticked, as many in a line as there is room for: an option that fits into a line is
// not broken.
func (f *flow) choices(field document.Field, room float64) string {
	chosen, _ := f.paper.Value(field, "")
	var lines, row string
	for _, o := range field.Options {
		option := "□" + o.Label.Zh
		if o.Label.Zh == chosen {
			option = "■" + o.Label.Zh
		}
		switch next := row + "　" + option; {
		case row == "":
			row = option
		case f.press.width(body(sizeForm), []rune(next)) <= room:
			row = next
		default:
			lines, row = lines+row+"\n", option
		}
	}
	return lines + row
}

// partyRows describes a party: in a table of four columns in pairs, otherwise a line each.
func (f *flow) partyRows(field string, columns []float64) []row {
	party, _ := f.paper.Instance.Data[field].(map[string]any)
	lines := document.PartyLines(party)
	var rows []row
	add := func(column int, l document.PartyLine, span int) {
		r := &rows[len(rows)-1]
		label := cell{column: column, span: 1, rows: 1, align: "center"}
		label.lines = f.fill(l.Label, columns, label)
		value := cell{column: column + 1, span: span, rows: 1, align: "left"}
		value.lines = f.fill(orElse(l.Value, nothing), columns, value)
		r.cells = append(r.cells, label, value)
	}
	for len(lines) > 0 && len(columns) > 1 {
		rows = append(rows, row{lines: 1})
		if len(columns) == 4 && len(lines) > 1 {
			add(0, lines[0], 1)
			add(2, lines[1], 1)
			lines = lines[2:]
			continue
		}
		add(0, lines[0], len(columns)-1)
		lines = lines[1:]
	}
	return rows
}

// checklistColumns are the widths of number, question, answer and note.
var checklistColumns = []float64{8, 49, 15, 28}

// checklist sets what was asked and found.
func (f *flow) checklist(b document.Block) {
	answers := document.Answers(f.paper.Instance.Data[b.Field])
	if len(answers) == 0 {
		return
	}
	rows := []row{f.plain(true, "序号", "检查内容", "检查结果", "备注")}
	for i, a := range answers {
		rows = append(rows, f.plain(false, itoa(i+1), a.Text, orElse(a.Value, nothing), orElse(a.Note, nothing)))
	}
	f.table(rows, checklistColumns)
}

// plain is a row of the checklist.
func (f *flow) plain(head bool, texts ...string) row {
	r := row{lines: 1, head: head}
	for i, text := range texts {
		c := cell{column: i, span: 1, rows: 1, align: "center"}
		if !head && slices.Contains([]int{1, 3}, i) {
			c.align = "left"
		}
		c.lines = f.fill(text, checklistColumns, c)
		r.cells = append(r.cells, c)
	}
	return r
}
