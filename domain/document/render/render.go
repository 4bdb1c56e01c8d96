// Package render makes the PDF of a paper. The same paper gives the same bytes, on every machine and at every time, as long
// as [Version] is the same: it asks no clock and no network, and a paper holds everything that it prints.
//
// It must not know where papers come from or where they are kept.
package render

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// layoutVersion counts the layouts there have been. It changes with every change of what a paper looks like.
const layoutVersion = "1"

// Paper is what is rendered.
type Paper struct {
	document.Words
	CheckURL string // what the QR code opens; "" for no code
}

// Result says what was rendered.
type Result struct {
	Pages   int
	Length  int64
	SHA256  string // lower-case hex
	Missing []rune // characters that no font has: 〓 stands in their place
}

// PDF writes a paper. A paper with flaws is rendered as it is: it was handed over.
func PDF(w io.Writer, p Paper) (Result, error) {
	sheets, err := compose(p, nil)
	if err != nil {
		return Result{}, err
	}
	digest := sha256.New()
	n, err := sheets.press.file.WriteTo(io.MultiWriter(w, digest))
	return Result{Pages: len(sheets.pages), Length: n, SHA256: hex.EncodeToString(digest.Sum(nil)),
		Missing: slices.Clone(sheets.press.missing)}, err
}

// compose lays a paper out on its pages. Where there is a trace it is told what was set where.
func compose(p Paper, trace *strings.Builder) (*flow, error) {
	press, err := newPress(pdf.Info{Title: title(p), Producer: "Fieldwarden " + Version(), Created: p.Instance.IssuedAt})
	if err != nil {
		return nil, err
	}
	f := &flow{press: press, paper: p, trace: trace}
	f.turn()
	for _, b := range p.Template.Layout {
		if b.When.Holds(p.Instance.Data) {
			f.block(b)
		}
	}
	f.furnish()
	return f, nil
}

func title(p Paper) string {
	if p.Instance.NumberText == "" {
		return p.Template.Name
	}
	return p.Template.Name + " " + p.Instance.NumberText
}

// block lays out one part of the layout.
func (f *flow) block(b document.Block) {
	switch b.Kind {
	case document.TitleBlock:
		f.title(b.Lines)
	case document.NumberBlock:
		f.number()
	case document.TableBlock:
		f.table(f.rowsOf(b), b.Columns)
	case document.ParagraphBlock:
		f.paragraph(b)
	case document.ChecklistBlock:
		f.checklist(b)
	case document.QABlock:
		f.questions(b)
	case document.ListBlock:
		f.list(b)
	case document.SignaturesBlock:
		f.signatures(b)
	case document.SealBlock:
		f.seal(b)
	case document.CopiesBlock:
		f.copies(b)
	}
}
