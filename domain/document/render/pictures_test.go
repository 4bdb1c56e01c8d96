package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// photos is a paper of running text that holds the given pictures, so many a page.
func photos(perPage int, raws ...[]byte) Paper {
	rows, octets := record.Object{}, map[string][]byte{}
	for i, raw := range raws {
		digest := sha256.Sum256(raw)
		sum := hex.EncodeToString(digest[:])
		octets[sum] = raw
		rows["p"+itoa(i+1)] = record.Object{"order": float64(i), "evidence": first, "sha256": sum, "length": float64(len(raw)), "caption": "东侧人行道", "at": "2026-11-25T06:00:00Z",
			"place": "成林道与津塘路交口", "by": "赵翀"}
	}
	body := record.Object{"kind": "evidence-extraction", "name": "现场照片", "fields": record.Object{"photos": record.Object{"kind": "pictures", "label": "照片"}},
		"layout": record.Object{"a": record.Object{"order": 1.0, "kind": "title", "lines": []any{"{name}"}}, "b": record.Object{"order": 2.0, "kind": "pictures", "field": "photos", "perPage": float64(perPage)}}}
	return Paper{Words: document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(record.Object{"state": document.Issued, "issuedAt": "2026-11-25T06:40:00Z",
		"data": record.Object{"photos": rows}})},
		Pictures: func(ref document.PictureRef) ([]byte, error) { return octets[ref.SHA256], nil }}
}

// arrowed is a picture that looks otherwise in each of the eight ways to turn it.
func arrowed(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 255, 255, 255}
			if x < w/3 && y < h/4 {
				c = color.NRGBA{A: 255}
			} else if x < w/8 {
				c = color.NRGBA{120, 120, 120, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 90}); err != nil {
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

// A photograph is in the file octet for octet, and the same one once; a drawing is packed anew; both are said what they are.
func TestPicturesAreInTheFile(t *testing.T) {
	photo, gray := jpegOf(t, arrowed(64, 48)), jpegOf(t, image.NewGray(image.Rect(0, 0, 16, 16)))
	p := photos(2, photo, pngOf(t, arrowed(40, 30)), gray, photo)
	file, result := printed(t, p)
	if again, _ := printed(t, p); !bytes.Equal(file, again) {
		t.Error("other octets the second time")
	}
	if n := bytes.Count(file, photo); n != 1 || bytes.Count(file, gray) != 1 || bytes.Count(file, []byte("/DCTDecode")) != 2 {
		t.Errorf("the photograph is there %d times", n)
	}
	if result.Pages != 2 {
		t.Errorf("%d pages", result.Pages)
	}
	text := wordsOf(extract(t, file))
	digest := sha256.Sum256(photo)
	for _, want := range []string{"照片1东侧人行道", "拍摄时间2026年11月25日14时00分", "拍摄人赵翀", "拍摄地点成林道与津塘路交口", "照片4", "原始文件SHA-256：" + hex.EncodeToString(digest[:])} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	for _, fault := range faultsOf(t, file) {
		t.Error(fault)
	}
	wrong := bytes.Replace(file, []byte("/DeviceGray/Filter/DCTDecode"), []byte("/DeviceRGB /Filter/DCTDecode"), 1)
	if !slices.ContainsFunc(faultsOf(t, wrong), func(f string) bool { return strings.HasPrefix(f, "6.2.8:") }) {
		t.Error("a photograph in one colour that says it has three is not found")
	}
}

// exifOf is a JPEG that says how it is to be turned.
func exifOf(raw []byte, turn int) []byte {
	b := []byte("Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(turn)) + "\x00\x00")
	segment := append([]byte{0xFF, 0xE1}, binary.BigEndian.AppendUint16(nil, uint16(len(b)+2))...)
	return slices.Concat(raw[:2], segment, b, raw[2:])
}

// storedAs is how a camera that was held so stores what stands upright: Exif 2.3, 4.6.4, Orientation: where the row of number 0 and the column of number 0 are.
func storedAs(upright *image.NRGBA, turn int) *image.NRGBA {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	sw, sh := w, h
	if turn >= 5 {
		sw, sh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for r := range sh {
		for c := range sw {
			at := [...]image.Point{{c, r}, {w - 1 - c, r}, {w - 1 - c, h - 1 - r}, {c, h - 1 - r}, {r, c}, {w - 1 - r, c}, {w - 1 - r, h - 1 - c}, {r, h - 1 - c}}[turn-1]
			out.SetNRGBA(c, r, upright.NRGBAAt(at.X, at.Y))
		}
	}
	return out
}

// However the camera was held, the picture stands upright on paper.
func TestPicturesStandUpright(t *testing.T) {
	program := services.Program(t, "pdftoppm", "install poppler, on Debian: apt-get install poppler-utils")
	upright := arrowed(960, 640)
	want := photograph(t, program, PDF, photos(1, jpegOf(t, upright)))
	for turn := 2; turn <= 8; turn++ {
		p := photos(1, exifOf(jpegOf(t, storedAs(upright, turn)), turn))
		if at, same := alike(withoutDigest(photograph(t, program, PDF, p)), withoutDigest(want)); !same {
			t.Errorf("turned as %d the page looks otherwise at %v", turn, at)
		}
	}
}

// withoutDigest is a page but for its lower end, where the digest stands.
func withoutDigest(page image.Image) image.Image {
	b := page.Bounds()
	return page.(*image.Gray).SubImage(image.Rect(b.Min.X, b.Min.Y, b.Max.X, b.Min.Y+b.Dy()*3/4))
}

// A picture that cannot be printed is an error that names its place, nothing is written, and it takes neither long nor much; what may come yet is
// another error.
func TestPicturesThatCannotBePrinted(t *testing.T) {
	good := jpegOf(t, arrowed(64, 48))
	huge := bytes.Clone(good)
	copy(huge[bytes.Index(huge, []byte{0xFF, 0xC0})+5:], "\xFF\xFF\xFF\xFF")
	coming := errors.New("not there yet")
	for name, c := range map[string]struct {
		paper Paper
		zh    string
	}{
		"cut off":         {photos(2, good, good[:len(good)/2]), "不完整"},
		"a bomb":          {photos(2, good, huge), "像素过多"},
		"a text":          {photos(2, good, []byte("text")), "不是JPEG或者PNG"},
		"four colours":    {photos(2, good, bytes.Replace(good, []byte{0x11, 8, 0, 48, 0, 64, 3}, []byte{0x11, 8, 0, 48, 0, 64, 4}, 1)), "基线"},
		"others' octets":  {served(photos(2, good, pngOf(t, arrowed(9, 9))), good), "不一致"},
		"nobody's":        {served(photos(2, good, pngOf(t, arrowed(9, 9))), nil), "不一致"},
		"said to be long": {altered(photos(2, good, pngOf(t, arrowed(9, 9))), "length", 1e12), "过大"},
		"said to be less": {altered(photos(2, good, pngOf(t, arrowed(9, 9))), "length", -1.0), "过大"},
	} {
		var out bytes.Buffer
		begun := time.Now()
		_, err := PDF(&out, c.paper)
		var wrong *PictureError
		if !errors.As(err, &wrong) || wrong.Path != "data/photos/p2" || !strings.Contains(wrong.Zh, c.zh) || out.Len() > 0 {
			t.Errorf("%s: %v, %d octets", name, err, out.Len())
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	p := photos(2, good)
	p.Pictures = func(document.PictureRef) ([]byte, error) { return nil, coming }
	var wrong *PictureError
	if _, err := PDF(io.Discard, p); !errors.Is(err, coming) || errors.As(err, &wrong) {
		t.Errorf("what may come yet: %v", err)
	}
	p.Pictures = func(document.PictureRef) ([]byte, error) {
		return nil, &PictureError{Zh: "已处置", En: "disposed of"}
	}
	if _, err := PDF(io.Discard, p); !errors.As(err, &wrong) || wrong.Path != "data/photos/p1" || wrong.Zh != "已处置" {
		t.Errorf("what never comes: %v", err)
	}
}

// served gives the same octets for the second picture, whichever it is.
func served(p Paper, raw []byte) Paper {
	source := p.Pictures
	p.Pictures = func(ref document.PictureRef) ([]byte, error) {
		if ref.ID == "p2" {
			return raw, nil
		}
		return source(ref)
	}
	return p
}

// altered says something else of the second picture.
func altered(p Paper, key string, value any) Paper {
	p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"photos": record.Object{"p2": record.Object{key: value}}})
	return p
}

// Many pictures that are small in octets and large in pixels are refused before they are all read, and more rows than a paper may have at once.
func TestPicturesTogether(t *testing.T) {
	var many [][]byte
	for i := range 13 {
		sheet := image.NewGray(image.Rect(0, 0, 4200, 5200))
		sheet.Pix[i] = 255
		many = append(many, jpegOf(t, sheet))
	}
	begun := time.Now()
	var wrong *PictureError
	if _, err := PDF(io.Discard, photos(3, many...)); !errors.As(err, &wrong) || !strings.Contains(wrong.Zh, "合计过大") {
		t.Errorf("%v", err)
	}
	if took := time.Since(begun); took > 2*time.Minute {
		t.Errorf("took %v", took)
	}
	if _, err := PDF(io.Discard, photos(3, slices.Repeat([][]byte{many[0]}, document.MostPictures+1)...)); !errors.Is(err, ErrTooLong) {
		t.Errorf("more pictures than a paper may have: %v", err)
	}
}

// Where no pictures are printed their places say so: in a preview, and on a roll and in a text that is to be edited, which point to the page.
func TestPlacesOfPictures(t *testing.T) {
	p := example(t, "evidence-extraction")
	words, _, _ := edited(t, p)
	for name, text := range map[string]string{"receipt": rolled(t, p), "docx": words} {
		if n := strings.Count(wordsOf(text), "（照片见本文书A4纸页）"); n != 2 || !strings.Contains(wordsOf(text), "转账截图") {
			t.Errorf("%s points to %d pictures", name, n)
		}
	}
	p.Pictures = nil
	file, _ := printed(t, p)
	if text := wordsOf(extract(t, file)); strings.Count(text, "预览不印照片") != 2 || bytes.Contains(file, []byte("/DCTDecode")) {
		t.Errorf("the preview: %s", text)
	}
	p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"photos": nil})
	if file, _ = printed(t, p); strings.Contains(wordsOf(extract(t, file)), "预览不印照片") {
		t.Error("there is a place for no picture")
	}
}

func rolled(t testing.TB, p Paper) string {
	t.Helper()
	file, _ := onRoll(t, p)
	return extract(t, file)
}

// Every picture beside the samples is one that a sample shows.
func TestPicturesOfSamplesAreUsed(t *testing.T) {
	files, err := templates.Pictures.ReadDir("samples/pictures")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, kind := range templates.Kinds() {
		p := example(t, kind)
		for _, f := range p.Template.Fields {
			if f.Kind != document.Pictures {
				continue
			}
			for _, ref := range document.PicturesOf(p.Instance.Data[f.ID]) {
				if _, err := drawnPictures(ref); err != nil {
					t.Errorf("%s: %s: %v", kind, ref.ID, err)
				}
				shown[ref.SHA256] = true
			}
		}
	}
	if len(shown) != len(files) {
		t.Errorf("%d files, %d pictures", len(files), len(shown))
	}
}
