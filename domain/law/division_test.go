package law

import (
	"errors"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

func TestStreets(t *testing.T) {
	streets := Streets()
	if len(streets) != 13 {
		t.Fatalf("%d streets", len(streets))
	}
	seen := map[string]bool{}
	for _, s := range streets {
		if len(s.Code) != 9 || !strings.HasPrefix(s.Code, District) || !strings.HasSuffix(s.Name, "街道") || seen[s.Code] || seen[s.Name] {
			t.Errorf("%+v", s)
		}
		seen[s.Code], seen[s.Name] = true, true
	}
	streets[0].Name = "changed"
	if Streets()[0].Name != "大王庄街道" {
		t.Error("a caller changed the table")
	}
}

func TestStreetOf(t *testing.T) {
	for code, want := range map[string]string{"120102011": "东新街道", "12010200101": "大王庄街道", "120102013001": "天津铁厂街道"} {
		if got, err := StreetOf(code); err != nil || got.Name != want {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
	for _, code := range []string{"", "120102", "120102014", "120102SFJ", "120101001"} {
		if _, err := StreetOf(code); !errors.Is(err, fault.New(fault.DivisionUnknown)) {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func TestParseItemCode(t *testing.T) {
	for code, want := range map[string]ItemCode{
		"120106ZQBCF01003": {"120106", "ZQB", Penalty, "01003"},
		"120116CGWJC01004": {"120116", "CGW", Inspection, "01004"},
		"120102YJJQZ00001": {"120102", "YJJ", Coercion, "00001"},
		"120000GYJZS02009": {"120000", "GYJ", "", "02009"},
	} {
		if got, err := ParseItemCode(code); err != nil || got != want {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
	for _, code := range []string{"", "120106ZQBCF0100", "120106zqbCF01003", "12010AZQBCF01003", "120106ZQB1F01003", "120106ZQBCF0100X"} {
		if _, err := ParseItemCode(code); !errors.Is(err, fault.New(fault.ItemCodeInvalid)) {
			t.Errorf("%q: %v", code, err)
		}
	}
}
