package document_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// set is a set of so many members.
func set(n int, member any) record.Object {
	all := record.Object{}
	for i := range n {
		all[fmt.Sprintf("x%d", i)] = member
	}
	return all
}

// What an author of templates mistypes is told at its place, and what would burden every handheld or no printer could print is refused.
func TestLintHoldsToTheForm(t *testing.T) {
	label := record.Object{"zh": "甲", "en": "a"}
	for path, c := range map[string]struct {
		value any
		want  string // path and the beginning of what is said
	}{
		"fields/facts/requird":                 {true, "fields/facts/requird 不认识“requird”，请核对拼写"},
		"fields/facts/required":                {"yes", "fields/facts/required 应为true或者false"},
		"fields/facts/maxLength":               {-1.0, "fields/facts/maxLength 不能小于1"},
		"fields/Facts":                         {record.Object{"kind": "text", "label": label}, "fields/Facts 名称“Facts”不可用"},
		"colour":                               {"red", "colour 不认识“colour”"},
		"layout/junk":                          {"x", "layout/junk 应为对象"},
		"layout/remedy/lines":                  {[]any{"x"}, "layout/remedy/lines 此处没有这一项"},
		"layout/facts/rows/when/cells/b/span":  {1e6, "layout/facts/rows/when/cells/b/span 不能大于40"},
		"layout/facts/rows/facts/height":       {1e300, "layout/facts/rows/facts/height 不能大于40"},
		"layout/facts/columns":                 {[]any{"a", -1.0}, "layout/facts/columns/0 应为数字"},
		"signers/officers/count":               {1000.0, "signers/officers/count 不能大于20"},
		"version":                              {0.5, "version 应为整数"},
		"kind":                                 {"../x", "kind 应为小写英文单词，以连字符相连"},
		"name":                                 {strings.Repeat("长", 61), "name 共61字，最多60字"},
		"fields":                               {set(201, record.Object{"kind": "text", "label": label}), "fields 共201项，最多200项"},
		"layout/remedy/text":                   {strings.Repeat("长", 10_001), "layout/remedy/text 共10001字，最多10000字"},
		"terms/suitDays":                       {"{term.suitDays}", "terms/suitDays 不能含有花括号"},
		"terms/suitCourt":                      {"法院\u202e", "terms/suitCourt 第3个字是从右向左书写的字符（U+202E）"},
		"layout/decision/text":                 {strings.Repeat("{facts}", 21), "layout 占位符 {facts} 出现超过20次"},
		"fields/facts/label/zh":                {"违法\a事实", "fields/facts/label/zh 第3个字是控制字符（U+0007）"},
		"number/token":                         {"津河东{organ}{word}〔{year}〕第号", "number/token 编号格式应有且只有一个 {n}"},
		"fields/penalty/options/fine/label/zh": {"", "fields/penalty/options/fine/label/zh 不能为空"},
		"limits/citizens":                      {200.0, "limits/citizens 名称“citizens”不可用"},
		"layout":                               {record.Object{}, "layout 不能为空"},
		"fields/facts/drawn":                   {true, "fields/facts 有一项与其类型不符"},
		"fields/fine/requiredWhen":             {record.Object{"place": []any{"x"}}, "fields/fine/requiredWhen “"},
		"fields/receipt/requiredWhen":          {record.Object{"party.kind": []any{"firm"}}, "fields/receipt/requiredWhen 条件中的“firm”不是当事人类型"},
		"layout/decision/indent":               {"x", "layout/decision/indent 应为数字"},
		"layout/copies/text":                   {"依据{facts", "layout/copies 占位符“{facts”缺少右花括号"},
	} {
		flaws := document.Refusal(edit(seed(t, document.SummaryPenalty), path, c.value))
		if !slices.ContainsFunc(flaws, func(f document.Flaw) bool { return strings.HasPrefix(f.Path+" "+f.Zh, c.want) && f.En != "" }) {
			t.Errorf("%s = %.40v: want %q, got %v", path, c.value, c.want, flaws)
		}
	}
}

// A name is printed as it is, wherever {name} stands.
func TestANameHoldsNoTokens(t *testing.T) {
	for _, path := range []string{"name", "number/word"} {
		flaws := document.Refusal(edit(seed(t, document.SummaryPenalty), path, "{name}"))
		if len(flaws) != 1 || flaws[0].Path != path || !strings.Contains(flaws[0].Zh, "花括号") {
			t.Errorf("%s: %v", path, flaws)
		}
	}
}

// A template of the largest size is judged at once, and so is one far beyond.
func TestLintIsQuick(t *testing.T) {
	cells := set(40, record.Object{"text": strings.Repeat("{facts}", 1000), "span": 1e6})
	body := edit(seed(t, document.SummaryPenalty), "layout/facts/rows", set(300, record.Object{"cells": cells}))
	for i := range 60 {
		body = edit(body, fmt.Sprintf("layout/t%d", i), body["layout"].(record.Object)["facts"])
	}
	began := time.Now()
	if flaws := document.Refusal(body); len(flaws) != 1 || flaws[0].Zh != "模板超过20000项" {
		t.Errorf("%.300v", flaws)
	}
	full := edit(seed(t, document.SummaryPenalty), "layout/facts/rows", set(150, record.Object{"cells": set(40, record.Object{"span": 1e6})})) // just not too many members
	if flaws := document.Refusal(full); len(flaws) != 100 {
		t.Errorf("%d flaws", len(flaws))
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

// A version that has begun is never rewritten: a paper that was made by it would be checked, and shown as a roll or to be edited, by other words than were handed over.
func TestAVersionThatHasBegunStays(t *testing.T) {
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	penalty := seed(t, document.SummaryPenalty)
	later := edit(penalty, "validFrom", "2026-12-01")
	for about, c := range map[string]struct {
		before, after record.Object
		want          string
	}{
		"a word of one in force":         {penalty, edit(penalty, "name", "罚单"), "第1版自2024-01-01起已施行"},
		"its day":                        {penalty, later, "第1版自2024-01-01起已施行"},
		"the next version in its place":  {penalty, edit(edit(penalty, "version", 2.0), "name", "罚单"), ""},
		"nothing":                        {penalty, penalty, ""},
		"a word of one that is to come":  {later, edit(later, "name", "罚单"), ""},
		"one that begins today":          {edit(penalty, "validFrom", "2026-11-30"), penalty, "第1版自2026-11-30起已施行"},
		"back to an older number":        {edit(later, "version", 3.0), edit(later, "version", 2.0), "版次不能由第3版改为第2版"},
		"back to an older, one in force": {edit(penalty, "version", 3.0), edit(penalty, "version", 2.0), "版次不能由第3版改为第2版"},
	} {
		breaches, err := document.TemplateGates()[0].Judge(context.Background(), record.Event{Op: record.Op{Record: templateID}, Before: c.before, After: c.after, Received: now}, state(t))
		if err != nil || len(breaches) > 1 || (len(breaches) == 1) != (c.want != "") || len(breaches) == 1 && (!strings.HasPrefix(breaches[0].Zh, c.want) || breaches[0].Field != "version") {
			t.Errorf("%s: %v, %v; want %s", about, breaches, err, c.want)
		}
	}
}

// No two templates are the same version of a kind, and none takes the numbers of another kind.
func TestTemplatesAmongOthers(t *testing.T) {
	f := state(t)
	others := maps.Clone(f["templates"])
	others[subjectID] = seed(t, "penalty-decision")
	f["templates"] = others
	judge := func(id string, body record.Object) (fields []string) {
		for _, g := range document.TemplateGates() {
			breaches, err := g.Judge(context.Background(), record.Event{Op: record.Op{Record: id}, After: body}, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range breaches {
				fields = append(fields, b.Field)
			}
		}
		return fields
	}
	penalty, another := seed(t, document.SummaryPenalty), "01890000-0000-7000-8000-0000000000ff"
	word := seed(t, "penalty-decision")["number"].(record.Object)["word"]
	for about, c := range map[string]struct {
		id   string
		body record.Object
		want []string
	}{
		"itself":             {templateID, penalty, nil},
		"a second version 1": {another, penalty, []string{"version"}},
		"the next":           {another, edit(penalty, "version", 2.0), nil},
		"numbers of another": {another, edit(edit(penalty, "version", 2.0), "number/word", word), []string{"number"}},
		"a kind of its own":  {another, edit(edit(penalty, "kind", "poem"), "number/word", word), []string{"number"}},
	} {
		if got := judge(c.id, c.body); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", about, got, c.want)
		}
	}
}
