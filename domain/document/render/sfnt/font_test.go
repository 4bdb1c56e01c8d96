package sfnt

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"testing"
)

func fang(t testing.TB) []byte { return packed(t, "fang") }

// packed reads one of the fonts of papers.
func packed(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.Open("../fonts/" + name + ".ttf.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// small is a font of three glyphs, for tests that spoil it. It has a character map again, which a subset has not.
func small(t testing.TB) []byte {
	t.Helper()
	f, err := Parse(fang(t))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := f.Glyph('天')
	b, _ := f.Glyph('津')
	tables := directory(t, f.Subset([]uint16{a, b}))
	// format 4: 天 (U+5929) and 津 (U+6D25), one segment each, and the last
	tables["cmap"] = words(0, 1, 3, 1, 0, 12, 4, 40, 0, 6, 4, 1, 2, 0x5929, 0x6D25, 0xFFFF, 0, 0x5929, 0x6D25, 0xFFFF,
		1-0x5929, 2-0x6D25, 1, 0, 0, 0)
	return assemble(tables)
}

func words(all ...int) []byte {
	var out []byte
	for _, v := range all {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// directory takes a font apart, and checks the sums of its tables on the way.
func directory(t testing.TB, text []byte) map[string][]byte {
	t.Helper()
	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(text[4:])) {
		entry := text[12+16*i:]
		at, length := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		if at%4 != 0 {
			t.Errorf("table %s begins at %d", entry[:4], at)
		}
		table := bytes.Clone(text[at : at+length])
		if string(entry[:4]) == "head" {
			binary.BigEndian.PutUint32(table[8:], 0)
		}
		if sum(table) != binary.BigEndian.Uint32(entry[4:]) {
			t.Errorf("table %s does not have its sum", entry[:4])
		}
		tables[string(entry[:4])] = table
	}
	return tables
}

func TestSubset(t *testing.T) {
	f, err := Parse(fang(t))
	if err != nil {
		t.Fatal(err)
	}
	var glyphs []uint16
	for _, c := range "天津市河东区A1，天" {
		g, ok := f.Glyph(c)
		if !ok {
			t.Fatalf("%c has no glyph", c)
		}
		glyphs = append(glyphs, g)
	}
	text := f.Subset(glyphs)
	if !bytes.Equal(text, f.Subset(glyphs)) {
		t.Error("the same glyphs give other bytes")
	}
	if sum(text) != magic {
		t.Error("the sum over the whole is wrong")
	}
	tables := directory(t, text)
	tables["cmap"] = words(0, 1, 3, 1, 0, 12, 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1, 0)
	cut, err := Parse(assemble(tables))
	if err != nil {
		t.Fatal(err)
	}
	if cut.count() != len(glyphs)+1 {
		t.Fatalf("%d glyphs", cut.count())
	}
	for i, g := range glyphs {
		own := uint16(i + 1)
		if !bytes.HasPrefix(cut.outline(own), f.outline(g)) || cut.Advance(own) != f.Advance(g) || cut.bearing(own) != f.bearing(g) {
			t.Errorf("glyph %d is not what it was", i)
		}
	}
	if w := f.Advance(glyphs[0]); w != f.UnitsPerEm() {
		t.Errorf("天 is %d of %d wide", w, f.UnitsPerEm())
	}
}

func TestCharacterMapOfFormat4(t *testing.T) {
	f, err := Parse(small(t))
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range map[rune]uint16{'天': 1, '津': 2} {
		if g, ok := f.Glyph(c); !ok || g != want {
			t.Errorf("%c: glyph %d, %v", c, g, ok)
		}
	}
	if _, ok := f.Glyph('河'); ok {
		t.Error("河 is not in the font")
	}
}

// A spoilt font is an error and nothing worse, wherever it is cut or changed.
func TestSpoiltFonts(t *testing.T) {
	text := small(t)
	for n := range len(text) {
		if f, err := Parse(text[:n]); err == nil && n < len(text)-4 {
			t.Fatalf("a font cut at %d of %d parses: %v", n, len(text), f.count())
		}
	}
	for i := range text {
		spoilt := bytes.Clone(text)
		spoilt[i] ^= 0xFF
		if f, err := Parse(spoilt); err == nil {
			f.Subset([]uint16{1, 2})
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		font, err := Parse(text)
		if err != nil || font.count() < 1 {
			return
		}
		font.Subset([]uint16{uint16(font.count() - 1)})
	})
}
