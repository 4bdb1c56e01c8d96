package document_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// What stands inside a party, a place, a provision or an answer is held to a form and a length like every field: a name of ninety thousand characters
// is told by its place, and so is what would not be seen.
func TestPartsAreChecked(t *testing.T) {
	long := strings.Repeat("龑", 99_000)
	name := func(s string) record.Object { return record.Object{"kind": document.Citizen, "name": s} }
	citizen := func(key string, value any) record.Object {
		return record.Object{"kind": document.Citizen, "name": "李𬭎", key: value}
	}
	at := func(east, north, datum any) record.Object {
		return record.Object{"address": "成林道", "longitude": east, "latitude": north, "datum": datum}
	}
	answer := func(o record.Object) record.Object { return record.Object{"q1": o} }
	for about, c := range map[string]struct {
		kind  document.FieldKind
		value record.Object
		want  string // the flaw's path and the beginning of its text; "" for none
	}{
		"a long name":             {document.Party, name(long), "name “甲”中姓名或者名称共99000字，超过200字"},
		"a name of two lines":     {document.Party, name("李\n𬭎"), "name “甲”中姓名或者名称不能换行"},
		"a bell":                  {document.Party, name("李\a"), "name “甲”中姓名或者名称第2个字是控制字符（U+0007），请改正"},
		"turned":                  {document.Party, name("\u202e李"), "name “甲”中姓名或者名称第1个字是从右向左书写的字符（U+202E），请改正"},
		"not seen":                {document.Party, name("李\u200b𬭎"), "name “甲”中姓名或者名称第2个字是看不见的字符（U+200B），请改正"},
		"a filler":                {document.Party, name("\u3164"), "name “甲”中姓名或者名称第1个字是看不见的字符（U+3164），请改正"},
		"a blank of braille":      {document.Party, name("李\u2800"), "name “甲”中姓名或者名称第2个字是看不见的字符（U+2800），请改正"},
		"an old script":           {document.Party, name("\U00010900"), "name “甲”中姓名或者名称第1个字是从右向左书写的字符（U+10900），请改正"},
		"of private use":          {document.Party, name("李\ue123"), "name “甲”中姓名或者名称第2个字是不能打印的自造字（U+E123），请改正"},
		"beyond the first plane":  {document.Party, name("李𬭎龑堃"), ""},
		"a form of a character":   {document.Party, name("葛\U000E0100"), ""},
		"a number for a name":     {document.Party, record.Object{"kind": document.Citizen, "name": 7.0}, "name “甲”中姓名或者名称应为文字"},
		"a list for an address":   {document.Party, citizen("address", []any{"a"}), "address “甲”中住址应为文字"},
		"a wrong identity":        {document.Party, citizen("idNumber", "120102198803020017"), "idNumber “甲”中身份证号码末位校验码不符"},
		"a right identity":        {document.Party, citizen("idNumber", "120102198803020016"), ""},
		"a passport":              {document.Party, record.Object{"kind": document.Citizen, "name": "甲", "idType": "护照", "idNumber": "E12345678"}, ""},
		"a wrong credit code":     {document.Party, record.Object{"kind": document.Enterprise, "name": "甲", "uscc": "91120102MA06ABCD1X"}, "uscc “甲”中统一社会信用代码"},
		"a right credit code":     {document.Party, record.Object{"kind": document.Enterprise, "name": "甲", "uscc": "91120102MA06ABCDXF"}, ""},
		"a misspelt part":         {document.Party, citizen("idNo", "1"), "idNo “甲”中没有这一部分"},
		"half a place":            {document.Place, at(117.25, nil, "WGS-84"), "longitude “甲”中经度和纬度应同时填写"},
		"without datum":           {document.Place, at(117.25, 39.13, nil), "datum “甲”中有经纬度时应注明坐标系"},
		"an unknown datum":        {document.Place, at(117.25, 39.13, "moon"), "datum “甲”中坐标系应为CGCS2000、"},
		"beyond the pole":         {document.Place, at(117.25, 139.13, "WGS-84"), "latitude “甲”中纬度应为-90至90的数字"},
		"text for a number":       {document.Place, at("117", 39.13, "WGS-84"), "longitude “甲”中经度应为-180至180的数字"},
		"a whole place":           {document.Place, at(117.25, 39.13, "GCJ-02"), ""},
		"a long statute":          {document.Provision, record.Object{"law": long, "article": "第一条"}, "law “甲”中法律名称共99000字"},
		"a long article":          {document.Provision, record.Object{"law": "某法", "article": long}, "article “甲”中条款共99000字"},
		"a long question":         {document.Checklist, answer(record.Object{"text": long, "value": "是"}), "q1/text “甲”中检查内容共99000字"},
		"an answer with a bell":   {document.Checklist, answer(record.Object{"text": "问", "value": "是\a"}), "q1/value “甲”中检查结果第2个字是控制字符"},
		"a note that is a number": {document.Checklist, answer(record.Object{"text": "问", "value": "是", "note": 3.0}), "q1/note “甲”中备注应为文字"},
	} {
		tpl := document.Template{Fields: []document.Field{{ID: "x", Kind: c.kind, Label: document.Text{Zh: "甲", En: "x"}}}}
		flaws := document.Check(tpl, document.Instance{Data: record.Object{"x": c.value}})
		switch {
		case c.want == "" && len(flaws) > 0:
			t.Errorf("%s: %v", about, flaws)
		case c.want != "" && (len(flaws) == 0 || !strings.HasPrefix(flaws[0].Path+" "+flaws[0].Zh, "data/x/"+c.want)):
			t.Errorf("%s: want %q, got %.200v", about, c.want, flaws)
		}
	}
}

// A checklist without end is refused as one thing.
func TestTooManyAnswers(t *testing.T) {
	many := record.Object{}
	for i := range 501 {
		many["q"+strings.Repeat("x", i)] = record.Object{}
	}
	tpl := document.Template{Fields: []document.Field{{ID: "x", Kind: document.Checklist, Label: document.Text{Zh: "甲", En: "x"}}}}
	if flaws := document.Check(tpl, document.Instance{Data: record.Object{"x": many}}); len(flaws) != 1 || flaws[0].Zh != "“甲”共501行，超过500行" {
		t.Errorf("%.200v", flaws)
	}
}

// Coordinates are printed with their datum where a template asks for them.
func TestCoordinates(t *testing.T) {
	tpl := document.Template{Fields: []document.Field{{ID: "x", Kind: document.Place}}}
	for _, c := range []struct {
		place record.Object
		want  string
	}{
		{record.Object{"address": "成林道", "longitude": 117.2479, "latitude": 39.13, "datum": "WGS-84"}, "成林道（东经117.247900°，北纬39.130000°，WGS-84）"},
		{record.Object{"address": "成林道", "longitude": -0.0078125, "latitude": -1.0}, "成林道（西经0.007813°，南纬1.000000°）"},
		{record.Object{"address": "成林道"}, "成林道"},
	} {
		w := document.Words{Template: tpl, Instance: document.Instance{Data: record.Object{"x": c.place}}}
		if got := w.Expand("{x}{x|coordinates}"); got != c.want {
			t.Errorf("%v: %s", c.place, got)
		}
	}
}

// What is wrong in a party costs that part and not the party: the rest is filled in, and the part is asked for.
func TestAWrongPartIsLeftOut(t *testing.T) {
	v := visit("normal")
	v.Subject["uscc"] = "120102600000001" // a registration number of before 2015
	for _, p := range document.Propose(v, small(), "2026-11-25") {
		if _, wants := p.Template.Field("party"); !wants {
			continue
		}
		data := p.Draft["data"].(record.Object)
		if party, _ := data["party"].(record.Object); party["name"] == nil || party["uscc"] != nil {
			t.Errorf("%s: party is %v", p.Kind.Key, party)
		}
		if len(p.Missing) == 0 || len(p.Missing[0].Refused) != 1 || p.Missing[0].Refused[0].Path != "uscc" {
			t.Errorf("%s: %v", p.Kind.Key, p.Missing)
		}
	}
}
