package document

import (
	"fmt"
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

// unseen tells the characters that take no room and show nothing, of which a text may not consist in part: two names that differ by one look alike. Those
// that choose the form of a Chinese character (variation selectors) are none of them.
func unseen(c rune) bool {
	return c == 0xAD || c == 0x180E || c >= 0x200B && c <= 0x200D || c == 0x2028 || c == 0x2029 || c >= 0x2060 && c <= 0x2064 || c >= 0x206A && c <= 0x206F ||
		c == 0xFEFF || c >= 0xFFF9 && c <= 0xFFFB || c >= 0xE0000 && c <= 0xE007F
}

// private tells the characters to which Unicode gives no meaning: each office draws something else (自造字), and no font of ours has them.
func private(c rune) bool {
	return c >= 0xE000 && c <= 0xF8FF || c >= 0xFDD0 && c <= 0xFDEF || c&0xFFFE == 0xFFFE || c >= 0xF0000
}

// checkCharacters refuses what a paper cannot print as it was entered, and says which character it is and where: control characters other than line breaks
// and tabs, what turns the direction of writing, what is not seen, and what has no meaning outside one office.
func checkCharacters(s string) []Flaw {
	if !utf8.ValidString(s) {
		return wrong("含有无法识别的字符", "is not valid UTF-8")
	}
	n := 0
	for _, c := range s {
		n++
		say := func(zh, en string) []Flaw {
			return wrong(fmt.Sprintf("第%d个字是%s（U+%04X），请改正", n, zh, c), fmt.Sprintf("character %d is %s (U+%04X)", n, en, c))
		}
		switch {
		case c == '\n' || c == '\r' || c == '\t':
		case unicode.IsControl(c):
			return say("控制字符", "a control character")
		case turns(c) || unicode.In(c, rightToLeft...):
			return say("从右向左书写的字符", "one that runs from right to left")
		case unseen(c):
			return say("看不见的字符", "one that is not seen")
		case private(c):
			return say("不能打印的自造字", "of private use and cannot be printed")
		}
	}
	return nil
}
