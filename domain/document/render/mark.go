package render

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// Mark is what is drawn over every page of a copy of a paper.
type Mark struct {
	Word  string   // across the page: 已作废; "" for nothing
	Lines []string // above the type area
	Copy  string   // there too, larger: which of several copies it is
}

// Overlay is a page with nothing but the mark, to be drawn over others; see [pdf.Merger.AddMarked].
func (m Mark) Overlay() ([]byte, error) {
	press, err := newPress(pdf.Info{Title: m.Word, Producer: "Fieldwarden " + Version()})
	if err != nil {
		return nil, err
	}
	f := &flow{press: press, size: sizeTiny, pitch: sizeTiny * leading}
	f.turn()
	if m.Word != "" {
		f.page().Shade(press.font(song), 120, pdf.Width/2, pdf.Height/2, 35, red, m.Word)
	}
	f.aligned(body(sizeSmall), left, copyTop, width-codeSize-20, "left", line{text: []rune(m.Copy)})
	f.y = markTop
	const step = sizeTiny * 1.3
	for _, text := range m.Lines {
		for _, l := range press.breakText(body(sizeTiny), text, width-codeSize-20, 0) {
			if f.y+2*step > top { // what is longer stands in the record
				l.text = []rune("……")
			}
			f.aligned(body(sizeTiny), left, f.y, width-codeSize-20, "left", l)
			if f.y += step; f.y+step > top {
				break
			}
		}
		if f.y+step > top {
			break
		}
	}
	var out bytes.Buffer
	_, err = f.write(&out)
	return out.Bytes(), err
}

// copyTop is where the name of a copy stands: above the reason of a paper that is void.
const copyTop = 15 * mm

// markTop is where the lines of a mark begin: above the type area, beside the code.
const markTop = 9 * mm

// Marked writes a copy of a rendered paper with a mark over every page: its pages as they are, under the mark. The title is the copy's. A file that is not of our own
// form is [pdf.ErrForm].
func Marked(w io.Writer, file []byte, info pdf.Info, mark Mark) (Result, error) {
	over, err := mark.Overlay()
	if err != nil {
		return Result{}, err
	}
	digest, length := sha256.New(), &counting{}
	info.Producer = "Fieldwarden " + Version()
	m := pdf.NewMerger(io.MultiWriter(w, digest, length), info)
	if err := m.AddMarked(info.Title, file, over); err != nil {
		return Result{}, err
	}
	if err := m.Close(); err != nil {
		return Result{}, err
	}
	return Result{Pages: m.Pages(), Length: length.n, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

// counting counts what is written.
type counting struct{ n int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
