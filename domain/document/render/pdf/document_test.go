package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func sample() []byte {
	d := New(Info{Title: "笔录 𬭎", Producer: "test", Created: time.Date(2026, 11, 25, 7, 5, 0, 0, time.FixedZone("", 8*3600))})
	picture := image.NewNRGBA(image.Rect(5, 5, 8, 7))
	picture.Set(6, 6, color.NRGBA{R: 255, A: 128})
	for range 3 {
		p := d.Page()
		p.Line(10, 10, 20, 20, 0.5)
		p.Box(10, 10, 100, 50, 0.5)
		p.Fill([][4]float64{{1, 2, 3, 4}})
		p.Image(d.Image(picture), 0, 0, 30, 20)
	}
	var out bytes.Buffer
	_, _ = d.WriteTo(&out)
	return out.Bytes()
}

// The table of objects points at each object, and everything that is referred to is there.
func TestStructure(t *testing.T) {
	file := sample()
	if !bytes.HasPrefix(file, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(file, []byte("%%EOF\n")) {
		t.Fatal("not a PDF")
	}
	start, err := strconv.Atoi(regexp.MustCompile(`startxref\n(\d+)\n`).FindStringSubmatch(string(file))[1])
	if err != nil || !bytes.HasPrefix(file[start:], []byte("xref\n")) {
		t.Fatalf("startxref points elsewhere: %v", err)
	}
	entries := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllStringSubmatch(string(file[start:]), -1)
	for i, e := range entries {
		at, _ := strconv.Atoi(e[1])
		if want := fmt.Sprintf("%d 0 obj\n", i+1); !bytes.HasPrefix(file[at:], []byte(want)) {
			t.Errorf("object %d is not at %d", i+1, at)
		}
	}
	if size := fmt.Sprintf("/Size %d", len(entries)+1); !bytes.Contains(file, []byte(size)) {
		t.Errorf("trailer lacks %s", size)
	}
	for _, ref := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(string(file), -1) {
		if n, _ := strconv.Atoi(ref[1]); n < 1 || n > len(entries) {
			t.Errorf("%s refers to nothing", ref[0])
		}
	}
	if n := bytes.Count(file, []byte("/Type/Page/")); n != 3 || !bytes.Contains(file, []byte("/Count 3/")) {
		t.Errorf("%d pages", n)
	}
}

func TestInfo(t *testing.T) {
	file := string(sample())
	for _, want := range []string{"/Title <FEFF7B145F550020D872DF4E>", "/CreationDate(D:20261124230500Z)", "/Lang(zh-CN)"} {
		if !strings.Contains(file, want) {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(sample(), sample()) {
		t.Error("the same document has other bytes")
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.001: "0", 1: "1", 1.5: "1.5", 10: "10", 100.256: "100.26", -3.10: "-3.1", 595.28: "595.28"} {
		if got := number(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

// A picture has the same colours whatever kind of picture it is.
func TestColours(t *testing.T) {
	of := func(picture interface {
		image.Image
		Set(x, y int, c color.Color)
	}) *Image {
		for i := range 6 {
			picture.Set(2+i%3, 1+i/3, color.NRGBA{R: uint8(40 * i), G: uint8(40 * i), B: uint8(40 * i), A: 255})
		}
		return New(Info{}).Image(picture)
	}
	at := image.Rect(2, 1, 5, 3)
	want := of(image.NewRGBA(at))
	for _, got := range []*Image{of(image.NewNRGBA(at)), of(image.NewGray(at)), of(image.NewNRGBA64(at))} {
		if !bytes.Equal(got.colours, want.colours) || !bytes.Equal(got.mask, want.mask) || len(got.mask) != 6 {
			t.Errorf("%v %v, want %v %v", got.colours, got.mask, want.colours, want.mask)
		}
	}
}
