package render

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the fonts
	"encoding/hex"
	"fmt"
	"image"
	"io"
	"slices"
	"sync"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/domain/document/render/sfnt"
)

// The fonts, as deploy/fonts/make.sh makes them; their licences lie beside them.
var (
	//go:embed fonts/fang.ttf.gz
	fangFile []byte
	//go:embed fonts/title.ttf.gz
	titleFile []byte
	//go:embed fonts/fallback.ttf.gz
	fallbackFile []byte
)

// face is a font in memory: unpacked and parsed once, when it is first needed.
type face struct {
	name string
	load func() (*sfnt.Font, error)
}

func newFace(name string, file *[]byte) face {
	return face{name, sync.OnceValues(func() (*sfnt.Font, error) {
		z, err := gzip.NewReader(bytes.NewReader(*file))
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", name, err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", name, err)
		}
		return sfnt.Parse(text)
	})}
}

// The faces there are.
const (
	fang = iota
	song
	rare
)

var faces = [...]face{
	fang: newFace("FieldwardenFang", &fangFile),
	song: newFace("FieldwardenTitle", &titleFile),
	rare: newFace("FieldwardenFallback", &fallbackFile),
}

// Version names what decides how a paper looks besides the paper: the layout and the fonts.
var Version = sync.OnceValue(func() string {
	digest := sha256.New()
	for _, file := range [][]byte{fangFile, titleFile, fallbackFile} {
		digest.Write(file)
	}
	return "layout-" + layoutVersion + "/fonts-" + hex.EncodeToString(digest.Sum(nil))[:12]
})

// style is how a text is set: the faces that are asked for each character, in order, and the size.
type style struct {
	faces []int
	size  float64
}

func body(size float64) style { return style{[]int{fang, rare}, size} }

func heading(size float64) style { return style{[]int{song, fang, rare}, size} }

// geta stands for a character that no font has, as printers have long done it.
const geta = '〓'

// press is the fonts and the file of one document.
type press struct {
	file    *pdf.Document
	parsed  [len(faces)]*sfnt.Font
	fonts   [len(faces)]*pdf.Font // of the file, once used
	missing []rune

	pictures map[string]*pdf.Image // of the file, by signature
	forms    map[string]*pdf.Form  // of the file, by signature
	unpacked map[string]image.Image
	pixels   int // of all pictures that were unpacked
}

func newPress(info pdf.Info) (*press, error) {
	p := &press{file: pdf.New(info), pictures: map[string]*pdf.Image{}, forms: map[string]*pdf.Form{}, unpacked: map[string]image.Image{}}
	for i, f := range faces {
		var err error
		if p.parsed[i], err = f.load(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// glyph finds the face for a character, and the character that is printed.
func (p *press) glyph(s style, c rune) (int, rune) {
	for _, i := range s.faces {
		if _, ok := p.parsed[i].Glyph(c); ok {
			return i, c
		}
	}
	if !slices.Contains(p.missing, c) {
		p.missing = append(p.missing, c)
	}
	return fang, geta
}

// advance is how wide a character is.
func (p *press) advance(s style, c rune) float64 {
	i, c := p.glyph(s, c)
	glyph, _ := p.parsed[i].Glyph(c)
	return float64(p.parsed[i].Advance(glyph)) * s.size / float64(p.parsed[i].UnitsPerEm())
}

func (p *press) width(s style, text []rune) float64 {
	total := 0.0
	for _, c := range text {
		total += p.advance(s, c)
	}
	return total
}

// font is a face as a font of the file.
func (p *press) font(i int) *pdf.Font {
	if p.fonts[i] == nil {
		p.fonts[i] = p.file.Font(faces[i].name, p.parsed[i])
	}
	return p.fonts[i]
}

// set draws a line of text, face by face. Spread is added after each character.
func (p *press) set(page *pdf.Page, s style, x, y, spread float64, text []rune) {
	for len(text) > 0 {
		i, _ := p.glyph(s, text[0])
		run, width := "", 0.0
		for len(text) > 0 {
			j, c := p.glyph(s, text[0])
			if j != i {
				break
			}
			run += string(c)
			width += p.advance(s, text[0]) + spread
			text = text[1:]
		}
		page.Text(p.font(i), s.size, x, y, spread, run)
		x += width
	}
}

// stored is a picture that is in the form of a file already, as part of this one.
func (p *press) stored(s pdf.Stored, sha256 string) *pdf.Image {
	id := "\x00" + sha256
	if p.pictures[id] == nil {
		p.pictures[id] = p.file.Stored(s)
	}
	return p.pictures[id]
}

// picture is a picture as part of the file; the same one is stored once.
func (p *press) picture(id string, drawn image.Image) *pdf.Image {
	if p.pictures[id] == nil {
		p.pictures[id] = p.file.Image(drawn)
	}
	return p.pictures[id]
}
