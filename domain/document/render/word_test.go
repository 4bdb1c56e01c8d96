package render

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// edited exports a paper and reads it: the text of each paragraph of the document, and the parts of the file.
func edited(t testing.TB, p Paper) (text string, parts map[string][]byte, r Result) {
	t.Helper()
	var out bytes.Buffer
	r, err := DOCX(&out, p)
	if err != nil {
		t.Fatal(err)
	}
	parts = unzipped(t, out.Bytes())
	return paragraphs(t, parts["word/document.xml"]), parts, r
}

// unzipped are the parts of a file by name.
func unzipped(t testing.TB, file []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]byte{}
	for _, f := range z.File {
		opened, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if parts[f.Name], err = io.ReadAll(opened); err != nil {
			t.Fatal(err)
		}
	}
	return parts
}

// paragraphs are the words of a part, a line for each paragraph.
func paragraphs(t testing.TB, part []byte) string {
	t.Helper()
	var b strings.Builder
	inside := false
	for d := xml.NewDecoder(bytes.NewReader(part)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			inside = v.Name.Local == "t"
		case xml.EndElement:
			if inside = false; v.Name.Local == "p" {
				b.WriteString("\n")
			}
		case xml.CharData:
			if inside {
				b.Write(v)
			}
		}
	}
}

// The export has every line of the A4 page: what one reader finds on the pages, the other finds in the paragraphs.
func TestExportSaysTheSame(t *testing.T) {
	for name, p := range map[string]Paper{"penalty": penalty(t), "inspection": inspection(t), "inquiry": inquiry(3), "letter": letter(4)} {
		text, _, _ := edited(t, p)
		text = wordsOf(text)
		f, err := compose(p, true)
		if err != nil {
			t.Fatal(err)
		}
		looked := 0
		for _, s := range settings(t, f.trace.String()) {
			line := wordsOf(s.text)
			if s.y < top || s.y > bottom || line == "" {
				continue // page numbers, the code, signatures at the foot
			}
			if looked++; !strings.Contains(text, line) {
				t.Errorf("%s: the export lacks %q", name, line)
			}
		}
		if looked < 15 {
			t.Errorf("%s: %d lines looked for", name, looked)
		}
	}
}

// Signatures are pictures, of strokes too; neither seal nor code is exported; a mark stands over every page.
func TestExportOfSignaturesAndMarks(t *testing.T) {
	p := inspection(t)
	p.Seal = drawnSeal(100)
	p.Instance.Signatures[0].Strokes, p.Instance.Signatures[0].Image = written(true).String(), ""
	p.Instance.Signatures[1].Image = "AAAA"
	text, parts, _ := edited(t, p)
	pictures := 0
	for name, part := range parts {
		if strings.HasPrefix(name, "word/media/") {
			pictures++
			drawn, err := png.Decode(bytes.NewReader(part))
			if err != nil {
				t.Fatal(name, err)
			}
			if size := drawn.Bounds().Size(); size.X > 432 || size.Y > 152 {
				t.Errorf("%s is %v", name, size)
			}
		}
	}
	if pictures != 3 || !strings.Contains(text, unreadable) || parts["word/header.xml"] != nil {
		t.Errorf("%d pictures of four signatures, one of which cannot be read", pictures)
	}
	p.Instance.State, p.Instance.VoidReason = document.Voided, "姓名<有误>"
	if _, parts, _ = edited(t, p); paragraphs(t, parts["word/header.xml"]) != "作废\n本文书已作废。姓名<有误>\n" {
		t.Errorf("%q", parts["word/header.xml"])
	}
}

// Whatever is in a paper, the export is a whole file, and the same twice.
func TestExportOfWhateverIsInIt(t *testing.T) {
	odd := penalty(t)
	odd.Organ = "机关\x00\ufffe\xff&<>\n第二行"
	odd.Instance.Data = record.Apply(odd.Instance.Data, record.Object{"facts": strings.Repeat("x\u202e", 5000), "party": "x"})
	for name, p := range map[string]Paper{"nothing": {}, "odd": odd, "draft": archived(t)["draft"]} {
		_, _, a := edited(t, p)
		if _, _, b := edited(t, p); a.SHA256 != b.SHA256 || a.Length == 0 {
			t.Errorf("%s: two exports differ", name)
		}
	}
	for _, kind := range templates.Kinds() {
		if text, _, _ := edited(t, example(t, kind)); len(text) < 50 {
			t.Errorf("%s: %q", kind, text)
		}
	}
}

// A hand that goes to and fro over the screen all the time is not drawn for ever.
func TestExportOfEndlessStrokes(t *testing.T) {
	p := letter(1)
	p.Template.Layout = append(p.Template.Layout, document.Block{Kind: document.SignaturesBlock})
	p.Template.Signers = []document.Signer{{Role: document.ByParty, Label: document.Text{Zh: "当事人"}}}
	strokes := "1,9999,3000;0,0,0" + strings.Repeat(",9999,0,0,-9999,0,0", 3200)
	for i := range 9 {
		p.Instance.Signatures = append(p.Instance.Signatures, document.Signature{ID: itoa(i), Role: document.ByParty, Strokes: strokes})
	}
	text, parts, _ := edited(t, p)
	if parts["word/media/1.png"] != nil || strings.Count(text, unreadable) != 9 {
		t.Error("strokes of three million steps are drawn")
	}
}

// Cells stand as on the page: a question and its answer at the left however short they are, labels in even lines; and what follows the last table is a
// paragraph, without which the file is broken.
func TestExportOfTables(t *testing.T) {
	p := example(t, "inquiry-record")
	_, parts, _ := edited(t, p)
	text := string(parts["word/document.xml"])
	found := 0
	for one := range strings.SplitSeq(text, "</w:p>") {
		if strings.Contains(one, ">答：") {
			if found++; strings.Contains(one, `<w:jc w:val="center"/>`) {
				t.Errorf("in the middle: %s", one[strings.LastIndex(one, "<w:p>"):])
			}
		}
	}
	if said := paragraphs(t, parts["word/document.xml"]); found < 5 || !strings.Contains(said, "居民身份\n证号码\n") {
		t.Errorf("%d answers in %s", found, said)
	}
	p.Template.Layout = slices.DeleteFunc(p.Template.Layout, func(b document.Block) bool { return b.Kind != document.QABlock })
	if _, parts, _ = edited(t, p); !strings.Contains(string(parts["word/document.xml"]), "</w:tbl><w:p>") || !strings.Contains(string(parts["word/document.xml"]), "</w:p><w:sectPr>") {
		t.Errorf("%s", parts["word/document.xml"])
	}
}
