package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Line is one thing that happened: what must follow from it, and what the server holds. Nothing else decides whether it
// held than that the two texts are the same.
type Line struct {
	ID       string `json:"id"` // stable, for machines
	Zh       string `json:"zh"`
	En       string `json:"en"`
	Expected string `json:"expected"`
	Held     string `json:"held"`
	OK       bool   `json:"ok"`
}

// Table is what the day comes to. It is safe for concurrent use.
type Table struct {
	mu    sync.Mutex
	lines []Line
}

// add compares what must be with what is.
func (t *Table) add(id, zh, en, expected, held string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, Line{ID: id, Zh: zh, En: en, Expected: expected, Held: held, OK: expected == held})
}

// Lines returns the lines so far.
func (t *Table) Lines() []Line {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Line(nil), t.lines...)
}

// Sound reports whether there are lines and every one held.
func (t *Table) Sound() bool {
	lines := t.Lines()
	for _, l := range lines {
		if !l.OK {
			return false
		}
	}
	return len(lines) > 0
}

// SignIn is a person whom a visitor may try.
type SignIn struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Role    string `json:"role"`
	Unit    string `json:"unit"`
}

// report is the whole result as machines read it.
type report struct {
	OK       bool     `json:"ok"`
	URL      string   `json:"url"`
	Seconds  float64  `json:"seconds"`
	Lines    []Line   `json:"lines"`
	SignIns  []SignIn `json:"signIns"`
	Password string   `json:"password"`
}

func (r report) writeJSON(out io.Writer) error {
	if err := wire.Write(out, r); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// The columns: what happened, what must be, what is, and whether they agree. The lines between them are ASCII: box characters
// are as wide as each terminal likes.
var (
	headings = [4]string{"发生了什么 / what happened", "应当 / expected", "服务器现有 / what the server holds", "符合"}
	widths   = [4]int{40, 32, 32, 4}
)

// terminal measures as terminals do: Chinese characters are two columns wide, whatever this machine's locale.
var terminal = &runewidth.Condition{}

// writeText lays the lines out in columns; texts too long for their column go on below.
func (t *Table) writeText(out io.Writer) error {
	var b strings.Builder
	rule := rowOf([4][]string{}, "-", "+")
	var head [4][]string
	for i, h := range headings {
		head[i] = wrap(h, widths[i])
	}
	b.WriteString(rowOf(head, " ", "|"))
	for _, l := range t.Lines() {
		mark := "√"
		if !l.OK {
			mark = "×"
		}
		what := append(wrap(l.Zh, widths[0]), wrap(l.En, widths[0])...)
		b.WriteString(rule)
		b.WriteString(rowOf([4][]string{what, wrap(l.Expected, widths[1]), wrap(l.Held, widths[2]), {mark}}, " ", "|"))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// rowOf is one row of the table, as many terminal lines high as its highest cell.
func rowOf(cells [4][]string, fill, between string) string {
	height := 1
	for _, c := range cells {
		height = max(height, len(c))
	}
	var all strings.Builder
	for i := range height {
		var b strings.Builder
		for col, c := range cells {
			text := ""
			if i < len(c) {
				text = c[i]
			}
			if col > 0 {
				b.WriteString(fill + between + fill)
			}
			b.WriteString(text)
			b.WriteString(strings.Repeat(fill, max(0, widths[col]-terminal.StringWidth(text))))
		}
		all.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	return all.String()
}

// wrap breaks a text into lines of at most a width: at a space where there is one, else between characters.
func wrap(text string, width int) []string {
	var lines []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		cut := fits(text, width)
		if cut < len(text) && text[cut] != ' ' {
			if space := strings.LastIndexByte(text[:cut], ' '); space > cut/2 {
				cut = space
			}
		}
		lines = append(lines, strings.TrimSpace(text[:cut]))
		text = text[cut:]
	}
	return lines
}

// fits is how many bytes of the text fit in a width; at least one character.
func fits(text string, width int) int {
	used := 0
	for i, r := range text {
		used += terminal.RuneWidth(r)
		if used > width && i > 0 {
			return i
		}
		if used > width {
			return utf8.RuneLen(r)
		}
	}
	return len(text)
}

// short cuts a digest to what a person compares by eye.
func short(digest string) string {
	if len(digest) > 16 {
		return digest[:16]
	}
	return digest
}

// failed is what stands in the column of the server when it could not be asked.
func failed(err error) string { return fmt.Sprintf("未能取得 error: %v", err) }
