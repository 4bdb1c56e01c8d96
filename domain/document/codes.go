package document

import (
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The check digits are written down here as data and not taken from domain/law: packages of the domain know only records. A
// test holds that both say the same of every code.

// idCheck are the weights and check characters of identity numbers (GB 11643-1999).
var idCheck = struct {
	weights [17]int
	by      string // by the remainder
}{[17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}, "10X98765432"}

// creditCheck are the characters and weights of credit codes (GB 32100-2015), and the weights of the organisation code inside
// (GB 11714-1997).
var creditCheck = struct {
	alphabet string
	weights  [17]int
	organ    [8]int
}{"0123456789ABCDEFGHJKLMNPQRTUWXY", [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}, [8]int{3, 7, 9, 10, 5, 8, 4, 2}}

// checkIDNumber says what is wrong with a resident identity number (公民身份号码).
func checkIDNumber(s string) []Flaw {
	if len(s) != 18 || !digits(s[:17]) || s[0] == '0' {
		return wrong("应为17位数字加1位校验码", "an identity number has 17 digits and a check character")
	}
	sum := 0
	for i, w := range idCheck.weights {
		sum += w * int(s[i]-'0')
	}
	if idCheck.by[sum%11] != s[17] {
		return wrong("末位校验码不符", "the last character does not check")
	}
	if born, err := time.ParseInLocation("20060102", s[6:14], record.Beijing); err != nil || born.Year() < 1800 {
		return wrong("所含出生日期不存在", "there is no such birth date")
	}
	return nil
}

// checkCredit says what is wrong with a unified social credit code (统一社会信用代码).
func checkCredit(s string) []Flaw {
	if len(s) != 18 {
		return wrong("应为18位", "a credit code has 18 characters")
	}
	sum, organ := 0, 0
	for i := range len(s) {
		at := strings.IndexByte(creditCheck.alphabet, s[i])
		if at < 0 {
			return wrong("含有不允许的字符（不使用I、O、S、V、Z和小写字母）", "a character is not allowed (I, O, S, V, Z and small letters are not used)")
		}
		if i < len(creditCheck.weights) {
			sum += at * creditCheck.weights[i]
		}
		if i >= 8 && i < 16 {
			organ += organValue(s[i]) * creditCheck.organ[i-8]
		}
	}
	switch {
	case !digits(s[2:8]):
		return wrong("第3至8位应为登记机关区划代码", "characters 3 to 8 are the digits of a division")
	case creditCheck.alphabet[(31-sum%31)%31] != s[17]:
		return wrong("末位校验码不符", "the last character does not check")
	case "0X987654321"[organ%11] != s[16]:
		return wrong("第9至17位组织机构代码校验码不符", "the organisation code in characters 9 to 17 does not check")
	}
	return nil
}

// organValue counts letters from A = 10 without gaps.
func organValue(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func wrong(zh, en string) []Flaw { return []Flaw{{Zh: zh, En: en}} }
