package api_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// seed brings in one of the templates that a district begins with.
func (w *world) seed(kind string) string {
	w.t.Helper()
	text, err := templates.Files.ReadFile(kind + ".json")
	w.must(err)
	body, err := wire.Object(text)
	w.must(err)
	return w.put("templates", body)
}

func TestTheSchemaOfTemplatesIsPublished(t *testing.T) {
	w := newWorld(t)
	res := w.send("GET", "/v1/schemas/template", nil, nil).want(200)
	schema, err := wire.Object(res.body)
	if err != nil || schema["$id"] != "urn:fieldwarden:schema:template" || res.header.Get("Content-Type") != "application/schema+json" {
		t.Errorf("%v %v", err, res.header)
	}
}

func TestRemediesArePublished(t *testing.T) {
	w := newWorld(t)
	table, err := wire.Object(w.send("GET", "/v1/schemas/remedies", nil, nil).want(200).body)
	rows, _ := table["remedies"].([]any)
	if err != nil || len(rows) != len(document.Remedies()) {
		t.Fatalf("%v: %d rows", err, len(rows))
	}
	if first, _ := rows[0].(record.Object); first["text"] != document.Remedies()[0].Text || first["kind"] != "*" {
		t.Errorf("%v", first)
	}
}

func TestTemplatesAreListedByUnitAndDay(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		id := w.seed("summary-penalty")
		var list api.Templates
		w.officer.send("GET", "/v1/templates?on=2026-11-25", nil).want(200).into(&list)
		if len(list.Templates) != 1 || list.Unit != street || list.Templates[0].ID != id || list.Templates[0].Number != "D10" || list.Templates[0].Copies != 3 {
			t.Errorf("%+v", list)
		}
		w.officer.send("GET", "/v1/templates?on=2020-01-01", nil).want(200).into(&list)
		if len(list.Templates) != 0 {
			t.Errorf("before there were any: %+v", list)
		}
		w.officer.send("GET", "/v1/templates?unit="+foreign, nil).fails(404, "request.not_found")
		w.officer.send("GET", "/v1/templates?on=tomorrow", nil).fails(400, "request.field_invalid")
		w.sysadmin.send("GET", "/v1/templates", nil).fails(403, "access.denied")
		var whole api.TemplateBody
		w.officer.send("GET", "/v1/templates/"+id+"?version=1", nil).want(200).into(&whole)
		if whole.Body["kind"] != "summary-penalty" || whole.Version != 1 {
			t.Errorf("%+v", whole)
		}
		for _, path := range []string{id + "?version=2", w.officer.officer, newID()} {
			w.officer.send("GET", "/v1/templates/"+path, nil).fails(404, "request.not_found")
		}
		w.officer.send("GET", "/v1/templates/"+id+"?version=-1", nil).fails(400, "request.field_invalid")
	})
}

func TestASketchIsCheckedFieldByField(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		id := w.seed("summary-penalty")
		var checked api.Checked
		w.unwritten("a check", func() {
			w.officer.send("POST", "/v1/papers/check", map[string]any{"template": id, "templateVersion": 1, "data": map[string]any{"facts": "占道\u202e经营", "fine": "五十元"}}).want(200).into(&checked)
		})
		flaws := map[string]api.Flaw{}
		for _, f := range checked.Flaws {
			flaws[f.Path] = f
		}
		if checked.Complete || checked.Template != (api.TemplateVersion{ID: id, Version: 1, ValidFrom: "2024-01-01"}) ||
			flaws["data/party"].Zh != "“当事人”未填写" || !strings.Contains(flaws["data/facts"].Zh, "从右向左") || !strings.Contains(flaws["data/fine"].Zh, "金额") || flaws["data/fine"].En == "" {
			t.Errorf("%+v", checked)
		}
		w.officer.send("POST", "/v1/papers/check", map[string]any{}).fails(400, "request.field_invalid")
		w.officer.send("POST", "/v1/papers/check", map[string]any{"template": newID()}).fails(404, "paper.template_absent")
		w.officer.send("POST", "/v1/papers/check", map[string]any{"template": "x"}).fails(404, "paper.template_absent")
		w.officer.send("POST", "/v1/papers/check", map[string]any{"kind": "poem"}).fails(404, "paper.template_absent")
		w.officer.send("POST", "/v1/papers/check", map[string]any{"template": id, "unit": foreign}).fails(404, "request.not_found")
		w.secadmin.send("POST", "/v1/papers/check", map[string]any{"template": id}).fails(403, "access.denied")
	})
}

// hostileSketches are data that no form has; whatever they are, somebody is told why, and the server goes on.
var hostileSketches = []string{
	`{"party":"x","place":[],"occurredAt":{},"facts":null,"fine":-1e308,"violated":{"law":[],"article":{}},"basis":7}`,
	`{"party":{"party":{"party":{}}},"facts":"\u0000\u0007","penalty":["fine"]}`,
	`{"facts":"` + strings.Repeat("\u0301", 20_000) + `"}`,
	`{"facts":"` + strings.Repeat("A", 90_000) + `"}`,
	`{"` + strings.Repeat("长", 1_000) + `":{"":{"":{"":0}}}}`,
	`{"occurredAt":"9999999-99-99","fine":1e300,"order":1e308}`,
}

func TestHostileSketchesAreNoDefects(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		id := w.seed("summary-penalty")
		for _, data := range hostileSketches {
			for _, rest := range []string{``, `,"signatures":{"a":{"role":"party","image":"AAAA"},"b":3}`, `,"officers":{"` + newID() + `":{"role":7}}`} {
				body := []byte(`{"template":"` + id + `","data":` + data + rest + `}`)
				for _, path := range []string{"/v1/papers/check", "/v1/papers/preview"} {
					res := w.officer.send("POST", path, body, "Content-Type", "application/json")
					if res.status >= 500 || res.status == 200 && path == "/v1/papers/check" && bytes.Contains(res.body, []byte(`"complete":true`)) {
						t.Errorf("%s %.80s: %d %.200s", path, data, res.status, res.body)
					}
				}
			}
		}
	})
}

// A device has so many previews; another has its own, and a check costs none.
func TestPreviewsAreLimited(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.Render = guard.Rate{PerSecond: 0.001, Burst: 2} })
	id := w.seed("summary-penalty")
	sketch := map[string]any{"template": id, "data": map[string]any{"facts": "占道经营"}}
	for range 2 {
		res := w.officer.send("POST", "/v1/papers/preview", sketch).want(200)
		if !bytes.HasPrefix(res.body, []byte("%PDF-")) || res.header.Get("Content-Type") != "application/pdf" || !strings.Contains(res.header.Get("Cache-Control"), "no-store") {
			t.Errorf("%v", res.header)
		}
	}
	if res := w.officer.send("POST", "/v1/papers/preview", sketch); res.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	} else {
		res.fails(429, "request.rate_limited")
	}
	w.officer.send("POST", "/v1/papers/check", sketch).want(200)
	w.leader.send("POST", "/v1/papers/preview", record.Object(sketch)).want(200)
}

func TestPapersAreProposedForAnInspection(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.seed("inspection-record")
		subject := w.put("subjects", record.Object{"kind": "citizen", "name": "李某", "unit": street, "address": "成林道1号"})
		id := w.put("inspections", record.Object{"unit": street, "state": "completed", "subject": subject, "summary": "一切正常"})
		var got struct {
			Outcomes  []string
			Proposals []struct {
				Kind, Need, Basis string
				Draft             struct{ Data map[string]any }
				Missing           []struct{ Field, Question string }
			}
			Asks []struct{ Question string }
		}
		w.unwritten("proposals", func() {
			w.officer.send("POST", "/v1/inspections/"+id+"/proposals", map[string]any{"outcomes": []string{"normal"}, "given": map[string]any{"recusal": "none"}}).want(200).into(&got)
		})
		if len(got.Proposals) != 1 || got.Proposals[0].Kind != "inspection-record" || got.Proposals[0].Need != "must" || got.Proposals[0].Draft.Data["findings"] != "一切正常" ||
			got.Proposals[0].Draft.Data["recusal"] != "none" || len(got.Asks) == 0 || len(got.Asks) != len(got.Proposals[0].Missing) {
			t.Errorf("%+v", got)
		}
		ask := func(p *person, body any) *reply { return p.send("POST", "/v1/inspections/"+id+"/proposals", body) }
		ask(w.officer, map[string]any{}).fails(400, "request.field_invalid")
		ask(w.officer, map[string]any{"outcomes": []string{"\u0000"}}).fails(400, "request.field_invalid")
		ask(w.officer, map[string]any{"outcomes": []string{"normal"}, "on": "2026-02-30"}).fails(400, "request.field_invalid")
		ask(w.supervisor, map[string]any{"outcomes": []string{"normal"}}).fails(403, "access.denied")
		there, gone := ask(w.stranger, map[string]any{}), w.stranger.send("POST", "/v1/inspections/"+newID()+"/proposals", map[string]any{})
		there.fails(404, "request.not_found")
		there.alike(gone)
		rules, err := wire.Object(w.send("GET", "/v1/schemas/proposals", nil, nil).want(200).body)
		if err != nil || rules["version"] != float64(document.ProposalsVersion) {
			t.Errorf("%v %v", rules["version"], err)
		}
	})
}
