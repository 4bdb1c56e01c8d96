package render

import (
	"fmt"
	"image/color"
	"strings"

	"rsc.io/qr"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
)

// furnish adds what stands around the text, once it is known how many pages there are: page numbers, signatures at the foot,
// the code that opens the check page, and the mark of a paper that is not in force.
func (f *flow) furnish() {
	last := f.pages
	for i := range last {
		f.pages = last[:i+1]
		f.foot(i+1, len(last))
		f.mark()
		if i == 0 {
			f.code()
		}
	}
	f.pages = last
}

// Below the type area: the page's number 7 mm from it (GB/T 9704-2012, 7.5), and a signature under that.
const (
	footTop  = bottom + 7*mm - 0.25*sizeFoot // letters begin a quarter below the top of their line
	footSign = footTop + sizeFoot*leading + 4
)

// foot sets the page's number in 四号, and for records the party's signature. The number stands in the middle, as on forms, and not at the
// outer edge: papers are printed on one side as well as on both.
func (f *flow) foot(page, of int) {
	text := fmt.Sprintf("共%d页 第%d页", of, page)
	f.aligned(body(sizeFoot), left, footTop, width, "center", line{text: []rune(text)})
	for _, s := range f.paper.Template.Signers {
		signed := f.paper.Instance.SignedBy(s.Role)
		if !s.EveryPage || len(signed) == 0 {
			continue
		}
		set := body(sizeSmall)
		label := []rune(s.Label.Zh + "签名：")
		f.set(f.page(), set, left, footSign+20, 0, label)
		x := left + f.press.width(set, label)
		if signed[0].Refused {
			f.set(f.page(), set, x, footSign+20, 0, []rune("拒绝签名"))
			continue
		}
		f.hand(signed[0], x, footSign, 70, 24)
		f.set(f.page(), set, x+78, footSign+20, 0, []rune(document.Day(signed[0].At)))
	}
}

var red = color.RGBA{R: 200, A: 255}

// markOf is the word over a paper that is not in force, and why; "" for one that is.
func (p *Paper) markOf() (text, reason string) {
	switch p.Instance.State {
	case document.Voided:
		return "作废", "本文书已作废。" + p.Instance.VoidReason
	case document.Issued:
		return "", ""
	}
	return "草稿", "草稿，仅供预览，未签发，不具有法律效力。" + p.missing()
}

// missing says of a draft that is approved step by step who has still to sign it.
func (p *Paper) missing() string {
	var who []string
	own := false
	for _, s := range document.Steps(p.Template, p.Instance) {
		if own = own || s.Role.Own(); s.State != document.StepSigned {
			who = append(who, s.Label.Zh)
		}
	}
	if !own || len(who) == 0 {
		return ""
	}
	return "尚待签署：" + strings.Join(who, "、") + "。"
}

// mark says over every page that a paper is void, or not issued yet.
func (f *flow) mark() {
	text, reason := f.paper.markOf()
	if text == "" {
		return
	}
	f.page().Shade(f.press.font(song), 150, pdf.Width/2, pdf.Height/2, 35, red, text)
	f.aligned(body(sizeTiny), left, 24*mm, width-codeSize-20, "left", line{text: []rune(clean(reason))})
}

// Place and size of the code, in points.
const (
	codeSize = 20 * mm
	codeTop  = 11 * mm
)

// code draws the code of the check page at the head of the paper.
func (f *flow) code() {
	if f.qr(f.page(), right-codeSize, codeTop, codeSize) {
		f.aligned(body(7.5), right-codeSize-10, codeTop+codeSize+1, codeSize+20, "center", line{text: []rune("扫码核验")})
	}
}

// qr draws the code of the check page as filled boxes, dark runs of a row in one. It is false where there is none: no address, or one that is longer
// than a code can hold; the paper is complete without.
func (f *flow) qr(page *pdf.Page, x0, y0, size float64) bool {
	if f.paper.CheckURL == "" {
		return false
	}
	code, err := qr.Encode(f.paper.CheckURL, qr.M)
	if err != nil {
		return false
	}
	module := size / float64(code.Size)
	var boxes [][4]float64
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				boxes = append(boxes, [4]float64{x0 + float64(x)*module, y0 + float64(y)*module, float64(run) * module, module})
				x += run
			}
		}
	}
	page.Fill(boxes)
	return true
}
