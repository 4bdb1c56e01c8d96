package docx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

func sample() []byte {
	d := New(Page{Width: 595.28, Height: 841.89, Top: 105, Right: 74, Bottom: 99, Left: 79, Foot: 65},
		Info{Title: "笔录 <𬭎>", Creator: "机关&", Created: time.Date(2026, 11, 25, 7, 5, 0, 0, time.UTC)})
	d.Head(Paragraph{Text: "作废", Style: Style{Size: 22, Red: true}})
	d.Numbered(Style{Size: 14, Align: "center"})
	d.Paragraph(Paragraph{Text: `甲 & <乙> "丙"` + "\x01", Style: Style{Size: 15.75, Pitch: 29, Align: "justify", Indent: 31.5}})
	d.Paragraph(Paragraph{Picture: &Picture{PNG: []byte("png"), Width: 10, Height: 5, Says: "签名\""}})
	say := func(text string) []Paragraph { return []Paragraph{{Text: text}} }
	d.Table([]float64{100, 100, 100}, 4.5, []Row{{Head: true, Cells: []Cell{{Text: say("a"), Span: 2}, {Column: 2, Text: say("b")}}},
		{Cells: []Cell{{Text: say("tall"), Rows: 2}, {Column: 1, Text: say("c"), Span: 2}}}, {Cells: []Cell{{Column: 2, Text: say("d")}}}, {}})
	var out bytes.Buffer
	_, _ = d.WriteTo(&out)
	return out.Bytes()
}

// parts unpacks a file: its parts by name, in order, and their texts.
func parts(t testing.TB, file []byte) (names []string, text map[string]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	text = map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, text[f.Name] = append(names, f.Name), string(raw)
	}
	return names, text
}

// Every part is well formed and has a type; every relation leads to a part, and every part and picture that is referred to has a relation.
func TestPackage(t *testing.T) {
	names, text := parts(t, sample())
	if names[0] != "[Content_Types].xml" {
		t.Errorf("the first part is %s", names[0])
	}
	var types struct {
		Default  []struct{ Extension, ContentType string } `xml:",any"`
		Override []struct {
			PartName string `xml:"PartName,attr"`
		} `xml:"Override"`
	}
	if err := xml.Unmarshal([]byte(text["[Content_Types].xml"]), &types); err != nil {
		t.Fatal(err)
	}
	for _, o := range types.Override {
		if _, ok := text[strings.TrimPrefix(o.PartName, "/")]; !ok {
			t.Errorf("%s has a type and is not there", o.PartName)
		}
	}
	typed := func(name string) bool {
		return slices.ContainsFunc(types.Override, func(o struct {
			PartName string `xml:"PartName,attr"`
		}) bool {
			return o.PartName == "/"+name
		}) || strings.HasSuffix(name, ".rels") || strings.HasSuffix(name, ".png")
	}
	for _, name := range names[1:] {
		if !typed(name) {
			t.Errorf("%s has no type of its own", name)
		}
		if strings.HasSuffix(name, ".png") {
			continue
		}
		for decoder := xml.NewDecoder(strings.NewReader(text[name])); ; {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
		}
	}
	for _, relations := range []struct{ name, folder string }{{"_rels/.rels", ""}, {"word/_rels/document.xml.rels", "word"}} {
		var r struct {
			Relationship []struct {
				ID     string `xml:"Id,attr"`
				Target string `xml:"Target,attr"`
			}
		}
		if err := xml.Unmarshal([]byte(text[relations.name]), &r); err != nil || len(r.Relationship) < 2 {
			t.Fatal(relations.name, err)
		}
		for _, one := range r.Relationship {
			if _, ok := text[path.Join(relations.folder, one.Target)]; !ok {
				t.Errorf("%s leads to %s, which is not there", relations.name, one.Target)
			}
		}
	}
	for _, want := range []string{`r:embed="picture1"`, `<w:headerReference w:type="default" r:id="header"/>`, `<w:footerReference w:type="default" r:id="footer"/>`,
		`<w:pgSz w:w="11906" w:h="16838"/>`, "甲 &amp; &lt;乙&gt; &#34;丙&#34;\ufffd", `<w:ind w:left="0" w:right="0" w:firstLine="630"/><w:jc w:val="both"/>`, `w:line="580" w:lineRule="exact"`} {
		if !strings.Contains(text["word/document.xml"], want) {
			t.Errorf("the document lacks %s", want)
		}
	}
	if !strings.Contains(text["docProps/core.xml"], "笔录 &lt;𬭎&gt;") || text["word/media/1.png"] != "png" {
		t.Error("title or picture are not there")
	}
}

// Every row of a table has a cell for every place, and none too many.
func TestTableIsWhole(t *testing.T) {
	_, text := parts(t, sample())
	var body struct {
		Rows []struct {
			Cells []struct {
				Span struct {
					N int `xml:"val,attr"`
				} `xml:"tcPr>gridSpan"`
				Merge *struct {
					Val string `xml:"val,attr"`
				} `xml:"tcPr>vMerge"`
				P []struct{} `xml:"p"`
			} `xml:"tc"`
		} `xml:"body>tbl>tr"`
	}
	if err := xml.Unmarshal([]byte(text["word/document.xml"]), &body); err != nil || len(body.Rows) != 4 {
		t.Fatal(len(body.Rows), err)
	}
	var merges []string
	for i, r := range body.Rows {
		spans := 0
		for _, c := range r.Cells {
			spans += c.Span.N
			if len(c.P) == 0 {
				t.Errorf("row %d: a cell without a paragraph", i)
			}
			if c.Merge != nil {
				merges = append(merges, c.Merge.Val)
			}
		}
		if spans != 3 {
			t.Errorf("row %d covers %d of 3 columns", i, spans)
		}
	}
	if !slices.Equal(merges, []string{"restart", ""}) {
		t.Errorf("merges %q", merges)
	}
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(sample(), sample()) {
		t.Error("the same document has other bytes")
	}
}
