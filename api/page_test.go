package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// page gets a page as a browser would, and checks that it is one.
func (w *world) page(path string, status int) string {
	w.t.Helper()
	res := w.send("GET", path, nil, http.Header{"Accept": {"text/html,application/xhtml+xml"}}).want(status)
	text := string(res.body)
	if res.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(text, `<html lang="zh-CN">`) || !strings.HasSuffix(text, "</html>\n") {
		w.t.Errorf("%s is no whole page: %v\n%s", path, res.header, text)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)
	sum := sha256.Sum256([]byte(style[1]))
	policy := res.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(policy, "unsafe") {
		w.t.Errorf("%s: the policy %q does not allow the page's own style", path, policy)
	}
	return text
}

func TestAnybodyCanCheckAnIssuedPaper(t *testing.T) {
	w := newWorld(t)
	pdf := []byte("%PDF check me")
	sum := sha256.Sum256(pdf)
	issued := w.page("/check/"+w.paper("issued", pdf), 200)
	for _, want := range []string{"津河东大王庄检〔2026〕7号", "大王庄街道", "现场检查笔录", "2026年11月25日", "已签发", hex.EncodeToString(sum[:])} {
		if !strings.Contains(issued, want) {
			t.Errorf("the page does not tell %q", want)
		}
	}
	for _, personal := range []string{"绝密当事人", "赵一", w.officer.officer} {
		if strings.Contains(issued, personal) {
			t.Errorf("the page tells %q", personal)
		}
	}
	if strings.Index(issued, "文书查验") > strings.Index(issued, "Check of an issued paper") {
		t.Error("English comes first")
	}
	if voided := w.page("/check/"+w.paper("voided", pdf), 200); !strings.Contains(voided, "已作废") || strings.Contains(voided, "已签发") || strings.Contains(voided, "填写错误") {
		t.Errorf("voided:\n%s", voided)
	}
	if waiting := w.page("/check/"+w.paper("issued", nil), 200); !strings.Contains(waiting, "正在生成") {
		t.Errorf("not rendered yet:\n%s", waiting)
	}
}

func TestWhatIsNoIssuedPaperIsNotShown(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{w.paper("draft", nil), newID(), "nonsense", w.officer.officer} {
		text := w.page("/check/"+id, 404)
		if !strings.Contains(text, "不存在") || !strings.Contains(text, "request.not_found") {
			t.Errorf("%s:\n%s", id, text)
		}
		w.send("GET", "/check/"+id, nil, nil).fails(404, "request.not_found")
	}
}

func TestTextOfRecordsIsNeverMarkup(t *testing.T) {
	w := newWorld(t)
	evil := `<script>alert("x")</script>`
	template := w.put("templates", record.Object{"kind": evil, "name": evil, "version": 1.0, "validFrom": "2026-01-01", "fields": record.Object{}, "layout": record.Object{}})
	id := newID()
	w.own(push.ServerOp{Collection: "documents", Record: id, Action: record.Create, Patch: record.Object{"unit": `120102<b>`, "kind": evil, "template": template,
		"templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z", "number": record.Object{"series": "x", "n": 1.0, "text": evil}}})
	if text := w.page("/check/"+id, 200); strings.Contains(text, "<script") || strings.Contains(text, "<b>") {
		t.Errorf("markup came through:\n%s", text)
	}
}

func TestEveryCodeHasItsPage(t *testing.T) {
	w := newWorld(t)
	list := w.page("/problems", 200)
	for code, f := range fault.Codes() {
		text := w.page("/problems/"+string(code), 200)
		if !strings.Contains(text, f.Zh) || !strings.Contains(text, string(code)) {
			t.Errorf("%s: the page does not tell %q", code, f.Zh)
		}
		if !strings.Contains(list, `href="/problems/`+string(code)+`"`) {
			t.Errorf("%s is not listed", code)
		}
	}
	w.page("/problems/no.such", 404)
}

func TestTheHomePageLeadsOn(t *testing.T) {
	w := newWorld(t)
	text := w.page("/", 200)
	for _, link := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		w.send("GET", link[1], nil, nil).want(200)
	}
	for _, want := range []string{"/openapi.json", "/healthz", "/problems", district, "test"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not tell %s", want)
		}
	}
}
