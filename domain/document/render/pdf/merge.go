package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrForm says that a file is not of the form that this package writes: a table of objects, lengths told directly, nothing encrypted.
var ErrForm = errors.New("not a PDF of our own form")

// Merger writes one file out of many that this package wrote, one at a time: their pages and what these need as they are, under other numbers, and an
// outline with an entry for each if there are several. The file is PDF/A-2b if all of them are. It holds no more than the file at hand, and of the others where
// their objects begin. It is used by one goroutine.
type Merger struct {
	out     *bufio.Writer
	digest  hash.Hash
	written int64
	info    Info
	offsets []int64 // of objects
	parts   []part
	pages   int
	claim   string
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
	mergedInfo
	mergedMetadata
	mergedIntent
	mergedProfile
	mergedFixed = iota
)

// NewMerger begins a file.
func NewMerger(w io.Writer, info Info) *Merger {
	m := &Merger{out: bufio.NewWriterSize(w, 64<<10), digest: sha256.New(), info: info, offsets: make([]int64, mergedFixed), claim: claim}
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

// reserve gives n objects their numbers, and returns the first.
func (m *Merger) reserve(n int) int {
	first := len(m.offsets) + 1
	m.offsets = append(m.offsets, make([]int64, n)...)
	return first
}

// object writes an object under its number.
func (m *Merger) object(n int, text []byte) {
	m.offsets[n-1] = m.written
	m.write(fmt.Appendf(nil, "%d 0 obj\n", n))
	m.write(text)
	m.write([]byte("\nendobj\n"))
}

// Add takes in the pages of a file behind those that are there, with an entry of that title in the outline. A file of another form is [ErrForm], and nothing
// of it is written.
func (m *Merger) Add(title string, file []byte) error { return m.AddMarked(title, file, nil) }

// AddFirst is [Merger.Add] with the pages before all others.
func (m *Merger) AddFirst(title string, file []byte) error {
	n := len(m.parts)
	if err := m.Add(title, file); err != nil {
		return err
	}
	m.parts = append([]part{m.parts[n]}, m.parts[:n]...)
	return nil
}

// AddMarked is [Merger.Add], with the first page of another file drawn over each page; nil draws nothing.
func (m *Merger) AddMarked(title string, file, over []byte) error {
	t, err := readTable(file)
	if err != nil {
		return err
	}
	var mark *overlay
	if over != nil {
		if mark, err = readOverlay(over); err != nil {
			return err
		}
	}
	next := len(m.offsets) + 1
	objects, err := t.renumbered(next, t.pages)
	if err != nil {
		return err
	}
	if mark != nil {
		further, err := mark.draw(objects, next)
		if err != nil {
			return err
		}
		objects.list = append(objects.list, further...)
	}
	m.reserve(len(objects.list))
	for i, text := range objects.list {
		m.object(next+i, text)
	}
	if !bytes.Contains(file, []byte(claim)) {
		m.claim = ""
	}
	m.parts = append(m.parts, part{title, objects.number[t.pages], objects.number[t.first]})
	m.pages += t.count
	return m.err
}

// Close writes what all parts share. Without any part it is an error: a file has pages.
func (m *Merger) Close() error {
	if len(m.parts) == 0 {
		return errors.New("a file without pages")
	}
	var kids strings.Builder
	for _, p := range m.parts {
		fmt.Fprintf(&kids, "%d 0 R ", p.root)
	}
	m.object(mergedPages, fmt.Appendf(nil, "<</Type/Pages/Count %d/Kids[%s]>>", m.pages, kids.String()))
	m.object(mergedCatalog, fmt.Appendf(nil, "<</Type/Catalog/Pages %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]%s/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>",
		mergedPages, mergedMetadata, mergedIntent, m.outline()))
	m.object(mergedInfo, []byte(m.info.dictionary()))
	m.object(mergedMetadata, []byte(metadataStream(m.info.metadata(m.claim))))
	m.object(mergedIntent, []byte(outputIntent(mergedProfile)))
	var profile bytes.Buffer
	packer := zlib.NewWriter(&profile)
	_, _ = packer.Write(sRGB()) // into memory: cannot fail
	_ = packer.Close()
	m.object(mergedProfile, fmt.Appendf(nil, "<</N 3/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", profile.Len(), profile.Bytes()))
	m.table()
	if m.err != nil {
		return m.err
	}
	return m.out.Flush()
}

// outline writes an entry for each part, and returns what the catalog says of them: nothing where there is but one.
func (m *Merger) outline() string {
	if len(m.parts) < 2 {
		return ""
	}
	root := m.reserve(1 + len(m.parts))
	for i, p := range m.parts {
		entry := fmt.Sprintf("<</Title %s/Parent %d 0 R/Dest[%d 0 R/Fit]", text(p.title), root, p.page)
		if i > 0 {
			entry += fmt.Sprintf("/Prev %d 0 R", root+i)
		}
		if i < len(m.parts)-1 {
			entry += fmt.Sprintf("/Next %d 0 R", root+i+2)
		}
		m.object(root+1+i, []byte(entry+">>"))
	}
	m.object(root, fmt.Appendf(nil, "<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>", root+1, root+len(m.parts), len(m.parts)))
	return fmt.Sprintf("/Outlines %d 0 R/PageMode/UseOutlines", root)
}

// table writes where the objects are, and the trailer.
func (m *Merger) table() {
	id, start := hex.EncodeToString(m.digest.Sum(nil)[:16]), m.written
	m.write(fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(m.offsets)+1))
	for _, at := range m.offsets {
		m.write(fmt.Appendf(nil, "%010d 00000 n \n", at))
	}
	m.write(fmt.Appendf(nil, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(m.offsets)+1, mergedCatalog, mergedInfo, id, id, start))
}

// table is a file with the places of its objects, as its own table tells them.
type table struct {
	file                []byte
	offsets             []int
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
	return t, t.findPages(number64(trailer[2]))
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

func (t *table) findPages(root int) error {
	catalog, err := t.body(root)
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

// moved are objects of a file under the numbers that they have in another.
type moved struct {
	list   [][]byte    // by their new numbers
	number map[int]int // the new number of each
}

// renumbered are a file's objects that some of them need, directly or by others, numbered one behind the other from next on. The tree of pages gets the whole
// file's as its parent.
func (t *table) renumbered(next int, roots ...int) (*moved, error) {
	needed, err := t.needed(roots)
	if err != nil {
		return nil, err
	}
	m := &moved{number: map[int]int{}}
	for i, n := range needed {
		m.number[n] = next + i
	}
	for _, n := range needed {
		text, err := t.moved(n, func(n int) int { return m.number[n] })
		if err != nil {
			return nil, err
		}
		if n == t.pages {
			text = append(fmt.Appendf(nil, "<</Parent %d 0 R", mergedPages), text[len("<<"):]...)
		}
		m.list = append(m.list, text)
	}
	return m, nil
}

// needed lists the objects that some need, themselves among them, by their numbers.
func (t *table) needed(roots []int) ([]int, error) {
	seen := map[int]bool{}
	for rest := slices.Clone(roots); len(rest) > 0; {
		n := rest[len(rest)-1]
		if rest = rest[:len(rest)-1]; seen[n] {
			continue
		}
		seen[n] = true
		if _, err := t.moved(n, func(n int) int { rest = append(rest, n); return n }); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// moved is an object with its references moved.
func (t *table) moved(n int, to func(n int) int) ([]byte, error) {
	text, err := t.body(n)
	if err != nil {
		return nil, err
	}
	s := scan{in: text, most: len(t.offsets), moved: to}
	if err := s.object(); err != nil {
		return nil, err
	}
	return s.out.Bytes(), nil
}
