package sfnt

import (
	"bytes"
	"testing"
)

// Each character is as it is in the first font that has it; what neither has is left out; the font is whole.
func TestLetters(t *testing.T) {
	common, err := Parse(packed(t, "fang"))
	if err != nil {
		t.Fatal(err)
	}
	rare, err := Parse(packed(t, "fallback"))
	if err != nil {
		t.Fatal(err)
	}
	text := Letters([]rune("喆 何喆A𠮷\U0010FFFD"), common, rare)
	if !bytes.Equal(text, Letters([]rune("A何 𠮷喆"), common, rare)) {
		t.Error("the same characters give other bytes")
	}
	if sum(text) != magic {
		t.Error("the sum over the whole is wrong")
	}
	directory(t, text)
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for c, from := range map[rune]*Font{'何': common, 'A': common, ' ': common, '喆': rare, '𠮷': rare} {
		own, there := got.Glyph(c)
		source, _ := from.Glyph(c)
		if !there || !bytes.HasPrefix(got.outline(own), from.outline(source)) || got.Advance(own) != from.Advance(source) || got.bearing(own) != from.bearing(source) {
			t.Errorf("%q is not what it was: %v", c, there)
		}
	}
	if _, there := got.Glyph('\U0010FFFD'); there || got.count() != 6 {
		t.Errorf("%d glyphs", got.count())
	}
}
