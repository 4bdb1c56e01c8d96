package push_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Assigning waits for the server, so it is refused: nothing of it is stored, and the op and its reason are.
func TestAssignmentRefused(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		cancelled := newID()
		b.person(cancelled, "戊", people.RoleOfficer)
		b.card(cancelled)
		b.happens(cancelled, people.Cancel, time.Now().Add(-time.Hour))
		h := b.handheld()
		task := func(state string, items []any, officers ...string) (string, wire.Op) {
			id, named := newID(), object{}
			for _, o := range officers {
				named[o] = object{}
			}
			return id, h.act("tasks", b.leader, record.Create, id, 0, object{"title": "检查", "unit": street, "kind": "日常",
				"state": state, "items": items, "officers": named}, nil)
		}
		for name, c := range map[string]struct {
			items   []any
			officer string
			zh      string
		}{
			"cancelled certificate": {[]any{"FINE"}, cancelled, "戊"},
			"auxiliary":             {[]any{"FINE"}, b.auxiliary, "丙"},
			"nobody":                {[]any{"FINE"}, newID(), "不在人员库"},
			"suspended item":        {[]any{"PAUSED"}, b.second, "PAUSED"},
		} {
			id, op := task(inspect.TaskAssigned, c.items, b.officer, c.officer)
			out := h.push(op)[0]
			if out.Status != "rejected" || out.Code != string(fault.GateRefused) || !strings.Contains(out.Zh, c.zh) || out.Field == "" {
				t.Errorf("%s: %+v", name, out)
			}
			if _, err := b.db.Record(context.Background(), "tasks", id); err == nil {
				t.Errorf("%s: the refused task was stored", name)
			}
		}
		id, op := task(inspect.TaskDraft, []any{"FINE"}, b.officer, cancelled)
		want(t, h.push(op)[0], "applied", 1)
		assign := h.act("tasks", b.leader, record.Update, id, 1, object{"state": inspect.TaskAssigned}, nil)
		if out := h.push(assign)[0]; out.Code != string(fault.GateRefused) {
			t.Errorf("assigning the draft: %+v", out)
		}
		without := h.act("tasks", b.leader, record.Update, id, 1, object{"state": inspect.TaskAssigned,
			"officers": object{cancelled: nil, b.second: object{}}}, nil)
		want(t, h.push(without)[0], "applied", 2)
	})
}

// Issuing a paper by one officer stands too, and is a finding; the paper is for the citizen to keep.
func TestPaperByOneOfficer(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		paper := func(officers ...string) map[string]object {
			named := object{}
			for _, o := range officers {
				named[o] = object{}
			}
			out := h.push(h.act("documents", b.officer, record.Create, newID(), 0, object{"unit": street, "kind": "现场检查笔录",
				"template": newID(), "templateVersion": 1.0, "state": "issued", "officers": named}, nil))[0]
			want(t, out, "applied", 1)
			return b.findings(out)
		}
		if got := codes(paper(b.officer)); !slices.Contains(got, people.TooFew) {
			t.Errorf("one officer: findings %v", got)
		}
		for _, code := range codes(paper(b.officer, b.second)) {
			if strings.HasPrefix(code, "G01") {
				t.Errorf("two officers: finding %s", code)
			}
		}
	})
}

// Nobody lifts the suspension of his own certificate, and nobody lifts any without a reason.
func TestCertificatesAreNotOnesOwn(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		supervisor := newID()
		b.own(push.ServerOp{Collection: "officers", Record: supervisor, Action: record.Create, Patch: object{"name": "监督", "unit": "120102",
			"state": people.Active, "grants": object{"g": object{"role": string(people.RoleSupervisor), "unit": "120102"}}}})
		b.card(supervisor)
		h := b.handheld()
		h.signIn(supervisor)
		lift := func(officer, reason string) wire.Outcome {
			return h.push(h.act("certificates", supervisor, record.Update, b.cards[officer], 1, object{"events": object{newID(): object{
				"kind": string(people.Suspend), "at": "2026-11-25T00:00:00Z", "reason": reason}}}, nil))[0]
		}
		for name, out := range map[string]wire.Outcome{"own": lift(supervisor, "自查"), "no reason": lift(b.officer, "")} {
			if out.Status != "rejected" || out.Code != string(fault.GateRefused) {
				t.Errorf("%s: %+v", name, out)
			}
		}
		want(t, lift(b.officer, "接受调查"), "applied", 2)
	})
}

// PostgreSQL keeps no U+0000. One such text is one rejected op, on every database, and never an error that the handheld would
// run into again and again.
func TestNulIsOneRejectedOp(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		for name, patch := range map[string]object{
			"text": {"summary": "a\x00b"}, "unit": {"unit": street + "\x00"}, "in an array": {"items": []any{"a\x00b"}},
			"name": {"officers": object{"a\x00b": object{}}}, "unknown field": {"x": object{"y": []any{[]any{"\x00"}}}},
		} {
			out := h.push(h.act("inspections", b.officer, record.Create, newID(), 0, record.Apply(visit(b.officer, b.second), patch), nil))[0]
			if out.Status != "rejected" || out.Code != string(fault.OpInvalid) || out.Field != "patch" {
				t.Errorf("%s: %+v", name, out)
			}
		}
		headless := h.act("inspections\x00", b.officer, record.Create, newID(), 0, object{}, nil)
		if _, err := h.send(h.sign(headless)); !errors.Is(err, fault.New(fault.OpInvalid)) {
			t.Errorf("in an op's own fields: %v", err)
		}
	})
}
