package render

import (
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// What stands in a paper's tables, whatever it is printed on.

// counter heads the column that counts rows.
const counter = "序号"

// ordinal is the width of the column that counts rows, in hundredths of the whole.
const ordinal = 8

// The widths of the columns of a checklist: number, question, answer and note; and of an inquiry: number, and question with answer.
var (
	checklistColumns = []float64{ordinal, 49, 15, 28}
	questionColumns  = []float64{ordinal, 100 - ordinal}
)

// say is a text of the template with its tokens filled.
func (p *Paper) say(text string) string { return p.spend(p.Expand(text)) }

// spend counts a text that is printed. Once there have been too many nothing more is: the paper is refused in the end, see [ErrTooLong].
func (p *Paper) spend(text string) string {
	if p.spent += len(text); p.spent > document.MostText {
		return ""
	}
	return text
}

// tabular is the rows of a block that is a table, and the widths of their columns; false for blocks that are none, or that have nothing to show.
func (p *Paper) tabular(b document.Block) (rows []row, columns []float64, ok bool) {
	if p.spent > document.MostText {
		return nil, nil, false
	}
	rows, columns, ok = p.rowsAnd(b)
	return p.spendRows(rows), columns, ok
}

// spendRows counts the texts of rows, see [Paper.spend].
func (p *Paper) spendRows(rows []row) []row {
	for i := range rows {
		for j := range rows[i].cells {
			c := &rows[i].cells[j]
			if c.text = p.spend(c.text); c.text == "" {
				c.options = nil
			}
		}
	}
	return rows
}

func (p *Paper) rowsAnd(b document.Block) (rows []row, columns []float64, ok bool) {
	switch b.Kind {
	case document.TableBlock:
		return p.rowsOf(b), b.Columns, len(b.Columns) > 0
	case document.ChecklistBlock:
		rows = p.checked(b)
		return rows, checklistColumns, len(rows) > 0
	case document.QABlock:
		return p.asked(b), questionColumns, true
	case document.ListBlock:
		field, known := p.Template.Field(b.Field)
		if !known || len(field.Columns) == 0 {
			return nil, nil, false
		}
		return p.listed(b, field), listColumns(field), true
	case document.PicturesBlock:
		rows, ok = p.pictured(b)
		return rows, plateColumns, ok
	}
	return nil, nil, false
}

// mostHeight is how many lines the least height of a row may be.
const mostHeight = 40

// rowsOf reads a table's rows and expands what stands for several.
func (p *Paper) rowsOf(b document.Block) []row {
	var rows []row
	taken := make([]int, len(b.Columns)) // rows that a cell above still takes of each column
	for _, r := range b.Rows {
		if !r.When.Holds(p.Instance.Data) {
			continue
		}
		if r.Party != "" {
			rows = append(rows, p.partyRows(r.Party, b.Columns)...)
			continue
		}
		out, column := row{lines: min(max(1, r.Height), mostHeight), head: r.Head}, 0
		for _, c := range r.Cells {
			for column < len(taken) && taken[column] > 0 {
				column++
			}
			if column == len(taken) {
				break // more cells than columns: the rest has no place
			}
			placed := p.cell(c, b.Columns, column)
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

// cell is a cell of the template with what it shows.
func (p *Paper) cell(c document.Cell, columns []float64, column int) cell {
	out := cell{column: column, span: min(max(1, c.Span), len(columns)-column), rows: max(1, c.Rows), align: c.Align, text: p.Expand(c.Text),
		label: c.Text != "" && !strings.Contains(c.Text, "{")} // words that are always the same say what stands beside them
	if field, ok := p.Template.Field(c.Label); ok {
		out.text, out.label = field.Label.Zh, true
	}
	if field, ok := p.Template.Field(c.Value); ok {
		out.text, out.options = p.value(field), nil
		if c.Choices {
			out.options = p.choices(field)
			out.text = strings.Join(out.options, between)
		}
		out.align, out.label = orElse(out.align, "left"), false
	}
	if out.signs = p.signedIn(c.Signer); out.signs != nil {
		out.align, out.label = "left", false
	}
	out.align = orElse(out.align, "center")
	return out
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// nothing stands in a field that was left empty, so that nothing can be added later.
const nothing = "／"

// value is what stands in a cell for a field.
func (p *Paper) value(field document.Field) string {
	value, _ := p.Value(field, "")
	return orElse(value, nothing)
}

// between stands between options on one line.
const between = "　"

// choices are all options of a field, the chosen one ticked.
func (p *Paper) choices(field document.Field) []string {
	chosen, _ := p.Value(field, "")
	var all []string
	for _, o := range field.Options {
		mark := "□"
		if o.Label.Zh == chosen {
			mark = "■"
		}
		all = append(all, mark+o.Label.Zh)
	}
	return all
}

// partyRows describes a party: in a table of four columns in pairs, otherwise a line each.
func (p *Paper) partyRows(field string, columns []float64) []row {
	party, _ := p.Instance.Data[field].(map[string]any)
	lines := document.PartyLines(party)
	var rows []row
	add := func(column int, l document.PartyLine, span int) {
		r := &rows[len(rows)-1]
		r.cells = append(r.cells, cell{column: column, span: 1, rows: 1, align: "center", text: l.Label, label: true},
			cell{column: column + 1, span: span, rows: 1, align: "left", text: orElse(l.Value, nothing)})
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

// checked is what was asked and found.
func (p *Paper) checked(b document.Block) []row {
	answers := document.Answers(p.Instance.Data[b.Field])
	if len(answers) == 0 {
		return nil
	}
	rows := []row{counted(true, counter, "检查内容", "检查结果", "备注")}
	for i, a := range answers {
		r := counted(false, itoa(i+1), a.Text, orElse(a.Value, nothing), orElse(a.Note, nothing))
		r.cells[1].align, r.cells[2].align, r.cells[3].align = "left", "center", "left"
		rows = append(rows, r)
	}
	return rows
}

// asked is the questions and answers of an inquiry. An answer stands below its question in one cell, so that a long one goes on over the
// page below the repeated head.
func (p *Paper) asked(b document.Block) []row {
	rows := []row{counted(true, counter, "询问与回答")}
	for i, q := range document.Questions(p.Instance.Data[b.Field]) {
		rows = append(rows, counted(false, itoa(i+1), "问："+orElse(q.Question, nothing)+"\n答："+orElse(q.Answer, nothing)))
	}
	if len(rows) == 1 {
		rows = append(rows, counted(false, nothing, nothing))
	}
	return rows
}

// listed is the rows of a list below the labels of its columns. Where there is none, a row says so, so that none can be added.
func (p *Paper) listed(b document.Block, field document.Field) []row {
	labels := []string{counter}
	for _, c := range field.Columns {
		labels = append(labels, c.Label.Zh)
	}
	rows := []row{counted(true, labels...)}
	for i, cells := range field.Rows(p.Instance.Data[b.Field]) {
		texts := []string{itoa(i + 1)}
		for _, text := range cells {
			texts = append(texts, orElse(text, nothing))
		}
		rows = append(rows, counted(false, texts...))
	}
	if len(rows) == 1 {
		rows = append(rows, counted(false, slices.Repeat([]string{nothing}, len(labels))...))
	}
	return rows
}

// counted is a row that begins with its number. Texts of a line stand in the middle, longer ones at the left.
func counted(head bool, texts ...string) row {
	r := row{lines: 1, head: head}
	for i, text := range texts {
		align := either
		if head || i == 0 {
			align = "center"
		}
		r.cells = append(r.cells, cell{column: i, span: 1, rows: 1, align: align, text: text})
	}
	return r
}

// listColumns are the widths of a list's columns: what the template says, and for those of which it says nothing the mean of them.
func listColumns(field document.Field) []float64 {
	said, given := 0, 0.0
	for _, c := range field.Columns {
		if c.Width > 0 {
			said, given = said+1, given+min(c.Width, widest)
		}
	}
	mean := 1.0
	if said > 0 {
		mean = given / float64(said)
	}
	widths, total := []float64{ordinal}, given+mean*float64(len(field.Columns)-said)
	for _, c := range field.Columns {
		width := min(c.Width, widest)
		if width <= 0 {
			width = mean
		}
		widths = append(widths, width/total*(100-ordinal))
	}
	return widths
}
