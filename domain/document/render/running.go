package render

import "github.com/fieldwarden/fieldwarden/domain/document"

// title sets the lines over a paper: large, centred, made smaller where a name is too long.
func (f *flow) title(lines []string) {
	for _, text := range lines {
		runes := []rune(clean(f.paper.say(text)))
		s := heading(sizeTitle)
		if used := f.press.width(s, runes); used > width {
			s.size *= width / used
		}
		f.aligned(s, left, f.y, width, "center", line{text: runes})
		f.y += sizeTitle * leading
	}
	f.y += 6
}

// number sets the paper's number, at the right.
func (f *flow) number() {
	s := body(f.size)
	f.aligned(s, left, f.y, width, "right", line{text: []rune(clean(f.paper.Instance.NumberText))})
	f.y += s.size*leading + 4
}

// paragraph sets running text, over pages if it must.
func (f *flow) paragraph(b document.Block) {
	align := b.Align
	if align == "" {
		align = "justify"
	}
	f.running(f.paper.say(b.Text), indentOf(b), align)
}

// running sets a text as it is, its first lines indented by so many characters.
func (f *flow) running(text string, characters float64, align string) {
	s := body(f.size)
	indent := characters * s.size
	f.after = document.ParagraphBlock
	if f.size == sizeForm {
		f.y += 4
	}
	lines := f.press.breakText(s, text, width, indent)
	for i, l := range lines {
		kept := float64(f.together(lines, i)) * f.pitch
		if f.led && f.before == document.SealBlock && i == max(0, len(lines)-2) {
			kept = float64(len(lines)-i)*f.pitch + sealSize
		}
		f.need(kept)
		x := left
		if l.head {
			x += indent
		}
		f.aligned(s, x, f.y, right-x, align, l)
		f.y += f.pitch
	}
}

// together is how many lines from one on stay on a page: the first two of a paragraph, and the last two, so that none is alone (孤行控制). Letters
// have 22 lines on every page, as GB/T 9704 says.
func (f *flow) together(lines []line, i int) int {
	l := lines[i]
	if f.size == sizeLetter || l.last || i+1 < len(lines) && !l.head && !lines[i+1].last {
		return 1
	}
	if l.head && i+2 < len(lines) && !lines[i+1].last && lines[i+2].last {
		return 3 // of three lines neither one nor two can go over
	}
	return 2
}

// indentOf is the indent of a block's first line in characters.
func indentOf(b document.Block) float64 { return min(max(0, b.Indent), 10) }

// copies sets the small print at the end, below a line.
func (f *flow) copies(b document.Block) {
	s := body(sizeTiny)
	lines := f.press.breakText(s, f.paper.say(b.Text), width, 0)
	f.need(float64(len(lines))*s.size*leading + 12)
	f.alone = f.alone || f.y == top && len(f.pages) > 1
	f.y += 8
	f.page().Line(left, f.y, right, f.y, 0.5)
	f.y += 4
	for _, l := range lines {
		f.aligned(s, left, f.y, width, "left", l)
		f.y += s.size * leading
	}
}
