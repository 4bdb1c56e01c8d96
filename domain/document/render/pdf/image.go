package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
)

// Image is a picture of a document.
type Image struct {
	index, first  int // its number among the pictures, and the number of its first object once the file is written
	width, height int
	colours, mask []byte // samples; mask is nil for a picture that hides what is below it
	stored        Stored // instead of colours
}

// Stored is a picture in the form in which a file keeps it. It belongs to no document: it is made once and may be in many.
type Stored struct {
	Width, Height int
	Gray          bool
	filter        string
	data          []byte
}

// JPEG is a picture that stays as it is (ISO 32000-1, 7.4.8): the octets of a JPEG of 8 bits, in one colour or three. Who calls has seen to it that it is one.
func JPEG(data []byte, width, height int, gray bool) Stored {
	return Stored{width, height, gray, "DCTDecode", data}
}

// Packed is an opaque picture of 8 bits a colour, row by row, without loss.
func Packed(samples []byte, width, height int, gray bool) Stored {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(samples) // into memory: cannot fail
	_ = z.Close()
	return Stored{width, height, gray, "FlateDecode", out.Bytes()}
}

// Image adds a picture to the document, with its transparency.
func (d *Document) Image(picture image.Image) *Image {
	bounds := picture.Bounds()
	i := &Image{index: len(d.images), width: bounds.Dx(), height: bounds.Dy()}
	n := i.width * i.height
	i.colours, i.mask = make([]byte, 0, 3*n), make([]byte, 0, n)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := colourAt(picture, x, y)
			i.colours, i.mask = append(i.colours, c.R, c.G, c.B), append(i.mask, c.A)
		}
	}
	d.images = append(d.images, i)
	return i
}

// Stored adds a picture that is in the form of a file already.
func (d *Document) Stored(s Stored) *Image {
	i := &Image{index: len(d.images), width: s.Width, height: s.Height, stored: s}
	d.images = append(d.images, i)
	return i
}

// colourAt is the colour of a pixel. What most pictures are is read without going by way of colours in general, which takes five times as long.
func colourAt(picture image.Image, x, y int) color.NRGBA {
	switch p := picture.(type) {
	case *image.NRGBA:
		return p.NRGBAAt(x, y)
	case *image.Gray:
		v := p.GrayAt(x, y).Y
		return color.NRGBA{v, v, v, 255}
	}
	return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
}

// Size is the picture's size in pixels.
func (i *Image) Size() (width, height int) { return i.width, i.height }

// reserve gives the picture's objects their numbers.
func (i *Image) reserve(out *file) {
	if i.first = out.reserve(1); i.mask != nil {
		out.reserve(1)
	}
}

func (i *Image) write(out *file) {
	shape := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8", i.width, i.height)
	if i.mask == nil {
		space := "DeviceRGB"
		if i.stored.Gray {
			space = "DeviceGray"
		}
		out.object(i.first, "<<%s/ColorSpace/%s/Filter/%s/Length %d>>\nstream\n%s\nendstream", shape, space, i.stored.filter, len(i.stored.data), i.stored.data)
		return
	}
	out.stream(i.first, fmt.Sprintf("%s/ColorSpace/DeviceRGB/SMask %d 0 R", shape, i.first+1), i.colours)
	out.stream(i.first+1, shape+"/ColorSpace/DeviceGray", i.mask)
}
