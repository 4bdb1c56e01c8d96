package pdf

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strconv"
)

// ErrForm says that a file is not of the form that this package writes: a table of objects, lengths told directly, nothing encrypted.
var ErrForm = errors.New("not a PDF of our own form")

// Merger writes one file out of many that this package wrote, one at a time: their objects as they are, under other numbers, and an outline with an
// entry for each. It holds no more than the file at hand, and of the others where their objects begin. It is used by one goroutine.
type Merger struct {
	out     *bufio.Writer
	digest  hash.Hash
	written int64
	info    Info
	offsets []int64 // of objects; 0 for numbers that are not used
	parts   []part
	pages   int
	err     error // of writing; nothing goes on after it
}

// part is a file that was taken in.
type part struct {
	title      string
	root, page int // objects: its tree of pages, its first page
}

// fixed are the numbers of the objects that every merged file has.
const (
	mergedCatalog = 1 + iota
	mergedPages
	mergedOutline
	mergedInfo
	mergedFixed = iota
)

// NewMerger begins a file.
func NewMerger(w io.Writer, info Info) *Merger {
	m := &Merger{out: bufio.NewWriterSize(w, 64<<10), digest: sha256.New(), info: info, offsets: make([]int64, mergedFixed)}
	m.write([]byte("%PDF-1.7\n%\xe5\xae\x98\xe6\x96\x87\n"))
	return m
}

// Pages tells how many pages there are so far.
func (m *Merger) Pages() int { return m.pages }

func (m *Merger) write(text []byte) {
	if m.err != nil {
		return
	}
	_, m.err = m.out.Write(text)
	m.digest.Write(text)
	m.written += int64(len(text))
}

// object writes an object under its number.
func (m *Merger) object(n int, text string) {
	m.offsets[n-1] = m.written
	m.write(fmt.Appendf(nil, "%d 0 obj\n%s\nendobj\n", n, text))
}

// Add takes in the pages of a file, with an entry of that title in the outline. A file of another form is [ErrForm], and nothing of it is
// written.
func (m *Merger) Add(title string, file []byte) error {
	t, err := readTable(file)
	if err != nil {
		return err
	}
	base := len(m.offsets)
	objects, err := t.renumbered(base)
	if err != nil {
		return err
	}
	for range t.offsets {
		m.offsets = append(m.offsets, 0)
	}
	for i, text := range objects {
		if text != nil {
			n := base + i + 1
			m.offsets[n-1] = m.written
			m.write(fmt.Appendf(nil, "%d 0 obj\n", n))
			m.write(text)
			m.write([]byte("\nendobj\n"))
		}
	}
	m.parts = append(m.parts, part{title, base + t.pages, base + t.first})
	m.pages += t.count
	return m.err
}

// Close writes what all parts share. Without any part it is an error: a file has pages.
func (m *Merger) Close() error {
	if len(m.parts) == 0 {
		return errors.New("a file without pages")
	}
	first := len(m.offsets) + 1
	m.offsets = append(m.offsets, make([]int64, len(m.parts))...)
	kids := ""
	for i, p := range m.parts {
		kids += fmt.Sprintf("%d 0 R ", p.root)
		entry := fmt.Sprintf("<</Title %s/Parent %d 0 R/Dest[%d 0 R/Fit]", text(p.title), mergedOutline, p.page)
		if i > 0 {
			entry += fmt.Sprintf("/Prev %d 0 R", first+i-1)
		}
		if i < len(m.parts)-1 {
			entry += fmt.Sprintf("/Next %d 0 R", first+i+1)
		}
		m.object(first+i, entry+">>")
	}
	m.object(mergedOutline, fmt.Sprintf("<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>", first, first+len(m.parts)-1, len(m.parts)))
	m.object(mergedPages, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", m.pages, kids))
	m.object(mergedCatalog, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R/Outlines %d 0 R/PageMode/UseOutlines/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>", mergedPages, mergedOutline))
	m.object(mergedInfo, m.info.dictionary())
	m.table()
	if m.err != nil {
		return m.err
	}
	return m.out.Flush()
}

// table writes where the objects are, and the trailer.
func (m *Merger) table() {
	id, start := hex.EncodeToString(m.digest.Sum(nil)[:16]), m.written
	m.write(fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(m.offsets)+1))
	for _, at := range m.offsets {
		if at == 0 {
			m.write([]byte("0000000000 65535 f \n"))
			continue
		}
		m.write(fmt.Appendf(nil, "%010d 00000 n \n", at))
	}
	m.write(fmt.Appendf(nil, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(m.offsets)+1, mergedCatalog, mergedInfo, id, id, start))
}

// table is a file with the places of its objects, as its own table tells them.
type table struct {
	file                []byte
	offsets             []int
	root, info          int // objects
	pages, first, count int // object of the tree of pages, object of the first page, number of pages
}

var (
	tailForm    = regexp.MustCompile(`startxref\n(\d{1,10})\n%%EOF\n$`)
	headForm    = regexp.MustCompile(`^xref\n0 (\d{1,7})\n0000000000 65535 f \n`)
	entryForm   = regexp.MustCompile(`^(\d{10}) 00000 n \n$`)
	trailerForm = regexp.MustCompile(`^trailer\n<</Size (\d{1,7})/Root (\d{1,7}) 0 R/Info (\d{1,7}) 0 R/ID\[<[0-9a-f]+><[0-9a-f]+>\]>>\nstartxref\n`)
	pagesForm   = regexp.MustCompile(`/Pages (\d{1,7}) 0 R`)
	treeForm    = regexp.MustCompile(`^<</Type/Pages/Count (\d{1,7})/Kids\[(\d{1,7}) 0 R `)
)

// entryLength is what an entry of a table takes.
const entryLength = 20

func number64(text []byte) int {
	n, _ := strconv.Atoi(string(text)) // digits, and few of them
	return n
}

// readTable finds a file's objects, its tree of pages, and the first of them.
func readTable(file []byte) (*table, error) {
	tail := tailForm.FindSubmatch(file[max(0, len(file)-64):])
	if !bytes.HasPrefix(file, []byte("%PDF-1.7\n")) || tail == nil || number64(tail[1]) > len(file) {
		return nil, ErrForm
	}
	rest := file[number64(tail[1]):]
	head := headForm.FindSubmatch(rest)
	if head == nil || len(rest) < len(head[0])+(number64(head[1])-1)*entryLength || number64(head[1]) < 2 {
		return nil, ErrForm
	}
	t := &table{file: file}
	rest = rest[len(head[0]):]
	for range number64(head[1]) - 1 {
		entry := entryForm.FindSubmatch(rest[:entryLength])
		if entry == nil || number64(entry[1]) > len(file) {
			return nil, ErrForm
		}
		t.offsets = append(t.offsets, number64(entry[1]))
		rest = rest[entryLength:]
	}
	trailer := trailerForm.FindSubmatch(rest)
	if trailer == nil || number64(trailer[1]) != len(t.offsets)+1 {
		return nil, ErrForm
	}
	t.root, t.info = number64(trailer[2]), number64(trailer[3])
	return t, t.findPages()
}

// body is what stands behind the head of an object, to the end of the file.
func (t *table) body(n int) ([]byte, error) {
	if n < 1 || n > len(t.offsets) {
		return nil, ErrForm
	}
	text, ok := bytes.CutPrefix(t.file[t.offsets[n-1]:], fmt.Appendf(nil, "%d 0 obj\n", n))
	if !ok {
		return nil, ErrForm
	}
	return text, nil
}

func (t *table) findPages() error {
	catalog, err := t.body(t.root)
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(catalog, []byte("\nendobj\n"))
	found := pagesForm.FindSubmatch(line)
	if found == nil {
		return ErrForm
	}
	t.pages = number64(found[1])
	tree, err := t.body(t.pages)
	if err != nil {
		return err
	}
	shape := treeForm.FindSubmatch(tree)
	if shape == nil || number64(shape[1]) < 1 || number64(shape[2]) < 1 || number64(shape[2]) > len(t.offsets) {
		return ErrForm
	}
	t.count, t.first = number64(shape[1]), number64(shape[2])
	return nil
}

// renumbered are the file's objects with every reference moved by base, in the order of their numbers; nil for those that a merged file has of its own.
// The tree of pages gets the whole file's as its parent.
func (t *table) renumbered(base int) ([][]byte, error) {
	all := make([][]byte, len(t.offsets))
	for i := range t.offsets {
		n := i + 1
		if n == t.root || n == t.info {
			continue
		}
		text, err := t.body(n)
		if err != nil {
			return nil, err
		}
		s := scan{in: text, base: base, most: len(t.offsets)}
		if err := s.object(); err != nil {
			return nil, err
		}
		all[i] = s.out.Bytes()
		if n == t.pages {
			all[i] = append(fmt.Appendf(nil, "<</Parent %d 0 R", mergedPages), all[i][len("<<"):]...)
		}
	}
	return all, nil
}
