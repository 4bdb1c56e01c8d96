package render

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// written is a signature of two lines and a dot, as a hand on a screen of 1200 × 500 would make it; harder in the middle of a line if it has
// pressure.
func written(pressure bool) document.Strokes {
	s := document.Strokes{Width: 1200, Height: 500, Pressure: pressure, Lines: [][]document.Point{{}, {}, {{X: 900, Y: 150, At: 2 * time.Second, Pressure: 200}}}}
	for n := range 2 {
		for i := range 120 {
			at := float64(i) / 120
			p := document.Point{X: 200 + n*300 + int(330*at), Y: 250 + int(120*math.Sin(at*float64(9+4*n))*math.Cos(at*5)), At: time.Duration(n*900+i*7) * time.Millisecond}
			if pressure {
				p.Pressure = int(60 + 190*math.Sin(at*math.Pi))
			}
			s.Lines[n] = append(s.Lines[n], p)
		}
	}
	if !pressure {
		s.Lines[2][0].Pressure = 0
	}
	return s
}

// Strokes are drawn as lines, once for all places where they stand, and before a picture; what cannot be read falls back to the picture.
func TestStrokesAreDrawn(t *testing.T) {
	count := func(strokes, image string) (forms, pictures, uses int) {
		p := inspection(t)
		for i := range p.Instance.Signatures {
			s := &p.Instance.Signatures[i]
			if s.Image = ""; s.Role == document.ByParty {
				s.Strokes, s.Image = strokes, image
			}
		}
		file, _ := printed(t, p)
		inflated, _ := unpacked(t, file)
		for _, content := range inflated {
			uses += strings.Count(content, " Do Q")
		}
		return bytes.Count(file, []byte("/Subtype/Form")), bytes.Count(file, []byte("/SMask")), uses
	}
	good := written(true).String()
	for name, c := range map[string]struct {
		strokes, image string
		want           [3]int
	}{
		"strokes":        {good, "", [3]int{1, 0, 4}}, // at the foot of three pages and in its place
		"both":           {good, scribble(1), [3]int{1, 0, 4}},
		"broken strokes": {"1,2", scribble(1), [3]int{0, 1, 4}},
		"neither":        {"1,2", "", [3]int{0, 0, 0}},
	} {
		forms, pictures, uses := count(c.strokes, c.image)
		if got := [3]int{forms, pictures, uses}; got != c.want {
			t.Errorf("%s: forms, pictures, uses: %v, want %v", name, got, c.want)
		}
	}
}

// Wherever and however large somebody writes, the drawing has room for the pen and keeps its proportions.
func TestStrokesAreFitted(t *testing.T) {
	for name, s := range map[string]document.Strokes{"usual": written(false), "pressure": written(true),
		"dot":  {Width: 10, Height: 10, Lines: [][]document.Point{{{X: 10, Y: 10}}}},
		"line": {Width: 10000, Height: 1, Lines: [][]document.Point{{{}, {X: 10000, Y: 1}}}}} {
		p, err := arrange(letter(1), nil, 1, false, false)
		if err != nil {
			t.Fatal(err)
		}
		w, h := p.press.inked(s).Size()
		low, high := s.Lines[0][0], s.Lines[0][0]
		for _, line := range s.Lines {
			for _, at := range line {
				low.X, low.Y, high.X, high.Y = min(low.X, at.X), min(low.Y, at.Y), max(high.X, at.X), max(high.Y, at.Y)
			}
		}
		if w < float64(high.X-low.X) || h < float64(high.Y-low.Y) || w <= 0 || h <= 0 {
			t.Errorf("%s: drawn on %.1f × %.1f", name, w, h)
		}
	}
}

// Pictures that are small in octets and large in pixels do not fill the memory: after so many no more are unpacked.
func TestManyLargePictures(t *testing.T) {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 1024, 1024))); err != nil {
		t.Fatal(err)
	}
	bomb := base64.StdEncoding.EncodeToString(out.Bytes())
	press, err := newPress(pdf.Info{})
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for i := range 60 {
		if _, err := press.unpack(document.Signature{ID: itoa(i), Image: bomb}); err == nil {
			drawn++
		}
	}
	if drawn != mostPixels/(1024*1024) {
		t.Errorf("%d pictures", drawn)
	}
	if _, err := press.unpack(document.Signature{ID: "0"}); err != nil {
		t.Errorf("one that was unpacked before: %v", err)
	}
}
