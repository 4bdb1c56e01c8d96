package still

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"
)

// scene is a picture with something in it.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * 7), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// within puts a segment behind the start of a JPEG.
func within(raw []byte, marker byte, body string) []byte {
	segment := append([]byte{0xFF, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(bytes.Clone(raw[:2]), append(segment, body...)...), raw[2:]...)
}

// turned is the Exif that says how a picture is to be turned, in either order of octets.
func turned(order binary.AppendByteOrder, mark string, turn uint16) string {
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(order.AppendUint16(order.AppendUint16(b, 2), 0x0100), 4) // a width first
	b = order.AppendUint32(order.AppendUint32(b, 1), 9)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), 3)
	b = order.AppendUint16(order.AppendUint16(order.AppendUint32(b, 1), turn), 0)
	return "Exif\x00\x00" + string(b)
}

// frameAt is where the frame of a JPEG of Go's encoder begins: its marker.
func frameAt(raw []byte) int { return bytes.Index(raw, []byte{0xFF, 0xC0}) }

// patched is a copy with other octets at a place.
func patched(raw []byte, at int, octets ...byte) []byte {
	out := bytes.Clone(raw)
	copy(out[at:], octets)
	return out
}

func TestRead(t *testing.T) {
	photo, gray := jpegOf(t, scene(60, 40)), image.NewGray(image.Rect(0, 0, 30, 20))
	behind := append(bytes.Clone(photo), "a film \xFF\xD8 behind it"...)
	glass := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	glass.SetNRGBA(0, 0, color.NRGBA{R: 255, A: 128})
	for name, c := range map[string]struct {
		raw                []byte
		width, height, was int
		gray               bool
	}{
		"a photograph":        {photo, 60, 40, 1, false},
		"turned right":        {within(photo, 0xE1, turned(binary.BigEndian, "MM", 6)), 40, 60, 6, false},
		"turned left":         {within(photo, 0xE1, turned(binary.LittleEndian, "II", 8)), 40, 60, 8, false},
		"upside down":         {within(photo, 0xE1, turned(binary.LittleEndian, "II", 3)), 60, 40, 3, false},
		"turned nowhere":      {within(photo, 0xE1, turned(binary.BigEndian, "MM", 9)), 60, 40, 1, false},
		"Exif that is cut":    {within(photo, 0xE1, turned(binary.BigEndian, "MM", 6)[:20]), 60, 40, 1, false},
		"Exif beyond its end": {within(photo, 0xE1, "Exif\x00\x00MM\x00\x2A\xFF\xFF\xFF\xFF"), 60, 40, 1, false},
		"a film behind it":    {behind, 60, 40, 1, false},
		"a gray photograph":   {jpegOf(t, gray), 30, 20, 1, true},
		"a drawing":           {pngOf(t, scene(50, 30)), 50, 30, 1, false},
		"a gray drawing":      {pngOf(t, gray), 30, 20, 1, true},
		"a drawing on glass":  {pngOf(t, glass), 2, 1, 1, false},
	} {
		s, err := Read(c.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w, h := s.Upright(); w != c.width || h != c.height || s.Turn != c.was || s.Gray != c.gray {
			t.Errorf("%s: %d × %d, turn %d, gray %v", name, w, h, s.Turn, s.Gray)
		}
		colours := 3
		if s.Gray {
			colours = 1
		}
		if (s.JPEG == nil) == (s.Samples == nil) || s.Samples != nil && len(s.Samples) != colours*s.Pixels() {
			t.Errorf("%s: %d octets of JPEG, %d of samples", name, len(s.JPEG), len(s.Samples))
		}
	}
	if s, _ := Read(behind); !bytes.Equal(s.JPEG, photo) {
		t.Error("what stands behind the picture is kept, or the picture is changed")
	}
	if s, _ := Read(pngOf(t, glass)); !bytes.Equal(s.Samples, []byte{255, 127, 127, 255, 255, 255}) {
		t.Errorf("on white: %v", s.Samples)
	}
}

// What is cut off, damaged, lies about its size or is of a kind that not everybody can show is an error, and none takes long.
func TestRefused(t *testing.T) {
	photo := jpegOf(t, scene(640, 480))
	at := frameAt(photo)
	scan := bytes.Index(photo, []byte{0xFF, 0xDA})
	drawing := pngOf(t, scene(64, 48))
	huge := image.NewPaletted(image.Rect(0, 0, 3000, 3000), color.Palette{color.White, color.Black})
	cases := map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                {nil, ErrFormat},
		"a text":                 {[]byte("<svg/>"), ErrFormat},
		"a moving picture":       {[]byte("GIF89a"), ErrFormat},
		"the beginning alone":    {photo[:3], ErrBroken},
		"cut in its head":        {photo[:at+5], ErrBroken},
		"cut in its middle":      {photo[:len(photo)/2], ErrBroken},
		"cut and ended":          {append(bytes.Clone(photo[:len(photo)/2]), 0xFF, 0xD9), ErrBroken},
		"its end missing":        {photo[:len(photo)-2], ErrBroken},
		"no picture in it":       {append(bytes.Clone(photo[:scan]), 0xFF, 0xD9), ErrBroken},
		"a segment too long":     {within(photo[:10], 0xE2, "x")[:8], ErrBroken},
		"two frames":             {append(bytes.Clone(photo[:scan]), append(bytes.Clone(photo[at:at+19]), photo[scan:]...)...), ErrBroken},
		"taller than its data":   {patched(photo, at+5, 0x10, 0), ErrBroken},
		"without a width":        {patched(photo, at+7, 0, 0), ErrBroken},
		"a bomb of a JPEG":       {patched(photo, at+5, 0xFF, 0xFF, 0xFF, 0xFF), ErrLarge},
		"too large, progressive": {patched(patched(photo, at+1, 0xC2), at+5, 0x10, 0, 0x0D, 0), ErrLarge},
		"twelve bits":            {patched(photo, at+4, 12), ErrKind},
		"lossless":               {patched(photo, at+1, 0xC3), ErrKind},
		"by arithmetic":          {patched(photo, at+1, 0xC9), ErrKind},
		"four colours":           {patched(photo, at+9, 4), ErrKind},
		"colours named RGB":      {patched(patched(patched(photo, at+10, 'R'), at+13, 'G'), at+16, 'B'), ErrKind},
		"scans without end":      {many(photo, scan), ErrKind},
		"a drawing cut off":      {drawing[:len(drawing)-20], ErrBroken},
		"a drawing damaged":      {patched(drawing, len(drawing)/2, 0, 0, 0), ErrBroken},
		"a drawing's head alone": {drawing[:20], ErrBroken},
		"a drawing of many":      {pngOf(t, huge), ErrLarge},
		"a drawing that lies":    {larger(drawing), ErrBroken},
		"a bomb of a drawing":    {sized(drawing, 60000, 60000), ErrLarge},
		"a drawing of no pixels": {sized(drawing, 0, 48), ErrBroken},
	}
	for name, c := range cases {
		begun := time.Now()
		if _, err := Read(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// many is a progressive JPEG with a thousand scans, each a walk over all of it.
func many(photo []byte, scan int) []byte {
	out := patched(photo[:scan], frameAt(photo)+1, 0xC2)
	for range 1000 {
		out = append(out, 0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 1, 0)
	}
	return append(out, 0xFF, 0xD9)
}

// larger is a drawing that says that it is a little larger than it is.
func larger(drawing []byte) []byte { return sized(drawing, 80, 80) }

// sized is a drawing whose head says another size, its sum right.
func sized(drawing []byte, w, h uint32) []byte {
	out := bytes.Clone(drawing)
	binary.BigEndian.PutUint32(out[16:], w)
	binary.BigEndian.PutUint32(out[20:], h)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}

// Whatever the octets: a picture within bounds, or one of the errors.
func FuzzRead(f *testing.F) {
	f.Add(jpegOf(f, scene(20, 10)))
	f.Add(within(jpegOf(f, scene(9, 9)), 0xE1, turned(binary.BigEndian, "MM", 6)))
	f.Add(pngOf(f, scene(20, 10)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Read(raw)
		if err != nil {
			for _, known := range []error{ErrFormat, ErrKind, ErrLarge, ErrBroken} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatal(err)
		}
		if s.Pixels() < 1 || s.Pixels() > MostPixels || s.Turn < 1 || s.Turn > 8 || len(s.JPEG) > len(raw) {
			t.Fatalf("%d × %d, turn %d", s.Width, s.Height, s.Turn)
		}
	})
}
