package render

import (
	"image"
	"image/color"
	"math"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Strokes as a picture, for who cannot draw lines.
const (
	dotsPerPoint = 4       // of a picture in its usual place: 288 an inch
	mostSteps    = 1 << 19 // of the pen in one document, a pixel each: a hundred names
)

// dotted draws a signature's strokes as a picture of black ink on a transparent sheet; false where there are none that can be read, or where the
// document has had more than signatures need.
func (e *editable) dotted(s document.Signature) (image.Image, bool) {
	if s.Strokes == "" {
		return nil, false
	}
	read, err := document.ReadStrokes(s.Strokes)
	if err != nil {
		return nil, false
	}
	on := sheetOf(read)
	scale := dotsPerPoint / on.unit
	picture := image.NewAlpha(image.Rect(0, 0, int(math.Ceil(on.width*scale)), int(math.Ceil(on.height*scale))))
	for _, line := range read.Lines {
		from := on.at(line[0])
		for _, p := range line {
			to := on.at(p)
			steps := 1 + int(math.Hypot(to[0]-from[0], to[1]-from[1])*scale)
			if e.drawn += steps; e.drawn > mostSteps {
				return nil, false
			}
			for i := range steps {
				part := float64(i+1) / float64(steps)
				dot(picture, (from[0]+(to[0]-from[0])*part)*scale, (from[1]+(to[1]-from[1])*part)*scale, pen(read, p)*dotsPerPoint/2)
			}
			from = to
		}
	}
	out := image.NewNRGBA(picture.Bounds())
	for i, a := range picture.Pix {
		out.Pix[4*i+3] = a
	}
	return out, true
}

// dot sets a round dot with a soft edge.
func dot(picture *image.Alpha, x, y, radius float64) {
	for py := int(y - radius - 1); py <= int(y+radius+1); py++ {
		for px := int(x - radius - 1); px <= int(x+radius+1); px++ {
			if !(image.Point{X: px, Y: py}).In(picture.Bounds()) {
				continue
			}
			cover := radius + 0.5 - math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y)
			if ink := uint8(255 * max(0, min(1, cover))); ink > picture.AlphaAt(px, py).A {
				picture.SetAlpha(px, py, color.Alpha{A: ink})
			}
		}
	}
}
