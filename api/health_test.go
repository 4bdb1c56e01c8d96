package api_test

import (
	"testing"
	"time"
)

// What a device tells and what the server knows of it stand in the list of devices. What cannot be is refused and changes nothing.
func TestHealthInTheList(t *testing.T) {
	w := newWorld(t)
	o := w.officer
	o.send("POST", "/v1/sync/push", o.ops(street, 2)).want(200)
	report := "/v1/devices/current/report"
	oldest := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, bad := range []map[string]any{{"unsent": -1}, {"unsent": 0, "oldestUnsent": oldest}, {"unsent": 1, "oldestUnsent": "0001-01-02T00:00:00Z"},
		{"unsent": 1, "oldestUnsent": "9999-01-01T00:00:00Z"}, {"unsent": 1, "appVersion": "a\u0000"}, {"unsent": 1e10},
		{"unsent": 1, "appVersion": string(make([]byte, 200))}} {
		o.send("POST", report, bad).fails(400, "request.field_invalid")
	}
	o.send("POST", report, map[string]any{"unsent": "3"}).fails(400, "request.malformed")
	health := func() (h struct {
		ContactAt, ReportedAt, OldestUnsent time.Time
		Unsent                              *int
		AppVersion                          string
		LastSeq                             uint64
		Skew                                *struct{ Ops int }
	}) {
		t.Helper()
		var list struct {
			Devices []struct {
				ID     string
				Health *struct {
					ContactAt, ReportedAt, OldestUnsent time.Time
					Unsent                              *int
					AppVersion                          string
					LastSeq                             uint64
					Skew                                *struct{ Ops int }
				}
			}
		}
		w.leader.send("GET", "/v1/devices?limit=200", nil).want(200).into(&list)
		for _, d := range list.Devices {
			if d.ID == o.device && d.Health != nil {
				return *d.Health
			}
		}
		t.Fatalf("device %s is not listed with its health: %+v", o.device, list)
		return h
	}
	if h := health(); h.Unsent != nil || h.LastSeq != 2 || h.ContactAt.IsZero() || h.Skew != nil || !h.ReportedAt.IsZero() {
		t.Errorf("before it has told anything: %+v", h)
	}
	o.send("POST", report, map[string]any{"unsent": 4, "oldestUnsent": oldest, "appVersion": "2.1"}).want(204)
	if h := health(); h.Unsent == nil || *h.Unsent != 4 || h.AppVersion != "2.1" || h.OldestUnsent.Format(time.RFC3339) != oldest {
		t.Errorf("%+v", h)
	}
	before := health().ContactAt
	w.leader.send("POST", "/v1/sync/pull", map[string]any{}).want(200)
	o.send("POST", "/v1/sync/pull", map[string]any{}).want(200)
	if after := health().ContactAt; after.Before(before) {
		t.Errorf("contact went back from %v to %v", before, after)
	}
}
