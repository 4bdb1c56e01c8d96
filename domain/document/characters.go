package document

import (
	"cmp"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// rightToLeft tells the characters of scripts that run from right to left, by the blocks that Unicode keeps for them. A line in which they meet figures reads
// otherwise than it was written, and no font of ours has them. Blocks and no scripts: clients in other languages know other versions of Unicode.
func rightToLeft(c rune) bool {
	return c >= 0x0590 && c <= 0x08FF || c >= 0xFB1D && c <= 0xFDCF || c >= 0xFDF0 && c <= 0xFDFF || c >= 0xFE70 && c <= 0xFEFC ||
		c >= 0x10800 && c <= 0x10FFF || c >= 0x1E800 && c <= 0x1EFFF
}

// turns tells the characters that turn the direction of what follows and are not seen.
func turns(c rune) bool {
	return c == 0x061C || c == 0x200E || c == 0x200F || c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069
}

// unseen tells the characters that take no room or only room, and show nothing: two names that differ by one look alike, and a field that consists of them is
// empty. Those that choose the form of a Chinese character (variation selectors) are none of them, nor are spaces.
func unseen(c rune) bool {
	i, found := slices.BinarySearchFunc(unseenRunes, c, func(r [2]rune, c rune) int { return cmp.Compare(r[0], c) })
	return found || i > 0 && c <= unseenRunes[i-1][1]
}

// unseenRunes are ranges, in their order: format characters, fillers and blanks of scripts.
var unseenRunes = [][2]rune{{0xAD, 0xAD}, {0x34F, 0x34F}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200D}, {0x2028, 0x2029}, {0x2060, 0x2065},
	{0x206A, 0x206F}, {0x2800, 0x2800}, {0x3164, 0x3164}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
	{0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, {0xE01F0, 0xE0FFF}}

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
		case turns(c) || rightToLeft(c):
			return say("从右向左书写的字符", "one that runs from right to left")
		case unseen(c):
			return say("看不见的字符", "one that is not seen")
		case private(c):
			return say("不能打印的自造字", "of private use and cannot be printed")
		}
	}
	return nil
}

// Printable reports whether a text is one line of at most so many characters that a paper can print as it is.
func Printable(s string, most int) bool {
	return len(Field{Kind: Line, MaxLength: most}.check(s)) == 0
}
