package render

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// inquiry is a paper with questions, a list of things, a period and a reference to another paper.
func inquiry(long int) Paper {
	questions := record.Object{"a": record.Object{"order": 1.0, "question": "我们是东新街道办事处的执法人员，现向你出示执法证件，你是否看清？", "answer": "看清了。"},
		"b": record.Object{"order": 2.0, "question": "请你说明事情的经过。", "answer": strings.Repeat("当天上午我在门前摆放了货架，后来有人来提醒，我没有马上收回。", long) + "就是这样。"},
		"c": record.Object{"order": 3.0, "question": "你还有什么要补充的？"}}
	things := record.Object{}
	for i := range 40 {
		things["t"+itoa(100+i)] = record.Object{"order": float64(i), "name": "塑料货架" + itoa(i+1), "spec": "长1.2米、宽0.4米，四层，可折叠", "count": float64(i + 1)}
	}
	column := func(order float64, kind, label string, width float64) record.Object {
		return record.Object{"order": order, "kind": kind, "label": label, "width": width}
	}
	body := record.Object{"kind": "inquiry-record", "name": "询问（调查）笔录", "fields": record.Object{
		"questions": record.Object{"kind": "qa", "label": "询问内容"},
		"things": record.Object{"kind": "list", "label": "物品", "columns": record.Object{"name": column(1, "text", "名称", 30), "spec": column(2, "longtext", "规格、型号", 0),
			"count": column(3, "number", "数量", 12), "state": column(4, "text", "状况", 16)}},
		"none":   record.Object{"kind": "list", "label": "材料", "columns": record.Object{"name": column(1, "text", "名称", 0)}},
		"begins": record.Object{"kind": "date", "label": "起算日期"}, "keep": record.Object{"kind": "period", "label": "期限", "from": "begins"},
		"original": record.Object{"kind": "documentRef", "label": "原文书"}},
		"layout": record.Object{"a": record.Object{"order": 1.0, "kind": "title", "lines": []any{"{organ}", "{name}"}},
			"b": record.Object{"order": 2.0, "kind": "paragraph", "indent": 2.0, "text": "依据{original}，登记保存期限{keep}。"}, "c": record.Object{"order": 3.0, "kind": "qa", "field": "questions"},
			"d": record.Object{"order": 4.0, "kind": "list", "field": "things"}, "e": record.Object{"order": 5.0, "kind": "list", "field": "none"}}}
	data := record.Object{"questions": questions, "things": things, "begins": "2026-11-25", "keep": record.Object{"n": 7.0, "unit": "workingDays", "last": "2026-12-04"},
		"original": record.Object{"document": "01890000-0000-7000-8000-0000000000aa", "name": "先行登记保存证据通知书", "number": "津河东东新登保字〔2026〕第3号"}}
	return Paper{Words: document.Words{Template: document.ReadTemplate(body), Organ: "天津市河东区人民政府东新街道办事处",
		Instance: document.ReadInstance(record.Object{"state": document.Issued, "issuedAt": "2026-11-25T06:40:00Z", "data": data})}}
}

// Questions, answers and rows are on the pages in order; a long answer goes on over pages, and every page begins with the head.
func TestQuestionsAndLists(t *testing.T) {
	p := inquiry(90)
	sheets, err := compose(p, true)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for l := range strings.Lines(sheets.trace.String()) {
		texts = append(texts, strings.TrimSuffix(string([]rune(l)[19:]), "\n"))
	}
	all := strings.Join(texts, "")
	for _, want := range []string{"依据《先行登记保存证据通知书》（津河东东新登保字〔2026〕第3号），登记保存期限自2026年11月25日起7个工作日，至2026年12月4日止。",
		"问：请你说明事情的经过。答：当天上午", "我没有马上收回。就是这样。", "问：你还有什么要补充的？答：／", "序号名称规格、型号数量状况1塑料货架1"} {
		if !strings.Contains(all, want) {
			t.Errorf("the pages lack %q", want)
		}
	}
	if flowing := strings.ReplaceAll(all, "序号询问与回答", ""); strings.Count(flowing, "当天上午我在门前摆放了货架，后来有人来提醒，我没有马上收回。") != 90 {
		t.Error("a line of the long answer is lost or printed twice")
	}
	if heads := strings.Count(all, "询问与回答"); heads < 3 {
		t.Errorf("a long answer over pages has %d heads", heads)
	}
	if heads := strings.Count(all, "规格、型号"); heads < 3 || len(sheets.pages) < 5 {
		t.Errorf("a long list has %d heads on %d pages", heads, len(sheets.pages))
	}
	if got := strings.Count(all, "塑料货架"); got != 40 {
		t.Errorf("%d rows of 40", got)
	}
	if !strings.Contains(all, "序号名称／／") {
		t.Error("an empty list does not say that it is empty")
	}
}

// A paper whose data has any form is rendered as it is.
func TestSetsOfAnyForm(t *testing.T) {
	for _, value := range []any{nil, "x", 3.0, record.Object{}, record.Object{"a": "x"}, record.Object{"a": record.Object{"name": 3.0, "question": record.Object{}}}} {
		p := inquiry(1)
		p.Instance.Data = record.Object{"questions": value, "things": value, "none": value, "keep": value, "original": value, "begins": value}
		if _, r := printed(t, p); r.Pages == 0 {
			t.Errorf("%v: no pages", value)
		}
	}
	p := inquiry(1)
	p.Template.Fields = nil
	printed(t, p)
}
