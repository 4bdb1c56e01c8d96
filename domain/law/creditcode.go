package law

import (
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// creditAlphabet is the 31 characters of GB 32100-2015: digits and capitals without I, O, S, V and Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditModulus is the number of characters, and the modulus of the check.
const creditModulus = len(creditAlphabet)

// organWeights are the weights of the eight characters of an organisation code (GB 11714-1997).
var organWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// CheckCreditCode checks a unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, which are the
// registering authority, the category, the six digits of its division, the nine characters of the organisation code with
// a check character of its own (GB 11714), and the check character over all. Anything wrong is fault law.credit_code_invalid,
// which says what.
func CheckCreditCode(code string) error {
	bad := fault.New(fault.CreditCodeInvalid)
	if len(code) != 18 {
		return bad.Detail("应为18位", "it has 18 characters")
	}
	for i := range len(code) {
		if strings.IndexByte(creditAlphabet, code[i]) < 0 {
			return bad.Detail("含有不允许的字符（不使用I、O、S、V、Z和小写字母）",
				"a character is not allowed (I, O, S, V, Z and small letters are not used)")
		}
	}
	if !digits(code[2:8]) {
		return bad.Detail("第3至8位应为登记机关区划代码", "characters 3 to 8 are the digits of a division")
	}
	if creditCheck(code[:17]) != code[17] {
		return bad.Detail("末位校验码不符", "the last character does not check")
	}
	if organCheck(code[8:16]) != code[16] {
		return bad.Detail("第9至17位组织机构代码校验码不符", "the organisation code in characters 9 to 17 does not check")
	}
	return nil
}

// CreditCode completes a credit code: category is the first two characters ("91" an enterprise, "92" a household of
// trade, "11" a state organ), division the six digits of the registering division, subject the eight characters of the
// organisation code without its check. Parts of a wrong form are fault law.credit_code_invalid.
func CreditCode(category, division, subject string) (string, error) {
	if len(category) != 2 || len(division) != 6 || len(subject) != 8 {
		return "", fault.New(fault.CreditCodeInvalid).Detail("组成部分长度不符", "a part has the wrong length")
	}
	code := category + division + subject
	for i := range len(code) {
		if strings.IndexByte(creditAlphabet, code[i]) < 0 {
			return "", fault.New(fault.CreditCodeInvalid).Detail("含有不允许的字符", "a character is not allowed")
		}
	}
	code += string(organCheck(subject))
	code += string(creditCheck(code))
	return code, CheckCreditCode(code)
}

// creditCheck computes the eighteenth character: C18 = 31 − Σ Ci·Wi mod 31 with Wi = 3^(i−1) mod 31, where 31 counts as 0.
func creditCheck(code string) byte {
	sum, weight := 0, 1
	for i := range len(code) {
		sum += strings.IndexByte(creditAlphabet, code[i]) * weight
		weight = weight * 3 % creditModulus
	}
	return creditAlphabet[(creditModulus-sum%creditModulus)%creditModulus]
}

// organCheck computes the ninth character of an organisation code: 11 − Σ Ci·Wi mod 11, where 10 is X and 11 is 0. Letters
// count from A = 10 without gaps.
func organCheck(code string) byte {
	sum := 0
	for i, weight := range organWeights {
		sum += organValue(code[i]) * weight
	}
	switch c := 11 - sum%11; c {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + c)
	}
}

func organValue(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
