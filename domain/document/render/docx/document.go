// Package docx writes WordprocessingML files (ECMA-376): paragraphs, tables, pictures, a head and a foot. What it is given decides every byte.
//
// It must not know what a paper is. Measures are points; texts are one line each.
package docx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Page is the size of the pages and their margins, and how far the foot stands from the end of the paper.
type Page struct {
	Width, Height, Top, Right, Bottom, Left, Foot float64
}

// Info is what a document says of itself.
type Info struct {
	Title, Creator, Description string
	Created                     time.Time
}

// Document is a file being made. It is used by one goroutine.
type Document struct {
	page       Page
	info       Info
	body, head strings.Builder
	foot       string
	pictures   [][]byte
}

// New begins a document.
func New(page Page, info Info) *Document { return &Document{page: page, info: info} }

// The names of things in the formats.
const (
	declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	office      = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packaged    = "http://schemas.openxmlformats.org/package/2006/relationships"
	types       = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	spaces      = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="` + office + `"` +
		` xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"` +
		` xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"`
)

// part is one file in the package; kind is the end of its content type and of its relation to the document, "" for what the document does not name.
type part struct{ name, kind, text string }

// WriteTo writes the document.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	parts := []part{{"styles.xml", "styles", styles}, {"fontTable.xml", "fontTable", fonts}, {"settings.xml", "settings", settings}}
	references := ""
	if d.head.Len() > 0 {
		references += `<w:headerReference w:type="default" r:id="header"/>`
		parts = append(parts, part{"header.xml", "header", "<w:hdr " + spaces + ">" + d.head.String() + "</w:hdr>"})
	}
	if d.foot != "" {
		references += `<w:footerReference w:type="default" r:id="footer"/>`
		parts = append(parts, part{"footer.xml", "footer", "<w:ftr " + spaces + ">" + d.foot + "</w:ftr>"})
	}
	p := d.page
	section := fmt.Sprintf(`<w:sectPr>%s<w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/></w:sectPr>`,
		references, twips(p.Width), twips(p.Height), twips(p.Top), twips(p.Right), twips(p.Bottom), twips(p.Left), twips(p.Top/3), twips(p.Foot))
	text := "<w:document " + spaces + "><w:body>" + d.body.String() + section + "</w:body></w:document>"

	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, text string) { _ = add(z, name, []byte(text)) } // into memory: cannot fail
	contents, relations := d.lists(parts)
	put("[Content_Types].xml", contents)
	put("_rels/.rels", declaration+`<Relationships xmlns="`+packaged+`"><Relationship Id="document" Type="`+office+`/officeDocument" Target="word/document.xml"/>`+
		`<Relationship Id="core" Type="`+packaged+`/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`)
	put("docProps/core.xml", declaration+d.info.core())
	put("word/document.xml", declaration+text)
	put("word/_rels/document.xml.rels", relations)
	for _, p := range parts {
		put("word/"+p.name, declaration+p.text)
	}
	for i, picture := range d.pictures {
		_ = add(z, fmt.Sprintf("word/media/%d.png", i+1), picture)
	}
	_ = z.Close()
	return out.WriteTo(w)
}

// lists are the table of the parts' types and that of what the document refers to.
func (d *Document) lists(parts []part) (contents, relations string) {
	var c, r strings.Builder
	c.WriteString(declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="` + types + `document.main+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>`)
	r.WriteString(declaration + `<Relationships xmlns="` + packaged + `">`)
	for _, p := range parts {
		fmt.Fprintf(&c, `<Override PartName="/word/%s" ContentType="%s%s+xml"/>`, p.name, types, p.kind)
		fmt.Fprintf(&r, `<Relationship Id="%s" Type="%s/%s" Target="%s"/>`, p.kind, office, p.kind, p.name)
	}
	for i := range d.pictures {
		fmt.Fprintf(&r, `<Relationship Id="picture%d" Type="%s/image" Target="media/%d.png"/>`, i+1, office, i+1)
	}
	return c.String() + "</Types>", r.String() + "</Relationships>"
}

// begun is the moment that every part was written at: the first that a ZIP can say.
var begun = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func add(z *zip.Writer, name string, content []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: begun})
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

func (i Info) core() string {
	text := `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>` + escaped(i.Title) + `</dc:title><dc:creator>` +
		escaped(i.Creator) + `</dc:creator><dc:description>` + escaped(i.Description) + `</dc:description>`
	if !i.Created.IsZero() {
		at := i.Created.UTC().Format(time.RFC3339)
		text += `<dcterms:created xsi:type="dcterms:W3CDTF">` + at + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + at + `</dcterms:modified>`
	}
	return text + `</cp:coreProperties>`
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // into memory: cannot fail
	return b.String()
}

// twips are twentieths of a point, in which the format counts.
func twips(points float64) int { return int(math.Round(points * 20)) }
