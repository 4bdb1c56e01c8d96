package push_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// beat is a street with its people, cards and items, under the catalogue that the server really has.
type beat struct {
	*field
	second    string // a second certified officer, on the same handheld
	auxiliary string
	leader    string
	cards     map[string]string // certificate's record by officer
}

func onBeat(t *testing.T, fn func(t *testing.T, b *beat)) {
	t.Helper()
	databases.Each(t, func(t *testing.T, d *db.DB) {
		catalogue, err := collections.Catalogue()
		if err != nil {
			t.Fatal(err)
		}
		f := &field{t: t, db: d, officer: newID(), service: &push.Service{Store: d, Catalogue: catalogue, District: "120102",
			Now: time.Now, NewID: newID}}
		b := &beat{field: f, second: newID(), auxiliary: newID(), leader: newID(), cards: map[string]string{}}
		b.person(f.officer, "甲", people.RoleOfficer)
		b.person(b.second, "乙", people.RoleOfficer)
		b.person(b.auxiliary, "丙", people.RoleAuxiliary)
		b.person(b.leader, "队长", people.RoleLeader)
		b.card(f.officer)
		b.card(b.second)
		b.item("FINE", law.Published)
		b.item("PAUSED", law.Suspended)
		fn(t, b)
	})
}

func (b *beat) person(id, name string, role people.Role) {
	b.own(push.ServerOp{Collection: "officers", Record: id, Action: record.Create, Patch: object{"name": name, "unit": street,
		"state": people.Active, "auxiliary": role == people.RoleAuxiliary,
		"grants": object{"g": object{"role": string(role), "unit": street}}}})
}

// card gives an officer a certificate that is valid for years around today.
func (b *beat) card(officer string) {
	b.cards[officer] = newID()
	year := time.Now().Year()
	b.own(push.ServerOp{Collection: "certificates", Record: b.cards[officer], Action: record.Create, Patch: object{
		"number": fmt.Sprintf("020000000%02d", len(b.cards)), "officer": officer, "organ": street,
		"validFrom": fmt.Sprintf("%d-01-01", year-1), "validTo": fmt.Sprintf("%d-12-31", year+1)}})
}

// happens adds an event to an officer's certificate.
func (b *beat) happens(officer string, kind people.EventKind, at time.Time) {
	b.own(push.ServerOp{Collection: "certificates", Record: b.cards[officer], Action: record.Update, Patch: object{
		"events": object{newID(): object{"kind": string(kind), "at": at.UTC().Format(time.RFC3339Nano), "reason": "试验"}}}})
}

func (b *beat) item(code, state string) {
	b.own(push.ServerOp{Collection: "items", Record: newID(), Action: record.Create, Patch: object{"code": code, "name": code + "事项",
		"kind": law.Inspection, "organ": "120102", "field": "城市管理", "validFrom": "2020-01-01", "state": state,
		"basis": object{"1": object{"law": "天津市市容和环境卫生管理条例", "article": "第十五条"}}}})
}

// handheld signs everybody in, so that ops may be by any of them.
func (b *beat) handheld() *handheld {
	h := b.field.handheld()
	for _, id := range []string{b.second, b.auxiliary, b.leader} {
		h.signIn(id)
	}
	return h
}

// act makes the next op of the chain on any collection, by any author; change may be nil.
func (h *handheld) act(collection, author string, action record.Action, id string, base uint64, patch object, change func(*wire.Op)) wire.Op {
	h.f.t.Helper()
	o := wire.Op{ID: newID(), Seq: h.seq + 1, Collection: collection, Record: id, Action: string(action), Base: base, Patch: patch,
		OccurredAt: time.Now().UTC(), Author: author, Schema: 1, Prev: h.head}
	if change != nil {
		change(&o)
	}
	sealed, err := wire.Seal(o)
	if err != nil {
		h.f.t.Fatal(err)
	}
	h.seq, h.head = o.Seq, sealed.Hash
	return o
}

// visit is the body of an inspection by these officers, whose certificates were shown first.
func visit(officers ...string) object {
	named := object{}
	for _, o := range officers {
		named[o] = object{"role": "lead"}
	}
	return object{"unit": street, "state": inspect.Open, "officers": named, "items": []any{"FINE"},
		"certificatesShown": object{"at": "2026-01-01T00:00:00Z"}, "answers": object{"q1": object{"value": "合格"}}}
}

// inspects pushes a new inspection and returns its record id, outcome and the bodies of its findings by code.
func (b *beat) inspects(h *handheld, body object, change func(*wire.Op)) (string, wire.Outcome, map[string]object) {
	b.t.Helper()
	id := newID()
	out := h.push(h.act("inspections", b.officer, record.Create, id, 0, body, change))[0]
	want(b.t, out, "applied", 1)
	if kept := b.body("inspections", id); !record.Equal(kept, body) {
		b.t.Errorf("the inspection was stored as %v, sent was %v", kept, body)
	}
	return id, out, b.findings(out)
}

func (b *beat) findings(out wire.Outcome) map[string]object {
	found := map[string]object{}
	for _, id := range out.Findings {
		body := b.body("findings", id)
		found[body["code"].(string)] = body
	}
	return found
}

func codes(findings map[string]object) []string {
	var all []string
	for code := range findings {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

func wantCodes(t testing.TB, findings map[string]object, want ...string) {
	t.Helper()
	if got := codes(findings); !slices.Equal(got, want) {
		t.Errorf("findings %v, want %v: %v", got, want, findings)
	}
}

func TestTwoCertifiedOfficersRaiseNothing(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		_, out, findings := b.inspects(h, visit(b.officer, b.second), nil)
		wantCodes(t, findings)
		if out.Status != "applied" {
			t.Errorf("outcome %+v", out)
		}
	})
}

// A certificate was suspended this morning; the officer acts nevertheless. What happened stands, whole, and the finding in
// the street's feed names the officer, the rule, the op and the record.
func TestSuspendedThatMorning(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		b.happens(b.second, people.Suspend, time.Now().Add(-4*time.Hour))
		h := b.handheld()
		id, out, findings := b.inspects(h, visit(b.officer, b.second), nil)
		wantCodes(t, findings, people.NotCertified, people.TooFew)
		f := findings[people.NotCertified]
		if !strings.Contains(f["zh"].(string), "乙") || !strings.Contains(f["zh"].(string), "暂扣") || f["field"] != "officers/"+b.second {
			t.Errorf("the finding does not name the officer: %v", f)
		}
		if f["record"] != id || f["op"] != out.Op || f["unit"] != street || f["state"] != collections.FindingOpen || f["basis"] == "" {
			t.Errorf("finding %v", f)
		}
		feeds, _ := b.db.Record(context.Background(), "findings", out.Findings[0])
		if feeds.Feed != "unit/"+street {
			t.Errorf("the finding is in %s", feeds.Feed)
		}
	})
}

// The suspension counts from its moment on: an inspection of yesterday that arrives today is clean.
func TestActedBeforeTheSuspension(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		b.happens(b.second, people.Suspend, time.Now().Add(-4*time.Hour))
		yesterday := func(o *wire.Op) { o.OccurredAt = o.OccurredAt.Add(-24 * time.Hour) }
		_, _, findings := b.inspects(b.handheld(), visit(b.officer, b.second), yesterday)
		wantCodes(t, findings)
	})
}

func TestOneAndAnAuxiliary(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		_, _, findings := b.inspects(h, visit(b.officer, b.auxiliary), nil)
		wantCodes(t, findings, people.OnlyAssists, people.TooFew)
		helped := visit(b.officer)
		helped["officers"].(object)[b.auxiliary] = object{"role": string(people.RoleAuxiliary)}
		_, _, findings = b.inspects(h, helped, nil)
		wantCodes(t, findings, people.TooFew)
		helped = visit(b.officer, b.second)
		helped["officers"].(object)[b.auxiliary] = object{"role": string(people.RoleAuxiliary)}
		_, _, findings = b.inspects(h, helped, nil)
		wantCodes(t, findings)
		_, _, findings = b.inspects(h, visit(b.officer, b.second, newID()), nil)
		wantCodes(t, findings, people.Nobody)
	})
}

// The handheld last saw the server's time two hours ago and has counted since: it acted within some seconds of the
// suspension, and nobody can say on which side of it.
func TestUncertainAroundTheSuspension(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		seen := time.Now().UTC().Add(-3 * time.Hour)
		const counted = 2 * time.Hour
		anchored := func(o *wire.Op) {
			o.OccurredAt = seen.Add(-300 * 24 * time.Hour) // the wall clock is far off: it must not matter
			o.Clock = wire.Clock{Boot: "b", MonotonicMs: (5*time.Minute + counted).Milliseconds(),
				Anchor: &wire.Anchor{Server: seen, MonotonicMs: (5 * time.Minute).Milliseconds()}}
		}
		happened := seen.Add(counted)
		for name, c := range map[string]struct {
			suspended time.Time
			want      []string
		}{
			"within the interval": {happened.Add(time.Second), []string{people.Doubtful}},
			"long before":         {happened.Add(-time.Minute), []string{people.NotCertified, people.TooFew}},
			"long after":          {happened.Add(time.Minute), nil},
		} {
			colleague := newID()
			b.person(colleague, "丁", people.RoleOfficer)
			b.card(colleague)
			b.happens(colleague, people.Suspend, c.suspended)
			_, _, findings := b.inspects(b.handheld(), visit(b.officer, colleague), anchored)
			if got := codes(findings); !slices.Equal(got, c.want) {
				t.Errorf("%s: findings %v, want %v", name, got, c.want)
			}
		}
	})
}

// One breach is one finding, however many ops of the inspection it spoils; once it is closed a new act is looked at anew.
func TestOneBreachOneFinding(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		id, first, findings := b.inspects(h, visit(b.officer), nil)
		wantCodes(t, findings, people.TooFew)
		answer := func(key string, base uint64) wire.Op {
			return h.act("inspections", b.officer, record.Update, id, base, object{"answers": object{key: object{"value": "否"}}}, nil)
		}
		for i, o := range h.push(answer("q2", 1), answer("q3", 1)) {
			want(t, o, "applied", uint64(i+2))
			wantCodes(t, b.findings(o))
		}
		closing := h.act("findings", b.leader, record.Update, first.Findings[0], 1, object{"state": collections.FindingClosed, "explanation": "已核实"}, nil)
		want(t, h.push(closing)[0], "applied", 2)
		wantCodes(t, b.findings(h.push(answer("q4", 3))[0]), people.TooFew)
		// within one push the first op's finding is seen by the second
		other := newID()
		outs := h.push(h.act("inspections", b.officer, record.Create, other, 0, visit(b.officer), nil),
			h.act("inspections", b.officer, record.Update, other, 0, object{"answers": object{"q2": object{"value": "否"}}}, nil))
		if len(outs[0].Findings) != 1 || len(outs[1].Findings) != 0 {
			t.Errorf("findings of two ops of one push: %v, %v", outs[0].Findings, outs[1].Findings)
		}
	})
}

func TestShownAndItems(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		unshown := visit(b.officer, b.second)
		delete(unshown, "certificatesShown")
		_, _, findings := b.inspects(h, unshown, nil)
		wantCodes(t, findings, inspect.NotShown)
		late := visit(b.officer, b.second)
		late["startedAt"] = "2025-12-31T23:59:59Z"
		_, _, findings = b.inspects(h, late, nil)
		wantCodes(t, findings, inspect.ShownLate)
		grounds := visit(b.officer, b.second)
		grounds["items"] = []any{"PAUSED", "MISSING"}
		_, _, findings = b.inspects(h, grounds, nil)
		wantCodes(t, findings, law.NotInCatalogue, law.NotPublished)
	})
}
