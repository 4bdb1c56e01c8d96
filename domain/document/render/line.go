package render

import (
	"strings"
	"unicode"
)

// Rules of line breaking (禁则): what may not begin a line, what may not end one, and what stays together.
const (
	notFirst = "，。、；：？！）》」』】〕〉〗”’％‰℃°·～…—,.;:?!)]}%"
	notLast  = "（《「『【〔〈〖“‘￥([{$"
	doubles  = "…—"
	calendar = "年月日时分" // a figure is not parted from these: a date breaks behind its year or its month
)

// line is one line of a text that was broken.
type line struct {
	text  []rune
	last  bool      // of its paragraph: not spread to the full width
	head  bool      // the first of its paragraph
	signs []signing // instead of text: signatures, which take this line and the one before it
}

// clean drops what cannot be printed: control characters, marks of direction and of variants. Paragraphs are divided by
// line feeds.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(text)
	text = strings.TrimRight(text, " \n")
	return strings.Map(func(c rune) rune {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Variation_Selector, c)) {
			return -1
		}
		return c
	}, text)
}

// breakText breaks a text into lines of at most the given width; the first line of each paragraph has indent less.
func (p *press) breakText(s style, text string, width, indent float64) []line {
	var lines []line
	for paragraph := range strings.SplitSeq(clean(text), "\n") {
		lines = append(lines, p.breakParagraph(s, []rune(strings.TrimRight(paragraph, " ")), width, indent)...)
	}
	return lines
}

// whole sets options beside each other, as many in a line as there is room for: an option that fits into a line is not broken.
func (p *press) whole(s style, options []string, room float64) string {
	var lines, row string
	for _, option := range options {
		switch next := row + between + option; {
		case row == "":
			row = option
		case p.width(s, []rune(next)) <= room:
			row = next
		default:
			lines, row = lines+row+"\n", option
		}
	}
	return lines + row
}

// balance breaks a short text into as few lines as it needs, and makes these as even as they can be, so that no label has a
// last line of one character.
func (p *press) balance(s style, text string, width float64) []line {
	best := p.breakText(s, text, width, 0)
	for narrow := width - s.size/2; len(best) > 1 && narrow > width/2; narrow -= s.size / 2 {
		next := p.breakText(s, text, narrow, 0)
		if len(next) > len(best) {
			break
		}
		best = next
	}
	return best
}

func (p *press) breakParagraph(s style, text []rune, width, indent float64) []line {
	var lines []line
	room := width - indent
	for {
		fit, used := 0, 0.0
		for fit < len(text) {
			used += p.advance(s, text[fit])
			if used > room+0.01 {
				break
			}
			fit++
		}
		if fit == len(text) {
			return append(lines, line{text: text, last: true, head: len(lines) == 0})
		}
		at := breakBefore(text, max(fit, 1))
		lines = append(lines, line{text: trimRight(text[:at]), head: len(lines) == 0})
		text, room = trimLeft(text[at:]), width
	}
}

// breakBefore finds the last place at or before fit where a line may end; when there is none it ends at fit.
func breakBefore(text []rune, fit int) int {
	for at := fit; at > 0; at-- {
		if mayBreak(text, at) {
			return at
		}
	}
	return fit
}

// mayBreak reports whether a line may end before a place in the text. Spaces around it fall away.
func mayBreak(text []rune, at int) bool {
	head, tail := trimRight(text[:at]), trimLeft(text[at:])
	if len(head) == 0 || len(tail) == 0 {
		return len(head) > 0
	}
	before, after := head[len(head)-1], tail[0]
	switch {
	case strings.ContainsRune(notFirst, after), strings.ContainsRune(notLast, before):
		return false
	case before == after && strings.ContainsRune(doubles, before):
		return false
	case before >= '0' && before <= '9' && strings.ContainsRune(calendar, after):
		return false
	}
	return len(head)+len(tail) < len(text) || !wordly(before) || !wordly(after)
}

// wordly tells the characters of words and figures that are not divided.
func wordly(c rune) bool {
	return c < 0x2E80 && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("-_./@&#+=:%'", c))
}

func trimRight(text []rune) []rune {
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
}

func trimLeft(text []rune) []rune {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	return text
}
