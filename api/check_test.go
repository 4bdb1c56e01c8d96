package api_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// leaves collects every text in a value, and the ids that it is kept under.
func leaves(value any, into map[string]bool) {
	switch v := value.(type) {
	case string:
		into[v] = true
	case []any:
		for _, inner := range v {
			leaves(inner, into)
		}
	case record.Object:
		for key, inner := range v {
			if record.IsID(key) {
				into[key] = true
			}
			leaves(inner, into)
		}
	}
}

// Of everything that a paper, its party, its officers and its visit hold, the public page tells only what it is for.
func TestTheCheckPageTellsNothingPersonal(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.seed("summary-penalty")
		subject := record.Object{"kind": "citizen", "name": "李𬭎某", "idNumber": "120102199001010015", "address": "成林道9号增1号", "phone": "13800000009", "unit": street}
		subjectID := w.put("subjects", subject)
		visit := w.put("inspections", record.Object{"unit": street, "state": "completed", "subject": subjectID, "summary": "绝密小结"})
		body := record.Object{"unit": street, "kind": "summary-penalty", "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z",
			"inspection": visit, "subject": subjectID, "number": record.Object{"series": "s-" + newID(), "n": 977.0, "text": "津河东大王庄执当罚决字〔2026〕第977号"},
			"officers":   record.Object{w.officer.officer: record.Object{"role": "officer", "name": "赵一丁", "certificate": "02010200077"}},
			"data":       record.Object{"party": subject, "facts": "绝密事实", "fine": 151.25, "place": record.Object{"address": "绝密地点"}, "penalty": "fine", "receipt": "票据000777"},
			"signatures": record.Object{"p": record.Object{"role": "party", "name": "李𬭎某", "at": "2026-11-25T01:02:03Z", "image": "iVBORw0KGgo=", "refused": true, "reason": "绝密理由"}}}
		id := w.put("documents", body)
		patch := record.Object{"rendered": record.Object{"sha256": strings.Repeat("a", 64), "pages": 2.0, "length": 5.0, "state": "voided", "renderer": "layout-secret", "key": "papers/secret",
			"issued": record.Object{"sha256": strings.Repeat("b", 64), "pages": 3.0}}, "state": "voided", "voidReason": "绝密作废事由",
			"correctedBy": record.Object{"document": newID(), "number": "津河东大王庄执当罚决字〔2026〕第978号", "name": "绝密更正名"}}
		w.own(push.ServerOp{Collection: "documents", Record: id, Action: record.Update, Patch: patch})
		page := w.page("/check/"+id, 200)
		told := map[string]bool{"津河东大王庄执当罚决字〔2026〕第977号": true, "津河东大王庄执当罚决字〔2026〕第978号": true, strings.Repeat("a", 64): true, strings.Repeat("b", 64): true}
		secret := map[string]bool{"151.25": true, "绝密": true, "赵一": true, "大王庄执当罚决字/": true}
		for _, o := range []record.Object{body, patch, subject} {
			leaves(o, secret)
		}
		public := map[string]bool{"issued": true, "voided": true, "party": true, "officer": true} // words of the page's own English
		for text := range secret {
			if shown := strings.Contains(page, text); shown && !told[text] && !public[text] && text != patch["correctedBy"].(record.Object)["document"] {
				t.Errorf("the page tells %q", text)
			}
		}
		for text := range told {
			if !strings.Contains(page, text) {
				t.Errorf("the page does not tell %q", text)
			}
		}
		for _, want := range []string{"当场行政处罚决定书", "大王庄街道", "2026年11月25日", "已作废", "<dd>3</dd>"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not tell %q:\n%s", want, page)
			}
		}
	})
}

// A paper without a number can be checked too; a corrected one leads to the one that corrects it.
func TestTheCheckPageTellsTheState(t *testing.T) {
	w := newWorld(t)
	plain := w.put("documents", record.Object{"unit": street, "kind": "inspection-record", "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z"})
	if page := w.page("/check/"+plain, 200); !strings.Contains(page, "不编号") || !strings.Contains(page, "现场检查（勘验）笔录") || !strings.Contains(page, "有效") || !strings.Contains(page, "正在生成") || strings.Contains(page, "标记") {
		t.Errorf("%s", page)
	}
	later := newID()
	w.own(push.ServerOp{Collection: "documents", Record: plain, Action: record.Update, Patch: record.Object{"correctedBy": record.Object{"document": later, "at": "2026-11-26T00:00:00Z"}}})
	if page := w.page("/check/"+plain, 200); !strings.Contains(page, "已更正") || strings.Contains(page, "有效") || !strings.Contains(page, `href="/check/`+later+`"`) || !strings.Contains(page, "没有作废或者更正的标记") {
		t.Errorf("%s", page)
	}
}
