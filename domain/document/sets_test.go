package document_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// every is a template with a field of each of the kinds that have rows, periods, references and codes.
func every() document.Template {
	column := func(order float64, kind string) record.Object {
		return record.Object{"order": order, "kind": kind, "label": "列" + kind, "required": kind == "text", "maxLength": 10.0,
			"options": record.Object{"good": record.Object{"label": "完好"}}}
	}
	label := func(kind string) record.Object {
		return record.Object{"kind": kind, "label": record.Object{"zh": "某" + kind, "en": kind}}
	}
	fields := record.Object{"begins": label("time"), "ask": label("qa"), "things": label("list"), "days": label("period"), "months": label("period"),
		"paper": label("documentRef"), "code": label("credit"), "person": label("idNumber"), "party": label("party"), "line": label("text"), "note": label("longtext")}
	fields = edit(edit(edit(fields, "days/from", "begins"), "days/roll", true), "months/from", "begins")
	fields = edit(edit(fields, "things/maxRows", 3.0), "things/columns", record.Object{"name": column(1, "text"), "count": column(2, "number"),
		"price": column(3, "money"), "made": column(4, "date"), "state": column(5, "enum"), "owner": column(6, "idNumber"), "firm": column(7, "credit"), "seen": column(8, "time")})
	return document.ReadTemplate(record.Object{"kind": "x", "fields": fields})
}

func full() record.Object {
	return record.Object{"begins": "2026-09-19T16:30:00Z", // already the 20th in Beijing
		"ask":    record.Object{"a": record.Object{"order": 1.0, "question": "看清了吗？", "answer": "看清了。"}},
		"things": record.Object{"t1": record.Object{"order": 1.0, "name": "货架", "count": 2.0, "price": 9.5, "made": "2026-01-02", "state": "good", "owner": "120102199001010013", "firm": "91350100M000100Y43", "seen": "2026-01-02T00:00:00Z"}},
		"days":   record.Object{"n": 15.0, "unit": "days", "last": "2026-10-08"}, "months": record.Object{"n": 6.0, "unit": "months", "last": "2027-03-20"},
		"paper": record.Object{"document": templateID, "name": "责令改正通知书", "number": "某字〔2026〕第3号"}, "code": "91350100M000100Y43", "person": "11010519491231002X",
		"party": record.Object{"kind": "citizen", "name": "李某"}, "line": "一行", "note": "两\n行"}
}

// Each fault is found at its place, in both languages, and nothing else is.
func TestCheckNewKinds(t *testing.T) {
	if flaws := document.Check(every(), document.Instance{Data: full()}); len(flaws) > 0 {
		t.Fatal(flaws)
	}
	row := full()["things"].(record.Object)["t1"]
	for _, c := range []struct {
		path  string
		value any
		at    string
	}{
		{"ask", "x", "ask"}, {"ask/a", "x", "ask/a"}, {"ask/a b", record.Object{}, "ask"}, {"ask/a/answer", nil, "ask/a/answer"}, {"ask/a/question", " ", "ask/a/question"},
		{"ask/a/answer", 3.0, "ask/a/answer"}, {"ask/a/answer", strings.Repeat("字", 5001), "ask/a/answer"}, {"ask/a/question", strings.Repeat("字", 2001), "ask/a/question"},
		{"ask/a/order", "1", "ask/a/order"}, {"ask/a/aside", "旁白", "ask/a/aside"}, {"ask/a/answer", "一\u202e二", "ask/a/answer"}, {"ask/a/answer", "多\n行", ""},
		{"things/t1/name", nil, "things/t1/name"}, {"things/t1/count", "二", "things/t1/count"}, {"things/t1/price", 1.005, "things/t1/price"}, {"things/t1/made", "昨天", "things/t1/made"},
		{"things/t1/state", "bad", "things/t1/state"}, {"things/t1/owner", "120102199001010014", "things/t1/owner"}, {"things/t1/firm", "91350100M000100Y44", "things/t1/firm"},
		{"things/t1/seen", "x", "things/t1/seen"}, {"things/t1/name", "甲\n乙", "things/t1/name"}, {"things/t1/name", strings.Repeat("字", 11), "things/t1/name"}, {"things/t1/colour", "红", "things/t1/colour"},
		{"things/t1/count", nil, ""}, {"things/t1/count", 1e21, "things/t1/count"}, {"things/t1/count", 1e-7, "things/t1/count"}, {"things/t1/count", -1e12, ""}, {"things/t1/count", 0.000001, ""}, {"things/t1/count", "", ""}, {"things/t2", row, ""}, {"things", record.Object{"a": row, "b": row, "c": row, "d": row}, "things"},
		{"days/n", 0.0, "days/n"}, {"days/n", 1.5, "days/n"}, {"days/n", 10001.0, "days/n"}, {"days/unit", "weeks", "days/unit"}, {"days/last", "8.10.2026", "days/last"}, {"days/last", "2026-10-08T00:00:00Z", "days/last"},
		{"days/last", "2026-10-04", "days/last"}, {"days/last", "2026-10-05", ""}, {"days/last", "2026-10-21", "days/last"}, {"months/last", "2027-03-21", "months/last"}, {"months/last", "2027-03-19", "months/last"},
		{"days", record.Object{"n": 7.0, "unit": "workingDays", "last": "2026-09-26"}, "days/last"}, {"days", record.Object{"n": 7.0, "unit": "workingDays", "last": "2026-09-30"}, ""}, {"days", "七日", "days"},
		{"paper/document", "x", "paper/document"}, {"paper/name", " ", "paper/name"}, {"paper/number", "甲\n乙", "paper/number"}, {"paper/number", 3.0, "paper/number"}, {"paper/number", nil, ""}, {"paper", "x", "paper"},
		{"code", "91350100M000100Y4Z", "code"}, {"code", "x", "code"}, {"code", 3.0, "code"}, {"person", "120102199902290016", "person"}, {"person", "", "person"}, {"person", "11010519491231002x", "person"}, {"person", "11010519491231;02X", "person"},
		{"line", "一\x07", "line"}, {"note", "一\u2066", "note"}, {"note", "שלום", "note"}, {"note", "مرحبا", "note"}, {"note", "一\t二\r\n三", ""}, {"note", "\xff", "note"}, {"party/name", "李\u202e某", "party/name"},
	} {
		flaws := document.Check(every(), document.Instance{Data: edit(full(), c.path, c.value)})
		switch {
		case c.at == "" && len(flaws) > 0, c.at != "" && (len(flaws) != 1 || flaws[0].Path != "data/"+c.at):
			t.Errorf("%s = %.40v: want a flaw at %q, got %v", c.path, c.value, c.at, flaws)
		case c.at != "" && (flaws[0].En == "" || !strings.HasPrefix(flaws[0].Zh, "“某")):
			t.Errorf("%s: %v", c.path, flaws)
		}
	}
}

// A period without the day it begins has nothing to be counted from.
func TestPeriodNeedsItsFirstDay(t *testing.T) {
	flaws := document.Check(every(), document.Instance{Data: edit(full(), "begins", nil)})
	if len(flaws) != 2 || flaws[0].Path != "data/days" || !strings.Contains(flaws[0].Zh, "起算日期") {
		t.Error(flaws)
	}
}

// However much is handed in, what is said about it is bounded.
func TestFlawsAreBounded(t *testing.T) {
	many, rows := full(), record.Object{}
	for i := range 200 {
		many[strings.Repeat("x", i+1)] = 1.0
		rows["r"+strings.Repeat("x", i%60)] = record.Object{"question": "", "answer": ""}
	}
	many["ask"] = rows
	if flaws := document.Check(every(), document.Instance{Data: many}); len(flaws) != 100 {
		t.Errorf("%d flaws", len(flaws))
	}
	deep := record.Object{}
	for i := range 40 {
		deep[strings.Repeat("a", i+1)] = record.Object{"question": "问", "answer": strings.Repeat("答", 2600)}
	}
	flaws := document.Check(every(), document.Instance{Data: edit(full(), "ask", deep)})
	if len(flaws) != 1 || flaws[0].Path != "data/ask" {
		t.Errorf("more than 100,000 characters: %v", flaws)
	}
}

// The table of weights here and the algorithms of domain/law say the same of every code, right or wrong.
func TestCodesAgreeWithLaw(t *testing.T) {
	tpl := document.Template{Fields: []document.Field{{ID: "id", Kind: document.IDNumber}, {ID: "code", Kind: document.Credit}}}
	sound := func(field, value string) bool {
		return len(document.Check(tpl, document.Instance{Data: record.Object{field: value}})) == 0
	}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-3])[0-3][0-9]{4}[0-9X]`).Draw(t, "id")
		for _, last := range "0123456789X" {
			number := id[:17] + string(last)
			if _, err := law.ParseIdentity(number); sound("id", number) != (err == nil) {
				t.Fatalf("%s: law says %v", number, err)
			}
		}
		subject := rapid.StringMatching(`[0-9A-HJ-NPQRTUWXY]{8}`).Draw(t, "subject")
		code, err := law.CreditCode(rapid.SampledFrom([]string{"91", "92", "11"}).Draw(t, "category"), "120102", subject)
		if err != nil || !sound("code", code) {
			t.Fatalf("%s is sound: %v", code, err)
		}
		for _, other := range rapid.SliceOfN(rapid.SampledFrom([]rune("0123456789ABCDEFGHJKLMNPQRTUWXYZ")), 18, 18).Draw(t, "other") {
			spot := rapid.IntRange(0, 17).Draw(t, "spot")
			changed := code[:spot] + string(other) + code[spot+1:]
			if err := law.CheckCreditCode(changed); sound("code", changed) != (err == nil) {
				t.Fatalf("%s: law says %v", changed, err)
			}
		}
	})
}

// FuzzCheck hands any data to Check: it ends, says where and in both languages, and says no more than it may.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{`{"ask":{"a":{"order":1,"question":"问","answer":"答"}}}`, `{"things":{"t":{"name":"货架","owner":"1"}},"begins":"2026-09-20"}`,
		`{"begins":"9999-12-31","days":{"n":10000,"unit":"months","last":"9999-12-31"},"months":{"n":1e300,"unit":"days"}}`, `{"paper":{"document":3,"name":[],"number":{}},"code":"91350100M000100Y43","person":"\u202e"}`} {
		f.Add([]byte(text))
	}
	tpl := every()
	f.Fuzz(func(t *testing.T, text []byte) {
		data, err := wire.Object(text)
		if err != nil {
			t.Skip()
		}
		in := document.Instance{Data: data}
		flaws := document.Check(tpl, in)
		if len(flaws) > 100 {
			t.Fatalf("%d flaws", len(flaws))
		}
		for _, flaw := range flaws {
			if flaw.Path == "" || flaw.Zh == "" || flaw.En == "" || !utf8.ValidString(flaw.Zh) {
				t.Fatalf("%+v", flaw)
			}
		}
		w := document.Words{Template: tpl, Instance: in}
		w.Expand("{days}{days|last}{days|length}{months}{paper}{code}{person}{note}")
		for _, field := range tpl.Fields {
			field.Rows(data[field.ID])
			document.Questions(data[field.ID])
		}
	})
}

// Questions and rows do not fit into a cell or a sentence: they have blocks of their own.
func TestLintKeepsSetsOutOfCells(t *testing.T) {
	body := edit(seed(t, document.SummaryPenalty), "fields/things", record.Object{"kind": "list", "label": "物品", "columns": record.Object{"a": record.Object{"kind": "text", "label": "甲"}}})
	if flaws := document.Lint(edit(body, "layout/things", record.Object{"kind": "list", "field": "things"})); len(flaws) > 0 {
		t.Error(flaws)
	}
	for path, value := range map[string]any{"layout/facts/rows/penalty/cells/a/text": "{things}", "layout/facts/rows/facts/cells/a/value": "things"} {
		if flaws := document.Lint(edit(body, path, value)); len(flaws) != 1 || !strings.HasPrefix(flaws[0].Path, "layout/facts/rows/") {
			t.Errorf("%s: %v", path, flaws)
		}
	}
}
