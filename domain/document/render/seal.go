package render

import (
	"github.com/fieldwarden/fieldwarden/domain/document"
)

// sealSize is the side of the square that a round seal of an organ takes: 42 mm across.
const sealSize = 42 * mm

// sealed is what stands under a seal unless the template says something else.
var sealed = []string{"{organ}", "{issuedAt}"}

// seal sets the name of the organ over the date, by GB/T 9704-2012 (7.3.5.1): the date ends four characters before the edge and the name
// is centred over it. They stay together with the place of the seal.
func (f *flow) seal(b document.Block) {
	texts := b.Lines
	if len(texts) == 0 {
		texts = sealed
	}
	s := body(sizeForm)
	lines, widest := make([][]rune, len(texts)), 0.0
	for i, text := range texts {
		lines[i] = []rune(clean(f.paper.Expand(text)))
		widest = max(widest, f.press.width(s, lines[i]))
	}
	high := float64(len(lines)) * s.size * leading
	f.need(sealSize)
	f.y += (sealSize - high) / 2
	for _, text := range lines {
		f.aligned(s, right-4*s.size-widest, f.y, widest, "center", line{text: text})
		f.y += s.size * leading
	}
	f.y += (sealSize - high) / 2
}
