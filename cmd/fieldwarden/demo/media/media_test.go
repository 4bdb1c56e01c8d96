package media_test

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo/media"
)

// boxes lists the types of the top-level boxes of an MP4 file (ISO/IEC 14496-12).
func boxes(t *testing.T, body []byte) []string {
	t.Helper()
	var all []string
	for len(body) > 0 {
		if len(body) < 8 {
			t.Fatal("a box is cut")
		}
		size := int(binary.BigEndian.Uint32(body))
		if size < 8 || size > len(body) {
			t.Fatalf("box %q has size %d of %d", body[4:8], size, len(body))
		}
		all, body = append(all, string(body[4:8])), body[size:]
	}
	return all
}

func TestVideoIsH264AndAAC(t *testing.T) {
	body := media.Video.Body
	if len(body) > 400<<10 {
		t.Errorf("%d octets: too large for a repository", len(body))
	}
	if all := boxes(t, body); len(all) < 3 || all[0] != "ftyp" || all[1] != "moov" {
		t.Errorf("boxes %v: want ftyp and moov first, so that it plays while it loads", all)
	}
	for _, codec := range []string{"avc1", "mp4a"} {
		if !bytes.Contains(body, []byte(codec)) {
			t.Errorf("no %s track", codec)
		}
	}
}

func TestPicturesDecode(t *testing.T) {
	for _, f := range []media.File{media.Goods, media.Notices, media.Kitchen} {
		picture, format, err := image.Decode(bytes.NewReader(f.Body))
		if err != nil || format != "jpeg" || picture.Bounds().Dx() < 320 || len(f.Body) > 60<<10 {
			t.Errorf("%s: %v %s, %d octets", f.Name, err, format, len(f.Body))
		}
	}
}

// A signature is laid over lines of a paper, so what is not stroke must be transparent; and no two are alike.
func TestSignaturesAreTransparent(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range media.Signature {
		picture, _, err := image.Decode(bytes.NewReader(f.Body))
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		ink, paper := 0, 0
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				if _, _, _, alpha := picture.At(x, y).RGBA(); alpha == 0 {
					paper++
				} else {
					ink++
				}
			}
		}
		if ink < 1000 || paper < 5*ink || seen[string(f.Body)] {
			t.Errorf("%s: %d dots of ink, %d of paper, drawn before: %v", f.Name, ink, paper, seen[string(f.Body)])
		}
		seen[string(f.Body)] = true
	}
}
