package custody_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A rule that names a paper that there is none of, or a field that no such paper has, asks for nothing and nobody notices.
func TestTheRulesOfRecordingNamePapersThatThereAre(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol/custody.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range evidence.Recording.Rules {
		if !strings.Contains(string(page), "| `"+rule.Step+"` | "+rule.Name+" |") {
			t.Errorf("docs/protocol/custody.md does not tell the step %s", rule.Step)
		}
		if kind, known := document.KindOf(rule.Paper); known != (rule.Paper != "") || kind.Name != rule.PaperName {
			t.Errorf("%s: no paper %q is named %q", rule.Step, rule.Paper, rule.PaperName)
		}
		for _, kind := range rule.Also {
			if _, known := document.KindOf(kind); !known {
				t.Errorf("%s: there is no paper %q", rule.Step, kind)
			}
		}
		if rule.Paper == "" {
			continue
		}
		fields := fieldsOf(t, rule.Paper)
		for _, event := range slices.Concat(rule.Begins, rule.Ends) {
			field, told := strings.CutPrefix(event, "paper.")
			if told && field != "issuedAt" && fields[field].Kind != document.Time {
				t.Errorf("%s: %s has no time %q", rule.Step, rule.Paper, field)
			}
		}
		if rule.Field != "" && !slices.ContainsFunc(fields[rule.Field].Options, func(o document.Option) bool { return o.Value == rule.Value }) {
			t.Errorf("%s: %q of %s is never %q", rule.Step, rule.Field, rule.Paper, rule.Value)
		}
	}
}

func fieldsOf(t *testing.T, kind string) map[string]document.Field {
	t.Helper()
	text, err := templates.Files.ReadFile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]document.Field{}
	for _, f := range document.ReadTemplate(body).Fields {
		fields[f.ID] = f
	}
	return fields
}

// Of a paper and its correction one step is asked for, at the times that the correction tells.
func TestACorrectedPaperIsOneStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		visit, first, second := newID(), newID(), newID()
		paper := func(id, ended string, more record.Object) push.ServerOp {
			return push.ServerOp{Collection: "documents", Record: id, Action: record.Create, Patch: record.Apply(record.Object{"unit": street, "inspection": visit, "kind": "inquiry-record", "template": newID(), "templateVersion": 1.0,
				"state": "issued", "issuedAt": stamp(w.now), "data": record.Object{"startedAt": "2026-03-01T01:00:00Z", "endedAt": ended}}, more)}
		}
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{
			{Collection: "inspections", Record: visit, Action: record.Create, Patch: record.Object{"unit": street, "state": "open", "startedAt": "2026-03-01T00:00:00Z"}},
			paper(first, "2026-03-01T01:20:00Z", nil),
			paper(second, "2026-03-01T01:30:00Z", record.Object{"corrects": record.Object{"document": first, "name": "询问（调查）笔录", "reason": "时间有误"}})}))
		c, err := w.Completeness(ctx, w.leader, visit)
		w.must(err)
		if len(c.Demands) != 2 || c.Demands[1].Step != "inquiry" || c.Demands[1].Document != second || c.Demands[1].Span.Len() != 30*60*1000 {
			t.Errorf("%+v", c.Demands)
		}
	})
}
