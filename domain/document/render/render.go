// Package render makes the PDF of a paper. The same paper gives the same bytes, on every machine and at every time, as long
// as [Version] is the same: it asks no clock and no network, and a paper holds everything that it prints.
//
// It must not know where papers come from or where they are kept.
package render

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// layoutVersion counts the layouts there have been. It changes with every change of what a paper looks like.
const layoutVersion = "7"

// Paper is what is rendered.
type Paper struct {
	document.Words
	CheckURL string // what the QR code opens; "" for no code
	Seal     []byte // PNG of the organ's seal, with transparency: printed where the paper is sealed, once it is issued. nil: pressed by hand
	// Pictures gives the octets of a picture that the paper holds. A *PictureError of it, its path left open, says that the picture can never be
	// printed; another error is that of the rendering, which may be tried again. nil: no pictures are printed, as in a preview.
	Pictures func(document.PictureRef) ([]byte, error)

	spent int // octets of text that were printed so far
}

// ErrTooLong is that a paper has more text or more pages than any paper: its template multiplies what was entered. Nothing is written then.
var ErrTooLong = errors.New("the paper is longer than papers can be")

// mostPages is how many pages a paper may have.
const mostPages = 2000

// Result says what was rendered.
type Result struct {
	Pages   int
	Length  int64
	SHA256  string // lower-case hex
	Missing []rune // characters that no font has: 〓 stands in their place
}

// PDF writes a paper. A paper with flaws is rendered as it is: it was handed over. But for one whose pictures cannot be printed: that is *[PictureError].
func PDF(w io.Writer, p Paper) (Result, error) {
	sheets, err := compose(p, false)
	if err != nil {
		return Result{}, err
	}
	return sheets.write(w)
}

func (f *flow) write(w io.Writer) (Result, error) {
	digest := sha256.New()
	n, err := f.press.file.WriteTo(io.MultiWriter(w, digest))
	return Result{Pages: len(f.pages), Length: n, SHA256: hex.EncodeToString(digest.Sum(nil)),
		Missing: slices.Clone(f.press.missing)}, err
}

// tightness is by how much the lines of running text may be moved together or apart so that the seal stands on a page with text: GB/T
// 9704-2012 (7.3.5.4) asks for that, and allows no page of the seal alone. The small print at the end is kept from a page of its own the same way.
var tightness = []float64{1, 0.96, 0.92, 1.06, 1.12}

// compose lays a paper out on its pages. A trace is kept of what was set where, if it is wanted.
func compose(p Paper, traced bool) (*flow, error) {
	read, err := gather(&p)
	if err != nil {
		return nil, err
	}
	var usual *flow
	for _, tight := range tightness {
		f, err := arrange(p, read, tight, false, traced)
		if err == nil && f.tooLong() {
			err = ErrTooLong
		}
		if err != nil || !f.alone {
			return f, err
		}
		if usual == nil {
			usual = f
		}
	}
	if usual.bare { // forms have little running text to move: there the last lines go over to the seal
		return arrange(p, read, 1, true, traced)
	}
	return usual, nil
}

// arrange lays a paper out with the distance of the lines of its running text multiplied by tight; led, the last lines before the seal stand on the seal's page.
func arrange(p Paper, read plates, tight float64, led, traced bool) (*flow, error) {
	press, err := newPress(info(p))
	if err != nil {
		return nil, err
	}
	f := &flow{press: press, paper: p, plates: read, size: sizeForm, pitch: pitch * tight, cells: formCells, led: led}
	if traced {
		f.trace = &strings.Builder{}
	}
	if formal(p.Template) {
		f.size, f.pitch = sizeLetter, letterPitch*tight
	}
	f.turn()
	f.paper.parts(f)
	f.furnish()
	return f, nil
}

// form is one of the forms of a paper while it is made: a page, a roll, a text to be edited.
type form interface {
	block(b document.Block, next document.BlockKind)   // next is what the block after it is, "" after the last
	running(text string, indent float64, align string) // a paragraph of a text as it is, its first lines indented by so many characters
}

// parts has a form show what the paper shows: the blocks whose conditions hold, and above the first that is neither title nor number which paper this one
// corrects, and why.
func (p *Paper) parts(to form) {
	told := p.Instance.Corrects == document.Correction{}
	tell := func() {
		if !told {
			told = true
			to.running(p.spend(p.Instance.Corrects.Text()), 2, "justify")
		}
	}
	shown := slices.DeleteFunc(slices.Clone(p.Template.Layout), func(b document.Block) bool { return !b.When.Holds(p.Instance.Data) })
	for i, b := range shown {
		if b.Kind != document.TitleBlock && b.Kind != document.NumberBlock {
			tell()
		}
		next := document.BlockKind("")
		if i+1 < len(shown) {
			next = shown[i+1].Kind
		}
		to.block(b, next)
	}
	tell()
}

func info(p Paper) pdf.Info {
	return pdf.Info{Title: title(p), Producer: "Fieldwarden " + Version(), Created: p.Instance.IssuedAt}
}

// title is what the file is called by, not longer than a reader shows.
func title(p Paper) string {
	text := []rune(clean(strings.TrimSpace(p.Template.Name + " " + p.Instance.NumberText)))
	return string(text[:min(len(text), 200)])
}

// parted reports whether a table keeps from what stands above it; otherwise it joins on to a table there.
func parted(kind, after document.BlockKind) bool {
	return kind == document.QABlock || kind == document.ListBlock || after == document.ParagraphBlock
}

// block lays out one part of the layout.
func (f *flow) block(b document.Block, next document.BlockKind) {
	defer func() { f.after = b.Kind }()
	f.before = next
	switch b.Kind {
	case document.TitleBlock:
		f.title(b.Lines)
	case document.NumberBlock:
		f.number()
	case document.ParagraphBlock:
		f.paragraph(b)
	case document.SignaturesBlock:
		f.signatures(b)
	case document.SealBlock:
		f.seal(b)
	case document.CopiesBlock:
		f.copies(b)
	case document.PicturesBlock:
		f.pictures(b)
	default:
		rows, columns, ok := f.paper.tabular(b)
		if !ok {
			return
		}
		if parted(b.Kind, f.after) {
			f.apart()
		}
		f.table(rows, columns)
	}
}
