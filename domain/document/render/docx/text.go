package docx

import (
	"fmt"
	"strings"
)

// Style is how a paragraph is set.
type Style struct {
	Face          string  // Body if empty
	Size          float64 // of type
	Pitch         float64 // from line to line; 0: as the type asks
	Align         string  // left, center, right or justify; left if empty
	Indent        float64 // of the first line
	Left, Right   float64 // from the edges
	Before, After float64
	Red, Keep     bool // Keep: on one page with the next paragraph
	Rule          bool // a line above it
}

// Paragraph is a line of text, or a picture.
type Paragraph struct {
	Style
	Text    string
	Picture *Picture
}

// Picture is a PNG and how large it is shown.
type Picture struct {
	PNG           []byte
	Width, Height float64
	Says          string // what is to be seen, for those who do not see it
}

// Paragraph adds a paragraph to the text.
func (d *Document) Paragraph(p Paragraph) { d.body.WriteString(d.paragraph(p)) }

// Head adds a paragraph that stands over every page.
func (d *Document) Head(p Paragraph) { d.head.WriteString(d.paragraph(p)) }

func (d *Document) paragraph(p Paragraph) string {
	run := ""
	if p.Text != "" {
		run = `<w:r>` + p.run() + `<w:t xml:space="preserve">` + escaped(p.Text) + `</w:t></w:r>`
	}
	if p.Picture != nil {
		run += `<w:r>` + d.picture(*p.Picture) + `</w:r>`
	}
	return `<w:p>` + p.paragraph() + run + `</w:p>`
}

// Numbered sets 共X页 第X页 at the foot of every page.
func (d *Document) Numbered(s Style) {
	field := func(name string) string {
		return `<w:r>` + s.run() + `<w:fldChar w:fldCharType="begin"/></w:r><w:r>` + s.run() + `<w:instrText xml:space="preserve"> ` + name + ` </w:instrText></w:r><w:r>` +
			s.run() + `<w:fldChar w:fldCharType="separate"/></w:r><w:r>` + s.run() + `<w:t>1</w:t></w:r><w:r>` + s.run() + `<w:fldChar w:fldCharType="end"/></w:r>`
	}
	word := func(text string) string {
		return `<w:r>` + s.run() + `<w:t xml:space="preserve">` + text + `</w:t></w:r>`
	}
	d.foot = `<w:p>` + s.paragraph() + word("共") + field("NUMPAGES") + word("页 第") + field("PAGE") + word("页") + `</w:p>`
}

var aligns = map[string]string{"center": "center", "right": "right", "justify": "both"}

func (s Style) paragraph() string {
	var b strings.Builder
	b.WriteString(`<w:pPr>`)
	if s.Keep {
		b.WriteString(`<w:keepNext/>`)
	}
	if s.Rule {
		b.WriteString(`<w:pBdr><w:top w:val="single" w:sz="4" w:space="4" w:color="auto"/></w:pBdr>`)
	}
	fmt.Fprintf(&b, `<w:spacing w:before="%d" w:after="%d"`, twips(s.Before), twips(s.After))
	if s.Pitch > 0 {
		fmt.Fprintf(&b, ` w:line="%d" w:lineRule="exact"`, twips(s.Pitch))
	}
	fmt.Fprintf(&b, `/><w:ind w:left="%d" w:right="%d" w:firstLine="%d"/>`, twips(s.Left), twips(s.Right), twips(s.Indent))
	if align := aligns[s.Align]; align != "" {
		fmt.Fprintf(&b, `<w:jc w:val="%s"/>`, align)
	}
	return b.String() + `</w:pPr>`
}

func (s Style) run() string {
	face := s.Face
	if face == "" {
		face = Body
	}
	colour := ""
	if s.Red {
		colour = `<w:color w:val="C80000"/>`
	}
	half := twips(s.Size) / 10
	return fmt.Sprintf(`<w:rPr><w:rFonts w:ascii="%s" w:hAnsi="%s" w:eastAsia="%s" w:cs="%s"/>%s<w:sz w:val="%d"/><w:szCs w:val="%d"/></w:rPr>`, face, face, face, face, colour, half, half)
}

// emu are the units of drawings: 12,700 in a point.
func emu(points float64) int { return int(points * 12700) }

func (d *Document) picture(p Picture) string {
	d.pictures = append(d.pictures, p.PNG)
	n, w, h := len(d.pictures), emu(p.Width), emu(p.Height)
	says := escaped(p.Says)
	return fmt.Sprintf(`<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%d" cy="%d"/><wp:docPr id="%d" name="picture%d" descr="%s"/>`+
		`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="%d" name="%d.png"/><pic:cNvPicPr/></pic:nvPicPr>`+
		`<pic:blipFill><a:blip r:embed="picture%d"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%d" cy="%d"/></a:xfrm>`+
		`<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>`, w, h, n, n, says, n, n, n, w, h)
}
