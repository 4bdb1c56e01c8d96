package document

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Numbering says how the numbers of a kind of paper are written. In the district 津河东{street}{word}〔{year}〕第{n}号 is in use; by GB/T 9704-2012
// there is no 第 and the figure is not padded: 津河东{street}{word}〔{year}〕{n}号.
type Numbering struct {
	Token   string // with {street} or {organ}, {year}, {n}, and {word} if its words are not written out
	Word    string // 文种代字, e.g. 执当罚决字
	Prefix  string // stands before the figure, e.g. 第; "" for none
	Padding int    // least number of digits, filled up with zeros (虚位); 0 for none
}

// The most that a template may ask of its numbers.
const (
	mostPadding = 8
	longestWord = 20 // characters of a word or a prefix
)

// numberTokens are the places that a token may have. {street} and {organ} are both the short name of the organ.
var numberTokens = []string{"organ", "street", "word", "year", "n"}

// Pattern fills in everything but the figure: what a block of numbers hands to a device, which then only has to put its number in the place of {n},
// or of {n:4} with leading zeros up to four digits.
func (n Numbering) Pattern(organ string, year int) string {
	place := n.Prefix + "{n}"
	if n.Padding > 1 {
		place = fmt.Sprintf("%s{n:%d}", n.Prefix, n.Padding)
	}
	return strings.NewReplacer("{organ}", organ, "{street}", organ, "{word}", n.Word, "{year}", strconv.Itoa(year), "{n}", place).Replace(n.Token)
}

// figure is the place of the number in a pattern, with the digits it is padded to.
var figure = regexp.MustCompile(`\{n(?::([1-8]))?\}`)

// NumberText is the text of a number by its block's pattern.
func NumberText(pattern string, n uint64) string {
	return figure.ReplaceAllStringFunc(pattern, func(place string) string {
		digits, _ := strconv.Atoi(figure.FindStringSubmatch(place)[1]) // none is 0
		return fmt.Sprintf("%0*d", digits, n)
	})
}

// flaws lists what is wrong with a numbering. A token must tell two papers of one kind apart whatever their organ and year are.
func (n Numbering) flaws() []Flaw {
	var flaws []Flaw
	say := func(path, zh, en string) { flaws = append(flaws, Flaw{"number/" + path, zh, en}) }
	places, rest := map[string]int{}, n.Token
	for rest != "" {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			say("token", "编号格式中的花括号不成对", "the token has a brace too many")
		}
		if !found {
			break
		}
		place, next, closed := strings.Cut(after, "}")
		if !closed || !slices.Contains(numberTokens, place) {
			say("token", "编号格式中的占位符 {"+place+"} 不存在", "there is no place {"+place+"} in a number")
		}
		places[place]++
		rest = next
	}
	if places["n"] != 1 {
		say("token", "编号格式应有且只有一个 {n}，否则同类文书会同号", "the token needs {n} once: else two papers have one number")
	}
	if places["year"] != 1 {
		say("token", "编号格式应有且只有一个 {year}，否则不同年份的文书会同号", "the token needs {year} once: else papers of two years have one number")
	}
	if places["organ"]+places["street"] == 0 {
		say("token", "编号格式缺少 {street} 或 {organ}，否则不同机关的文书会同号", "the token lacks {street} or {organ}: else papers of two organs have one number")
	}
	if places["word"] > 0 && n.Word == "" {
		say("word", "缺少文种代字", "the word is missing")
	}
	for path, text := range map[string]string{"word": n.Word, "prefix": n.Prefix} {
		if len([]rune(text)) > longestWord || strings.ContainsAny(text, "{}") || len(checkCharacters(text)) > 0 {
			say(path, fmt.Sprintf("应为至多%d个可打印字符，不含花括号", longestWord), fmt.Sprintf("at most %d printable characters without braces", longestWord))
		}
	}
	if n.Padding < 0 || n.Padding > mostPadding {
		say("padding", fmt.Sprintf("位数应在0至%d之间", mostPadding), fmt.Sprintf("from 0 to %d digits", mostPadding))
	}
	return flaws
}
