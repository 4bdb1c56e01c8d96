package law

import (
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// District is the code of 天津市河东区 (GB/T 2260).
const District = "120102"

// Division is an administrative division with its statistical code.
type Division struct {
	Code string // six digits for a district, nine for a street
	Name string
}

// streets are the thirteen streets of the district by the national statistical codes of 2023. 天津铁厂街道 is an exclave
// at 河北省涉县, more than 400 km away.
var streets = []Division{
	{"120102001", "大王庄街道"}, {"120102002", "大直沽街道"}, {"120102003", "中山门街道"}, {"120102004", "富民路街道"},
	{"120102005", "二号桥街道"}, {"120102006", "春华街道"}, {"120102007", "唐家口街道"}, {"120102008", "向阳楼街道"},
	{"120102009", "常州道街道"}, {"120102010", "上杭路街道"}, {"120102011", "东新街道"}, {"120102012", "鲁山道街道"},
	{"120102013", "天津铁厂街道"},
}

// Streets lists the streets of the district, by code.
func Streets() []Division { return slices.Clone(streets) }

// StreetOf finds the street that a unit or address code belongs to: its own code or one that begins with it. Another code is
// fault law.division_unknown.
func StreetOf(code string) (Division, error) {
	for _, s := range streets {
		if strings.HasPrefix(code, s.Code) {
			return s, nil
		}
	}
	return Division{}, fault.New(fault.DivisionUnknown).Detail(code, code)
}
