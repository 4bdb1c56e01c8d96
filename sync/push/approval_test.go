package push_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// approvals makes a template that the officers, the head of the unit and the head of the organ sign, in this order.
func (b *beat) approvals() string {
	id := newID()
	signer := func(order float64, role string, fields ...any) object {
		return object{"order": order, "role": role, "count": 1.0, "label": role, "fields": fields}
	}
	text := object{"kind": "text", "label": "意见"}
	b.own(push.ServerOp{Collection: "templates", Record: id, Action: record.Create, Patch: object{"kind": "inspection-approval", "name": "审批表", "version": 1.0, "validFrom": "2020-01-01",
		"officersNeeded": 0.0, "fields": object{"facts": text, "unitOpinion": text, "headOpinion": text}, "layout": object{"s": object{"kind": "signatures"}},
		"signers": object{"officers": signer(1, "officer"), "unit": signer(2, "unit", "unitOpinion"), "head": signer(3, "head", "headOpinion")}}})
	return id
}

// signing is a patch by which somebody signs, with what he says.
func signing(role, officer string, more object) object {
	patch := object{"signatures": object{newID(): object{"role": role, "officer": officer, "at": time.Now().UTC().Format(time.RFC3339), "strokes": "1,600,200;10,20,0,3,-4,8"}}}
	for key, value := range more {
		patch[key] = value
	}
	return patch
}

// Officers draft, the head of the unit endorses, the head of the organ approves and so issues: each by his own op. Who has no right to approve is
// refused, whatever else he may write; who has it and signs for another is found.
func TestAFormIsApprovedStepByStep(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		chief, reviewer, foreign := newID(), newID(), newID()
		b.person(chief, "主任", people.RoleChief)
		b.person(reviewer, "法制员", people.RoleReviewer)
		b.own(push.ServerOp{Collection: "officers", Record: foreign, Action: record.Create, Patch: object{"name": "邻街主任", "unit": "120102002", "state": people.Active,
			"grants": object{"g": object{"role": string(people.RoleChief), "unit": "120102002"}, "h": object{"role": string(people.RoleOfficer), "unit": street}}}})
		template := b.approvals()
		h, desk := b.handheld(), b.handheld()
		for _, id := range []string{chief, reviewer, foreign} {
			desk.signIn(id)
		}
		id := newID()
		draft := signing("officer", b.officer, object{"unit": street, "kind": "inspection-approval", "template": template, "templateVersion": 1.0, "state": document.Draft,
			"data": object{"facts": "占道"}})
		want(t, h.push(h.act("documents", b.officer, record.Create, id, 0, draft, nil))[0], "applied", 1)

		step := func(author string, base uint64, patch object) wire.Outcome {
			return desk.push(desk.act("documents", author, record.Update, id, base, patch, nil))[0]
		}
		issue := object{"state": document.Issued, "issuedAt": time.Now().UTC().Format(time.RFC3339), "data": object{"headOpinion": "同意"}}
		for who, c := range map[string]struct{ author, role string }{"an officer": {b.officer, "unit"}, "an officer as head": {b.officer, "head"}, "the leader as head": {b.leader, "head"},
			"a reviewer as head": {reviewer, "head"}, "the head as reviewer": {chief, "legal"}, "the head of another street": {foreign, "head"}} {
			if o := step(c.author, 1, signing(c.role, c.author, nil)); o.Status != "rejected" || o.Code != string(fault.ActionDenied) {
				t.Errorf("%s signed as %s: %+v", who, c.role, o)
			}
		}
		o := step(b.leader, 1, signing("unit", b.leader, object{"data": object{"unitOpinion": "同意上报"}}))
		want(t, o, "applied", 2)
		if found := codes(b.findings(o)); len(found) > 0 {
			t.Errorf("the unit: %v", found)
		}
		o = step(chief, 2, signing("head", chief, issue))
		want(t, o, "applied", 3)
		if found := codes(b.findings(o)); len(found) > 0 {
			t.Errorf("the head: %v", found)
		}

		id = newID()
		want(t, h.push(h.act("documents", b.officer, record.Create, id, 0, draft, nil))[0], "applied", 1)
		o = step(chief, 1, signing("head", b.leader, issue))
		want(t, o, "applied", 2)
		if found := codes(b.findings(o)); !slices.Equal(found, []string{document.ApprovedByAnother, document.ApprovedEarly, document.FormFlawed}) {
			t.Errorf("the head for another, before the unit: %v", found)
		}
	})
}
