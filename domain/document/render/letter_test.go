package render

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// letter is a paper of running text alone, with so many paragraphs, sealed at its end.
func letter(paragraphs int) Paper {
	body := record.Object{"kind": "rectification-order", "name": "责令（限期）改正通知书",
		"fields": record.Object{"facts": record.Object{"kind": "longtext", "label": "违法事实"}},
		"layout": record.Object{"a": record.Object{"order": 1.0, "kind": "title", "lines": []any{"{organ}", "{name}"}}, "b": record.Object{"order": 2.0, "kind": "number"},
			"c": record.Object{"order": 3.0, "kind": "paragraph", "indent": 2.0, "text": "{facts}"}, "d": record.Object{"order": 4.0, "kind": "seal"}}}
	text := strings.Repeat("当事人在上述地点的人行道上堆放杂物，影响行人通行，现场不能提供批准文件，责令当事人自收到本通知书之日起三日内改正。\n", paragraphs)
	return Paper{Words: document.Words{Template: document.ReadTemplate(body), Organ: "天津市河东区人民政府东新街道办事处",
		Instance: document.ReadInstance(record.Object{"state": document.Issued, "issuedAt": "2026-11-25T06:40:00Z", "data": record.Object{"facts": text},
			"number": record.Object{"text": "津河东东新责改字〔2026〕第7号"}})}, Seal: seal480()}
}

// seal480 is drawn once: under the race detector drawing it for every paper took most of the tests' time.
var seal480 = sync.OnceValue(func() []byte { return drawnSeal(480) })

// drawnSeal is an invented seal: a red ring with a star on a transparent sheet, its side in pixels.
func drawnSeal(side int) []byte {
	sheet, half := image.NewNRGBA(image.Rect(0, 0, side, side)), float64(side)/2
	for y := range side {
		for x := range side {
			dx, dy := float64(x)-half+0.5, float64(y)-half+0.5
			from, point := math.Hypot(dx, dy), math.Mod(math.Atan2(dx, -dy)+2*math.Pi, 2*math.Pi/5)
			side := math.Pi/5 - math.Abs(point-math.Pi/5) // angle from the nearest point of the star
			star := half * 0.36 * 0.382 * math.Sin(math.Pi/5) / (0.382*math.Sin(math.Pi/5-side) + math.Sin(side))
			if from < half && from > half*0.92 || from < star {
				sheet.SetNRGBA(x, y, color.NRGBA{R: 220, A: 230})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, sheet); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Running text has 22 lines a page and 28 characters a line (GB/T 9704-2012, 5.2.3).
func TestLettersAreSetByTheStandard(t *testing.T) {
	lines := map[float64]int{} // by height, on the second page
	widest, pages := 0, 0
	for _, s := range settings(t, traced(t, letter(24))) {
		if math.Abs(s.size-sizeLetter) > 0.1 {
			continue
		}
		if math.Abs(s.y-top-sizeLetter*baseline) < 0.1 {
			pages++
		}
		if pages == 1 {
			lines[s.y]++
			widest = max(widest, len([]rune(s.text)))
		}
	}
	if len(lines) != 22 || widest != 28 {
		t.Errorf("%d lines of %d characters", len(lines), widest)
	}
}

// The seal never stands on a page without text, however much text there is.
func TestSealIsNotAlone(t *testing.T) {
	for n := 1; n < 16; n++ {
		f, err := compose(letter(n), true)
		if err != nil {
			t.Fatal(err)
		}
		all := settings(t, f.trace.String())
		organ := len(all) - 1
		for all[organ].text != "天津市河东区人民政府东新街道办事处" {
			organ--
		}
		if f.alone || organ == 0 || all[organ-1].y > all[organ].y {
			t.Errorf("%d paragraphs: the seal is alone on its page", n)
		}
	}
}

// Nor in a form, whose tables leave little text to move: the last lines before it go over to its page.
func TestSealOfAFormIsNotAlone(t *testing.T) {
	for kind, field := range map[string]string{"test-result-notice": "result", "inspection-notice": "content", "evidence-preservation-notice": "reason", "seizure-decision": "reason"} {
		for n := range 60 {
			p := example(t, kind)
			p.Instance.Data[field] = strings.Repeat("未取得营业执照从事经营。", n)
			f, err := compose(p, true)
			if err != nil {
				t.Fatal(err)
			}
			all := settings(t, f.trace.String())
			organ := len(all) - 1
			for all[organ].text != p.Organ {
				organ--
			}
			if f.bare || organ == 0 || all[organ-1].y > all[organ].y {
				t.Errorf("%s, %d sentences: the seal is alone on its page", kind, n)
			}
		}
	}
}

// The seal is one picture of 42 mm over name and date, centred; a draft has none, and one that is no picture is left out.
func TestSealIsPrinted(t *testing.T) {
	count := func(p Paper) int {
		file, _ := printed(t, p)
		return bytes.Count(file, []byte("/SMask"))
	}
	sealed, draft, bare, broken := letter(2), letter(2), letter(2), letter(2)
	draft.Instance.State, bare.Seal, broken.Seal = document.Draft, nil, []byte("x")
	if got := []int{count(sealed), count(draft), count(bare), count(broken)}; got[0] != 1 || got[1]+got[2]+got[3] != 0 {
		t.Errorf("pictures of seals: %v", got)
	}
	f, err := compose(sealed, true)
	if err != nil {
		t.Fatal(err)
	}
	content := pageText(t, f)
	at := strings.Index(content, "q 119.06 0 0 119.06 ")
	if at < 0 || at > strings.LastIndex(content, " Tf ") {
		t.Fatal("no seal of 42 mm under the text")
	}
}

// pageText is what the paper's last page is made of, read back from the file.
func pageText(t *testing.T, f *flow) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := f.press.file.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	inflated, order := unpacked(t, out.Bytes())
	return inflated[order[len(order)-1]]
}
