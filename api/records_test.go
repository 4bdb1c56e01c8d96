package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestARecordAndItsPast(t *testing.T) {
	w := newWorld(t)
	reply := w.officer.send("POST", "/v1/sync/push", w.officer.ops(street, 1)).want(200)
	var pushed struct {
		Outcomes []struct{ Op, Status string }
		Acked    uint64
	}
	reply.into(&pushed)
	if pushed.Acked != 1 || pushed.Outcomes[0].Status != "applied" {
		t.Fatalf("%s", reply.body)
	}
	var page struct {
		Changes []struct{ ID, Collection string }
	}
	w.officer.send("POST", "/v1/sync/pull", map[string]any{}).want(200).into(&page)
	id := ""
	for _, c := range page.Changes {
		if c.Collection == "subjects" {
			id = c.ID
		}
	}
	w.own(push.ServerOp{Collection: "subjects", Record: id, Action: record.Update, Patch: record.Object{"name": "改名超市"}})
	var now struct {
		Version int
		Removed bool
		Body    map[string]any
	}
	w.officer.send("GET", "/v1/records/subjects/"+id, nil).want(200).into(&now)
	if now.Version != 2 || now.Removed || now.Body["name"] != "改名超市" {
		t.Errorf("%+v", now)
	}
	var past struct {
		Versions []struct {
			Version                             int
			Op, Action, Author, Device, Outcome string
			OccurredAt, ReceivedAt              time.Time
			Body                                map[string]any
		}
	}
	w.supervisor.send("GET", "/v1/records/subjects/"+id+"/history", nil).want(200).into(&past)
	if len(past.Versions) != 2 {
		t.Fatalf("%+v", past)
	}
	first, second := past.Versions[0], past.Versions[1]
	if first.Author != w.officer.officer || first.Device != w.officer.device || first.Action != "create" || first.Op != pushed.Outcomes[0].Op ||
		first.Outcome != "applied" || first.ReceivedAt.IsZero() || first.OccurredAt.IsZero() || first.Body["name"] != "某某超市" {
		t.Errorf("%+v", first)
	}
	if second.Author != "server" || second.Device != "" || second.Version != 2 {
		t.Errorf("%+v", second)
	}
}

func TestARecordIsLookedForInItsOwnCollection(t *testing.T) {
	w := newWorld(t)
	id := w.put("subjects", record.Object{"name": "某某超市", "unit": street, "kind": "enterprise"})
	w.officer.send("GET", "/v1/records/subjects/"+id, nil).want(200)
	for _, collection := range []string{"tasks", "officers", "no-such", "Subjects", "subjects%00"} {
		w.officer.send("GET", "/v1/records/"+collection+"/"+id, nil).fails(404, "request.not_found")
	}
}

func TestABlockIsSeenOnItsOwnDeviceOnly(t *testing.T) {
	w := newWorld(t)
	id := newID()
	w.own(push.ServerOp{Collection: "blocks", Record: id, Action: record.Create, Patch: record.Object{"device": w.officer.device, "series": "s", "organ": street,
		"kind": "record", "year": 2026.0, "from": 1.0, "to": 9.0, "leasedAt": "2026-11-25T01:00:00Z", "expiresAt": "2026-12-25T01:00:00Z"}})
	w.officer.send("GET", "/v1/records/blocks/"+id, nil).want(200)
	w.leader.send("GET", "/v1/records/blocks/"+id, nil).fails(404, "request.not_found")
}

func TestACertificateIsCheckedAtAMoment(t *testing.T) {
	w := newWorld(t)
	w.put("certificates", record.Object{"number": "津02 0001", "officer": w.officer.officer, "organ": street, "validFrom": "2026-01-01", "validTo": "2026-12-31",
		"events": record.Object{"a": record.Object{"kind": "suspended", "at": "2026-06-01T00:00:00Z", "reason": "年审未通过"},
			"b": record.Object{"kind": "restored", "at": "2026-07-01T00:00:00Z"}}})
	for at, want := range map[string]struct{ standing, reason string }{
		"2025-12-31T00:00:00Z":      {"not_yet_valid", ""},
		"2026-03-01T00:00:00Z":      {"valid", ""},
		"2026-06-15T08:00:00+08:00": {"suspended", "年审未通过"},
		"2026-08-01T00:00:00Z":      {"valid", ""},
		"2027-01-01T00:00:00Z":      {"expired", ""},
	} {
		var got struct {
			Number, Officer, Name, Organ, Standing, ValidFrom, ValidTo, Reason string
			Since                                                              *time.Time
		}
		path := "/v1/certificates/%E6%B4%A502%200001/check?at=" + strings.ReplaceAll(at, "+", "%2B")
		w.leader.send("GET", path, nil).want(200).into(&got)
		if got.Standing != want.standing || got.Reason != want.reason || got.Name != "赵一" || got.Organ != "大王庄街道" || got.Number != "津02 0001" ||
			got.Officer != w.officer.officer || got.ValidFrom != "2026-01-01" || got.ValidTo != "2026-12-31" || (got.Since == nil) != (want.standing == "not_yet_valid") {
			t.Errorf("at %s: %+v", at, got)
		}
	}
	w.leader.send("GET", "/v1/certificates/%E6%B4%A502%200001/check?at=yesterday", nil).fails(400, "request.field_invalid")
	w.leader.send("GET", "/v1/certificates/%E6%B4%A502%200002/check", nil).fails(404, "request.not_found")
}

func TestDevicesAreListedAndRevoked(t *testing.T) {
	w := newWorld(t)
	var list struct {
		Devices []struct{ ID, Name, Unit, RevokedAt string }
	}
	w.leader.send("GET", "/v1/devices", nil).want(200).into(&list)
	if len(list.Devices) != 2 {
		t.Errorf("the street's devices: %+v", list)
	}
	w.sysadmin.send("GET", "/v1/devices?unit="+district, nil).want(200).into(&list)
	if len(list.Devices) != 6 {
		t.Errorf("the district's devices: %+v", list)
	}
	w.leader.send("DELETE", "/v1/devices/"+w.officer.device, nil).want(204)
	w.officer.send("GET", "/v1/sessions/current", nil).fails(401, "device.revoked")
	w.leader.send("GET", "/v1/devices?unit="+street, nil).want(200).into(&list)
	for _, d := range list.Devices {
		if (d.RevokedAt != "") != (d.ID == w.officer.device) {
			t.Errorf("%+v", d)
		}
	}
}

func TestASessionFromBeginningToEnd(t *testing.T) {
	w := newWorld(t)
	p := w.officer
	bare := &person{w: w, key: p.key}
	var renewed struct {
		AccessToken, RefreshToken string
		ExpiresIn                 int
		Officer                   struct{ ID, Name string }
	}
	bare.send("POST", "/v1/sessions/refresh", map[string]any{"refreshToken": p.refresh}).want(200).into(&renewed)
	if renewed.ExpiresIn < 590 || renewed.Officer.Name != "赵一" || renewed.Officer.ID != p.officer || renewed.RefreshToken == p.refresh {
		t.Errorf("%+v", renewed)
	}
	p.access = renewed.AccessToken
	var current struct {
		Officer, Name, Account, Device, Unit string
		Grants                               []struct{ Role, Unit string }
	}
	p.send("GET", "/v1/sessions/current", nil).want(200).into(&current)
	if current.Officer != p.officer || current.Account != p.account || current.Device != p.device || current.Unit != street || len(current.Grants) != 1 {
		t.Errorf("%+v", current)
	}
	if res := p.send("DELETE", "/v1/sessions/current", nil).want(204); len(res.body) != 0 {
		t.Errorf("a body of %q", res.body)
	}
	p.send("GET", "/v1/sessions/current", nil).fails(401, "session.ended")
	bare.send("POST", "/v1/sessions", map[string]any{"account": p.account, "password": "wrong wrong wrong", "device": p.device}).fails(401, "session.sign_in_failed")
}

func TestASequenceGapTellsWhereToGoOn(t *testing.T) {
	w := newWorld(t)
	w.officer.ops(street, 3)
	p := w.officer.send("POST", "/v1/sync/push", w.officer.ops(street, 1)).fails(409, "push.sequence_gap")
	if p.Expected != 1 {
		t.Errorf("expected %d, want 1", p.Expected)
	}
}

func TestNumbersAreLeasedOnceForAKey(t *testing.T) {
	w := newWorld(t)
	w.put("templates", record.Object{"kind": "penalty", "name": "当场行政处罚决定书", "version": 1.0, "validFrom": "2026-01-01", "fields": record.Object{},
		"layout": record.Object{}, "number": record.Object{"token": "罚"}})
	type block struct {
		ID, Device, Kind string
		From, To         int
	}
	lease := func(key string, count int) block {
		var b block
		w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "penalty", "count": count}, "Idempotency-Key", key).want(201).into(&b)
		return b
	}
	first := lease("key-1", 5)
	if first.Device != w.officer.device || first.Kind != "penalty" || first.From != 1 || first.To != 5 || first.ID == "" {
		t.Errorf("%+v", first)
	}
	if again := lease("key-1", 5); again != first {
		t.Errorf("the same key got %+v after %+v", again, first)
	}
	if other := lease("key-2", 5); other.From != 6 || other.ID == first.ID {
		t.Errorf("another key got %+v", other)
	}
	w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "penalty", "count": 6}, "Idempotency-Key", "key-1").fails(409, "request.idempotency_key_reused")
	w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "penalty", "count": 101}).fails(400, "paper.lease_count")
	w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "nonsense"}).fails(404, "paper.template_absent")
	w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "penalty"}, "Idempotency-Key", strings.Repeat("k", 200)).fails(400, "request.header_invalid")
}
