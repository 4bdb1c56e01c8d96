package render

import (
	"errors"
	"image"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// mostPixels is how many pixels of pictures one document unpacks. It is far more than signatures need, and keeps a paper of many pictures
// that are small in octets and large in pixels from filling the memory.
const mostPixels = 8 << 20

var errTooMany = errors.New("more pixels than one document may have")

// unpack decodes a signature's picture, once.
func (p *press) unpack(s document.Signature) (image.Image, error) {
	if drawn, known := p.unpacked[s.ID]; known {
		return drawn, nil
	}
	if p.pixels > mostPixels {
		return nil, errTooMany
	}
	drawn, err := s.Picture()
	if err != nil {
		return nil, err
	}
	size := drawn.Bounds().Size()
	if p.pixels += size.X * size.Y; p.pixels > mostPixels {
		return nil, errTooMany
	}
	p.unpacked[s.ID] = drawn
	return drawn, nil
}

// Widths of the pen's line on a signature of the usual place, in points: without pressure, and with the least and the most of it.
const (
	penUsual = 1.1
	penLeast = 0.5
	penMost  = 1.8
	penSteps = 8 // widths in between; each change of width is a path of its own
)

// strokes is a signature's strokes as a drawing of the file, stored once; false where there are none that can be read.
func (p *press) strokes(s document.Signature) (*pdf.Form, bool) {
	if form, known := p.forms[s.ID]; known {
		return form, true
	}
	if s.Strokes == "" {
		return nil, false
	}
	read, err := document.ReadStrokes(s.Strokes)
	if err != nil {
		return nil, false
	}
	form := p.inked(read)
	p.forms[s.ID] = form
	return form, true
}

// sheet is where strokes are drawn on: cut to what was written on, so that a name in a corner of a large screen is as large as others; but no more
// than three times as large as the whole area would be, so that a dot stays one.
type sheet struct {
	width, height float64 // in units of the writing area
	dx, dy        float64 // from the writing area to the sheet
	unit          float64 // of the area in a point on paper
}

func sheetOf(s document.Strokes) sheet {
	low, high := s.Lines[0][0], s.Lines[0][0]
	for _, line := range s.Lines {
		for _, at := range line {
			low.X, low.Y, high.X, high.Y = min(low.X, at.X), min(low.Y, at.Y), max(high.X, at.X), max(high.Y, at.Y)
		}
	}
	least := max(float64(s.Width)/signWidth, float64(s.Height)/signHeight) / 3
	unit := max(float64(high.X-low.X)/signWidth, float64(high.Y-low.Y)/signHeight, least)
	edge := penMost * unit
	w, h := max(float64(high.X-low.X)+2*edge, signWidth*least), max(float64(high.Y-low.Y)+2*edge, signHeight*least)
	return sheet{w, h, (w - float64(high.X+low.X)) / 2, (h - float64(high.Y+low.Y)) / 2, unit}
}

// at is where a point stands on the sheet.
func (on sheet) at(p document.Point) [2]float64 {
	return [2]float64{float64(p.X) + on.dx, float64(p.Y) + on.dy}
}

// inked draws strokes as lines, each run of points of one width a path of its own that begins where the last one ended.
func (p *press) inked(s document.Strokes) *pdf.Form {
	on := sheetOf(s)
	form := p.file.Form(on.width, on.height)
	for _, line := range s.Lines {
		for len(line) > 0 {
			n := 1
			for n < len(line) && (n == 1 || pen(s, line[n]) == pen(s, line[1])) {
				n++
			}
			points := make([][2]float64, n)
			for i, at := range line[:n] {
				points[i] = on.at(at)
			}
			form.Ink(points, pen(s, line[min(1, n-1)])*on.unit)
			if line = line[n-1:]; len(line) == 1 {
				break
			}
		}
	}
	return form
}

// pen is how wide the line is that leads to a point.
func pen(s document.Strokes, at document.Point) float64 {
	if !s.Pressure {
		return penUsual
	}
	return penLeast + (penMost-penLeast)*float64(at.Pressure*penSteps/256)/(penSteps-1)
}
