package render

import (
	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Measures of a signature in a cell, in points. It takes two lines of the table.
const (
	cellLabel = 3 * sizeForm
	cellHand  = 66.0
	cellGap   = 6.0
	cellDay   = 88.0
)

// signing is a signature in a cell of a table: 签名：, the hand, the name in print, the day.
type signing struct {
	by    document.Signature
	name  string
	blank string // stands in place of the hand of who has not signed
}

// signedIn are the signatures that stand in a cell below its text.
func (p *Paper) signedIn(signer string) []signing {
	if signer == "" {
		return nil
	}
	var all []signing
	for _, s := range p.places([]string{signer}) {
		name, _ := p.nameOf(s.by)
		all = append(all, signing{s.by, p.spend(clean(name)), p.unsigned(s.by)})
	}
	return all
}

// awaited stands in a draft where somebody has still to sign.
const awaited = "（待签）"

// unsigned is what stands where there is no hand. On an issued paper the place is struck, so that nobody signs it later.
func (p *Paper) unsigned(s document.Signature) string {
	switch {
	case s.Refused:
		return "拒绝签名"
	case s.Strokes != "" || s.Image != "":
		return ""
	case p.Instance.State != document.Draft:
		return nothing
	case s.ID != "":
		return "（已签）" // a preview shows no hands
	}
	return awaited
}

// withSigns adds the lines that signatures take to those of a cell's text: two for those of one day that have room beside each other.
func (p *press) withSigns(lines []line, signs []signing, room float64) []line {
	if len(signs) > 0 && len(lines) == 1 && len(lines[0].text) == 0 {
		lines = nil
	}
	used := 0.0
	for i, s := range signs {
		last := len(lines) - 1
		alike := i > 0 && document.Day(s.by.At) == document.Day(signs[i-1].by.At)
		if used += p.signWide(s); alike && used <= room {
			lines[last].signs = append(lines[last].signs, s)
			continue
		}
		used = cellLabel + cellDay + p.signWide(s)
		lines = append(lines, line{}, line{signs: []signing{s}})
	}
	return lines
}

// signWide is how wide a hand is with its name.
func (p *press) signWide(s signing) float64 {
	if s.name == "" {
		return cellHand
	}
	return cellHand + cellGap + p.width(body(sizeSmall), []rune(s.name))
}

// signed draws signatures of one day at the right of a cell; y is the top of the second of their lines.
func (g *grid) signed(signs []signing, x, y, w float64) {
	set := body(sizeForm)
	high := g.cells.pitch
	y -= high
	middle := y + high/2
	at := x + w - min(cellDay, w)
	g.aligned(set, at, middle, x+w-at, "right", line{text: []rune(document.Day(signs[0].by.At))})
	for _, s := range signs {
		at -= g.press.signWide(s)
	}
	at = max(x+cellLabel, at)
	g.aligned(set, at-cellLabel, middle, 0, "left", line{text: []rune("签名：")})
	for _, s := range signs {
		switch {
		case s.blank != "":
			g.aligned(set, at, middle, cellHand, "center", line{text: []rune(s.blank)})
		default:
			g.hand(s.by, at+2, y+1, cellHand-4, 2*high-2)
		}
		g.aligned(body(sizeSmall), at+cellHand, middle+1, 0, "left", line{text: []rune(s.name)})
		at += g.press.signWide(s)
	}
}
