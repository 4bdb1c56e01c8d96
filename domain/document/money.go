package document

import (
	"math"
	"strconv"
	"strings"
)

// maxFen bounds amounts: ten thousand hundred-millions of yuan, more than any paper will name and far within what a float64
// counts exactly.
const maxFen = 1_0000_0000_0000_00

// FenOf turns an amount in yuan into fen. ok is false for what is no amount of money: negative, more than two decimals, or
// beyond a million million yuan.
func FenOf(yuan float64) (fen int64, ok bool) {
	rounded := math.Round(yuan * 100)
	if math.IsNaN(rounded) || rounded < 0 || rounded > maxFen || math.Abs(rounded/100-yuan) > 1e-6 {
		return 0, false
	}
	return int64(rounded), true
}

// Figures writes an amount as it stands in a form, e.g. 1234.50.
func Figures(fen int64) string {
	return strconv.FormatInt(fen/100, 10) + "." + string([]byte{byte('0' + fen/10%10), byte('0' + fen%10)})
}

var capitalDigits = []string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}

// Capitals writes an amount in the capitals that cannot be altered (人民币大写), by 《正确填写票据和结算凭证的基本规定》:
// "整" only where the amount ends at yuan; one "零" for any run of zeros between digits, and before jiao and fen where the
// figure of the yuan, or of the jiao, is 0.
func Capitals(fen int64) string {
	yuan, jiao, rest := fen/100, fen/10%10, fen%10
	var b strings.Builder
	if yuan > 0 {
		b.WriteString(capitalYuan(yuan) + "元")
	}
	switch {
	case fen == 0:
		return "零元整"
	case jiao == 0 && rest == 0:
		b.WriteString("整")
		return b.String()
	case yuan > 0 && (jiao == 0 || yuan%10 == 0):
		b.WriteString("零")
	}
	if jiao > 0 {
		b.WriteString(capitalDigits[jiao] + "角")
	}
	if rest > 0 {
		b.WriteString(capitalDigits[rest] + "分")
	}
	return b.String()
}

// capitalYuan writes a whole number by its myriads, each as a number below it.
func capitalYuan(n int64) string {
	for _, big := range []struct {
		size int64
		unit string
	}{{1_0000_0000, "亿"}, {1_0000, "万"}} {
		if n < big.size {
			continue
		}
		high, low := capitalYuan(n/big.size)+big.unit, n%big.size
		switch {
		case low == 0:
			return high
		case low < big.size/10:
			return high + "零" + capitalYuan(low)
		}
		return high + capitalYuan(low)
	}
	return capitalBelowMyriad(n)
}

func capitalBelowMyriad(n int64) string {
	var b strings.Builder
	gap := false
	for _, place := range []struct {
		size int64
		unit string
	}{{1000, "仟"}, {100, "佰"}, {10, "拾"}, {1, ""}} {
		digit := n / place.size % 10
		if digit == 0 {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteString("零")
			gap = false
		}
		b.WriteString(capitalDigits[digit] + place.unit)
	}
	return b.String()
}
