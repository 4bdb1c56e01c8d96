package document

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// part is one member of a value that is an object: a party's name, the longitude of a place.
type part struct {
	key      string
	zh       string
	must     bool
	most     int     // characters of a text
	within   float64 // the most that a number may be either side of 0; 0: the part is a text
	oneOf    []string
	manyLine bool
}

// The datums that coordinates are given in. The same figures in WGS-84 and GCJ-02 are some five hundred metres apart.
var datums = []string{"CGCS2000", "WGS-84", "GCJ-02", "BD-09"}

// longestLine is how many characters a text of one line has at most where nothing else is said.
const longestLine = 200

// parts are the members of a value by its kind, in the order in which they are told.
var parts = map[FieldKind][]part{
	Party: {
		{key: "kind", zh: "当事人类型", must: true, oneOf: partyKinds}, {key: "name", zh: "姓名或者名称", must: true, most: longestLine},
		{key: "uscc", zh: "统一社会信用代码", most: 18}, {key: "representative", zh: "负责人或者经营者", most: longestLine}, {key: "sex", zh: "性别", most: 10},
		{key: "birth", zh: "出生日期", most: 20}, {key: "idType", zh: "证件类型", most: 40}, {key: "idNumber", zh: "证件号码", most: 40},
		{key: "employer", zh: "工作单位", most: longestLine}, {key: "address", zh: "住址", most: 300}, {key: "phone", zh: "联系电话", most: 60},
	},
	Place: {
		{key: "address", zh: "地址", must: true, most: 300}, {key: "longitude", zh: "经度", within: 180}, {key: "latitude", zh: "纬度", within: 90},
		{key: "datum", zh: "坐标系", oneOf: datums},
	},
	Provision: {
		{key: "law", zh: "法律名称", must: true, most: longestLine}, {key: "article", zh: "条款", must: true, most: longestLine},
		{key: "text", zh: "条文", most: 2_000, manyLine: true},
	},
	Checklist: { // of each line
		{key: "text", zh: "检查内容", must: true, most: 1_000, manyLine: true}, {key: "value", zh: "检查结果", must: true, most: longestLine},
		{key: "note", zh: "备注", most: 1_000, manyLine: true},
	},
}

// checkParts checks the members of a value of a kind: those that must be there, their form and length, and that there are no others.
func checkParts(kind FieldKind, o record.Object, others ...string) []Flaw {
	var flaws []Flaw
	known := parts[kind]
	for _, p := range known {
		for _, why := range p.check(o[p.key]) {
			flaws = append(flaws, Flaw{p.key, why.Zh, p.key + ": " + why.En})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(others, key) && !slices.ContainsFunc(known, func(p part) bool { return p.key == key }) {
			flaws = append(flaws, Flaw{key, "中没有这一部分", "there is no such part"})
		}
	}
	return flaws
}

func (p part) check(value any) []Flaw {
	s, isText := value.(string)
	n, isNumber := value.(float64)
	switch {
	case empty(value):
		if p.must {
			return wrong("缺少"+p.zh, "is missing")
		}
		return nil
	case p.within > 0:
		if !isNumber || n < -p.within || n > p.within {
			return wrong(fmt.Sprintf("中%s应为%g至%g的数字", p.zh, -p.within, p.within), fmt.Sprintf("want a number from %g to %g", -p.within, p.within))
		}
		return nil
	case !isText:
		return wrong("中"+p.zh+"应为文字", "want a text")
	case p.oneOf != nil:
		if !slices.Contains(p.oneOf, s) {
			return wrong("中"+p.zh+"应为"+strings.Join(p.oneOf, "、")+"之一", "want one of "+strings.Join(p.oneOf, ", "))
		}
		return nil
	}
	return p.checkText(s)
}

func (p part) checkText(s string) []Flaw {
	if n := utf8.RuneCountInString(s); n > p.most {
		return wrong(fmt.Sprintf("中%s共%d字，超过%d字", p.zh, n, p.most), fmt.Sprintf("%d characters, at most %d", n, p.most))
	}
	if !p.manyLine && strings.ContainsAny(s, "\n\r") {
		return wrong("中"+p.zh+"不能换行", "must be one line")
	}
	flaws := checkCharacters(s)
	for i := range flaws {
		flaws[i].Zh = "中" + p.zh + flaws[i].Zh
	}
	return flaws
}

// identityCard is what a party's document is when nothing else is said.
const identityCard = "居民身份证"

// checkParty checks a party: its parts, and the check digits of its codes.
func checkParty(o record.Object) []Flaw {
	flaws := checkParts(Party, o)
	code := func(key, zh string, check func(string) []Flaw) {
		if s := text(o, key); s != "" && !slices.ContainsFunc(flaws, func(f Flaw) bool { return f.Path == key }) {
			for _, why := range check(s) {
				flaws = append(flaws, Flaw{key, "中" + zh + why.Zh, key + ": " + why.En})
			}
		}
	}
	code("uscc", "统一社会信用代码", checkCredit)
	if kind := text(o, "idType"); kind == "" || kind == identityCard {
		code("idNumber", "身份证号码", checkIDNumber)
	}
	return flaws
}

// checkPlace checks a place. Coordinates come in pairs, with their datum.
func checkPlace(o record.Object) []Flaw {
	flaws := checkParts(Place, o)
	_, east := o["longitude"].(float64)
	_, north := o["latitude"].(float64)
	switch {
	case east != north:
		flaws = append(flaws, Flaw{"longitude", "中经度和纬度应同时填写", "longitude: goes with latitude"})
	case east && text(o, "datum") == "":
		flaws = append(flaws, Flaw{"datum", "中有经纬度时应注明坐标系（" + strings.Join(datums, "、") + "）", "datum: coordinates need one of " + strings.Join(datums, ", ")})
	}
	return flaws
}

// checkAnswers checks the lines of a checklist.
func checkAnswers(answers record.Object) []Flaw {
	if len(answers) > mostRows {
		return wrong(fmt.Sprintf("共%d行，超过%d行", len(answers), mostRows), fmt.Sprintf("%d rows, at most %d", len(answers), mostRows))
	}
	var flaws []Flaw
	for _, id := range slices.Sorted(maps.Keys(answers)) {
		a, ok := answers[id].(record.Object)
		if !ok {
			flaws = append(flaws, Flaw{id, "中有一行格式不正确", "a row is no object"})
			continue
		}
		for _, why := range checkParts(Checklist, a, "order") {
			flaws = append(flaws, Flaw{id + "/" + why.Path, why.Zh, why.En})
		}
		if len(flaws) > mostFlaws {
			break
		}
	}
	return flaws
}

// coordinates writes where a place is: （东经117.2479°，北纬39.1300°，WGS-84）; "" without coordinates.
func coordinates(o record.Object) string {
	east, ok := o["longitude"].(float64)
	north, too := o["latitude"].(float64)
	if !ok || !too {
		return ""
	}
	said := degrees("东经", "西经", east) + "，" + degrees("北纬", "南纬", north)
	if datum := text(o, "datum"); datum != "" {
		said += "，" + datum
	}
	return "（" + said + "）"
}

// degrees writes an angle to some ten centimetres. It is rounded by arithmetic first, so that every client writes the same: formats differ over what lies
// in the middle.
func degrees(positive, negative string, angle float64) string {
	if angle < 0 {
		positive, angle = negative, -angle
	}
	return fmt.Sprintf("%s%.6f°", positive, math.Floor(angle*1e6+0.5)/1e6)
}
