package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image/png"
	"io"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/docx"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// DOCX writes a paper as a text that can be edited, for offices that must: the words of the A4 page in the same order and measures. It bears neither
// seal nor code, for what anybody can change must not vouch for itself; signatures are pictures. Result.Pages is 0: only who opens it knows.
func DOCX(w io.Writer, p Paper) (Result, error) {
	press, err := newPress(pdf.Info{}) // for the pictures alone
	if err != nil {
		return Result{}, err
	}
	file := docx.New(docx.Page{Width: pdf.Width, Height: pdf.Height, Top: top, Left: left, Right: pdf.Width - right, Bottom: pdf.Height - bottom, Foot: 23 * mm},
		docx.Info{Title: title(p), Creator: clean(p.Organ), Description: "由存档文书导出，仅供编辑；以存档的PDF为准。", Created: p.Instance.IssuedAt})
	e := &editable{press: press, paper: p, file: file, text: docx.Style{Size: sizeForm, Pitch: pitch, Before: 4}}
	if formal(p.Template) {
		e.text = docx.Style{Size: sizeLetter, Pitch: letterPitch}
	}
	e.mark()
	e.file.Numbered(docx.Style{Size: sizeFoot, Align: "center"})
	e.paper.parts(e)
	e.gap(1) // what ends with a table is a broken file
	if e.paper.spent > document.MostText {
		return Result{}, ErrTooLong
	}
	digest := sha256.New()
	n, err := e.file.WriteTo(io.MultiWriter(w, digest))
	return Result{Length: n, SHA256: hex.EncodeToString(digest.Sum(nil))}, err
}

// editable is a paper becoming a text.
type editable struct {
	press *press
	paper Paper
	file  *docx.Document
	text  docx.Style         // of running text
	after document.BlockKind // what the last block was
	drawn int                // steps of the pen so far, see dotted
}

// mark says over every page that a paper is void, or not issued yet.
func (e *editable) mark() {
	text, reason := e.paper.markOf()
	if text == "" {
		return
	}
	e.file.Head(docx.Paragraph{Text: text, Style: docx.Style{Face: docx.Title, Size: sizeTitle, Align: "center", Red: true}})
	e.file.Head(docx.Paragraph{Text: oneLine(reason), Style: docx.Style{Size: sizeTiny, Align: "center", Red: true}})
}

// oneLine is a text on one line.
func oneLine(text string) string { return strings.ReplaceAll(clean(text), "\n", " ") }

// lines are the paragraphs of a text, all in one style.
func lines(text string, s docx.Style) []docx.Paragraph {
	var all []docx.Paragraph
	for one := range strings.SplitSeq(clean(text), "\n") {
		all = append(all, docx.Paragraph{Text: one, Style: s})
	}
	return all
}

func (e *editable) say(text string, s docx.Style) {
	for _, p := range lines(text, s) {
		e.file.Paragraph(p)
	}
}

// gap is a paragraph without text.
func (e *editable) gap(height float64) {
	e.file.Paragraph(docx.Paragraph{Style: docx.Style{Size: 1, Pitch: height}})
}

func (e *editable) block(b document.Block, _ document.BlockKind) {
	defer func() { e.after = b.Kind }()
	s := e.text
	switch b.Kind {
	case document.TitleBlock:
		for _, text := range b.Lines {
			e.say(e.paper.say(text), docx.Style{Face: docx.Title, Size: sizeTitle, Align: "center", Pitch: sizeTitle * leading})
		}
	case document.NumberBlock:
		s.Align, s.After = "right", 4
		e.say(e.paper.Instance.NumberText, s)
	case document.ParagraphBlock:
		e.running(e.paper.say(b.Text), indentOf(b), orElse(b.Align, "justify"))
	case document.SignaturesBlock:
		e.signatures(b)
	case document.SealBlock:
		e.seal(b)
	case document.CopiesBlock:
		e.say(e.paper.say(b.Text), docx.Style{Size: sizeTiny, Pitch: sizeTiny * leading, Before: 8, Rule: true})
	default:
		rows, columns, ok := e.paper.tabular(b)
		if !ok {
			return
		}
		if parted(b.Kind, e.after) {
			e.gap(6)
		} else {
			e.gap(1) // two tables without a paragraph between them are one
		}
		e.table(rows, columns)
	}
}

// running sets a paragraph.
func (e *editable) running(text string, indent float64, align string) {
	s := e.text
	s.Align, s.Indent = align, indent*s.Size
	e.after = document.ParagraphBlock
	e.say(text, s)
}

// seal sets the name of the organ over the date, as on the A4 page, with room for a stamp.
func (e *editable) seal(b document.Block) {
	texts, widest := orSealed(b.Lines), 0.0
	for _, text := range texts {
		widest = max(widest, e.press.width(body(e.text.Size), []rune(oneLine(e.paper.say(text)))))
	}
	s := e.text
	s.Align, s.Right, s.Keep = "center", 4*s.Size, true
	s.Left = max(0, width-s.Right-widest-2)
	for i, text := range texts {
		s.Before, s.After = 0, 0
		if i == 0 {
			s.Before = sealSize/2 - s.Size*leading
		}
		if i+1 == len(texts) {
			s.After, s.Keep = sealSize/2-s.Size*leading, false
		}
		e.say(e.paper.say(text), s)
	}
}

func (e *editable) table(rows []row, columns []float64) {
	at := edges(columns)
	widths := make([]float64, len(columns))
	for i := range columns {
		widths[i] = at[i+1] - at[i]
	}
	var out []docx.Row
	for _, r := range rows {
		to := docx.Row{Height: r.lines*pitch + 2*padY, Head: r.head}
		for _, c := range r.cells {
			align := c.align
			if align == either {
				align = "left"
			}
			if c.align == either && !strings.Contains(clean(c.text), "\n") && e.press.width(body(sizeForm), []rune(clean(c.text))) < at[c.column+c.span]-at[c.column]-2*padX {
				align = "center"
			}
			if c.options != nil {
				c.text = e.press.whole(body(sizeForm), c.options, at[c.column+c.span]-at[c.column]-2*padX)
			}
			if c.label && align == "center" {
				c.text = e.even(c.text, at[c.column+c.span]-at[c.column]-2*padX)
			}
			set := docx.Style{Size: sizeForm, Pitch: pitch, Align: align}
			to.Cells = append(to.Cells, docx.Cell{Column: c.column, Span: c.span, Rows: c.rows, Text: append(lines(c.text, set), e.signed(c.signs)...)})
		}
		out = append(out, to)
	}
	e.file.Table(widths, padY, out)
}

// even breaks a label into even lines, as on the A4 page.
func (e *editable) even(text string, room float64) string {
	var all []string
	for _, l := range e.press.balance(body(sizeForm), text, room) {
		all = append(all, string(l.text))
	}
	return strings.Join(all, "\n")
}

// signColumns are who signs, the hand, which is at most handWidth wide, the name in print with its certificate, and the day. Writers that part figures from
// characters need more room for these than the A4 page.
var signColumns = []float64{signLabel + 6, handWidth + 2*padX, 103, width - signLabel - 6 - handWidth - 2*padX - 103}

const handWidth = signWidth - 20

// signed are the signatures in a cell: the hand, and below it the name in print and the day.
func (e *editable) signed(signs []signing) []docx.Paragraph {
	var all []docx.Paragraph
	for _, s := range signs {
		if s.blank == "" {
			hand := e.hand(place{who: s.name, by: s.by})
			hand.Style.Align = "right"
			all = append(all, hand)
		}
		all = append(all, docx.Paragraph{Text: oneLine("签名：" + s.blank + s.name + between + document.Day(s.by.At)), Style: docx.Style{Size: sizeForm, Align: "right"}})
	}
	return all
}

// signatures are rows without edges: who, the hand over a line, the name in print, the day.
func (e *editable) signatures(b document.Block) {
	var rows []docx.Row
	for _, s := range e.paper.places(b.Signers) {
		set := docx.Style{Size: sizeForm, Pitch: pitch}
		r := docx.Row{Height: signRow, Cells: []docx.Cell{{Span: 1, Bare: true, Text: lines(s.who, docx.Style{Size: sizeForm, Align: "right"})}}}
		if s.by.Refused {
			r.Cells = append(r.Cells, docx.Cell{Column: 1, Span: 3, Bare: true, Text: lines(refused(s.by), set)})
			rows = append(rows, r)
			continue
		}
		name, certificate := e.paper.nameOf(s.by)
		said := lines(name, docx.Style{Size: sizeSmall})
		if certificate != "" {
			said = append(said, lines(certificate, docx.Style{Size: sizeTiny})...)
		}
		r.Cells = append(r.Cells, docx.Cell{Column: 1, Span: 1, Bare: true, Line: true, Text: []docx.Paragraph{e.hand(s)}}, docx.Cell{Column: 2, Span: 1, Bare: true, Text: said},
			docx.Cell{Column: 3, Span: 1, Bare: true, Text: lines(document.Day(s.by.At), docx.Style{Size: sizeSmall, Align: "right"})})
		rows = append(rows, r)
	}
	e.gap(4)
	e.file.Table(signColumns, 0, rows)
	e.gap(4)
}

// hand is a signature as a picture; one that cannot be read is said so.
func (e *editable) hand(s place) docx.Paragraph {
	if s.by.Strokes == "" && s.by.Image == "" {
		return docx.Paragraph{Style: docx.Style{Size: sizeForm}}
	}
	drawn, ok := e.dotted(s.by)
	if !ok {
		var err error
		if drawn, err = e.press.unpack(s.by); err != nil {
			return docx.Paragraph{Text: unreadable, Style: docx.Style{Size: sizeTiny}}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		return docx.Paragraph{Text: unreadable, Style: docx.Style{Size: sizeTiny}}
	}
	size := drawn.Bounds().Size()
	scale := min(handWidth/float64(size.X), signHeight/float64(size.Y))
	return docx.Paragraph{Picture: &docx.Picture{PNG: out.Bytes(), Width: float64(size.X) * scale, Height: float64(size.Y) * scale, Says: oneLine(s.who + "签名")}}
}
