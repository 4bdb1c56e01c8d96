package media_test

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/jpeg"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo/media"
	"github.com/fieldwarden/fieldwarden/domain/document"
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

// Signatures are strokes of a pen with pressure, and no two are alike.
func TestSignaturesAreStrokes(t *testing.T) {
	seen := map[string]bool{}
	for n, text := range media.Signature {
		s, err := document.ReadStrokes(text)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		points := 0
		for _, line := range s.Lines {
			points += len(line)
		}
		last := s.Lines[len(s.Lines)-1]
		if took := last[len(last)-1].At; !s.Pressure || len(s.Lines) < 8 || points < 200 || took < 2*time.Second || took > 10*time.Second || seen[text] {
			t.Errorf("%d: %d lines of %d points in %v, written before: %v", n, len(s.Lines), points, took, seen[text])
		}
		seen[text] = true
	}
}
