package document

import (
	"bytes"
	"errors"
	"image"
	"image/png"
)

// What pictures may be at most, before they are unpacked.
const (
	MaxSignatureBytes = 64 << 10
	MaxSealBytes      = 256 << 10
	maxPicturePixels  = 1 << 20
)

var errPicture = errors.New("not a small PNG")

// Picture decodes a PNG of at most so many bytes and about a million pixels; both are checked before anything is unpacked.
func Picture(raw []byte, most int) (image.Image, error) {
	if len(raw) > most {
		return nil, errPicture
	}
	shape, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil || shape.Width < 1 || shape.Height < 1 || shape.Width > maxPicturePixels/shape.Height {
		return nil, errPicture
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, errPicture
	}
	return picture, nil
}

// Seal decodes the picture of an organ's seal: a square PNG of at most 256 KiB and about a million pixels.
func Seal(raw []byte) (image.Image, error) {
	picture, err := Picture(raw, MaxSealBytes)
	if err != nil {
		return nil, err
	}
	if size := picture.Bounds().Size(); size.X != size.Y {
		return nil, errors.New("not as wide as high")
	}
	return picture, nil
}
