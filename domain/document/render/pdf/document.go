// Package pdf writes PDF/A-2b files (ISO 19005-2, on PDF 1.7): pages of text, lines, filled boxes and pictures. What it is given decides every byte: it
// asks no clock, draws no random numbers and never depends on the order of a map. Fonts are embedded with the glyphs used and
// a map back to the characters, those beyond the first plane of Unicode included, so that text can be searched and copied.
//
// It must not know what a paper is, nor how text breaks into lines. Coordinates are points from the top left corner.
package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"
)

// A4 in points.
const (
	Width  = 595.28
	Height = 841.89
)

// Longest is the longest page that readers of PDF/A take, in points (ISO 19005-2, 6.1.13).
const Longest = 14400.0

// Info is what a document says of itself.
type Info struct {
	Title    string
	Producer string
	Created  time.Time
}

// Document is a file being made. It is used by one goroutine.
type Document struct {
	info   Info
	fonts  []*Font
	images []*Image
	forms  []*Form
	pages  []*Page
}

// New begins a document.
func New(info Info) *Document { return &Document{info: info} }

// Page adds an A4 page.
func (d *Document) Page() *Page { return d.Sheet(Width, Height) }

// Sheet adds a page of another size.
func (d *Document) Sheet(width, height float64) *Page {
	p := &Page{width: width, height: height}
	d.pages = append(d.pages, p)
	return p
}

// file is the document as it is written: bytes so far and where each object begins.
type file struct {
	bytes.Buffer
	offsets []int
	packed  bytes.Buffer
	packer  *zlib.Writer // into packed; used for every stream anew
}

// reserve gives n objects their numbers, and returns the first.
func (f *file) reserve(n int) int {
	first := len(f.offsets) + 1
	f.offsets = append(f.offsets, make([]int, n)...)
	return first
}

func (f *file) object(n int, format string, args ...any) {
	f.offsets[n-1] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n", n)
	fmt.Fprintf(f, format, args...)
	f.WriteString("\nendobj\n")
}

// stream writes a compressed stream; entries are further entries of its dictionary.
func (f *file) stream(n int, entries string, content []byte) {
	f.packed.Reset()
	f.packer.Reset(&f.packed)
	_, _ = f.packer.Write(content) // into memory: cannot fail
	_ = f.packer.Close()
	f.object(n, "<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", entries, f.packed.Len(), f.packed.Bytes())
}

// fixed are the numbers of the objects every document has.
const (
	catalogObject = 1 + iota
	pagesObject
	infoObject
	resourcesObject
	shadeObject
	metadataObject
	intentObject
	profileObject
	fixedObjects = iota
)

// WriteTo writes the document. It may be called once all pages are drawn.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	f := &file{packer: zlib.NewWriter(nil)}
	f.WriteString("%PDF-1.7\n%\xe5\xae\x98\xe6\x96\x87\n")
	f.reserve(fixedObjects)
	fonts := f.reserve(objectsPerFont * len(d.fonts))
	for _, image := range d.images {
		image.reserve(f)
	}
	forms, pages := f.reserve(len(d.forms)), f.reserve(2*len(d.pages))
	f.object(catalogObject, "<</Type/Catalog/Pages %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>",
		pagesObject, metadataObject, intentObject)
	var kids, names strings.Builder
	for i := range d.pages {
		fmt.Fprintf(&kids, "%d 0 R ", pages+2*i)
	}
	f.object(pagesObject, "<</Type/Pages/Count %d/Kids[%s]>>", len(d.pages), kids.String())
	f.object(infoObject, "%s", d.info.dictionary())
	f.object(metadataObject, "%s", metadataStream(d.info.metadata(claim)))
	f.object(intentObject, "%s", outputIntent(profileObject))
	f.stream(profileObject, "/N 3", sRGB())
	names.WriteString("<</ExtGState<</Shade ")
	fmt.Fprintf(&names, "%d 0 R>>/Font<<", shadeObject)
	for i := range d.fonts {
		fmt.Fprintf(&names, "/F%d %d 0 R", i, fonts+objectsPerFont*i)
	}
	names.WriteString(">>/XObject<<")
	for i, image := range d.images {
		fmt.Fprintf(&names, "/I%d %d 0 R", i, image.first)
	}
	for i := range d.forms {
		fmt.Fprintf(&names, "/D%d %d 0 R", i, forms+i)
	}
	f.object(resourcesObject, "%s>>>>", names.String())
	f.object(shadeObject, "<</Type/ExtGState/ca 0.2>>")
	for i, font := range d.fonts {
		font.write(f, fonts+objectsPerFont*i)
	}
	for _, image := range d.images {
		image.write(f)
	}
	for i, form := range d.forms {
		form.write(f, forms+i)
	}
	for i, page := range d.pages {
		f.object(pages+2*i, "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Resources %d 0 R/Contents %d 0 R>>",
			pagesObject, number(page.width), number(page.height-page.below), resourcesObject, pages+2*i+1)
		content := page.content.Bytes()
		if page.below > 0 {
			content = fmt.Appendf(nil, "1 0 0 1 0 %s cm\n%s", number(-page.below), content)
		}
		f.stream(pages+2*i+1, "", content)
	}
	f.end()
	return f.Buffer.WriteTo(w)
}

// end writes the table of objects and the trailer. The file's name for itself follows from its content.
func (f *file) end() {
	digest := sha256.Sum256(f.Bytes())
	id := hex.EncodeToString(digest[:16])
	start := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, at := range f.offsets {
		fmt.Fprintf(f, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(f, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, catalogObject, infoObject, id, id, start)
}

// text is a string of the file's own texts, as UTF-16.
func text(s string) string { return "<FEFF" + utf16Hex(s) + ">" }

func utf16Hex(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}
