package law

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// TestCreditCodeVectors holds the check to the standard's own example, a state organ's published code, and made-up ones.
func TestCreditCodeVectors(t *testing.T) {
	valid := []string{"91350100M000100Y43", "11120000MB1660879L", "91120102MA05TE5T70", "92120102MA05TE5T7W",
		"91120102MA06AB12XM", "11120102MA05TE5T78"}
	for _, code := range valid {
		if err := CheckCreditCode(code); err != nil {
			t.Errorf("%s should be valid: %v", code, err)
		}
	}
	invalid := map[string]string{
		"":                   "18位",
		"91350100M000100Y4Z": "字符",
		"91350100M000100Y44": "末位校验码",
		"91350100M000100y43": "字符",
		"9135010XM000100Y43": "区划",
		"91350100M000100Y4":  "18位",
		"９1350100M000100Y43": "18位",
	}
	for code, why := range invalid {
		err := CheckCreditCode(code)
		if !errors.Is(err, fault.New(fault.CreditCodeInvalid)) || !strings.Contains(fault.Of(err).Zh, why) {
			t.Errorf("%q: want %s, got %v", code, why, err)
		}
	}
}

// TestCreditCodeInnerCheck proves that a code whose outer check holds is still refused when the organisation code inside
// does not check.
func TestCreditCodeInnerCheck(t *testing.T) {
	inner := "91120102MA05TE5T" + "8" // 7 is right
	code := inner + string(creditCheck(inner))
	if err := CheckCreditCode(code); err == nil || !strings.Contains(fault.Of(err).Zh, "组织机构代码") {
		t.Errorf("%s: want the inner check to fail, got %v", code, err)
	}
}

// TestCreditCodeDetectsSubstitution: 31 is prime and no weight is a multiple of it, so no single wrong character passes.
func TestCreditCodeDetectsSubstitution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawCreditCode(t)
		at := rapid.IntRange(0, 17).Draw(t, "at")
		wrong := rapid.SampledFrom([]byte(creditAlphabet)).Draw(t, "wrong")
		if code[at] == wrong {
			t.Skip("not a change")
		}
		if changed := code[:at] + string(wrong) + code[at+1:]; CheckCreditCode(changed) == nil {
			t.Fatalf("%s passes with %c at %d", changed, wrong, at)
		}
	})
}

// TestCreditCodeMade: what CreditCode completes always passes the check and keeps its parts.
func TestCreditCodeMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := drawCreditCode(t)
		if err := CheckCreditCode(code); err != nil {
			t.Fatal(err)
		}
	})
	for _, parts := range [][3]string{{"9", "120102", "MA05TE5T"}, {"91", "12010", "MA05TE5T"}, {"91", "120102", "MA05TE5"},
		{"9I", "120102", "MA05TE5T"}, {"91", "12010A", "MA05TE5T"}} {
		if code, err := CreditCode(parts[0], parts[1], parts[2]); err == nil {
			t.Errorf("%v became %s", parts, code)
		}
	}
}

func drawCreditCode(t *rapid.T) string {
	subject := rapid.StringOfN(rapid.SampledFrom([]rune(creditAlphabet)), 8, 8, 8).Draw(t, "subject")
	category := rapid.SampledFrom([]string{"91", "92", "93", "11", "51"}).Draw(t, "category")
	division := rapid.StringMatching(`[1-6][0-9]{5}`).Draw(t, "division")
	code, err := CreditCode(category, division, subject)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// FuzzCheckCreditCode: no text makes the check panic, and whatever passes has the parts the standard names.
func FuzzCheckCreditCode(f *testing.F) {
	f.Add("91350100M000100Y43")
	f.Add("统一社会信用代码")
	f.Fuzz(func(t *testing.T, code string) {
		if CheckCreditCode(code) == nil && (len(code) != 18 || !digits(code[2:8])) {
			t.Errorf("%q passed", code)
		}
	})
}
