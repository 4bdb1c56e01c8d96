package document_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// vector is one entry of docs/protocol/vectors/strokes.json: a text, and either the points in it or what is wrong.
type vector struct {
	Name   string     `json:"name"`
	Text   string     `json:"text"`
	Width  int        `json:"width"`
	Height int        `json:"height"`
	Lines  [][][4]int `json:"lines"` // x, y, milliseconds, pressure
	Error  string     `json:"error"`
}

// The published vectors are read as they say, and written as they were.
func TestStrokesVectors(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "vectors", "strokes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 10 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		s, err := document.ReadStrokes(v.Text)
		if v.Error != "" {
			if err == nil || err.Error() != v.Error {
				t.Errorf("%s: %v, want %q", v.Name, err, v.Error)
			}
			continue
		}
		var lines [][][4]int
		for _, line := range s.Lines {
			var points [][4]int
			for _, p := range line {
				points = append(points, [4]int{p.X, p.Y, int(p.At / time.Millisecond), p.Pressure})
			}
			lines = append(lines, points)
		}
		if err != nil || s.Width != v.Width || s.Height != v.Height || !reflect.DeepEqual(lines, v.Lines) || s.String() != v.Text {
			t.Errorf("%s: %+v, %v; written again %s", v.Name, s, err, s)
		}
	}
}

// Strokes are refused by their length before a point is read.
func TestStrokesAreBounded(t *testing.T) {
	if s, err := document.ReadStrokes("1,9,9;0,0,0" + strings.Repeat(",0,0,0", 10_000)); err != nil || len(s.Lines[0]) != 10_001 {
		t.Errorf("10,001 points: %v", err)
	}
	if _, err := document.ReadStrokes("1,9,9;0,0,0" + strings.Repeat(",0,0,0", 12_000)); err == nil || err.Error() != "72011 octets, at most 65536" {
		t.Errorf("72 kB: %v", err)
	}
}

// A signature is a picture or strokes or both; what is wrong with either is told at its place.
func TestSignatureOfStrokes(t *testing.T) {
	for name, c := range map[string]struct {
		signature record.Object
		want      string
	}{
		"strokes":           {record.Object{"strokes": "1,9,9;0,0,0,5,5,10"}, ""},
		"both":              {record.Object{"strokes": "1,9,9;0,0,0,5,5,10", "image": picture(40, 20)}, ""},
		"neither":           {record.Object{}, "signatures/a/image: 没有签名笔迹或者图像"},
		"outside":           {record.Object{"strokes": "1,9,9;0,0,0,50,5,10"}, "signatures/a/strokes: 第1笔第2点在书写区域之外"},
		"picture is broken": {record.Object{"strokes": "1,9,9;0,0,0,5,5,10", "image": "AAAA"}, "signatures/a/image: 签名图像无法识别或者过大"},
	} {
		c.signature["role"], c.signature["at"] = "party", "2026-11-25T07:00:00Z"
		in := document.ReadInstance(record.Object{"signatures": record.Object{"a": c.signature}})
		got := ""
		for _, flaw := range document.Check(document.Template{}, in) {
			got = flaw.Path + ": " + flaw.Zh
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzReadStrokes(f *testing.F) {
	f.Add("1,600,200;10,20,0,3,-4,8;100,50,900,1,1,16")
	f.Add("1,600,200,p;10,20,0,128,3,-4,8,130")
	f.Add("1,1,1;;,,;-0,+1,0x1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := document.ReadStrokes(text)
		if err != nil {
			if e, ok := err.(*document.StrokesError); !ok || e.Zh == "" || e.En == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		if s.String() != text {
			t.Fatalf("%q is written as %q", text, s)
		}
		for _, line := range s.Lines {
			for _, p := range line {
				if p.X < 0 || p.X > s.Width || p.Y < 0 || p.Y > s.Height {
					t.Fatalf("%+v is outside", p)
				}
			}
		}
	})
}
