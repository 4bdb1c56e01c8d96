package document_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// printed is all running text of a kind's paper with the data, the parts left out whose condition does not hold.
func printed(t *testing.T, kind string, data record.Object) string {
	t.Helper()
	tpl := document.ReadTemplate(seed(t, kind))
	w := document.Words{Template: tpl, Instance: document.ReadInstance(record.Object{"issuedAt": "2026-11-25T07:00:00Z", "data": data}), Organ: "某街道办事处"}
	var all strings.Builder
	for _, b := range tpl.Layout {
		if b.When.Holds(w.Instance.Data) {
			all.WriteString(w.Expand(b.Text))
		}
	}
	return all.String()
}

// Lint reads what a template prints in any case; which part of it a paper prints depends on what was found. Whoever is ordered to do something is
// told how to contest it and by when, whoever is told of a result without an order is not.
func TestOrdersTellRemedies(t *testing.T) {
	const remedy = "六十日内向天津市河东区人民政府申请行政复议，也可以自知道该行政行为之日起六个月内依法直接向有管辖权的人民法院提起行政诉讼"
	for name, c := range map[string]struct {
		kind  string
		data  record.Object
		tells []string
		never []string
	}{
		"result, nothing found": {"inspection-result", record.Object{"conclusion": "passed"}, []string{"未发现违法行为"}, []string{"责令", "行政复议", "立案", "移送"}},
		"result, to correct": {"inspection-result", record.Object{"conclusion": "correct", "deadline": "2026-11-26", "requirements": "分开投放。"},
			[]string{"于2026年11月26日前（含当日）改正", "分开投放", "第二十八条第一款", remedy}, []string{"未发现违法行为", "立案"}},
		"result, a case":      {"inspection-result", record.Object{"conclusion": "filed"}, []string{"第五十四条第二款", "立案"}, []string{"责令", "行政复议"}},
		"result, handed over": {"inspection-result", record.Object{"conclusion": "transferred", "recipient": "某区某局"}, []string{"移送某区某局"}, []string{"责令", "行政复议"}},
		"order, at once": {"rectification-order", record.Object{"mode": "now", "deadline": "2026-11-25"}, []string{"立即改正", "2026年11月25日前（含当日）", "陈述、申辩", remedy},
			[]string{"具体要求如下"}},
		"order, within a term": {"rectification-order", record.Object{"mode": "term", "deadline": "2026-11-26"}, []string{"于2026年11月26日前（含当日）改正", "复查", remedy}, []string{"立即改正"}},
		"order to stop":        {"cessation-order", record.Object{}, []string{"立即停止上述违法行为", "陈述、申辩", remedy}, nil},
		"opinion, corrected":   {"rectification-opinion", record.Object{"measure": "close"}, []string{"予以办结"}, []string{"行政复议", "立案"}},
		"opinion, once more": {"rectification-opinion", record.Object{"measure": "again", "newDeadline": "2026-12-02"}, []string{"于2026年12月2日前（含当日）继续改正", remedy},
			[]string{"予以办结"}},
		"opinion, a case":     {"rectification-opinion", record.Object{"measure": "file"}, []string{"立案"}, []string{"行政复议", "予以办结"}},
		"filing of a penalty": {"summary-penalty-filing", record.Object{"penalty": "warning"}, []string{"第五十二条第三款报所属行政机关备案"}, nil},
		"first advice":        {"guidance-record", record.Object{"level": "first"}, []string{"不是行政处罚"}, []string{"此前已经提示", "行政复议"}},
		"second advice":       {"guidance-record", record.Object{"level": "second"}, []string{"此前已经提示", "不是行政处罚"}, []string{"行政复议"}},
		"notice of a visit": {"inspection-notice", record.Object{"type": "daily", "nth": 1.0}, []string{"日常检查", "第1次检查", "核对检查人员的执法证件", "申请回避", "有权拒绝检查", "陈述和申辩",
			"严禁逐利检查；严禁干扰企业正常生产经营；严禁任性处罚企业；严禁下达检查指标；严禁变相检查"}, []string{"行政复议"}},
	} {
		text := printed(t, c.kind, c.data)
		for _, want := range c.tells {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q in\n%s", name, want, text)
			}
		}
		for _, wrong := range c.never {
			if strings.Contains(text, wrong) {
				t.Errorf("%s says %q in\n%s", name, wrong, text)
			}
		}
		if strings.Contains(text, "三个月") || strings.ContainsAny(text, "{}") {
			t.Errorf("%s tells an old period, or a token is left:\n%s", name, text)
		}
	}
}
