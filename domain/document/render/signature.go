package render

import (
	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Measures of the places for signatures, in points.
const (
	signLabel  = 138.0
	signWidth  = 104.0
	signHeight = 34.0
	signRow    = signHeight + 8
)

// signatures sets the places for signatures: of each signer those that are there, or an empty place where one must be.
func (f *flow) signatures(b document.Block) {
	f.y += 4
	for _, s := range f.signers(b.Signers) {
		signed := f.paper.Instance.SignedBy(s.Role)
		for i, one := range signed {
			f.signature(label(s, i, len(signed)), one)
		}
		for range s.Count - len(signed) {
			f.signature(label(s, 0, 1), document.Signature{})
		}
	}
}

func (f *flow) signers(ids []string) []document.Signer {
	if len(ids) == 0 {
		return f.paper.Template.Signers
	}
	var out []document.Signer
	for _, id := range ids {
		for _, s := range f.paper.Template.Signers {
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
	name, certificate := f.nameOf(s)
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
	text := "拒绝签名。理由：" + s.Reason + "（" + document.Day(s.At) + "）"
	lines := f.press.breakText(set, text, width-signLabel-4, 0)
	f.need(float64(len(lines))*pitch + 8)
	f.y += 4
	f.aligned(set, left, f.y, signLabel, "right", line{text: []rune(clean(who))})
	for _, l := range lines {
		f.aligned(set, left+signLabel+4, f.y, width-signLabel-4, "justify", l)
		f.y += pitch
	}
	f.y += 4
}

// nameOf is the name in print beside a signature, so that it can be read, and the number of an officer's certificate.
func (f *flow) nameOf(s document.Signature) (name, certificate string) {
	name = s.Name
	for _, o := range f.paper.Instance.Officers {
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
		f.set(f.page(), body(sizeTiny), x, y+h/2, 0, []rune("（签名图像无法识别）"))
		return
	}
	bounds := drawn.Bounds()
	scale := min(w/float64(bounds.Dx()), h/float64(bounds.Dy()))
	across, high := float64(bounds.Dx())*scale, float64(bounds.Dy())*scale
	f.page().Image(f.press.picture(s.ID, drawn), x+(w-across)/2, y+(h-high), across, high)
}
