package custody

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Measures of a time line, in pixels.
const (
	lineLeft  = 190
	lineWidth = 760
	lineRow   = 30
	lineTop   = 74
)

// The colours of a time line: held, on its way, nothing.
const (
	colourHeld = "#2e7d32"
	colourTold = "#f9a825"
	colourGap  = "#c62828"
)

// Timeline draws what is covered of an inspection as an SVG 1.1 image: a row for each demand, and one for each recording. The same completeness gives
// the same text.
func Timeline(c Completeness) []byte { return draw(c, "检查记录完整性 "+c.Inspection) }

// CaseTimeline draws the inspections of a case one below the other, each on a scale of its own, for they may lie weeks apart; below them, so too, what is asked for by each paper
// that belongs to none, and the recordings that papers name.
func CaseTimeline(c CaseCompleteness) []byte {
	var parts [][]byte
	height := 0
	var b strings.Builder
	add := func(one Completeness, title string) {
		head := fmt.Sprintf(`<svg y="%d"`, height)
		parts = append(parts, append([]byte(head), draw(one, title)[len("<svg"):]...))
		height += heightOf(one)
	}
	for _, one := range c.Inspections {
		add(one, "检查记录完整性 "+one.Inspection)
	}
	for _, d := range c.Demands {
		add(Completeness{Demands: []evidence.Demand{d}, At: c.At}, "不属于任何检查的文书 "+d.Document)
	}
	if len(c.Recordings) > 0 || len(parts) == 0 {
		add(Completeness{Recordings: c.Recordings, At: c.At}, "本案文书所引、不属于本案检查的录音录像和照片")
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d">`+"\n", lineLeft+lineWidth+30, height)
	for _, p := range parts {
		b.Write(p)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func heightOf(c Completeness) int { return lineTop + lineRow*(len(c.Demands)+len(c.Recordings)) + 46 }

func draw(c Completeness, title string) []byte {
	scale := scaleOf(c)
	var b strings.Builder
	height := heightOf(c)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="FangSong, STFangsong, serif" font-size="14">`+"\n",
		lineLeft+lineWidth+30, height, lineLeft+lineWidth+30, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	mark(&b, 10, 24, 17, "start", title)
	scale.axis(&b, height-46)
	y := lineTop
	for _, d := range c.Demands {
		mark(&b, 10, y+18, 14, "start", d.Name+"（"+ways[d.AV]+"）")
		for _, part := range []struct {
			ranges []evidence.Range
			colour string
			text   string
		}{{d.Uncovered, colourGap, "未记录"}, {d.Announced, colourTold, "已登记，未送达"}, {d.Covered, colourHeld, "已送达"}} {
			for _, r := range part.ranges {
				scale.bar(&b, y+4, 20, r, part.colour, d.Name+" "+part.text)
			}
		}
		if d.Span.Len() == 0 {
			mark(&b, lineLeft, y+18, 13, "start", "起止时间不明")
		}
		y += lineRow
	}
	for _, r := range c.Recordings {
		colour, text, kind := colourHeld, "已送达", "录音录像 "
		if r.Missing {
			colour, text = colourTold, "未送达"
		}
		if r.Photo {
			kind = "照片 "
		}
		mark(&b, 10, y+18, 13, "start", kind+short(r.Evidence)+" "+text)
		covers := r.Covers
		if len(covers) == 0 {
			covers = []evidence.Range{{From: r.Span.From, To: r.Span.From + 1}}
		}
		for _, part := range covers {
			scale.bar(&b, y+9, 10, part, colour, kind+r.Evidence+" "+text)
		}
		y += lineRow
	}
	legend(&b, height-14)
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

var ways = map[string]string{evidence.AVFull: "全程", evidence.AVYes: "应当", evidence.AVPhoto: "照片", evidence.AVWhen: "视情", evidence.AVOptional: "可以"}

func mark(b *strings.Builder, x, y, size int, anchor, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" text-anchor="%s">%s</text>`+"\n", x, y, size, anchor, html.EscapeString(text))
}

func legend(b *strings.Builder, y int) {
	x := lineLeft
	for _, l := range []struct{ colour, text string }{{colourHeld, "服务器持有"}, {colourTold, "已登记，未送达"}, {colourGap, "未记录"}} {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="16" height="12" fill="%s"/>`+"\n", x, y-11, l.colour)
		mark(b, x+22, y, 13, "start", l.text)
		x += 150
	}
}

// span is the stretch of time that is drawn.
type span struct{ from, to int64 }

func scaleOf(c Completeness) span {
	var all []evidence.Range
	for _, d := range c.Demands {
		all = append(all, d.Span)
	}
	for _, r := range c.Recordings {
		all = append(all, r.Covers...)
		all = append(all, evidence.Range{From: r.Span.From, To: r.Span.To + 1})
	}
	all = evidence.Unite(all...)
	if len(all) == 0 {
		return span{c.At.UnixMilli(), c.At.UnixMilli() + 1000}
	}
	return span{all[0].From, max(all[len(all)-1].To, all[0].From+1000)}
}

func (s span) x(ms int64) float64 {
	return lineLeft + float64(ms-s.from)/float64(s.to-s.from)*lineWidth
}

// bar is drawn at least two pixels wide, or a photo would not be seen.
func (s span) bar(b *strings.Builder, y, height int, r evidence.Range, colour, title string) {
	from, to := s.x(r.From), s.x(r.To)
	when := atClock(r.From) + "—" + atClock(r.To)
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%s</title></rect>`+"\n", from, y, max(2, to-from), height, colour,
		html.EscapeString(title+" "+when))
}

func atClock(ms int64) string { return time.UnixMilli(ms).In(record.Beijing).Format("15:04:05") }

// axis draws five marks with their time of day, and the day.
func (s span) axis(b *strings.Builder, bottom int) {
	mark(b, 10, 50, 13, "start", time.UnixMilli(s.from).In(record.Beijing).Format("2006-01-02")+" 北京时间")
	for i := range 5 {
		at := s.from + (s.to-s.from)*int64(i)/4
		x := s.x(at)
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#bbb"/>`+"\n", x, lineTop-12, x, bottom)
		mark(b, int(x), 56, 12, "middle", atClock(at))
	}
}
