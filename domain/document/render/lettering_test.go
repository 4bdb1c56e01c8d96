package render

import (
	"bytes"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document/render/sfnt"
)

// A font for a text has every character that papers have, common and rare, as wide as it is there.
func TestLettering(t *testing.T) {
	const text = "何喆　天津示例律师事务所\n2026-11-30 龘𠮷堃\U0010FFFD"
	font, letters, err := Lettering(text)
	if err != nil {
		t.Fatal(err)
	}
	if want := "何喆　天津示例律师事务所\n2026-11-30 龘𠮷堃〓"; letters != want {
		t.Errorf("written %q, want %q", letters, want)
	}
	got, err := sfnt.Parse(font)
	if err != nil {
		t.Fatal(err)
	}
	fang, err := fontIn(fangFile)
	if err != nil {
		t.Fatal(err)
	}
	fallback, err := fontIn(fallbackFile)
	if err != nil {
		t.Fatal(err)
	}
	if fang.UnitsPerEm() != fallback.UnitsPerEm() {
		t.Errorf("%d and %d units", fang.UnitsPerEm(), fallback.UnitsPerEm())
	}
	for _, c := range letters {
		if c == '\n' {
			continue
		}
		glyph, ok := got.Glyph(c)
		if !ok {
			t.Errorf("%c is not in the font", c)
			continue
		}
		from := fang
		source, ok := fang.Glyph(c)
		if !ok {
			from = fallback
			source, _ = fallback.Glyph(c)
		}
		if got.Advance(glyph) != from.Advance(source) {
			t.Errorf("%c is %d wide, and %d on paper", c, got.Advance(glyph), from.Advance(source))
		}
	}
	again, _, _ := Lettering(text)
	if !bytes.Equal(font, again) {
		t.Error("not the same bytes")
	}
}
