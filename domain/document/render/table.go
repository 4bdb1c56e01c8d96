package render

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

// cells is how the texts of a table are set: size, distance of the lines, and distance from the edges above and below.
type cells struct{ size, pitch, pad float64 }

var formCells = cells{sizeForm, pitch, padY}

// cell is one cell: its text, and once it is to be drawn the lines that this is broken into.
type cell struct {
	column, span, rows int
	text               string
	options            []string // of which the text is made: each stays whole where a line can hold it
	label              bool     // it says what the cell to its right is
	align              string
	signs              []signing // below the text
	lines              []line
}

// either is the alignment of a cell that is in the middle with one line and at the left with more.
const either = "either"

// row is one row of a table.
type row struct {
	cells []cell
	lines float64 // least height in lines
	head  bool
}

// widest is how wide a column may say it is, in whatever parts, so that their sum is a number.
const widest = 1e6

// edges are where the columns begin and end.
func edges(columns []float64) []float64 {
	total := 0.0
	for _, c := range columns {
		total += min(c, widest)
	}
	at, out := left, []float64{left}
	for _, c := range columns {
		at += width * min(c, widest) / total
		out = append(out, at)
	}
	return out
}

// broken breaks the texts of rows to the widths of their columns.
func (f *flow) broken(rows []row, columns []float64) {
	at := edges(columns)
	for i := range rows {
		for j := range rows[i].cells {
			c := &rows[i].cells[j]
			room := at[c.column+c.span] - at[c.column] - 2*padX
			if c.options != nil {
				c.text = f.press.whole(body(f.cells.size), c.options, room)
			}
			if c.align == "left" || c.align == "right" || c.align == "justify" {
				c.lines = f.press.withSigns(f.press.breakText(body(f.cells.size), c.text, room, 0), c.signs, room)
				continue
			}
			c.lines = f.press.balance(body(f.cells.size), c.text, room)
			if c.align == either && len(c.lines) > 1 {
				c.align, c.lines = "left", f.press.breakText(body(f.cells.size), c.text, room, 0)
			} else if c.align == either {
				c.align = "center"
			}
		}
	}
}
