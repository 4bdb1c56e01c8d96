package render

import (
	"slices"
	"strconv"
)

// apart keeps a table from what stands above it.
func (f *flow) apart() {
	if f.y > top {
		f.y += 6
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// table draws rows below each other. Rows that share a cell stay on one page; a long row is broken between its lines; leading
// head rows are drawn again at the top of every further page.
func (f *flow) table(rows []row, columns []float64) {
	f.broken(rows, columns)
	g := &grid{flow: f, at: edges(columns)}
	rows = g.divide(rows)
	for len(rows) > 0 && rows[0].head {
		g.head, rows = append(g.head, rows[0]), rows[1:]
	}
	g.drawHead(g.least(rows))
	for len(rows) > 0 {
		n := groupOf(rows)
		if g.lonely(rows[n:], g.heights(rows)) {
			g.over()
		}
		g.place(rows[:n])
		rows = rows[n:]
	}
}

// grid is a table being drawn.
type grid struct {
	*flow
	at   []float64 // edges of the columns
	head []row
}

// groupOf counts the leading rows that hang together by cells that reach down.
func groupOf(rows []row) int {
	n := 1
	for i := 0; i < n && i < len(rows); i++ {
		for _, c := range rows[i].cells {
			n = max(n, i+c.rows)
		}
	}
	return min(n, len(rows))
}

// divide takes cells apart that reach down so far that their rows have no page to stand on together.
func (g *grid) divide(rows []row) []row {
	for i := 0; i < len(rows); {
		n := groupOf(rows[i:])
		if total(g.heights(rows[i:i+n])) > bottom-top-100 {
			for j := i; j < i+n; j++ {
				for k := range rows[j].cells {
					c := &rows[j].cells[k]
					for below := j + 1; below < min(j+c.rows, i+n); below++ {
						rows[below].cells = append(rows[below].cells, cell{column: c.column, span: c.span, rows: 1})
					}
					c.rows = 1
				}
			}
			n = 1
		}
		i += n
	}
	return rows
}

// heights are the heights of rows that hang together: each as high as its own cells need, the last of a tall cell higher.
func (g *grid) heights(rows []row) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = r.lines*g.cells.pitch + 2*g.cells.pad
		for _, c := range r.cells {
			if c.rows == 1 {
				out[i] = max(out[i], g.high(c.lines))
			}
		}
	}
	for i, r := range rows {
		for _, c := range r.cells {
			end := min(i+c.rows, len(rows))
			if lack := g.high(c.lines) - total(out[i:end]); c.rows > 1 && lack > 0 {
				out[end-1] += lack
			}
		}
	}
	return out
}

func (g *grid) high(lines []line) float64 { return float64(len(lines))*g.cells.pitch + 2*g.cells.pad }

func total(heights []float64) float64 {
	sum := 0.0
	for _, h := range heights {
		sum += h
	}
	return sum
}

// place draws a group of rows where it fits, or breaks a single long row.
func (g *grid) place(rows []row) {
	heights := g.heights(rows)
	for len(rows) == 1 && !g.fits(heights[0]) {
		fit := int((bottom - g.y - 2*g.cells.pad) / g.cells.pitch)
		fresh := g.y <= top+total(g.heights(g.head))+0.01
		if !fresh && (fit < leastLines || longest(rows[0]) <= breakable) {
			g.over()
			continue
		}
		first, rest := cut(rows[0], max(1, fit))
		g.draw([]row{first}, []float64{g.heights([]row{first})[0]}, true)
		rows[0] = rest
		g.over()
		heights = g.heights(rows)
	}
	if !g.fits(total(heights)) {
		g.over()
	}
	g.draw(rows, heights, false)
}

// over goes on to the next page.
func (g *grid) over() {
	g.turn()
	g.drawHead(0)
}

// drawHead draws the head, on the next page if what must stand below it has no room here.
func (g *grid) drawHead(below float64) {
	if len(g.head) > 0 {
		heights := g.heights(g.head)
		g.need(total(heights) + below)
		g.draw(g.head, heights, false)
	}
}

// lonely reports whether the last rows, which somebody has signed, would stand alone on the next page: a signature has something that it is about
// above it. The heights are those of these rows and of the ones before.
func (g *grid) lonely(last []row, heights []float64) bool {
	signed := len(last) > 0 && groupOf(last) == len(last) && slices.ContainsFunc(last, func(r row) bool {
		return slices.ContainsFunc(r.cells, func(c cell) bool { return c.signs != nil })
	})
	before := total(heights[:len(heights)-len(last)])
	return signed && g.fits(before) && !g.fits(total(heights)) && total(heights)+total(g.heights(g.head)) < bottom-top
}

// least is the height of the first rows as far as they stay on one page.
func (g *grid) least(rows []row) float64 {
	if len(rows) == 0 {
		return 0
	}
	n := groupOf(rows)
	if n == 1 && longest(rows[0]) > breakable {
		return leastLines*g.cells.pitch + 2*g.cells.pad
	}
	return total(g.heights(rows[:n]))
}

func longest(r row) int {
	n := 0
	for _, c := range r.cells {
		n = max(n, len(c.lines))
	}
	return n
}

// cut divides a row after so many lines. What a cell is called stands in both parts, if it has room in the first.
func cut(r row, n int) (first, rest row) {
	first, rest = row{lines: 1}, row{lines: 1}
	for _, c := range r.cells {
		a, b := c, c
		if !c.label || len(c.lines) > n {
			at := min(n, len(c.lines))
			if at > 1 && at < len(c.lines) && c.lines[at].signs != nil {
				at-- // a signature takes two lines
			}
			a.lines, b.lines = c.lines[:at], c.lines[at:]
		}
		first.cells, rest.cells = append(first.cells, a), append(rest.cells, b)
	}
	return first, rest
}

// draw draws rows at the place reached. Texts stand in the middle of their cells, or at the top of a row that goes on.
func (g *grid) draw(rows []row, heights []float64, atTop bool) {
	for i, r := range rows {
		for _, c := range r.cells {
			height := total(heights[i:min(i+c.rows, len(rows))])
			x, w := g.at[c.column], g.at[c.column+c.span]-g.at[c.column]
			g.page().Box(x, g.y, w, height, border)
			y := g.y + g.cells.pad
			if !atTop {
				y = g.y + (height-float64(len(c.lines))*g.cells.pitch)/2
			}
			for _, l := range c.lines {
				align := c.align
				if align == "left" {
					align = "justify"
				}
				if l.signs != nil {
					g.signed(l.signs, x+padX, y, w-2*padX)
				}
				g.aligned(body(g.cells.size), x+padX, y, w-2*padX, align, l)
				y += g.cells.pitch
			}
		}
		g.y += heights[i]
	}
}
