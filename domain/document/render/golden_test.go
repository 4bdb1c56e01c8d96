package render

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// example is the sample of a kind of paper, signed by drawings, and sealed by an invented seal where it has a place for one.
func example(t testing.TB, kind string) Paper {
	t.Helper()
	text, err := templates.Samples.ReadFile("samples/" + kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(kind, err)
	}
	signatures, _ := body["signatures"].(record.Object)
	for i, id := range slices.Sorted(maps.Keys(signatures)) {
		if s := signatures[id].(record.Object); s["refused"] != true {
			s["image"] = scribble(i + 1)
		}
	}
	body["unit"], body["kind"], body["state"] = "120102011", kind, document.Issued
	organ, _ := body["organ"].(string)
	return Paper{Words: document.Words{Template: seed(t, kind), Instance: document.ReadInstance(body), Organ: organ}, Seal: seal480(), Pictures: drawnPictures,
		CheckURL: "https://fieldwarden.example.cn/check/01890000-0000-7000-8000-0000000000aa"}
}

var errNoPicture = errors.New("there is no such picture")

// drawnPictures gives the pictures of the samples, by their digest.
func drawnPictures(ref document.PictureRef) ([]byte, error) {
	const folder = "samples/pictures"
	files, err := templates.Pictures.ReadDir(folder)
	for _, f := range files {
		raw, err := templates.Pictures.ReadFile(folder + "/" + f.Name())
		if digest := sha256.Sum256(raw); err != nil || hex.EncodeToString(digest[:]) == ref.SHA256 {
			return raw, err
		}
	}
	return nil, cmp.Or(err, errNoPicture)
}

// Every template of the house has a sample that its own check finds nothing wrong with, and that prints with every character.
func TestSamples(t *testing.T) {
	for _, kind := range templates.Kinds() {
		paper := example(t, kind)
		for _, flaw := range document.Check(paper.Template, paper.Instance) {
			t.Errorf("%s: %s: %s", kind, flaw.Path, flaw.Zh)
		}
		result, err := PDF(&bytes.Buffer{}, paper)
		if err != nil || len(result.Missing) > 0 {
			t.Errorf("%s: %v, without a font: %q", kind, err, string(result.Missing))
		}
		if k, ok := document.KindOf(kind); !ok || k.Name != paper.Template.Name {
			t.Errorf("%s is named %s; the list of papers says %s", kind, paper.Template.Name, k.Name)
		}
		if numbered := paper.Template.Number != nil; numbered != (paper.Instance.NumberText != "") {
			t.Errorf("%s: the template has a number: %v, the sample's is %q", kind, numbered, paper.Instance.NumberText)
		}
	}
}

// How pictures of pages are made and compared.
const (
	dpi   = "72"
	patch = 6  // pixels of the side of a patch that is compared as a whole
	apart = 30 // how far, of 255, the mean of a patch may be off: another version of poppler smooths letters otherwise
)

// Every sample looks as it did when a person last looked at it: testdata/golden/<kind>.png, its pages side by side; and so do a sealed letter,
// a roll, a table of contents and a marked copy. After a change of
// layout look at the pages that differ, then
//
//	go test ./domain/document/render -run TestPictures -update
func TestPictures(t *testing.T) {
	program := services.Program(t, "pdftoppm", "install poppler, on Debian: apt-get install poppler-utils")
	inked := penalty(t)
	inked.Instance.Signatures[0].Strokes = written(true).String()
	photographs := map[string]func(*testing.T) image.Image{
		"letter-sealed":           func(t *testing.T) image.Image { return photograph(t, program, PDF, letter(3)) },
		"summary-penalty-receipt": func(t *testing.T) image.Image { return photograph(t, program, Receipt, inked) },
	}
	written := func(file []byte) func(io.Writer, Paper) (Result, error) {
		return func(w io.Writer, _ Paper) (Result, error) { _, err := w.Write(file); return Result{}, err }
	}
	photographs["contents"] = func(t *testing.T) image.Image {
		return photograph(t, program, func(w io.Writer, _ Paper) (Result, error) { return WriteContents(w, contents()) }, Paper{})
	}
	photographs["marked-copy"] = func(t *testing.T) image.Image {
		file, _ := copied(t, inked)
		return photograph(t, program, written(file), Paper{})
	}
	for _, kind := range templates.Kinds() {
		photographs[kind] = func(t *testing.T) image.Image { return photograph(t, program, PDF, example(t, kind)) }
	}
	for kind, take := range photographs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			got := take(t)
			name := filepath.Join("testdata", "golden", kind+".png")
			if *update {
				if err := os.WriteFile(name, encoded(t, got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if at, same := alike(got, picture(t, name)); !same {
				left := filepath.Join(os.TempDir(), "fieldwarden-"+kind+".png")
				_ = os.WriteFile(left, encoded(t, got), 0o644)
				t.Errorf("the page looks otherwise at %v: see %s beside %s", at, left, name)
			}
		})
	}
}

// photograph makes a picture of a paper's pages, side by side.
func photograph(t *testing.T, program string, write func(io.Writer, Paper) (Result, error), paper Paper) image.Image {
	folder := t.TempDir()
	var file bytes.Buffer
	if _, err := write(&file, paper); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-r", dpi, "-gray", "-png", "-", filepath.Join(folder, "page"))
	cmd.Stdin = &file
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	slices.Sort(names)
	var pages []image.Image
	for _, name := range names {
		pages = append(pages, picture(t, name))
	}
	size := pages[0].Bounds().Size()
	sheet := image.NewGray(image.Rect(0, 0, size.X*len(pages), size.Y))
	for i, page := range pages {
		draw.Draw(sheet, page.Bounds().Add(image.Pt(i*size.X, 0)), page, image.Point{}, draw.Src)
	}
	return sheet
}

func picture(t *testing.T, name string) image.Image {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, err := png.Decode(file)
	if err != nil {
		t.Fatal(name, err)
	}
	return read
}

// encoded makes a small file of a picture: sixteen greys.
func encoded(t *testing.T, sheet image.Image) []byte {
	greys := make(color.Palette, 16)
	for i := range greys {
		greys[i] = color.Gray{Y: uint8(i * 17)}
	}
	small := image.NewPaletted(sheet.Bounds(), greys)
	draw.Draw(small, small.Bounds(), sheet, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// alike compares two pictures patch by patch, and says where the first patch differs.
func alike(a, b image.Image) (image.Point, bool) {
	if a.Bounds() != b.Bounds() {
		return image.Point{}, false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y += patch {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x += patch {
			at := image.Pt(x, y)
			if d := meanOf(a, at) - meanOf(b, at); d > apart || d < -apart {
				return at, false
			}
		}
	}
	return image.Point{}, true
}

// meanOf is the mean grey of the patch at a point, from 0 to 255.
func meanOf(sheet image.Image, at image.Point) int {
	area := image.Rectangle{Min: at, Max: at.Add(image.Pt(patch, patch))}.Intersect(sheet.Bounds())
	sum := 0
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			sum += int(color.GrayModel.Convert(sheet.At(x, y)).(color.Gray).Y)
		}
	}
	return sum / max(1, area.Dx()*area.Dy())
}

// A word that is missing, one that is moved by half its height, and a sheet of another size are seen.
func TestPicturesDiffer(t *testing.T) {
	sheet := image.NewGray(image.Rect(0, 0, 120, 60))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	drawn := func(at image.Rectangle) image.Image {
		other := image.NewGray(sheet.Bounds())
		draw.Draw(other, other.Bounds(), sheet, image.Point{}, draw.Src)
		draw.Draw(other, at, image.NewUniform(color.Gray{Y: 110}), image.Point{}, draw.Src)
		return other
	}
	word := image.Rect(24, 24, 48, 36)
	if _, same := alike(drawn(word), drawn(word)); !same {
		t.Error("a picture differs from itself")
	}
	for name, other := range map[string]image.Image{"missing": sheet, "moved": drawn(word.Add(image.Pt(0, 6))), "another sheet": image.NewGray(image.Rect(0, 0, 60, 60))} {
		if _, same := alike(drawn(word), other); same {
			t.Errorf("%s: not seen", name)
		}
	}
}
