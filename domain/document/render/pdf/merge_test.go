package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// drawn is a file of so many pages with something to see on each.
func drawn(t testing.TB, title string, pages int) []byte {
	t.Helper()
	d := New(Info{Title: title, Producer: "Fieldwarden (test) \\", Created: time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)})
	for i := range pages {
		p := d.Page()
		p.Line(50, 50+float64(i), 200, 50, 1)
		p.Fill([][4]float64{{60, 60, float64(10 + i), 10}})
	}
	var out bytes.Buffer
	if _, err := d.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func merged(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	m := NewMerger(&out, Info{Title: "合订", Producer: "Fieldwarden", Created: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)})
	for i, p := range parts {
		if err := m.Add(fmt.Sprintf("第%d份 (a)", i+1), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Pages come one behind the other with an outline entry each; the same files make the same bytes, and what was merged can be merged by a program that is
// not ours.
func TestMerge(t *testing.T) {
	program := services.Program(t, "pdfinfo", "install poppler, on Debian: apt-get install poppler-utils")
	one, two := drawn(t, "一", 1), drawn(t, "二", 3)
	file := merged(t, one, two, one)
	if !bytes.Equal(file, merged(t, one, two, one)) {
		t.Error("the same files made other bytes")
	}
	path := filepath.Join(t.TempDir(), "merged.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, path).CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, "Pages:           5") || !strings.Contains(text, "合订") || strings.Contains(text, "rror") {
		t.Errorf("%v: %s", err, text)
	}
	if got := strings.Count(string(file), "/Dest["); got != 3 {
		t.Errorf("%d entries in the outline", got)
	}
	pages := exec.Command(services.Program(t, "pdftoppm", "install poppler"), "-r", "20", "-png", path, path)
	if out, err := pages.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("drawn: %v %s", err, out)
	}
}

// The streams of pages and pictures are in the merged file as they were.
func TestMergeCopiesStreamsAsTheyAre(t *testing.T) {
	one := drawn(t, "一", 2)
	file := merged(t, drawn(t, "零", 1), one)
	rest, found := one, 0
	for {
		before, after, ok := bytes.Cut(rest, []byte("\nstream\n"))
		if !ok {
			break
		}
		content, next, _ := bytes.Cut(after, []byte("\nendstream\nendobj\n"))
		if rest = next; bytes.Contains(before, []byte("/Type/Metadata")) {
			continue // what a file says of itself
		}
		if !bytes.Contains(file, content) {
			t.Errorf("a stream of %d octets is not there", len(content))
		}
		found++
	}
	if found < 3 {
		t.Errorf("%d streams in the file that was merged", found)
	}
}

// What is not of our form is refused, whatever is broken, and the rest goes on without it.
func TestMergeRefusesOtherForms(t *testing.T) {
	good := drawn(t, "一", 1)
	for name, file := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "cut": good[:len(good)/2], "cut at the end": good[:len(good)-1], "other version": bytes.Replace(good, []byte("%PDF-1.7"), []byte("%PDF-1.4"), 1),
		"another tree":        bytes.Replace(good, []byte("/Type/Pages/Count"), []byte("/Type/Pages/Xount"), 1),
		"a length that lies":  bytes.Replace(good, []byte("/Filter/FlateDecode/Length "), []byte("/Filter/FlateDecode/Length 9"), 1),
		"no length":           bytes.ReplaceAll(good, []byte("/Length "), []byte("/Langth ")),
		"a reference beyond":  bytes.Replace(good, []byte("/Parent 2 0 R"), []byte("/Parent 999 0 R"), 1),
		"an open string":      bytes.Replace(good, []byte("/MediaBox[0 0 "), []byte("/MediaBox(0(0 "), 1),
		"another's trailer":   bytes.Replace(good, []byte("trailer\n<</Size"), []byte("trailer\n<</Prev 1/Size"), 1),
		"a table that points": bytes.Replace(good, []byte(" 00000 n \n"), []byte(" 00001 n \n"), 1),
	} {
		var out bytes.Buffer
		m := NewMerger(&out, Info{})
		before := m.written
		if err := m.Add("x", file); !errors.Is(err, ErrForm) || m.written != before {
			t.Errorf("%s: %v, %d octets written", name, err, m.written-before)
		}
		if err := m.Add("good", good); err != nil || m.Pages() != 1 {
			t.Errorf("%s: the next one: %v", name, err)
		}
	}
	if err := NewMerger(&bytes.Buffer{}, Info{}).Close(); err == nil {
		t.Error("a file without pages")
	}
}

// Whatever it is given, the merger ends, and does not fall over.
func FuzzMerge(f *testing.F) {
	mark := drawn(f, "", 1)
	f.Add(drawn(f, "一", 1))
	f.Add([]byte("%PDF-1.7\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R/Info 1 0 R/ID[<0><0>]>>\nstartxref\n9\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		var out bytes.Buffer
		m := NewMerger(&out, Info{})
		for _, over := range [][]byte{nil, mark} {
			if err := m.AddMarked("x", file, over); err != nil && !errors.Is(err, ErrForm) {
				t.Error(err)
			}
		}
		if err := m.Close(); err != nil && m.Pages() > 0 {
			t.Error(err)
		}
	})
}
