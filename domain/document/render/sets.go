package render

import "github.com/fieldwarden/fieldwarden/domain/document"

// ordinal is the width of the column that counts rows, in hundredths of the whole.
const ordinal = 8

// questionColumns are the widths of number and of question with answer.
var questionColumns = []float64{ordinal, 100 - ordinal}

// questions sets the questions and answers of an inquiry. An answer stands below its question in one cell, so that a long one goes
// on over the page below the repeated head.
func (f *flow) questions(b document.Block) {
	rows := []row{f.counted(questionColumns, true, "序号", "询问与回答")}
	for i, q := range document.Questions(f.paper.Instance.Data[b.Field]) {
		rows = append(rows, f.counted(questionColumns, false, itoa(i+1), "问："+orElse(q.Question, nothing)+"\n答："+orElse(q.Answer, nothing)))
	}
	if len(rows) == 1 {
		rows = append(rows, f.counted(questionColumns, false, nothing, nothing))
	}
	f.apart()
	f.table(rows, questionColumns)
}

// list sets the rows of a list below the labels of its columns. Where there is none, a row says so, so that none can be added.
func (f *flow) list(b document.Block) {
	field, ok := f.paper.Template.Field(b.Field)
	if !ok || len(field.Columns) == 0 {
		return
	}
	columns, labels := listColumns(field), []string{"序号"}
	for _, c := range field.Columns {
		labels = append(labels, c.Label.Zh)
	}
	rows := []row{f.counted(columns, true, labels...)}
	for i, cells := range field.Rows(f.paper.Instance.Data[b.Field]) {
		texts := []string{itoa(i + 1)}
		for _, text := range cells {
			texts = append(texts, orElse(text, nothing))
		}
		rows = append(rows, f.counted(columns, false, texts...))
	}
	if len(rows) == 1 {
		empty := make([]string, len(columns))
		for i := range empty {
			empty[i] = nothing
		}
		rows = append(rows, f.counted(columns, false, empty...))
	}
	f.apart()
	f.table(rows, columns)
}

// apart keeps a table of rows from what stands above it.
func (f *flow) apart() {
	if f.y > top {
		f.y += 6
	}
}

// listColumns are the widths of a list's columns: what the template says, and for those of which it says nothing the mean of them.
func listColumns(field document.Field) []float64 {
	said, given := 0, 0.0
	for _, c := range field.Columns {
		if c.Width > 0 {
			said, given = said+1, given+c.Width
		}
	}
	mean := 1.0
	if said > 0 {
		mean = given / float64(said)
	}
	widths, total := []float64{ordinal}, given+mean*float64(len(field.Columns)-said)
	for _, c := range field.Columns {
		width := c.Width
		if width <= 0 {
			width = mean
		}
		widths = append(widths, width/total*(100-ordinal))
	}
	return widths
}

// counted is a row that begins with its number. Texts of a few characters stand in the middle, longer ones at the left.
func (f *flow) counted(columns []float64, head bool, texts ...string) row {
	r := row{lines: 1, head: head}
	for i, text := range texts {
		c := cell{column: i, span: 1, rows: 1, align: "center"}
		if c.lines = f.fill(text, columns, c); !head && i > 0 && len(c.lines) > 1 {
			c.align = "left"
			c.lines = f.fill(text, columns, c)
		}
		r.cells = append(r.cells, c)
	}
	return r
}
