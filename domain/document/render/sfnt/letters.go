package sfnt

import (
	"encoding/binary"
	"slices"
)

// Letters builds a font that has just some characters, each as it is in the first of the fonts that has it, for programs that read a font by itself: it
// has a table of characters (cmap, format 12), which [Font.Subset] has not. What none has is left out. The fonts must have the same units per em; the
// measures of lines are the first one's. The same characters give the same bytes.
func Letters(characters []rune, fonts ...*Font) []byte {
	characters = slices.Clone(characters)
	slices.Sort(characters)
	var b letters
	b.loca = binary.BigEndian.AppendUint32(nil, 0)
	b.add(fonts[0], 0)
	for _, c := range slices.Compact(characters) {
		for _, f := range fonts {
			if g, ok := f.Glyph(c); ok {
				b.add(f, g)
				b.groups = binary.BigEndian.AppendUint32(b.groups, uint32(c))
				b.groups = binary.BigEndian.AppendUint32(b.groups, uint32(c))
				b.groups = binary.BigEndian.AppendUint32(b.groups, uint32(b.count-1))
				break
			}
		}
	}
	return b.font(fonts)
}

// letters is a font that is being built.
type letters struct {
	glyf, loca, hmtx []byte
	groups           []byte // of the cmap: first character, last, glyph
	count            uint16
}

func (b *letters) add(f *Font, glyph uint16) {
	b.glyf = append(b.glyf, f.outline(glyph)...)
	for len(b.glyf)%4 != 0 {
		b.glyf = append(b.glyf, 0)
	}
	b.loca = binary.BigEndian.AppendUint32(b.loca, uint32(len(b.glyf)))
	b.hmtx = binary.BigEndian.AppendUint16(b.hmtx, uint16(f.Advance(glyph)))
	b.hmtx = binary.BigEndian.AppendUint16(b.hmtx, f.bearing(glyph))
	b.count++
}

func (b *letters) font(fonts []*Font) []byte {
	tables := map[string][]byte{"glyf": b.glyf, "loca": b.loca, "hmtx": b.hmtx, "cmap": b.cmap(),
		"head": fonts[0].with("head", 50, 1), "hhea": fonts[0].with("hhea", 34, b.count), "maxp": fonts[0].with("maxp", 4, b.count)}
	binary.BigEndian.PutUint32(tables["head"][8:], 0) // the sum over the whole counts this field as zero
	for _, f := range fonts[1:] {                     // room for the largest of all
		for at := 6; at+2 <= min(len(tables["maxp"]), len(f.tables["maxp"])); at += 2 {
			most := max(binary.BigEndian.Uint16(tables["maxp"][at:]), binary.BigEndian.Uint16(f.tables["maxp"][at:]))
			binary.BigEndian.PutUint16(tables["maxp"][at:], most)
		}
	}
	return assemble(tables)
}

// cmap is the table of characters: one of format 12, for the whole of Unicode.
func (b *letters) cmap() []byte {
	var out []byte
	for _, v := range []uint16{0, 1, 3, 10} { // version, tables; Windows, UCS-4
		out = binary.BigEndian.AppendUint16(out, v)
	}
	out = binary.BigEndian.AppendUint32(out, 12)
	out = binary.BigEndian.AppendUint16(out, 12)
	out = binary.BigEndian.AppendUint16(out, 0)
	for _, v := range []uint32{uint32(16 + len(b.groups)), 0, uint32(len(b.groups) / 12)} {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return append(out, b.groups...)
}
