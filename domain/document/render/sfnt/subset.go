package sfnt

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Subset builds a font of the given glyphs, in their order, after the glyph for what is missing (0). It has the tables that a
// PDF asks of an embedded font and no others. The same glyphs give the same bytes. A glyph may be there twice.
func (f *Font) Subset(glyphs []uint16) []byte {
	var glyf, loca, hmtx []byte
	loca = binary.BigEndian.AppendUint32(loca, 0)
	for _, g := range append([]uint16{0}, glyphs...) {
		glyf = append(glyf, f.outline(g)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(f.Advance(g)))
		hmtx = binary.BigEndian.AppendUint16(hmtx, f.bearing(g))
	}
	count := uint16(len(glyphs) + 1)
	tables := map[string][]byte{"glyf": glyf, "loca": loca, "hmtx": hmtx,
		"head": f.with("head", 50, 1), "hhea": f.with("hhea", 34, count), "maxp": f.with("maxp", 4, count)}
	binary.BigEndian.PutUint32(tables["head"][8:], 0) // the sum over the whole counts this field as zero
	return assemble(tables)
}

// with is a copy of a table with another 16-bit value at an offset.
func (f *Font) with(table string, at int, value uint16) []byte {
	text := slices.Clone(f.tables[table])
	binary.BigEndian.PutUint16(text[at:], value)
	return text
}

// magic is what the sums of a whole font are subtracted from (OpenType, table head).
const magic = 0xB1B0AFBA

// assemble writes tables with their directory, in the order of their names.
func assemble(tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	n := len(names)
	entry, searched := 0, 16
	for searched*2 <= n*16 {
		searched, entry = searched*2, entry+1
	}
	var out []byte
	out = binary.BigEndian.AppendUint32(out, 0x00010000)
	for _, v := range []int{n, searched, entry, n*16 - searched} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := 12 + 16*n
	for _, name := range names {
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, sum(tables[name]))
		out = binary.BigEndian.AppendUint32(out, uint32(at))
		out = binary.BigEndian.AppendUint32(out, uint32(len(tables[name])))
		at += (len(tables[name]) + 3) &^ 3
	}
	head := 0
	for _, name := range names {
		if name == "head" {
			head = len(out)
		}
		out = append(out, tables[name]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[head+8:], magic-sum(out))
	return out
}

// sum adds a table up as 32-bit numbers, as if it were padded with zeros.
func sum(table []byte) uint32 {
	var total uint32
	for len(table) >= 4 {
		total += binary.BigEndian.Uint32(table)
		table = table[4:]
	}
	var rest [4]byte
	copy(rest[:], table)
	return total + binary.BigEndian.Uint32(rest[:])
}
