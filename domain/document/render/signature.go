package render

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Measures of the places for signatures, in points.
const (
	signLabel  = 138.0
	signWidth  = 104.0
	signHeight = 34.0
	signRow    = signHeight + 8
)

// signatures sets the places for signatures. A few of them are not parted by the end of a page.
func (f *flow) signatures(b document.Block) {
	f.y += 4
	places := f.paper.places(b.Signers)
	if high := float64(len(places)) * signRow; high < (bottom-top)/3 {
		f.need(high)
	}
	for _, s := range places {
		f.signature(s.who, s.by)
	}
}

// place is a place for a signature, with what stands there.
type place struct {
	who string // 执法人员1：
	by  document.Signature

	cell bool // in a table: where nobody has signed it says so
}

// places are of each signer the signatures that are there, or empty places where some must be.
func (p *Paper) places(ids []string) []place {
	var all []place
	for _, s := range p.signers(ids) {
		if !s.When.Holds(p.Instance.Data) {
			continue
		}
		signed := p.Instance.SignedBy(s.Role)
		for i, one := range signed {
			all = append(all, place{who: label(s, i, len(signed)), by: one})
		}
		for range s.Count - len(signed) {
			all = append(all, place{who: label(s, 0, 1)})
		}
	}
	return all
}

// signers are those that a block names; a block that names nobody has all that stand in no cell.
func (p *Paper) signers(ids []string) []document.Signer {
	if len(ids) == 0 {
		return slices.DeleteFunc(slices.Clone(p.Template.Signers), func(s document.Signer) bool { return p.Template.InCells(s.ID) })
	}
	var out []document.Signer
	for _, id := range ids {
		for _, s := range p.Template.Signers {
			if s.ID == id {
				out = append(out, s)
			}
		}
	}
	return out
}

func label(s document.Signer, i, of int) string {
	if of > 1 {
		return s.Label.Zh + itoa(i+1) + "："
	}
	return s.Label.Zh + "："
}

// signature sets one signature on a row of its own: who, the picture over a line, the name, the day.
func (f *flow) signature(who string, s document.Signature) {
	set := body(sizeForm)
	if s.Refused {
		f.refusal(who, s)
		return
	}
	f.need(signRow)
	middle := f.y + (signRow-sizeForm*leading)/2
	f.aligned(set, left, middle, signLabel, "right", line{text: []rune(clean(who))})
	x := left + signLabel + 4
	f.page().Line(x, f.y+signRow-4, x+signWidth, f.y+signRow-4, border)
	f.hand(s, x, f.y+2, signWidth, signHeight)
	x += signWidth + 6
	name, certificate := f.paper.nameOf(s)
	if certificate != "" {
		f.aligned(body(sizeTiny), x, middle+sizeForm, 0, "left", line{text: []rune(clean(certificate))})
		f.aligned(body(sizeSmall), x, middle-2, 0, "left", line{text: []rune(clean(name))})
	} else {
		f.aligned(body(sizeSmall), x, middle, 0, "left", line{text: []rune(clean(name))})
	}
	f.aligned(set, left, middle, width, "right", line{text: []rune(document.Day(s.At))})
	f.y += signRow
}

// refusal says that somebody refused to sign, and why.
func (f *flow) refusal(who string, s document.Signature) {
	set := body(sizeForm)
	lines := f.press.breakText(set, refused(s), width-signLabel-4, 0)
	f.need(float64(len(lines))*pitch + 8)
	f.y += 4
	f.aligned(set, left, f.y, signLabel, "right", line{text: []rune(clean(who))})
	for _, l := range lines {
		f.aligned(set, left+signLabel+4, f.y, width-signLabel-4, "justify", l)
		f.y += pitch
	}
	f.y += 4
}

// unreadable stands in the place of a signature that cannot be drawn.
const unreadable = "（签名图像无法识别）"

func refused(s document.Signature) string {
	shown := ""
	if s.Recording != "" {
		shown = "，音像记录编号" + s.Recording
	}
	return "拒绝签名。理由：" + s.Reason + "（" + document.Day(s.At) + shown + "）"
}

// nameOf is the name in print beside a signature, so that it can be read, and the number of an officer's certificate.
func (p *Paper) nameOf(s document.Signature) (name, certificate string) {
	name = s.Name
	for _, o := range p.Instance.Officers {
		if o.ID == s.Officer && s.Officer != "" {
			name, certificate = orElse(name, o.Name), o.Certificate
		}
	}
	if certificate != "" {
		certificate = "执法证号" + certificate
	}
	return name, certificate
}

// hand draws a signature into a box, as large as it fits: its strokes, or else its picture. One that cannot be read is said so.
func (f *flow) hand(s document.Signature, x, y, w, h float64) {
	if s.Strokes == "" && s.Image == "" {
		return
	}
	if form, ok := f.press.strokes(s); ok {
		across, high := form.Size()
		scale := min(w/across, h/high)
		f.page().Form(form, x+(w-across*scale)/2, y+(h-high*scale), scale)
		return
	}
	drawn, err := f.press.unpack(s)
	if err != nil {
		f.set(f.page(), body(sizeTiny), x, y+h/2, 0, []rune(unreadable))
		return
	}
	bounds := drawn.Bounds()
	scale := min(w/float64(bounds.Dx()), h/float64(bounds.Dy()))
	across, high := float64(bounds.Dx())*scale, float64(bounds.Dy())*scale
	f.page().Image(f.press.picture(s.ID, drawn), x+(w-across)/2, y+(h-high), across, high)
}
