package pdf

import (
	"bytes"
	"fmt"
)

// Form is a drawing of lines that pages show, at any size; it is stored once.
type Form struct {
	index         int
	width, height float64
	content       bytes.Buffer
}

// Form adds a drawing to the document; it has units of its own and begins at its top left corner.
func (d *Document) Form(width, height float64) *Form {
	f := &Form{index: len(d.forms), width: width, height: height}
	f.content.WriteString("1 J 1 j\n") // round ends and corners, as of a pen
	d.forms = append(d.forms, f)
	return f
}

// Size is how large the drawing is in its own units.
func (f *Form) Size() (width, height float64) { return f.width, f.height }

// Ink draws a line through points, with round ends; a single point is a dot.
func (f *Form) Ink(points [][2]float64, width float64) {
	fmt.Fprintf(&f.content, "%s w %s %s m", number(width), number(points[0][0]), number(f.height-points[0][1]))
	for _, p := range points[min(1, len(points)-1):] {
		fmt.Fprintf(&f.content, " %s %s l", number(p[0]), number(f.height-p[1]))
	}
	f.content.WriteString(" S\n")
}

func (f *Form) write(out *file, n int) {
	out.stream(n, fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 %s %s]/Resources<<>>", number(f.width), number(f.height)), f.content.Bytes())
}

// Form shows a drawing with its top left corner at x, y.
func (p *Page) Form(form *Form, x, y, scale float64) {
	p.op("q %s 0 0 %s %s %s cm /D%d Do Q", fraction(scale), fraction(scale), x, p.height-y-form.height*scale, form.index)
}
