package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// mm is a millimetre in points.
const mm = 72 / 25.4

// The page by GB/T 9704-2012: head 37 mm, binding edge 28 mm, the type area 156 × 225 mm.
const (
	left   = 28 * mm
	top    = 37 * mm
	width  = 156 * mm
	right  = left + width
	bottom = top + 225*mm
)

// Sizes of type, in points: 二号, 三号, 四号, 小四, 五号, 小五.
const (
	sizeTitle  = 22.0
	sizeLetter = 15.75 // 28 characters in 156 mm
	sizeFoot   = 14.0
	sizeForm   = 12.0
	sizeSmall  = 10.5
	sizeTiny   = 9.0
)

// letterPitch is the distance of lines of running text: 22 lines in 225 mm.
const letterPitch = 225 * mm / 22

// leading is the distance of lines in parts of the size; baseline is where letters stand in a line.
const (
	leading  = 1.5
	baseline = 1.13
)

// flow puts blocks on pages, one below the other.
type flow struct {
	press  *press
	paper  Paper
	plates plates
	pages  []*pdf.Page
	y      float64 // where the next block begins
	size   float64 // of running text
	pitch  float64 // of running text, from line to line
	cells  cells
	full   bool               // there was more than pages may hold
	alone  bool               // the seal, or the small print, begins a page: what it belongs to is on the one before
	bare   bool               // it is the seal
	led    bool               // the last lines before a seal are kept with it
	after  document.BlockKind // what the last block was
	before document.BlockKind // what the next one will be
	trace  *strings.Builder   // what was set where, for tests; nil otherwise
}

// formal reports whether a paper is running text throughout, as letters and decisions are: it is set as GB/T 9704 says, 22 lines of 28
// characters. A form, with tables, is set smaller, as forms are.
func formal(t document.Template) bool {
	return !slices.ContainsFunc(t.Layout, func(b document.Block) bool {
		return slices.Contains([]document.BlockKind{document.TableBlock, document.ChecklistBlock, document.QABlock, document.ListBlock}, b.Kind)
	})
}

// tooLong reports whether the paper was too long: what there is of it is not all.
func (f *flow) tooLong() bool { return f.full || f.paper.spent > document.MostText }

// turn begins a new page. Beyond the most there may be nothing is drawn any more.
func (f *flow) turn() {
	if len(f.pages) == mostPages {
		f.full, f.y = true, top
		return
	}
	f.pages = append(f.pages, f.press.file.Page())
	f.y = top
}

func (f *flow) page() *pdf.Page { return f.pages[len(f.pages)-1] }

// fits reports whether so much height is left on the page.
func (f *flow) fits(height float64) bool { return f.y+height <= bottom+0.01 }

// need begins a new page unless so much height is left.
func (f *flow) need(height float64) {
	if !f.fits(height) {
		f.turn()
	}
}

// set draws a line of text on the page.
func (f *flow) set(page *pdf.Page, s style, x, y, spread float64, text []rune) {
	if len(text) == 0 || f.full {
		return
	}
	if f.trace != nil {
		fmt.Fprintf(f.trace, "%6.1f %6.1f %4.1f %s\n", x, y, s.size, string(text))
	}
	f.press.set(page, s, x, y, spread, text)
}

// aligned draws a line of text between two edges and returns nothing: its top is y.
func (f *flow) aligned(s style, x, y, width float64, align string, l line) {
	used := f.press.width(s, l.text)
	spread := 0.0
	switch align {
	case "center":
		x += (width - used) / 2
	case "right":
		x += width - used
	case "justify":
		spread = spreadOf(s, width-used, l)
	}
	f.set(f.page(), s, x, y+s.size*baseline, spread, l.text)
}

// spreadOf is what is added between the characters of a line so that it fills its width. A line that is much too short, before
// a long word, is left as it is.
func spreadOf(s style, gap float64, l line) float64 {
	if l.last || len(l.text) < 2 {
		return 0
	}
	spread := gap / float64(len(l.text)-1)
	if spread > s.size/4 {
		return 0
	}
	return spread
}
