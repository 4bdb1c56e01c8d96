package render

import (
	"github.com/fieldwarden/fieldwarden/domain/document"
)

// sealSize is the side of the square that a round seal of an organ takes: 42 mm across.
const sealSize = 42 * mm

// sealed is what stands under a seal unless the template says something else.
var sealed = []string{"{organ}", "{issuedAt}"}

func orSealed(lines []string) []string {
	if len(lines) == 0 {
		return sealed
	}
	return lines
}

// seal sets the name of the organ over the date, by GB/T 9704-2012 (7.3.5.1): the date ends four characters before the edge and the name
// is centred over it, both a little below the middle of the seal, whose top is within a line of the text. They stay together with the place
// of the seal.
func (f *flow) seal(b document.Block) {
	texts := orSealed(b.Lines)
	s := body(f.size)
	lines, widest := make([][]rune, len(texts)), 0.0
	for i, text := range texts {
		lines[i] = []rune(clean(f.paper.say(text)))
		widest = max(widest, f.press.width(s, lines[i]))
	}
	widest = min(widest, width-4*s.size)
	f.need(sealSize)
	f.bare = f.bare || f.y == top && len(f.pages) > 1
	f.alone = f.alone || f.bare
	x, y := right-4*s.size-widest, f.y
	f.stamp(x+widest/2, y)
	f.y += (sealSize-float64(len(lines))*s.size*leading)/2 + 2*mm
	for _, text := range lines {
		f.aligned(s, x, f.y, widest, "center", line{text: text})
		f.y += s.size * leading
	}
	f.y = y + sealSize
}

// stamp draws the picture of the seal, its top in the middle at x, y: under the text, so that a picture without transparency hides nothing.
func (f *flow) stamp(x, y float64) {
	if len(f.paper.Seal) == 0 || f.paper.Instance.State != document.Issued && f.paper.Instance.State != document.Voided {
		return
	}
	drawn, err := document.Seal(f.paper.Seal)
	if err != nil {
		return // the place is there to be stamped by hand; who keeps seals checks them
	}
	f.page().Image(f.press.picture("\x00seal", drawn), x-sealSize/2, y, sealSize, sealSize)
}
