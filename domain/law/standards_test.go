package law

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The weights as the standards print them; the code computes its own.
var (
	creditWeights   = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28} // GB 32100-2015
	identityWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}            // GB 11643-1999
)

// The standard's own example sums to 1640, and the check of any code is what the printed weights give.
func TestCreditWeights(t *testing.T) {
	sum := func(code string) (s int) {
		for i, w := range creditWeights {
			s += strings.IndexByte("0123456789ABCDEFGHJKLMNPQRTUWXY", code[i]) * w
		}
		return s
	}
	if got := sum("91350100M000100Y43"); got != 1640 {
		t.Errorf("the standard's example sums to %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		code := drawCreditCode(t)
		if rest := sum(code) % 31; (rest+strings.IndexByte(creditAlphabet, code[17]))%31 != 0 {
			t.Fatalf("%s: remainder %d, check %c", code, rest, code[17])
		}
	})
}

func TestOrganisationCode(t *testing.T) {
	if got := organCheck("MB166087"); got != '9' {
		t.Errorf("MB1660879: got %c", got)
	}
}

func TestIdentityWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := fmt.Sprintf("%017d", rapid.Int64Range(0, 99999999999999999).Draw(t, "number"))
		sum := 0
		for i, w := range identityWeights {
			sum += int(first[i]-'0') * w
		}
		if got, want := identityCheck(first), "10X98765432"[sum%11]; got != want {
			t.Fatalf("%s: got %c, want %c", first, got, want)
		}
	})
}

// Residents of Hong Kong, Macao and Taiwan, and foreign permanent residents, have numbers of the same form.
func TestIdentityOfOthers(t *testing.T) {
	for _, division := range []string{"810000", "820000", "830000", "911201"} {
		first := division + "19850815" + "003"
		id, err := ParseIdentity(first + string(identityCheck(first)))
		if err != nil || id.Division != division {
			t.Errorf("%s: %+v, %v", division, id, err)
		}
	}
}

// A minor: under fourteen on his fourteenth birthday, fourteen on the day after.
func TestMinorByNumber(t *testing.T) {
	id, err := ParseIdentity("120102201206300014")
	if err != nil {
		t.Fatal(err)
	}
	if Age(id.Born, day("2026-06-30")) != 13 || Age(id.Born, day("2026-07-01")) != 14 {
		t.Errorf("born %s", id.Born)
	}
}

// The streets of 河东区 in the order of their codes.
func TestStreetsByName(t *testing.T) {
	names := strings.Fields("大王庄 大直沽 中山门 富民路 二号桥 春华 唐家口 向阳楼 常州道 上杭路 东新 鲁山道 天津铁厂")
	for i, name := range names {
		code := fmt.Sprintf("120102%03d", i+1)
		if got, err := StreetOf(code); err != nil || got.Code != code || got.Name != name+"街道" {
			t.Errorf("%s: %+v, %v; want %s", code, got, err, name)
		}
	}
	if len(Streets()) != len(names) {
		t.Errorf("%d streets, want %d", len(Streets()), len(names))
	}
}

// The codes that the city's list of powers and duties shows.
func TestItemCodesOfTheCity(t *testing.T) {
	for code, kind := range map[string]string{"120106ZQBCF01003": Penalty, "120116CGWCF01004": Penalty, "120000GYJZS02009": ""} {
		got, err := ParseItemCode(code)
		if err != nil || got.Kind != kind || got.Division+got.Department+code[9:11]+got.Number != code {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
}
