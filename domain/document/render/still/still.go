// Package still reads photographs and drawings that are to be printed: JPEG (ITU-T T.81) and PNG (ISO/IEC 15948), within bounds of memory and time. What
// it lets through can be shown by everybody: a JPEG is looked through segment by segment and then decoded once, and kept as it is.
//
// It must not know what a picture is of, nor where it is printed.
package still

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// MostPixels is how many pixels a JPEG may have; one that comes in several scans (progressive), which takes several times the memory, half of them, and a
// PNG, which is unpacked and packed anew, a third.
const MostPixels = 24 << 20

// What may be wrong with a picture. Every error of [Read] is one of them.
var (
	ErrFormat = errors.New("neither JPEG nor PNG")
	ErrKind   = errors.New("a kind of JPEG that not everybody can show: not 8 bits in one or three colours, coded by Huffman's codes")
	ErrLarge  = errors.New("more pixels than a picture may have")
	ErrBroken = errors.New("cut off or damaged")
)

// Still is a picture that was read.
type Still struct {
	Width, Height int  // as stored, before Turn
	Gray          bool // one colour; otherwise red, green and blue
	Turn          int  // how it is to be turned to stand upright: 1 to 8, as the tag Orientation of Exif counts
	JPEG          []byte
	Samples       []byte // of a PNG: row by row, an octet a colour, what is transparent on white; nil for a JPEG
}

// Pixels is how many there are.
func (s Still) Pixels() int { return s.Width * s.Height }

// Upright is the size of the picture once it is turned.
func (s Still) Upright() (width, height int) {
	if s.Turn >= 5 {
		return s.Height, s.Width
	}
	return s.Width, s.Height
}

// Read reads a picture.
func Read(raw []byte) (Still, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xFF\xD8\xFF")):
		return readJPEG(raw)
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		return readPNG(raw)
	}
	return Still{}, ErrFormat
}

func readJPEG(raw []byte) (Still, error) {
	j, err := walk(raw)
	if err != nil {
		return Still{}, err
	}
	s := Still{Width: j.width, Height: j.height, Gray: j.colours == 1, Turn: j.turn, JPEG: raw[:j.end]}
	most := MostPixels
	if j.progressive {
		most /= 2
	}
	if s.Width > most/s.Height {
		return Still{}, ErrLarge
	}
	decoded, err := jpeg.Decode(bytes.NewReader(s.JPEG))
	if err != nil {
		return Still{}, ErrBroken
	}
	if size := decoded.Bounds().Size(); size.X != s.Width || size.Y != s.Height {
		return Still{}, ErrBroken
	}
	return s, nil
}

func readPNG(raw []byte) (Still, error) {
	shape, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil || shape.Width < 1 || shape.Height < 1 {
		return Still{}, ErrBroken
	}
	if shape.Width > MostPixels/3/shape.Height {
		return Still{}, ErrLarge
	}
	decoded, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return Still{}, ErrBroken
	}
	s := Still{Width: shape.Width, Height: shape.Height, Turn: 1}
	if gray, is := decoded.(*image.Gray); is {
		s.Gray, s.Samples = true, gray.Pix
		return s, nil
	}
	s.Samples = onWhite(decoded)
	return s, nil
}

// onWhite are a picture's colours as they look on paper.
func onWhite(picture image.Image) []byte {
	bounds := picture.Bounds()
	out := make([]byte, 0, 3*bounds.Dx()*bounds.Dy())
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := colourAt(picture, x, y)
			white := uint32(255 - c.A)
			for _, v := range [3]uint8{c.R, c.G, c.B} {
				out = append(out, uint8((uint32(v)*uint32(c.A)+255*white+127)/255))
			}
		}
	}
	return out
}

// colourAt reads what most pictures are without going by way of colours in general, which takes five times as long.
func colourAt(picture image.Image, x, y int) color.NRGBA {
	switch p := picture.(type) {
	case *image.NRGBA:
		return p.NRGBAAt(x, y)
	case *image.RGBA: // the decoder of PNG gives it for what is opaque
		c := p.RGBAAt(x, y)
		return color.NRGBA(c)
	}
	return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
}
