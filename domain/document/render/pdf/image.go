package pdf

import (
	"fmt"
	"image"
	"image/color"
)

// Image is a picture of a document, with its transparency.
type Image struct {
	index         int
	width, height int
	colours, mask []byte
}

// Image adds a picture to the document.
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

func (i *Image) write(out *file, first int) {
	shape := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8", i.width, i.height)
	out.stream(first, fmt.Sprintf("%s/ColorSpace/DeviceRGB/SMask %d 0 R", shape, first+1), i.colours)
	out.stream(first+1, shape+"/ColorSpace/DeviceGray", i.mask)
}
