package server_test

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A paper that is issued is rendered by the running server, and an export of it is made and can be had: whoever is told "done" finds the file.
func TestPapersAreExportedByTheRunningServer(t *testing.T) {
	onBoth(t, func(t *testing.T, r *replica) {
		r.units()
		boss := r.put("officers", record.Object{"name": "队长", "unit": street, "state": "active", "grants": record.Object{"l": record.Object{"role": "leader", "unit": street}}})
		leader := r.handheldOf(boss, t.TempDir())
		text, err := templates.Files.ReadFile("inspection-record.json")
		r.must(err)
		body, err := wire.Object(text)
		r.must(err)
		paper := r.put("documents", record.Object{"unit": street, "kind": "inspection-record", "template": r.put("templates", body), "templateVersion": 1.0, "state": "issued",
			"issuedAt": "2026-11-25T07:00:00Z", "data": record.Object{"findings": "一切正常"}})
		eventually(t, "the paper is rendered", func() bool {
			rec, err := r.DB.Record(ctx, "documents", paper)
			r.must(err)
			body, err := wire.Object(rec.Body)
			r.must(err)
			return body["rendered"] != nil
		})
		var e struct{ ID, State string }
		reply, err := leader.Call(ctx, http.MethodPost, "/v1/exports", nil, nil, map[string]any{"form": "pdf", "reason": "归档", "documents": []string{paper}})
		r.must(err)
		r.must(json.Unmarshal(reply.Body, &e, json.MatchCaseInsensitiveNames(true)))
		eventually(t, "the export is done", func() bool {
			reply, err := leader.Call(ctx, http.MethodGet, "/v1/exports/"+e.ID, nil, nil, nil)
			r.must(err)
			r.must(json.Unmarshal(reply.Body, &e, json.MatchCaseInsensitiveNames(true)))
			return e.State == "done"
		})
		file, err := leader.Call(ctx, http.MethodGet, "/v1/exports/"+e.ID+"/content", nil, nil, nil)
		r.must(err)
		if string(file.Body[:5]) != "%PDF-" {
			t.Errorf("%.20q", file.Body)
		}
		r.must(leader.Sync(ctx))
		if _, err := leader.Get(ctx, "exports", e.ID); err != nil {
			t.Errorf("the device's feed does not tell of its export: %v", err)
		}
	})
}
