// Package sfnt reads TrueType fonts as far as a page needs: which glyph a character has, how wide it is, and a font of only
// the glyphs that a document uses.
//
// It must not know PDF or pages. It reads the fonts that ship with the program, whose glyphs are simple outlines; a font that
// is built from components is refused.
package sfnt

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Font is a parsed font. It is not changed after Parse and is safe for concurrent use.
type Font struct {
	tables  map[string][]byte
	glyphs  map[rune]uint16
	offsets []uint32 // of each glyph in glyf, and the end
	metrics int      // glyphs with an advance of their own in hmtx
}

var (
	errShort     = errors.New("font: a table ends early")
	errComposite = errors.New("font: glyphs are built from components")
)

// Parse reads a font. The font keeps a reference to the text.
func Parse(text []byte) (*Font, error) {
	f := &Font{tables: map[string][]byte{}}
	if len(text) < 12 || binary.BigEndian.Uint32(text) != 0x00010000 {
		return nil, errors.New("font: not TrueType")
	}
	n := int(binary.BigEndian.Uint16(text[4:]))
	if len(text) < 12+16*n {
		return nil, errShort
	}
	for i := range n {
		entry := text[12+16*i:]
		start, length := uint64(binary.BigEndian.Uint32(entry[8:])), uint64(binary.BigEndian.Uint32(entry[12:]))
		if start+length > uint64(len(text)) {
			return nil, errShort
		}
		f.tables[string(entry[:4])] = text[start : start+length]
	}
	for name, least := range map[string]int{"head": 54, "hhea": 36, "maxp": 6, "cmap": 4, "loca": 0, "glyf": 0, "hmtx": 4} {
		if table, ok := f.tables[name]; !ok || len(table) < least {
			return nil, fmt.Errorf("font: table %s is missing or short", name)
		}
	}
	if err := f.readOffsets(); err != nil {
		return nil, err
	}
	return f, f.readCharacters()
}

// readOffsets reads where each glyph is, and checks that all are simple and inside their table.
func (f *Font) readOffsets() error {
	count := int(binary.BigEndian.Uint16(f.tables["maxp"][4:]))
	long := binary.BigEndian.Uint16(f.tables["head"][50:]) == 1
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	size := 2
	if long {
		size = 4
	}
	if len(loca) < size*(count+1) {
		return errShort
	}
	f.offsets = make([]uint32, count+1)
	for i := range f.offsets {
		if long {
			f.offsets[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			f.offsets[i] = 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		}
		if int(f.offsets[i]) > len(glyf) || i > 0 && f.offsets[i] < f.offsets[i-1] {
			return errShort
		}
	}
	for i := range count {
		outline := f.outline(uint16(i))
		if len(outline) > 0 && len(outline) < 10 {
			return errShort
		}
		if len(outline) > 0 && int16(binary.BigEndian.Uint16(outline)) < 0 {
			return errComposite
		}
	}
	f.metrics = int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	if f.metrics < 1 || len(f.tables["hmtx"]) < 4*f.metrics+2*max(0, count-f.metrics) {
		return errShort
	}
	return nil
}

// readCharacters reads the character map: of format 12 if there is one, else of format 4.
func (f *Font) readCharacters() error {
	cmap := f.tables["cmap"]
	n := int(binary.BigEndian.Uint16(cmap[2:]))
	if len(cmap) < 4+8*n {
		return errShort
	}
	var found []byte
	format := uint16(0)
	for i := range n {
		at := binary.BigEndian.Uint32(cmap[4+8*i+4:])
		if uint64(at)+16 > uint64(len(cmap)) {
			return errShort
		}
		if this := binary.BigEndian.Uint16(cmap[at:]); (this == 12 || this == 4) && this > format {
			found, format = cmap[at:], this
		}
	}
	f.glyphs = map[rune]uint16{}
	switch format {
	case 12:
		return f.readGroups(found)
	case 4:
		return f.readSegments(found)
	}
	return errors.New("font: no character map of format 4 or 12")
}

// readGroups reads a map of format 12.
func (f *Font) readGroups(sub []byte) error {
	n := uint64(binary.BigEndian.Uint32(sub[12:]))
	if 16+12*n > uint64(len(sub)) {
		return errShort
	}
	for i := range n {
		group := sub[16+12*i:]
		first, last := binary.BigEndian.Uint32(group), binary.BigEndian.Uint32(group[4:])
		glyph := binary.BigEndian.Uint32(group[8:])
		if last < first || last > 0x10FFFF || uint64(glyph)+uint64(last-first) >= uint64(f.count()) {
			return errShort
		}
		for c := first; c <= last; c++ {
			f.glyphs[rune(c)] = uint16(glyph + c - first)
		}
	}
	return nil
}

// readSegments reads a map of format 4.
func (f *Font) readSegments(sub []byte) error {
	segments := int(binary.BigEndian.Uint16(sub[6:])) / 2
	if len(sub) < 16+8*segments {
		return errShort
	}
	at := func(block, i int) int { return int(binary.BigEndian.Uint16(sub[block+2*i:])) }
	ends, starts, deltas, offsets := 14, 16+2*segments, 16+4*segments, 16+6*segments
	for i := range segments {
		for c := at(starts, i); c <= at(ends, i) && c < 0xFFFF; c++ {
			glyph := c
			if offset := at(offsets, i); offset != 0 {
				place := offsets + 2*i + offset + 2*(c-at(starts, i))
				if place+2 > len(sub) {
					return errShort
				}
				if glyph = int(binary.BigEndian.Uint16(sub[place:])); glyph == 0 {
					continue
				}
			}
			glyph = (glyph + at(deltas, i)) & 0xFFFF
			if glyph >= f.count() {
				return errShort
			}
			f.glyphs[rune(c)] = uint16(glyph)
		}
	}
	return nil
}

func (f *Font) count() int { return len(f.offsets) - 1 }

// UnitsPerEm is how many font units the em has.
func (f *Font) UnitsPerEm() int { return int(binary.BigEndian.Uint16(f.tables["head"][18:])) }

// Glyph finds the glyph of a character.
func (f *Font) Glyph(c rune) (uint16, bool) {
	g, ok := f.glyphs[c]
	return g, ok
}

// Advance is the width of a glyph in font units.
func (f *Font) Advance(glyph uint16) int {
	i := min(int(glyph), f.metrics-1)
	return int(binary.BigEndian.Uint16(f.tables["hmtx"][4*i:]))
}

func (f *Font) bearing(glyph uint16) uint16 {
	if i := int(glyph); i < f.metrics {
		return binary.BigEndian.Uint16(f.tables["hmtx"][4*i+2:])
	}
	return binary.BigEndian.Uint16(f.tables["hmtx"][4*f.metrics+2*(int(glyph)-f.metrics):])
}

func (f *Font) outline(glyph uint16) []byte {
	return f.tables["glyf"][f.offsets[glyph]:f.offsets[glyph+1]]
}

// Box is the box around all glyphs, in font units: left, bottom, right, top.
func (f *Font) Box() [4]int {
	var box [4]int
	for i := range box {
		box[i] = int(int16(binary.BigEndian.Uint16(f.tables["head"][36+2*i:])))
	}
	return box
}
