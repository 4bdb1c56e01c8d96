package law

import "github.com/fieldwarden/fieldwarden/domain/fault"

// The kinds of enforcement items, with the two letters that stand for each in item codes.
const (
	Penalty    = "penalty"    // CF 行政处罚
	Inspection = "inspection" // JC 行政检查
	Coercion   = "coercion"   // QZ 行政强制
)

// itemKinds are the letters of the city's list of powers and duties (权责清单) for what is enforced in the street. Other
// letters (levies, permits) are real too and have no name here.
var itemKinds = map[string]string{"CF": Penalty, "JC": Inspection, "QZ": Coercion}

// ItemCode is a code of an enforcement item taken apart, e.g. 120106ZQBCF01003.
type ItemCode struct {
	Division   string // six digits
	Department string // three capitals
	Kind       string // one of the kinds, or "" for kinds without a name here
	Number     string // five digits
}

// ParseItemCode reads an item code in the style of the city's list: six digits of division, three letters of the
// department, two of the kind, five digits. Another form is fault law.item_code_invalid.
func ParseItemCode(code string) (ItemCode, error) {
	bad := fault.New(fault.ItemCodeInvalid)
	if len(code) != 16 || !digits(code[:6]) || !capitals(code[6:11]) || !digits(code[11:]) {
		return ItemCode{}, bad.Detail("应为6位区划、3位部门字母、2位类型字母、5位数字",
			"six digits of division, three letters of department, two of kind, five digits")
	}
	return ItemCode{Division: code[:6], Department: code[6:9], Kind: itemKinds[code[9:11]], Number: code[11:]}, nil
}

func capitals(text string) bool {
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return false
		}
	}
	return true
}
