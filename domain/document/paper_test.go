package document_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// seed reads the body of one of the templates that a district begins with: of a kind the first version, or another by the name of its file.
func seed(t testing.TB, kind string) record.Object {
	t.Helper()
	text, err := templates.Files.ReadFile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// picture is a small PNG as signatures carry it.
func picture(width, height int) string {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)))
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

const (
	templateID = "01890000-0000-7000-8000-00000000f001"
	subjectID  = "01890000-0000-7000-8000-00000000f002"
	deviceID   = "01890000-0000-7000-8000-00000000f003"
	officerA   = "01890000-0000-7000-8000-00000000000a"
	officerB   = "01890000-0000-7000-8000-00000000000b"
	street     = "120102011"
	series     = street + "/" + document.SummaryPenalty + "/2026"
)

// penalty is the body of a decision on the spot with which nothing is wrong.
func penalty() record.Object {
	sign := func(role, officer string) record.Object {
		s := record.Object{"role": role, "name": "某某", "at": "2026-11-25T07:00:00Z", "image": picture(40, 20)}
		if officer != "" {
			s["officer"] = officer
		}
		return s
	}
	return record.Object{"unit": street, "kind": document.SummaryPenalty, "template": templateID, "templateVersion": 1.0,
		"state": document.Issued, "issuedAt": "2026-11-25T07:05:00Z",
		"number": record.Object{"series": series, "n": 12.0, "text": "津河东东新执当罚决字〔2026〕第12号"},
		"data": record.Object{
			"party": record.Object{"kind": document.Citizen, "name": "李某", "address": "天津市河东区"}, "occurredAt": "2026-11-25T06:50:00Z",
			"place": record.Object{"address": "成林道"}, "facts": "占道经营", "evidence": "照片", "violated": record.Object{"law": "某条例", "article": "第一条"},
			"basis": record.Object{"law": "某条例", "article": "第二条"}, "discretion": "轻微", "penalty": "fine", "fine": 50.0, "correction": "当场改正", "defence": "不陈述、不申辩",
			"collection": "bank"},
		"signatures": record.Object{"a": sign("officer", officerA), "b": sign("officer", officerB), "p": sign("party", "")}}
}

func TestSeedsAreSound(t *testing.T) {
	catalogue, err := record.NewCatalogue(&document.Templates)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range document.Kinds() {
		if !slices.Contains(templates.Kinds(), kind.Key) {
			t.Errorf("%s %s has no template", kind.Number, kind.Name)
		}
	}
	for _, name := range templates.Names() {
		body := seed(t, name)
		kind, version, _ := strings.Cut(name, ".")
		if v, _ := body["version"].(float64); body["kind"] != kind || v < 1 || version != "" && v != float64(whole(t, version)) { // the first of a kind is what a new district begins with
			t.Errorf("%s is named otherwise than its kind and version", name)
		}
		if version != "" && body["validFrom"].(string) <= seed(t, kind)["validFrom"].(string) {
			t.Errorf("%s begins before the first version", name)
		}
		if flaws := document.Lint(body); len(flaws) > 0 {
			t.Errorf("%s: %v", name, flaws)
		}
		if flaws := catalogue["templates"].Check(body); len(flaws) > 0 {
			t.Errorf("%s breaks its collection's form: %v", name, flaws)
		}
	}
}

// The penalty on the spot tells what LAW demands: reconsideration first, then suit; the days; the late fee and its cap.
func TestPenaltyTellsRemedies(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, document.SummaryPenalty))
	w := document.Words{Template: tpl, Instance: document.ReadInstance(penalty()), Organ: "某街道办事处"}
	var all strings.Builder
	for _, b := range tpl.Layout {
		if b.When.Holds(w.Instance.Data) {
			all.WriteString(w.Expand(b.Text))
		}
	}
	for _, want := range []string{"六十日内，先向天津市河东区人民政府申请行政复议", "十五日内，依法向有管辖权的人民法院提起行政诉讼", "自收到本决定书之日起十五日内",
		"百分之三加处罚款，加处罚款的数额不超出罚款的数额", "人民币伍拾元整（￥50.00）", "违反了《某条例》第一条的规定"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("lacks %q in\n%s", want, all.String())
		}
	}
	if strings.ContainsAny(all.String(), "{}") {
		t.Errorf("a token is left in\n%s", all.String())
	}
}

// edit is a body with one thing changed: a path and its new value, nil to take it away.
func edit(body record.Object, path string, value any) record.Object {
	first, rest, nested := strings.Cut(path, "/")
	out := record.Apply(body, nil)
	switch inner, _ := body[first].(record.Object); {
	case nested:
		out[first] = edit(inner, rest, value)
	case value == nil:
		delete(out, first)
	default:
		out[first] = value
	}
	return out
}

func TestLintFindsWhatIsWrong(t *testing.T) {
	for path, c := range map[string]struct {
		value any
		at    string
	}{
		"fields/fine":                            {nil, "fields/fine"},
		"fields/facts/kind":                      {"poem", "fields/facts/kind"},
		"fields/penalty/options":                 {nil, "fields/penalty/options"},
		"fields/bank/label":                      {nil, "fields/bank/label"},
		"fields/fine/requiredWhen":               {record.Object{"nowhere": []any{"x"}}, "fields/fine/requiredWhen"},
		"fields/bank/requiredWhen":               {record.Object{"facts": true}, "fields/bank/requiredWhen"},
		"fields/bank/requiredWhen/bank":          {true, "fields/bank/requiredWhen"},
		"fields/bank/requiredWhen/party.shoe":    {true, "fields/bank/requiredWhen"},
		"fields/fine/requiredWhen/penalty":       {"fine", "fields/fine/requiredWhen"},
		"fields/term":                            {record.Object{"kind": "text", "label": "术语"}, "fields/term"},
		"signers/party/role":                     {"mayor", "signers/party/role"},
		"number":                                 {nil, "number"},
		"number/token":                           {"{organ}号", "number/token"},
		"terms/lateRate":                         {nil, "terms/lateRate"},
		"layout/remedy":                          {nil, "layout"},
		"terms/suitDays":                         {nil, "layout"},
		"layout/remedy/text":                     {"{nonsense}", "layout/remedy"},
		"layout/payment/when":                    {record.Object{"nowhere": []any{"x"}}, "layout/payment/when"},
		"layout/payment/when/collection":         {[]any{"bank", "barter"}, "layout/payment/when"},
		"fields/receipt/requiredWhen":            {record.Object{"collection": []any{"onsite", "barter"}}, "fields/receipt/requiredWhen"},
		"layout/title/kind":                      {"banner", "layout/title/kind"},
		"layout/facts/columns":                   {nil, "layout/facts/columns"},
		"layout/facts/rows/where/cells/b":        {nil, "layout/facts/rows/where"},
		"layout/facts/rows/where/cells/b/x":      {nil, ""},
		"layout/facts/rows/party/party":          {"facts", "layout/facts/rows/party/party"},
		"layout/signatures/signers":              {[]any{"nobody"}, "layout/signatures/signers"},
		"fields/rows":                            {record.Object{"kind": "list", "label": "物品", "maxRows": 501.0, "columns": record.Object{"a": record.Object{"kind": "text", "label": "甲"}}}, "fields/rows/maxRows"},
		"fields/rows1":                           {record.Object{"kind": "list", "label": "物品"}, "fields/rows1/columns"},
		"fields/rows2":                           {record.Object{"kind": "list", "label": "物品", "columns": record.Object{"order": record.Object{"kind": "text", "label": "甲"}}}, "fields/rows2/columns/order"},
		"fields/rows3":                           {record.Object{"kind": "list", "label": "物品", "columns": record.Object{"a": record.Object{"kind": "list", "label": "甲"}}}, "fields/rows3/columns/a/kind"},
		"fields/rows4":                           {record.Object{"kind": "list", "label": "物品", "columns": record.Object{"a": record.Object{"kind": "text"}}}, "fields/rows4/columns/a/label"},
		"fields/rows5":                           {record.Object{"kind": "list", "label": "物品", "columns": record.Object{"a": record.Object{"kind": "enum", "label": "甲"}}}, "fields/rows5/columns/a/options"},
		"fields/rows6":                           {record.Object{"kind": "list", "label": "物品", "columns": record.Object{"a": record.Object{"kind": "text", "label": "甲", "width": -1.0}}}, "fields/rows6/columns/a/width"},
		"fields/until":                           {record.Object{"kind": "period", "label": "期限", "from": "facts"}, "fields/until/from"},
		"fields/until2":                          {record.Object{"kind": "period", "label": "期限", "from": "occurredAt"}, ""},
		"layout/asked":                           {record.Object{"kind": "qa", "field": "facts"}, "layout/asked/field"},
		"layout/listed":                          {record.Object{"kind": "list", "field": "nowhere"}, "layout/listed/field"},
		"layout/facts/rows/facts/cells/b":        {record.Object{"order": 2.0, "value": "facts", "choices": true, "span": 3.0}, "layout/facts/rows/facts/cells/b/value"},
		"layout/facts/rows/when/cells/a/text":    {"{fine|roman}", "layout/facts/rows/when/cells/a/text"},
		"signers/party/when":                     {record.Object{"nowhere": []any{"x"}}, "signers/party/when"},
		"signers/party/fields":                   {[]any{"nowhere"}, "signers/party/fields"},
		"signers/party/fields/x":                 {nil, ""},
		"signers/head":                           {record.Object{"role": "head", "count": 1.0, "label": "负责人"}, "signers/head"},
		"signers/clerk":                          {record.Object{"role": "recorder", "count": 0.0, "label": "记录人"}, ""},
		"layout/facts/rows/where/cells/a/signer": {"party", "layout/facts/rows/where/cells/a/signer"},
	} {
		flaws := document.Lint(edit(seed(t, document.SummaryPenalty), path, c.value))
		found := c.at == "" && len(flaws) == 0
		for _, f := range flaws {
			found = found || f.Path == c.at && f.Zh != "" && f.En != ""
		}
		if !found {
			t.Errorf("%s = %v: want a flaw at %q, got %v", path, c.value, c.at, flaws)
		}
	}
}

func TestLintOfNothing(t *testing.T) {
	if flaws := document.Lint(record.Object{"kind": document.InspectionRecord, "layout": "x", "fields": 3.0}); len(flaws) == 0 {
		t.Error("an empty template of a known kind has flaws")
	}
}

func TestCheck(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, document.SummaryPenalty))
	if flaws := document.Check(tpl, document.ReadInstance(penalty())); len(flaws) > 0 {
		t.Fatalf("the good paper has flaws: %v", flaws)
	}
	for path, c := range map[string]struct {
		value any
		at    string // where the only flaw is; "" for none
	}{
		"data/facts":                 {nil, "data/facts"},
		"data/evidence":              {"  ", "data/evidence"},
		"data/party":                 {record.Object{}, "data/party"},
		"data/party/name":            {nil, "data/party/name"},
		"data/party/kind":            {"ghost", "data/party/kind"},
		"data/place":                 {"成林道", "data/place"},
		"data/place/address":         {"", "data/place/address"},
		"data/occurredAt":            {"昨天", "data/occurredAt"},
		"data/violated/article":      {nil, "data/violated/article"},
		"data/penalty":               {"prison", "data/penalty"},
		"data/fine":                  {nil, "data/fine"},
		"data/fine/x":                {1.0, "data/fine"},
		"data/receipt":               {strings.Repeat("字", 41), "data/receipt"},
		"data/bank":                  {"两\n行", "data/bank"},
		"data/poem":                  {"床前明月光", "data/poem"},
		"data/item":                  {7.0, "data/item"},
		"signatures/b":               {nil, "signatures"},
		"signatures/b/officer":       {officerA, "signatures"},
		"signatures/p/image":         {"not a picture", "signatures/p/image"},
		"signatures/a/image":         {picture(2000, 2000), "signatures/a/image"},
		"signatures/p/name":          {nil, ""},
		"signatures/p":               {record.Object{"role": "party", "at": "2026-11-25T07:00:00Z", "refused": true, "recording": templateID}, "signatures/p/reason"},
		"signatures/p/officer":       {nil, ""},
		"data/discretion":            {"", "data/discretion"},
		"data/party/unknown":         {"x", "data/party/unknown"},
		"data/paymentCode":           {"1201", ""},
		"data/violated/text":         {"条文", ""},
		"data/place/longitude":       {117.25, "data/place/longitude"},
		"signatures/w":               {record.Object{"role": "witness", "at": "2026-11-25T07:00:00Z", "image": picture(9, 9)}, ""},
		"signatures/w2":              {record.Object{"role": "witness", "at": "2026-11-25T07:00:00Z"}, "signatures/w2/image"},
		"data/onsiteReason":          {"hard", ""},
		"data/onsiteReason/whatever": {1.0, "data/onsiteReason"},
	} {
		flaws := document.Check(tpl, document.ReadInstance(edit(penalty(), path, c.value)))
		switch {
		case c.at == "" && len(flaws) > 0, c.at != "" && (len(flaws) != 1 || flaws[0].Path != c.at):
			t.Errorf("%s = %.40v: want a flaw at %q, got %v", path, c.value, c.at, flaws)
		case c.at != "" && (flaws[0].Zh == "" || flaws[0].En == ""):
			t.Errorf("%s: a flaw says nothing: %v", path, flaws)
		}
	}
}

// What is required depends on what was chosen: cash needs its ground and a receipt, a warning needs no amount.
func TestCheckConditions(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, document.SummaryPenalty))
	cash := document.Check(tpl, document.ReadInstance(edit(penalty(), "data/collection", "onsite")))
	if len(cash) != 2 || cash[0].Path != "data/onsiteReason" || cash[1].Path != "data/receipt" {
		t.Errorf("cash: %v", cash)
	}
	warning := edit(edit(edit(penalty(), "data/penalty", "warning"), "data/fine", nil), "data/collection", nil)
	if flaws := document.Check(tpl, document.ReadInstance(warning)); len(flaws) > 0 {
		t.Errorf("warning: %v", flaws)
	}
}

func TestChecklistIsComplete(t *testing.T) {
	checklist := record.Object{"questions": record.Object{"q2": record.Object{"order": 2.0, "text": "灭火器"}, "q1": record.Object{"order": 1.0, "text": "执照"}}}
	answered := record.Object{"answers": record.Object{"q1": record.Object{"value": "是", "note": "已公示"}, "q2": record.Object{"value": 3.0}}}
	got := document.Answers(document.AnswersOf(checklist, answered))
	if len(got) != 2 || got[0] != (document.Answer{Text: "执照", Value: "是", Note: "已公示"}) || got[1].Value != "3" {
		t.Errorf("answers: %v", got)
	}
	tpl := document.Template{Fields: []document.Field{{ID: "answers", Kind: document.Checklist}}}
	half := document.AnswersOf(checklist, record.Object{"answers": record.Object{"q1": record.Object{"value": true}}})
	flaws := document.Check(tpl, document.Instance{Data: record.Object{"answers": half}})
	if len(flaws) != 1 || flaws[0].Path != "data/answers/q2/value" {
		t.Errorf("flaws: %v", flaws)
	}
}

func TestFillParty(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, document.SummaryPenalty))
	in := document.ReadInstance(edit(penalty(), "data/party", nil))
	in.FillParty(tpl, record.Object{"kind": document.Enterprise, "name": "某公司", "uscc": "91", "unit": street, "place": record.Object{"x": 1.0}})
	if got := in.Data["party"]; !record.Equal(got, record.Object{"kind": document.Enterprise, "name": "某公司", "uscc": "91"}) {
		t.Errorf("party: %v", got)
	}
	kept := document.ReadInstance(penalty())
	kept.FillParty(tpl, record.Object{"kind": document.Enterprise, "name": "某公司"})
	if kept.Data["party"].(record.Object)["name"] != "李某" {
		t.Error("what the paper says of its party stands")
	}
}

// whole reads a whole number; "" is 0.
func whole(t *testing.T, text string) int {
	t.Helper()
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
