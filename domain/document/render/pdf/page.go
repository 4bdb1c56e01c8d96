package pdf

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"
)

// Page is a page being drawn.
type Page struct {
	content       bytes.Buffer
	width, height float64
	below         float64 // of the height at which it is drawn, cut away in the end
}

// Cut makes the page shorter: what is drawn below is gone. A page as long as its text is begun at [Longest] and cut once.
func (p *Page) Cut(height float64) { p.below = p.height - height }

// number writes a length with as many digits as a printer can show.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func (p *Page) op(format string, args ...any) {
	for i, a := range args {
		if v, ok := a.(float64); ok {
			args[i] = number(v)
		}
	}
	fmt.Fprintf(&p.content, format+"\n", args...)
}

// Text draws one line of text that begins at x and stands on y. Spread is what is added after each character.
func (p *Page) Text(font *Font, size, x, y, spread float64, text string) {
	p.op("BT /F%d %s Tf %s Tc 1 0 0 1 %s %s Tm <%s> Tj ET", font.index, size, spread, x, p.height-y, font.codes(text))
}

const hexDigits = "0123456789ABCDEF"

func (f *Font) codes(text string) string {
	codes := make([]byte, 0, 4*len(text))
	for _, c := range text {
		id := f.id(c)
		codes = append(codes, hexDigits[id>>12&15], hexDigits[id>>8&15], hexDigits[id>>4&15], hexDigits[id&15])
	}
	return string(codes)
}

// Shade draws text faintly over the page, around a centre, turned by an angle in degrees.
func (p *Page) Shade(font *Font, size, x, y, degrees float64, c color.RGBA, text string) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	half := font.Width(text, size) / 2
	p.op("q /Shade gs %s rg", rgb(c))
	p.op("BT /F%d %s Tf %s %s %s %s %s %s Tm <%s> Tj ET Q", font.index, size, fraction(cos), fraction(sin), fraction(-sin), fraction(cos),
		x-half*cos+size/3*sin, p.height-y-half*sin-size/3*cos, font.codes(text))
}

func fraction(v float64) string { return strconv.FormatFloat(v, 'f', 5, 64) }

func rgb(c color.RGBA) string {
	return fraction(float64(c.R)/255) + " " + fraction(float64(c.G)/255) + " " + fraction(float64(c.B)/255)
}

// Line draws a straight line.
func (p *Page) Line(x1, y1, x2, y2, width float64) {
	p.op("%s w %s %s m %s %s l S", width, x1, p.height-y1, x2, p.height-y2)
}

// Box draws the edge of a box whose top left corner is x, y.
func (p *Page) Box(x, y, w, h, width float64) {
	p.op("%s w %s %s %s %s re S", width, x, p.height-y-h, w, h)
}

// Fill fills boxes with black.
func (p *Page) Fill(boxes [][4]float64) {
	for _, b := range boxes {
		p.op("%s %s %s %s re", b[0], p.height-b[1]-b[3], b[2], b[3])
	}
	p.op("f")
}

// Upright draws a picture into a box whose top left corner is x, y, turned as the tag Orientation of Exif says (1 to 8): of 5 to 8 width and height of the
// box are those of the picture once it is turned.
func (p *Page) Upright(image *Image, turn int, x, y, w, h float64) {
	low := p.height - y - h
	m := [...][6]float64{{w, 0, 0, h, x, low}, {-w, 0, 0, h, x + w, low}, {-w, 0, 0, -h, x + w, low + h}, {w, 0, 0, -h, x, low + h},
		{0, -h, -w, 0, x + w, low + h}, {0, -h, w, 0, x, low + h}, {0, h, w, 0, x, low}, {0, h, -w, 0, x + w, low}}[turn-1]
	p.op("q %s %s %s %s %s %s cm /I%d Do Q", m[0], m[1], m[2], m[3], m[4], m[5], image.index)
}

// Image draws a picture into a box whose top left corner is x, y.
func (p *Page) Image(image *Image, x, y, w, h float64) {
	p.op("q %s 0 0 %s %s %s cm /I%d Do Q", w, h, x, p.height-y-h, image.index)
}
