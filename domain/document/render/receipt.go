package render

import (
	"io"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// Measures of the roll of a handheld printer: 80 mm of paper, 72 mm of which are printed.
const (
	rollWidth = 80 * mm
	rollLeft  = 4 * mm
	rollText  = 72 * mm
	rollTop   = 5 * mm
	rollEnd   = pdf.Longest - 12*mm
	rollCode  = 28 * mm
	rollSign  = 34 * mm // width of the place for a signature
	rollGap   = 1.5     // between the rows of a table
)

// Sizes of type on a roll, in points: 三号, 五号, 小五. A thermal head of 203 dots an inch prints none smaller.
const (
	rollTitle = 14.0
	rollBody  = sizeSmall
	rollTiny  = sizeTiny
)

// Receipt writes a paper for a roll of 80 mm, in one piece as long as it needs: the words of the A4 page in the same order, tables as lines. It
// is what a handheld prints for the party on the spot; what is kept is the A4 page.
func Receipt(w io.Writer, p Paper) (Result, error) {
	r, err := unrolled(p, false)
	if err != nil {
		return Result{}, err
	}
	return r.write(w)
}

// unrolled lays a paper out down a roll. A trace is kept of what was set where, if it is wanted.
func unrolled(p Paper, traced bool) (*roll, error) {
	press, err := newPress(info(p))
	if err != nil {
		return nil, err
	}
	r := &roll{flow: flow{press: press, paper: p, size: rollBody, pitch: rollBody * leading}}
	if traced {
		r.trace = &strings.Builder{}
	}
	r.turn()
	r.mark()
	r.paper.parts(r)
	r.code()
	r.mark()
	r.page().Cut(r.y + rollTop)
	if r.tooLong() {
		return nil, ErrTooLong
	}
	return r, nil
}

// roll is a flow down one long page.
type roll struct {
	flow
	ruled float64 // below the last line across it
}

// turn begins a piece of the roll: what is longer than a page can be in PDF goes on on another.
func (r *roll) turn() {
	if len(r.pages) > 0 {
		r.page().Cut(r.y + rollTop)
	}
	r.pages = append(r.pages, r.press.file.Sheet(rollWidth, pdf.Longest))
	r.y = rollTop
}

func (r *roll) need(height float64) {
	if r.y+height > rollEnd {
		r.turn()
	}
}

// say sets a text over the width of the roll, its first line indented by so many characters.
func (r *roll) say(s style, text, align string, indent float64) {
	lines := r.press.breakText(s, text, rollText, indent*s.size)
	if align == "center" {
		lines = r.press.balance(s, text, rollText)
	}
	for _, l := range lines {
		r.need(s.size * leading)
		x := rollLeft
		if l.head {
			x += indent * s.size
		}
		r.aligned(s, x, r.y, rollLeft+rollText-x, align, l)
		r.y += s.size * leading
	}
}

// title sets a line over a paper, a little smaller where it then is one line.
func (r *roll) title(text string) {
	s := heading(rollTitle)
	if used := r.press.width(s, []rune(text)); used > rollText && used < rollText*1.25 {
		s.size *= rollText / used
	}
	r.say(s, text, "center", 0)
}

// rule draws a line across the roll; where one has just been drawn it is enough.
func (r *roll) rule() {
	if r.y == r.ruled {
		return
	}
	r.y += 3
	r.page().Line(rollLeft, r.y, rollLeft+rollText, r.y, border)
	r.y += 3
	r.ruled = r.y
}

func (r *roll) block(b document.Block, _ document.BlockKind) {
	switch b.Kind {
	case document.TitleBlock:
		for _, text := range b.Lines {
			r.title(clean(r.paper.say(text)))
		}
		r.y += 3
	case document.NumberBlock:
		r.say(body(rollBody), r.paper.Instance.NumberText, "center", 0)
	case document.ParagraphBlock:
		r.running(r.paper.say(b.Text), indentOf(b), orElse(b.Align, "justify"))
	case document.SignaturesBlock:
		r.rule()
		for _, s := range r.paper.places(b.Signers) {
			r.signature(s)
		}
	case document.SealBlock:
		r.y += rollBody
		for _, text := range orSealed(b.Lines) {
			r.say(body(rollBody), r.paper.say(text), "right", 0)
		}
	case document.CopiesBlock:
		r.rule()
		r.say(body(rollTiny), r.paper.say(b.Text), "left", 0)
	default:
		if rows, _, ok := r.paper.tabular(b); ok {
			r.rule()
			for i, row := range r.inLines(rows) {
				if i > 0 {
					r.y += rollGap
				}
				r.say(body(rollBody), row.text, "left", 0) // a number that is not divided would draw the line before it far apart
				for _, s := range row.signs {
					r.signature(place{"签名：", s.by, true})
				}
			}
			r.rule()
		}
	}
}

// running sets a paragraph.
func (r *roll) running(text string, indent float64, align string) {
	r.y += 2
	r.say(body(rollBody), text, align, indent)
}

// inLines makes lines of a table: a label with what stands at its right, and of rows below a head each cell with its column's.
func (r *roll) inLines(rows []row) []rollLine {
	var lines []rollLine
	var head []cell
	for _, row := range rows {
		if row.head {
			head = row.cells
			continue
		}
		if len(head) > 1 && len(head) == len(row.cells) {
			lines = append(lines, rollLine{text: below(head, row.cells)})
			continue
		}
		for i := 0; i < len(row.cells); i++ {
			text := r.textOf(row.cells[i])
			if row.cells[i].label && i+1 < len(row.cells) && !row.cells[i+1].label {
				i++
				text += "：" + r.textOf(row.cells[i])
			}
			lines = append(lines, rollLine{text, row.cells[i].signs})
		}
	}
	return lines
}

// rollLine is a cell as a line of a roll, and who signed it.
type rollLine struct {
	text  string
	signs []signing
}

// textOf is a cell's text; options that need several lines begin on one of their own. Blanks by which a signature is put to the right of a wide cell, and
// lines left free above it, have no place on a roll.
func (r *roll) textOf(c cell) string {
	if text := r.press.whole(body(rollBody), c.options, rollText); strings.Contains(text, "\n") {
		return "\n" + text
	}
	var lines []string
	for one := range strings.SplitSeq(c.text, "\n") {
		if one = strings.TrimSpace(one); one != "" {
			lines = append(lines, one)
		}
	}
	return strings.Join(lines, "\n")
}

// below is a row under its head: "1. 名称：货架；数量：2". A single column needs no name.
func below(head, cells []cell) string {
	text := ""
	if head[0].text == counter {
		text, head, cells = cells[0].text+". ", head[1:], cells[1:]
	}
	if len(cells) == 1 {
		return text + cells[0].text
	}
	for i, c := range cells {
		if i > 0 {
			text += "；"
		}
		text += head[i].text + "：" + c.text
	}
	return text
}

// signature sets who signs over the hand, and under it the name in print and the day.
func (r *roll) signature(s place) {
	if s.by.Refused {
		r.say(body(rollBody), s.who+refused(s.by), "justify", 0)
		return
	}
	r.need(signHeight + 3*rollBody*leading)
	who := []rune(clean(s.who))
	r.aligned(body(rollBody), rollLeft, r.y+signHeight-rollBody*leading, 0, "left", line{text: who})
	x := rollLeft + min(r.press.width(body(rollBody), who), rollText-rollSign)
	r.hand(s.by, x, r.y, rollSign, signHeight)
	if blank := r.paper.unsigned(s.by); blank != "" && s.cell {
		r.aligned(body(rollBody), x, r.y+signHeight-rollBody*leading, rollSign, "center", line{text: []rune(blank)})
	}
	r.y += signHeight + 1
	r.page().Line(x, r.y, x+rollSign, r.y, border)
	name, certificate := r.paper.nameOf(s.by)
	for _, text := range []string{name, certificate, document.Day(s.by.At)} {
		if text != "" {
			r.say(body(rollTiny), text, "right", 0)
		}
	}
	r.y += 3
}

// mark says at the head and at the end that a paper is void, or not issued yet.
func (r *roll) mark() {
	text, reason := r.paper.markOf()
	if text == "" {
		return
	}
	r.say(heading(2*rollTitle), text, "center", 0)
	r.say(body(rollBody), reason, "left", 0)
}

// code sets the code of the check page in the middle.
func (r *roll) code() {
	r.need(rollCode + 20)
	if r.qr(r.page(), (rollWidth-rollCode)/2, r.y+6, rollCode) {
		r.y += rollCode + 8
		r.say(body(rollTiny), "扫码核验", "center", 0)
	}
}
