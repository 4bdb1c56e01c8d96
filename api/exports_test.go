package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// From asking to the file: progress, ranges, and nobody else's eyes.
func TestPapersAreExported(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		pdf := []byte("%PDF one of ours")
		ids := []string{w.paper("issued", pdf), w.paper("voided", pdf), w.paper("draft", nil)}
		want := map[string]any{"form": "zip", "reason": "年度归档", "documents": ids}
		w.officer.send("POST", "/v1/exports", want).fails(403, "access.denied")
		var e api.Export
		w.leader.send("POST", "/v1/exports", want).want(202).into(&e)
		if e.State != "queued" || e.ID == "" {
			t.Errorf("%+v", e)
		}
		path := "/v1/exports/" + e.ID
		w.leader.send("GET", path+"/content", nil).fails(404, "export.not_ready")
		w.must(w.deps.Papers.MakeExport(context.Background(), e.ID))
		w.leader.send("GET", path, nil).want(200).into(&e)
		if e.State != "done" || e.Total != 3 || e.Done != 3 || e.Missing[ids[2]] != "request.not_found" || e.Length == 0 || e.ExpiresAt == "" {
			t.Errorf("%+v", e)
		}
		file := w.leader.send("GET", path+"/content", nil).want(200)
		z, err := zip.NewReader(bytes.NewReader(file.body), int64(len(file.body)))
		if err != nil || len(z.File) != 4 || file.header.Get("ETag") != `"`+e.SHA256+`"` || file.header.Get("Content-Type") != "application/zip" {
			t.Errorf("%v %v %v", err, z, file.header)
		}
		if part := w.leader.send("GET", path+"/content", nil, "Range", "bytes=0-3").want(206); string(part.body) != "PK\x03\x04" {
			t.Errorf("%q", part.body)
		}
		for _, c := range [][2]string{{"GET", path}, {"GET", path + "/content"}, {"DELETE", path}} {
			there := w.supervisor.send(c[0], c[1], nil)
			there.fails(404, "request.not_found")
		}
		w.leader.send("DELETE", path, nil).want(204)
		w.leader.send("GET", path+"/content", nil).fails(410, "export.gone")
		w.leader.send("GET", path, nil).want(200).into(&e)
		if e.State != "cancelled" {
			t.Errorf("%+v", e)
		}
		w.leader.send("POST", "/v1/exports", map[string]any{"form": "pdf", "reason": "归档", "unit": foreign, "month": "2026-11"}).fails(404, "request.not_found")
		w.leader.send("POST", "/v1/exports", map[string]any{"form": "pdf", "reason": "归档"}).fails(400, "request.field_invalid")
		w.leader.send("POST", "/v1/exports", map[string]any{"form": "pdf", "month": "2026-11"}).fails(400, "custody.reason_needed")
	})
}

// The papers of a case: named by its paper of filing, and foreign as absent.
func TestTheCaseToBeExportedIsAPaperOfFiling(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		paper := func(unit, kind string) string {
			return w.put("documents", record.Object{"unit": unit, "kind": kind, "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z", "data": record.Object{}})
		}
		ask := func(p *person, id string) *reply {
			return p.send("POST", "/v1/exports", map[string]any{"form": "pdf", "reason": "归档", "case": id})
		}
		filing := paper(street, "case-filing")
		var e api.Export
		ask(w.leader, filing).want(202).into(&e)
		if e.State != "queued" {
			t.Errorf("%+v", e)
		}
		ask(w.officer, filing).fails(403, "access.denied")
		if p := ask(w.leader, paper(street, "penalty-notice")).fails(404, "case.not_filing"); p.Field != "case" {
			t.Errorf("%+v", p)
		}
		foreign, absent := ask(w.leader, paper(foreign, "case-filing")), ask(w.leader, newID())
		if f, a := foreign.fails(404, "request.not_found"), absent.fails(404, "request.not_found"); f.Field != a.Field || f.Detail != a.Detail {
			t.Errorf("foreign and absent differ: %+v, %+v", f, a)
		}
		w.leader.send("POST", "/v1/exports", map[string]any{"form": "pdf", "reason": "归档", "case": filing, "month": "2026-11"}).fails(400, "request.field_invalid")
	})
}
