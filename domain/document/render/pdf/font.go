package pdf

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document/render/sfnt"
)

// objectsPerFont: the font, its descendant, descriptor, file and map to characters.
const objectsPerFont = 5

// Font is a font of one document with the characters used so far.
type Font struct {
	name  string
	face  *sfnt.Font
	index int
	ids   map[rune]int // place in chars, from 1: the glyph's number in the embedded font
	chars []rune
}

// Font adds a font to the document. Characters are numbered in the order of their first use.
func (d *Document) Font(name string, face *sfnt.Font) *Font {
	font := &Font{name: name, face: face, index: len(d.fonts), ids: map[rune]int{}}
	d.fonts = append(d.fonts, font)
	return font
}

// id is the number of a character's glyph in the embedded font. Two characters that look alike have two numbers, so that
// each is copied as what it is.
func (f *Font) id(c rune) int {
	if id, ok := f.ids[c]; ok {
		return id
	}
	f.chars = append(f.chars, c)
	f.ids[c] = len(f.chars)
	return len(f.chars)
}

// Width is how wide a text is at a size.
func (f *Font) Width(text string, size float64) float64 {
	total := 0
	for _, c := range text {
		glyph, _ := f.face.Glyph(c)
		total += f.face.Advance(glyph)
	}
	return float64(total) * size / float64(f.face.UnitsPerEm())
}

func (f *Font) write(out *file, first int) {
	glyphs := make([]uint16, len(f.chars))
	var widths strings.Builder
	for i, c := range f.chars {
		glyphs[i], _ = f.face.Glyph(c)
		fmt.Fprintf(&widths, "%d ", f.scaled(f.face.Advance(glyphs[i])))
	}
	embedded := f.face.Subset(glyphs)
	name := tag(embedded) + "+" + f.name
	out.object(first, "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>",
		name, first+1, first+4)
	out.object(first+1, "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/FontDescriptor %d 0 R/DW 1000/W[1[%s]]/CIDToGIDMap/Identity>>", name, first+2, widths.String())
	box := f.face.Box()
	out.object(first+2, "<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent 880/Descent -120"+
		"/CapHeight 700/StemV 80/FontFile2 %d 0 R>>", name,
		f.scaled(box[0]), f.scaled(box[1]), f.scaled(box[2]), f.scaled(box[3]), first+3)
	out.stream(first+3, fmt.Sprintf("/Length1 %d", len(embedded)), embedded)
	out.stream(first+4, "", f.toUnicode())
}

// scaled turns font units into the thousandths of the em that PDF counts in.
func (f *Font) scaled(units int) int { return units * 1000 / f.face.UnitsPerEm() }

// mapsPerBlock is how many lines a block of a character map may have.
const mapsPerBlock = 100

// toUnicode maps each glyph back to its character.
func (f *Font) toUnicode() []byte {
	var b strings.Builder
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for from := 0; from < len(f.chars); from += mapsPerBlock {
		block := f.chars[from:min(from+mapsPerBlock, len(f.chars))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for i, c := range block {
			fmt.Fprintf(&b, "<%04X><%s>\n", from+i+1, utf16Hex(string(c)))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return []byte(b.String())
}

// tag is the six letters that stand before the name of a font that has not all its glyphs: others for other glyphs.
func tag(embedded []byte) string {
	digest := sha256.Sum256(embedded)
	letters := digest[:6]
	for i := range letters {
		letters[i] = 'A' + letters[i]%26
	}
	return string(letters)
}
