package document

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The first block is from 《正确填写票据和结算凭证的基本规定》, which gives these examples; where it allows two forms, one is
// ours. The second is what is easily got wrong.
var capitals = map[int64]string{
	140950:       "壹仟肆佰零玖元伍角",
	600714:       "陆仟零柒元壹角肆分",
	168032:       "壹仟陆佰捌拾元零叁角贰分",
	1640902:      "壹万陆仟肆佰零玖元零贰分",
	32504:        "叁佰贰拾伍元零肆分",
	10700053:     "壹拾万柒仟元零伍角叁分",
	0:            "零元整",
	1:            "壹分",
	10:           "壹角",
	11:           "壹角壹分",
	100:          "壹元整",
	101:          "壹元零壹分",
	1000:         "壹拾元整",
	5000:         "伍拾元整",
	20000:        "贰佰元整",
	300000:       "叁仟元整",
	100100:       "壹仟零壹元整",
	1000000:      "壹万元整",
	1000100:      "壹万零壹元整",
	10001000:     "壹拾万零壹拾元整",
	100000000:    "壹佰万元整",
	10000000000:  "壹亿元整",
	10000000100:  "壹亿零壹元整",
	10001000000:  "壹亿零壹万元整",
	1000010001:   "壹仟万零壹佰元零壹分",
	100010001000: "壹拾亿零壹拾万零壹拾元整",
	maxFen:       "壹万亿元整",
}

func TestCapitals(t *testing.T) {
	for fen, want := range capitals {
		if got := Capitals(fen); got != want {
			t.Errorf("%d fen: %s, want %s", fen, got, want)
		}
	}
}

// readCapitals is the opposite of Capitals, made the other way: it knows no amount beforehand, only what each character is
// worth. Zeros carry nothing.
func readCapitals(t interface{ Fatalf(string, ...any) }, text string) int64 {
	digits := map[rune]int64{'壹': 1, '贰': 2, '叁': 3, '肆': 4, '伍': 5, '陆': 6, '柒': 7, '捌': 8, '玖': 9}
	small := map[rune]int64{'拾': 10, '佰': 100, '仟': 1000}
	var total, section, digit, fen int64
	for _, c := range text {
		switch {
		case digits[c] > 0:
			digit = digits[c]
		case small[c] > 0:
			section, digit = section+digit*small[c], 0
		case c == '万':
			section, digit = (section+digit)*10_000, 0
		case c == '亿':
			total, section, digit = (total+section+digit)*100_000_000, 0, 0
		case c == '元':
			total, section, digit = total+section+digit, 0, 0
		case c == '角':
			fen, digit = fen+digit*10, 0
		case c == '分':
			fen, digit = fen+digit, 0
		case c != '零' && c != '整':
			t.Fatalf("%q in %s", c, text)
		}
	}
	return total*100 + fen
}

// Any amount can be read back from its capitals, and they keep the rules of form.
func TestCapitalsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// most amounts have many zeros: that is where the rules are
		var fen int64
		for range rapid.IntRange(1, 14).Draw(t, "figures") {
			fen = fen*10 + rapid.SampledFrom([]int64{0, 0, 0, 1, 5, 9}).Draw(t, "figure")
		}
		text := Capitals(fen)
		if got := readCapitals(t, text); got != fen {
			t.Fatalf("%d fen: %s reads as %d", fen, text, got)
		}
		switch {
		case strings.Contains(text, "零零"), strings.Contains(text, "零元") && fen > 0, strings.Contains(text, "零万"), strings.Contains(text, "零亿"):
			t.Fatalf("%d fen: %s has a zero too many", fen, text)
		case strings.HasSuffix(text, "整") != (fen%100 == 0):
			t.Fatalf("%d fen: %s ends wrongly", fen, text)
		case fen%100 > 0 && fen%100 < 10 && fen > 100 && !strings.Contains(text, "元零"):
			t.Fatalf("%d fen: %s lacks the zero of the jiao", fen, text)
		}
	})
}

func TestFenOf(t *testing.T) {
	for yuan, want := range map[float64]int64{0: 0, 200: 20000, 0.1: 10, 0.29: 29, 1234.56: 123456, 0.1 + 0.2: 30, 999999999.99: 99999999999, 1e12: maxFen} {
		if got, ok := FenOf(yuan); !ok || got != want {
			t.Errorf("%v yuan: %d, %v, want %d", yuan, got, ok, want)
		}
	}
	for _, yuan := range []float64{-1, -0.01, 0.001, 1.005, 2e12, math.NaN(), math.Inf(1), math.MaxFloat64} {
		if got, ok := FenOf(yuan); ok {
			t.Errorf("%v yuan is no amount, got %d", yuan, got)
		}
	}
}

func TestFigures(t *testing.T) {
	for fen, want := range map[int64]string{0: "0.00", 5: "0.05", 120: "1.20", 20000: "200.00", 123456: "1234.56"} {
		if got := Figures(fen); got != want {
			t.Errorf("%d fen: %s, want %s", fen, got, want)
		}
	}
}
