package render

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

func newTestPress(t testing.TB) *press {
	p, err := newPress(pdf.Info{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func texts(lines []line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, string(l.text))
	}
	return out
}

// Examples at ten characters a line.
func TestBreaks(t *testing.T) {
	p := newTestPress(t)
	for text, want := range map[string][]string{
		"":            {""},
		"一二三四五六七八九十":  {"一二三四五六七八九十"},
		"一二三四五六七八九十一": {"一二三四五六七八九十", "一"},
		"一二三四五六七八九十，十一":         {"一二三四五六七八九", "十，十一"},
		"一二三四五六七八九“十一”":         {"一二三四五六七八九", "“十一”"},
		"一二三四五六七八《九》，十":         {"一二三四五六七八", "《九》，十"},
		"一二三四五六七八九……十":          {"一二三四五六七八", "九……十"},
		"编号是A-2026/0012的":       {"编号是A-2026/", "0012的"},
		"一二三四五六七八ABC-0032的":     {"一二三四五六七八", "ABC-0032的"},
		"一\n\n二":                {"一", "", "二"},
		"一二三四五六七八九十 十一":         {"一二三四五六七八九十", "十一"},
		"一二三四五六2026年11月25日":     {"一二三四五六2026年", "11月25日"},
		"一二三四五六2026年1月5日":       {"一二三四五六2026年", "1月5日"},
		"一二三四五2026年1月5日":        {"一二三四五2026年1月", "5日"},
		"一二三四五六七八九9时05分":        {"一二三四五六七八九", "9时05分"},
		"，，，，，，，，，，，，":          {"，，，，，，，，，，", "，，"},
		"共计1234567890123456789": {"共计", "1234567890123456789"},
	} {
		got := texts(p.breakText(body(10), text, 100, 0))
		if text == "编号是A-2026/0012的" || strings.HasPrefix(text, "共计") {
			// words and figures: only that they are not divided while a line can hold them
			if joined := strings.Join(got, ""); joined != text {
				t.Errorf("%q: %q", text, got)
			}
			continue
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Whatever the text and the width: nothing is lost, no line is too wide, none begins or ends with what must not stand there
// unless the line has no other place to end.
func TestBreakRules(t *testing.T) {
	p := newTestPress(t)
	alphabet := []rune("一二三甲乙丙丁的了天津市河东区，。、；：？！（）《》「」“”…—12345ABcd-/ ￥%")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 120).Draw(t, "text"))
		width := rapid.Float64Range(30, 300).Draw(t, "width")
		lines := p.breakText(body(12), text, width, 0)
		squeezed := strings.ReplaceAll(text, " ", "")
		if got := strings.ReplaceAll(strings.Join(texts(lines), ""), " ", ""); got != squeezed {
			t.Fatalf("%q became %q", squeezed, got)
		}
		for i, l := range lines {
			if used := p.width(body(12), l.text); used > width+0.02 && len(l.text) > 1 {
				t.Fatalf("line %d of %q is %.1f wide", i, texts(lines), used)
			}
			if i == 0 || len(l.text) == 0 {
				continue
			}
			before := lines[i-1].text
			bad := strings.ContainsRune(notFirst, l.text[0]) || strings.ContainsRune(notLast, before[len(before)-1])
			if bad && hasPlace(append(append([]rune{}, before...), l.text[0])) {
				t.Fatalf("line %d of %q begins or ends wrongly", i, texts(lines))
			}
		}
	})
}

// hasPlace reports whether there is any place in the text where a line may end.
func hasPlace(text []rune) bool {
	for at := 1; at < len(text); at++ {
		if mayBreak(text, at) {
			return true
		}
	}
	return false
}

func TestBalance(t *testing.T) {
	p := newTestPress(t)
	if got := texts(p.balance(body(10), "统一社会信用代码", 60)); strings.Join(got, "|") != "统一社会|信用代码" {
		t.Errorf("%q", got)
	}
	if got := texts(p.balance(body(10), "住址", 60)); strings.Join(got, "|") != "住址" {
		t.Errorf("%q", got)
	}
}

// Names of people have characters that few fonts have; each comes from the first face that has it.
func TestFaces(t *testing.T) {
	p := newTestPress(t)
	for c, want := range map[rune]int{'天': fang, '1': fang, '〔': fang, '堃': rare, '喆': rare, '翀': rare, '昇': rare, '珺': rare, '龑': rare, '镕': rare,
		'𬭎': rare, '𠮷': rare, '㎡': rare, '￥': rare} {
		if got, printed := p.glyph(body(12), c); got != want || printed != c {
			t.Errorf("%c is set in %s as %c", c, faces[got].name, printed)
		}
	}
	if got, _ := p.glyph(heading(22), '当'); got != song {
		t.Errorf("titles are set in %s", faces[got].name)
	}
	if got, printed := p.glyph(body(12), '😀'); got != fang || printed != geta || len(p.missing) != 1 {
		t.Errorf("%c in %s, missing %q", printed, faces[got].name, p.missing)
	}
}
