package document

import (
	"strconv"
	"strings"
)

// Numbering says how the numbers of a kind of paper are written, e.g. 津河东{organ}{word}〔{year}〕第{n}号.
type Numbering struct {
	Token string
	Word  string // 文种代字, e.g. 执当罚决字
}

// Pattern fills in everything but the number itself: what a block of numbers hands to a device, which then only has to put
// its number in the place of {n}.
func (n Numbering) Pattern(organ string, year int) string {
	return strings.NewReplacer("{organ}", organ, "{word}", n.Word, "{year}", strconv.Itoa(year)).Replace(n.Token)
}

// NumberText is the text of a number by its block's pattern.
func NumberText(pattern string, n uint64) string {
	return strings.ReplaceAll(pattern, "{n}", strconv.FormatUint(n, 10))
}
