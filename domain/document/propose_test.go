package document_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// editions are the templates of the house, each under an id of its own, and for kinds that have none yet what law demands and nothing else.
func editions(t testing.TB, whole bool) []document.Edition {
	t.Helper()
	var all []document.Edition
	for i, kind := range document.Kinds() {
		body := lawful(kind.Key, demandsOf(kind.Key))
		if _, err := fs.Stat(templates.Files, kind.Key+".json"); err == nil {
			body = seed(t, kind.Key)
		} else if !whole {
			continue
		}
		body = record.Apply(body, record.Object{"validFrom": "2024-01-01", "version": 1.0})
		body = matched(all, body)
		all = append(all, document.Edition{ID: fmt.Sprintf("01890000-0000-7000-8000-0000000000%02x", i), Template: document.ReadTemplate(body), Body: body})
	}
	return all
}

// matched gives the made-up choices of a template the options that others have for the same question.
func matched(all []document.Edition, body record.Object) record.Object {
	kind, _ := body["kind"].(string)
	for _, f := range document.ReadTemplate(body).Fields {
		for _, e := range all {
			for _, other := range e.Fields {
				if f.Kind == document.Enum && len(f.Options) == 1 && document.QuestionOf(kind, f.ID) == document.QuestionOf(e.Kind, other.ID) {
					body = edit(body, "fields/"+f.ID+"/options", inside(e.Body, "fields/"+other.ID+"/options"))
				}
			}
		}
	}
	return body
}

const visitID = "01890000-0000-7000-8000-00000000e001"

// visit is an inspection of an eating house at which one thing was not in order.
func visit(outcomes ...string) document.Visit {
	question := func(order float64, text, basis string) record.Object {
		return record.Object{"order": order, "text": text, "basis": basis}
	}
	return document.Visit{ID: visitID, Outcomes: outcomes,
		Inspection: record.Object{"unit": street, "subject": subjectID, "startedAt": "2026-11-25T01:30:00Z", "endedAt": "2026-11-25T02:10:00Z",
			"place": record.Object{"lat": 39.12, "lon": 117.25, "crs": "WGS-84"}, "present": record.Object{"name": "孙某", "role": "店长"},
			"certificatesShown": record.Object{"at": "2026-11-25T01:29:00Z"}, "summary": "疏散通道堆放杂物，其余符合要求", "opinion": "情况属实，马上清理",
			"answers": record.Object{"q01": record.Object{"value": "符合"}, "q02": record.Object{"value": "不符合", "note": "堆放纸箱6个"}}},
		Subject: record.Object{"kind": document.Enterprise, "name": "天津某某餐饮有限公司", "uscc": "91120102MA06ABCDXF", "address": "天津市河东区津塘路132号", "phone": "022-00000001", "unit": street},
		Checklist: record.Object{"questions": record.Object{"q01": question(1, "灭火器是否在有效期内", "消防法第十六条"),
			"q02": question(2, "疏散通道、安全出口是否畅通", "消防法第二十八条")}},
		Task: record.Object{"title": "日常检查：天津某某餐饮有限公司", "kind": "routine", "due": "2026-11-25T08:00:00Z"},
		Items: []record.Object{{"code": "120102XFJJC03001", "name": "对消防安全的检查", "kind": "inspection",
			"basis": record.Object{"b1": record.Object{"law": "中华人民共和国消防法", "article": "第五十三条"}}}},
		Officers: record.Object{officerA: record.Object{"role": "lead", "name": "赵翀", "certificate": "02010200011"},
			officerB: record.Object{"role": "second", "name": "钱珺", "certificate": "02010200012"}},
		Evidence: map[string]record.Object{"a": {"mime": "image/jpeg"}, "b": {"mime": "image/png"}, "c": {"mime": "video/mp4"}}}
}

func proposal(t testing.TB, all []document.Proposal, kind string) document.Proposal {
	t.Helper()
	i := slices.IndexFunc(all, func(p document.Proposal) bool { return p.Kind.Key == kind })
	if i < 0 {
		t.Fatalf("%s is not proposed", kind)
	}
	return all[i]
}

// Which papers follow from which outcome, and how much.
func TestPapersFollowFromOutcomes(t *testing.T) {
	for _, c := range []struct {
		outcomes, want string
		change         func(*document.Visit)
	}{
		{"normal", "inspection-record=must inspection-result=must", nil},
		{"normal", "inspection-record=must", func(v *document.Visit) { v.Subject["kind"] = document.Citizen }},
		{"normal", "inspection-record=must", func(v *document.Visit) { v.Subject = nil }},
		{"prepare", "inspection-approval=must inspection-notice=must", nil},
		{"prepare", "inspection-approval=may", func(v *document.Visit) { v.Subject["kind"] = document.Citizen }},
		{"educate", "inspection-record=must inspection-result=must guidance-record=must", nil},
		{"correct", "inspection-record=must inspection-result=must rectification-order=must cessation-order=may evidence-extraction=may service-address=may rectification-review=later rectification-opinion=later service-receipt=later", nil},
		{"correct", "inspection-record=must inspection-result=must rectification-order=must cessation-order=may service-address=may rectification-review=later rectification-opinion=later service-receipt=later", func(v *document.Visit) { v.Evidence = nil }},
		{"penalize", "inspection-record=must inspection-result=must summary-penalty=must summary-penalty-filing=must evidence-extraction=may service-address=may service-receipt=later", nil},
		{"file", "inspection-record=must inspection-result=must rectification-order=may cessation-order=may case-filing=must inquiry-notice=may evidence-extraction=may service-address=may service-receipt=later", nil},
		{"transfer", "inspection-record=must inspection-result=must evidence-extraction=may case-transfer=must", nil},
		{"transfer-crime", "inspection-record=must inspection-result=must evidence-extraction=may crime-transfer=must", nil},
		{"transfer-discipline", "inspection-record=must discipline-transfer=must", nil},
		{"", "", nil},
		{"dance", "", nil},
	} {
		v := visit(strings.Fields(c.outcomes)...)
		if c.change != nil {
			c.change(&v)
		}
		var got []string
		for _, p := range document.Propose(v, editions(t, true), "2026-11-25") {
			got = append(got, p.Kind.Key+"="+string(p.Need))
			if p.Basis == "" || p.Template.ID == "" || !slices.Equal(p.Outcomes, v.Outcomes) {
				t.Errorf("%s: %s: article %q, template %q, from %v", c.outcomes, p.Kind.Key, p.Basis, p.Template.ID, p.Outcomes)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.outcomes, strings.Join(got, " "), c.want)
		}
	}
}

// Of two outcomes the stronger need counts, with its article; the paper is there once.
func TestTwoOutcomesMakeOnePaperOfAKind(t *testing.T) {
	all := document.Propose(visit("file", "correct"), editions(t, true), "2026-11-25")
	seen := map[string]bool{}
	for _, p := range all {
		if seen[p.Kind.Key] {
			t.Errorf("%s is proposed twice", p.Kind.Key)
		}
		seen[p.Kind.Key] = true
	}
	if p := proposal(t, all, "rectification-order"); p.Need != document.Must || !slices.Equal(p.Outcomes, []string{"correct", "file"}) {
		t.Errorf("%+v", p)
	}
	if p := proposal(t, all, "inspection-result"); p.Draft["data"].(record.Object)["conclusion"] != "filed" {
		t.Errorf("the weightier outcome is not told: %v", p.Draft)
	}
}

// Each source lands in its field.
func TestDraftsAreFilledFromWhatIsKnown(t *testing.T) {
	v := visit("correct")
	all := document.Propose(v, editions(t, false), "2026-11-25")
	record1 := proposal(t, all, document.InspectionRecord).Draft
	order := proposal(t, all, "rectification-order").Draft
	for path, want := range map[string]any{
		"unit": street, "inspection": visitID, "subject": subjectID, "state": "draft", "kind": "inspection-record", "templateVersion": 1.0,
		"officers/" + officerA + "/certificate": "02010200011",
		"data/party/name":                       "天津某某餐饮有限公司", "data/party/unit": nil, "data/startedAt": "2026-11-25T01:30:00Z", "data/endedAt": "2026-11-25T02:10:00Z",
		"data/place/address": "天津市河东区津塘路132号", "data/place/longitude": 117.25, "data/place/latitude": 39.12, "data/present": "孙某", "data/presentRole": "店长",
		"data/recorder": "钱珺", "data/certificateShown": "shown", "data/answers/q02/value": "不符合", "data/answers/q02/note": "堆放纸箱6个",
		"data/findings": "疏散通道堆放杂物，其余符合要求", "data/evidence": "照片2张，录像1段", "data/opinion": "情况属实，马上清理",
	} {
		if got := inside(record1, path); got != want {
			t.Errorf("record: %s is %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]any{"data/facts": "1.疏散通道、安全出口是否畅通：不符合（堆放纸箱6个）", "data/violated/law": "中华人民共和国消防法", "data/violated/article": "第二十八条",
		"data/basis/law": "中华人民共和国行政处罚法", "data/basis/article": "第二十八条第一款", "data/evidence": "照片2张，录像1段", "data/foundAt": "2026-11-25T01:30:00Z", "data/deadline": nil} {
		if got := inside(order, path); got != want {
			t.Errorf("order: %s is %v, want %v", path, got, want)
		}
	}
	missing := proposal(t, all, "rectification-order").Missing
	i := slices.IndexFunc(missing, func(g document.Gap) bool { return g.Field == "deadline" })
	if i < 0 || missing[i].Basis != "《行政处罚法》第二十八条" || !missing[i].Confirmed || missing[i].Label.Zh == "" || missing[i].Type != document.Date {
		t.Errorf("%+v", missing)
	}
}

func inside(body record.Object, path string) any {
	var value any = body
	for key := range strings.SplitSeq(path, "/") {
		o, _ := value.(record.Object)
		value = o[key]
	}
	return value
}

// What is on record and does not fit is not filled in, and it is told why; it is asked for though the field be optional.
func TestWhatDoesNotFitIsAsked(t *testing.T) {
	v := visit("normal")
	v.Inspection["summary"] = "字" + strings.Repeat("很长", 3000)
	v.Inspection["present"] = record.Object{"name": "孙\u202e某", "role": "店长"}
	v.Inspection["answers"] = record.Object{"q01": record.Object{"value": "符合"}}
	p := proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), document.InspectionRecord)
	for field, path := range map[string]string{"findings": "", "present": "", "answers": "q02/value"} {
		i := slices.IndexFunc(p.Missing, func(g document.Gap) bool { return g.Field == field })
		if i < 0 || len(p.Missing[i].Refused) != 1 || p.Missing[i].Refused[0].Path != path || p.Missing[i].Refused[0].Zh == "" {
			t.Errorf("%s: %+v", field, p.Missing)
		}
		if inside(p.Draft, "data/"+field) != nil {
			t.Errorf("%s is filled in", field)
		}
	}
}

// A paper that the visit has is not drafted again; what it says answers the questions of the others, and those that refer to it name it.
func TestPapersOfTheVisitAnswerToo(t *testing.T) {
	const paper, void = "01890000-0000-7000-8000-00000000e002", "01890000-0000-7000-8000-00000000e003"
	v := visit("correct")
	v.Papers = map[string]record.Object{
		paper: {"kind": "rectification-order", "state": document.Issued, "number": record.Object{"text": "津河东东新执责改字〔2026〕第3号"},
			"data": record.Object{"facts": "在疏散通道内堆放纸箱", "requirements": "立即清理", "deadline": "2026-11-28"}},
		void: {"kind": "rectification-order", "state": document.Voided, "data": record.Object{"deadline": "2027-01-01"}}}
	all := document.Propose(v, editions(t, false), "2026-11-25")
	if p := proposal(t, all, "rectification-order"); p.Existing != paper || p.Draft != nil || p.Missing != nil {
		t.Errorf("%+v", p)
	}
	review, result := proposal(t, all, "rectification-review").Draft, proposal(t, all, "inspection-result").Draft
	for path, want := range map[string]any{"data/original/document": paper, "data/original/number": "津河东东新执责改字〔2026〕第3号", "data/original/name": "责令（限期）改正通知书", "data/deadline": "2026-11-28"} {
		if got := inside(review, path); got != want {
			t.Errorf("review: %s is %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]any{"data/problems": "在疏散通道内堆放纸箱", "data/requirements": "立即清理", "data/deadline": "2026-11-28"} {
		if got := inside(result, path); got != want {
			t.Errorf("result: %s is %v, want %v", path, got, want)
		}
	}
	v.Given = record.Object{"facts": "另有说明", "requirements": nil}
	result = proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "inspection-result").Draft
	if inside(result, "data/problems") != "另有说明" || inside(result, "data/requirements") != nil {
		t.Errorf("what is given does not go first: %v", result)
	}
}

// On a day without a template, and before there were rules.
func TestKindsWithoutATemplateAreTold(t *testing.T) {
	later := editions(t, false)
	for i := range later {
		later[i].ValidFrom = "2027-01-01"
	}
	for _, p := range document.Propose(visit("correct"), later, "2026-11-25") {
		if p.Template.ID != "" || p.Draft != nil || p.Missing != nil {
			t.Errorf("%+v", p)
		}
	}
	if all := document.Propose(visit("correct"), later, "2023-12-31"); len(all) != 0 {
		t.Errorf("before there were rules: %+v", all)
	}
	both := editions(t, false)
	second := both[len(both)-1]
	second.ID, second.Version, second.ValidFrom = "second", 2, "2026-11-25"
	for on, want := range map[string]string{"2026-11-24": both[len(both)-1].ID, "2026-11-25": "second"} {
		if got, ok := document.InForce([]document.Edition{second, both[len(both)-1]}, on); !ok || got.ID != want {
			t.Errorf("on %s: %s", on, got.ID)
		}
	}
}

// Fields that share a question are of one kind and take the same options: else what is asked once fits only one of them.
func TestSharedQuestionsAskTheSame(t *testing.T) {
	first := map[string]document.Field{}
	for _, e := range editions(t, true) {
		for _, f := range e.Fields {
			question := document.QuestionOf(e.Kind, f.ID)
			before, known := first[question]
			if !known {
				first[question] = f
				continue
			}
			texts := []document.FieldKind{document.Line, document.LongText}
			if before.Kind != f.Kind && !(slices.Contains(texts, before.Kind) && slices.Contains(texts, f.Kind)) {
				t.Errorf("%s.%s asks %s as %s, others as %s", e.Kind, f.ID, question, f.Kind, before.Kind)
			}
			if f.Kind == document.List && !slices.EqualFunc(f.Columns, before.Columns, func(a, b document.Field) bool { return a.ID == b.ID && a.Kind == b.Kind }) {
				t.Errorf("%s.%s: its rows have other columns than those of others that ask %s", e.Kind, f.ID, question)
			}
			if f.Kind == document.Enum && len(f.Options) > 1 && len(before.Options) > 1 && !slices.Equal(valuesOf(f), valuesOf(before)) {
				t.Errorf("%s.%s: options %v of %s, others %v", e.Kind, f.ID, valuesOf(f), question, valuesOf(before))
			}
		}
	}
	for _, a := range document.Askings() {
		if _, err := fs.Stat(templates.Files, a.Kind+".json"); err == nil && first[a.Question].ID == "" {
			t.Errorf("%s.%s: no template has a field that asks %s", a.Kind, a.Field, a.Question)
		}
	}
}

func valuesOf(f document.Field) []string {
	var out []string
	for _, o := range f.Options {
		out = append(out, o.Value)
	}
	slices.Sort(out)
	return out
}

// Whatever is on record: what is filled in passes the check of its field, what is required and not filled in is missing, nothing is proposed
// twice, and what was handed in is left as it is.
func TestWhatIsFilledInIsSound(t *testing.T) {
	all := editions(t, true)
	rapid.Check(t, func(r *rapid.T) {
		v := drawVisit(r)
		before := record.Apply(v.Inspection, nil)
		proposals := document.Propose(v, all, "2026-11-25")
		for _, p := range proposals {
			if p.Draft == nil {
				continue
			}
			in := document.ReadInstance(p.Draft)
			in.Signatures = nil
			var missing []string
			for _, f := range document.Check(p.Template.Template, in) {
				field, isData := strings.CutPrefix(f.Path, "data/")
				if !isData {
					continue
				}
				if in.Data[strings.SplitN(field, "/", 2)[0]] != nil {
					r.Fatalf("%s: %s was filled in and is wrong: %s", p.Kind.Key, field, f.Zh)
				}
				missing = append(missing, field)
			}
			for _, g := range p.Missing {
				if in.Data[g.Field] != nil && len(g.Refused) == 0 { // of a party that is wrong in part the rest is filled in
					r.Fatalf("%s: %s is filled in and missing", p.Kind.Key, g.Field)
				}
				if len(g.Refused) == 0 && !slices.Contains(missing, g.Field) {
					r.Fatalf("%s: %s is asked for and not required", p.Kind.Key, g.Field)
				}
			}
			for _, field := range missing {
				if !slices.ContainsFunc(p.Missing, func(g document.Gap) bool { return g.Field == field }) {
					r.Fatalf("%s: %s is required and nobody says so", p.Kind.Key, field)
				}
			}
		}
		if !record.Equal(v.Inspection, before) {
			r.Fatal("the inspection was changed")
		}
	})
}

// scraps are what may stand in a record, for good or ill.
var scraps = []any{nil, "", " ", "某某", "2026-11-25", "2026-11-25T01:30:00Z", strings.Repeat("长", 6000), "a\u0000b", "\u202e", "\xff", 3.0, -1e308, true, []any{"x"},
	record.Object{}, record.Object{"address": 5.0}, record.Object{"name": "某", "role": record.Object{}}, record.Object{"kind": "citizen", "name": "李某"}, "《某法》第一条", "第", "消防法第十六条、第十七条"}

func drawScrap(r *rapid.T, name string) any { return rapid.SampledFrom(scraps).Draw(r, name) }

// drawVisit is a visit whose records hold anything.
func drawVisit(r *rapid.T) document.Visit {
	v := visit()
	for _, o := range document.Outcomes() {
		if rapid.Bool().Draw(r, o.Key) {
			v.Outcomes = append(v.Outcomes, o.Key)
		}
	}
	for _, body := range []record.Object{v.Inspection, v.Subject, v.Task, v.Items[0], v.Checklist["questions"].(record.Object)} {
		for _, key := range slices.Sorted(maps.Keys(body)) {
			if rapid.IntRange(0, 3).Draw(r, key) == 0 {
				body[key] = drawScrap(r, key+" is")
			}
		}
	}
	v.Given = record.Object{}
	for _, a := range document.Askings() {
		if rapid.IntRange(0, 9).Draw(r, a.Question) == 0 {
			v.Given[a.Question] = drawScrap(r, a.Question+" is")
		}
	}
	return v
}

// Who answers what is asked is asked each thing once, and in the end every paper but those of later days is complete.
func TestNothingIsAskedTwice(t *testing.T) {
	all := editions(t, true)
	for _, o := range document.Outcomes() {
		v := visit(o.Key)
		v.Given = record.Object{}
		asked := map[string]bool{}
		for round := 0; ; round++ {
			proposals := document.Propose(v, all, "2026-11-25")
			asks := document.Asks(proposals)
			if len(asks) == 0 {
				break
			}
			if round > 5 {
				t.Fatalf("%s: still asked: %+v", o.Key, asks)
			}
			for _, a := range asks {
				if asked[a.ID] {
					t.Errorf("%s: %s is asked again, for %v", o.Key, a.ID, a.Fields)
				}
				asked[a.ID] = true
				v.Given[a.ID] = answerTo(t, all, a.Fields[0])
			}
		}
		if o.Key != "normal" && len(asked) < 3 {
			t.Errorf("%s: only %v was asked", o.Key, asked)
		}
	}
}

// answerTo is a value that a field takes, without conditions that ask for more where that can be.
func answerTo(t *testing.T, all []document.Edition, path string) any {
	t.Helper()
	kind, id, _ := strings.Cut(path, ".")
	i := slices.IndexFunc(all, func(e document.Edition) bool { return e.Kind == kind })
	f, ok := all[i].Field(id)
	if !ok {
		t.Fatalf("%s has no field %s", kind, id)
	}
	switch f.Kind {
	case document.Party:
		return record.Object{"kind": document.Citizen, "name": "李某"}
	case document.Place:
		return record.Object{"address": "成林道"}
	case document.Provision:
		return record.Object{"law": "某条例", "article": "第一条"}
	case document.Checklist:
		return record.Object{"a": record.Object{"text": "某", "value": "符合"}}
	case document.Pictures:
		return record.Object{"a": record.Object{"evidence": visitID, "sha256": strings.Repeat("0a", 32), "length": 9.0, "caption": "某", "at": "2026-11-25T06:00:00Z", "place": "某", "by": "某"}}
	case document.QA:
		return record.Object{"a": record.Object{"question": "问", "answer": "答"}}
	case document.DocumentRef:
		return record.Object{"document": visitID, "name": "某文书"}
	case document.Money, document.Number:
		return 50.0
	case document.Date:
		return "2026-11-28"
	case document.Time:
		return "2026-11-25T06:00:00Z"
	case document.Enum:
		return f.Options[0].Value
	case document.Period:
		return record.Object{"n": 1.0, "unit": "days", "last": "2026-11-26"}
	case document.List:
		row := record.Object{}
		for _, c := range f.Columns {
			if c.Required {
				row[c.ID] = map[document.FieldKind]any{document.Number: 1.0, document.Money: 1.0, document.Date: "2026-11-28"}[c.Kind]
				if row[c.ID] == nil {
					row[c.ID] = "某"
				}
				if c.Kind == document.Enum {
					row[c.ID] = c.Options[0].Value
				}
			}
		}
		return record.Object{"a": row}
	}
	return "某某"
}

// The tables are read strictly.
func TestTablesOfProposalsAreReadStrictly(t *testing.T) {
	for name, read := range map[string]func() error{
		"outcome twice": func() error {
			_, err := document.ReadOutcomes([]byte("outcome,zh,en,conclusion\na,甲,a,\na,乙,b,\n"))
			return err
		},
		"outcome without a name": func() error {
			_, err := document.ReadOutcomes([]byte("outcome,zh,en,conclusion\na,,a,\n"))
			return err
		},
		"unknown outcome":   rule("dance,inspection-record,must,,某,yes,2024-01-01,"),
		"unknown kind":      rule("normal,poem,must,,某,yes,2024-01-01,"),
		"unknown need":      rule("normal,inspection-record,should,,某,yes,2024-01-01,"),
		"no article":        rule("normal,inspection-record,must,,,yes,2024-01-01,"),
		"no day":            rule("normal,inspection-record,must,,某,yes,soon,"),
		"ends before":       rule("normal,inspection-record,must,,某,yes,2024-01-01,2023-01-01"),
		"unknown condition": rule("normal,inspection-record,must,moon=full,某,yes,2024-01-01,"),
		"half confirmed":    rule("normal,inspection-record,must,,某,maybe,2024-01-01,"),
		"unknown paper":     asking("poem,facts,facts,"),
		"field twice":       asking("*,facts,facts,\n*,facts,other,"),
		"no question":       asking("*,facts,,"),
		"unknown source":    asking("*,facts,facts,moon"),
		"unknown reference": asking("*,facts,facts,paper.poem"),
		"two sources":       asking("*,facts,facts,subject\n*,other,facts,answers"),
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), "row ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func rule(row string) func() error {
	return func() error {
		_, err := document.ReadRules([]byte("outcome,kind,need,when,basis,confirmed,from,to\n" + row + "\n"))
		return err
	}
}

func asking(rows string) func() error {
	return func() error {
		_, err := document.ReadAskings([]byte("kind,field,question,source\n" + rows + "\n"))
		return err
	}
}
