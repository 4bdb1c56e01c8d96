package document

import (
	"unicode"
	"unicode/utf8"
)

// rightToLeft are the scripts that run from right to left. A line in which they meet figures reads otherwise than it was
// written, and no font of ours has them.
var rightToLeft = []*unicode.RangeTable{unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic,
	unicode.Adlam}

// turns tells the characters that turn the direction of what follows and are not seen.
func turns(c rune) bool {
	return c == 0x061C || c == 0x200E || c == 0x200F || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069
}

// checkCharacters refuses what a paper cannot print as it was entered: control characters other than line breaks and tabs, and
// whatever turns the direction of writing.
func checkCharacters(s string) []Flaw {
	if !utf8.ValidString(s) {
		return wrong("含有无法识别的字符", "is not valid UTF-8")
	}
	for _, c := range s {
		switch {
		case c == '\n' || c == '\r' || c == '\t':
		case unicode.IsControl(c):
			return wrong("含有控制字符", "holds a control character")
		case turns(c) || unicode.In(c, rightToLeft...):
			return wrong("含有从右向左书写的字符", "holds a character that runs from right to left")
		}
	}
	return nil
}
