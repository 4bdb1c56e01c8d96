package push_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const series = street + "/summary-penalty/2026"

// leased gives a device of the street the numbers 1 to 9.
func (b *beat) leased(device string) string {
	b.t.Helper()
	id := newID()
	b.own(push.ServerOp{Collection: document.Blocks.Name, Record: id, Action: record.Create, Patch: object{"device": device, "unit": street, "series": series,
		"organ": street, "kind": document.SummaryPenalty, "year": 2026.0, "pattern": "第{n}号", "from": 1.0, "to": 9.0,
		"leasedAt": "2026-11-25T00:00:00Z", "expiresAt": "2026-12-25T00:00:00Z"}})
	return id
}

func (b *beat) void(reason string) object {
	return object{"reason": reason, "at": "2026-11-25T08:00:00Z", "officer": b.officer}
}

// What becomes of numbers is written into their block by the device that has it, and by those who may settle over its unit.
func TestWhoMayWriteIntoABlock(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		supervisor, far, afar := newID(), newID(), newID()
		b.person(supervisor, "监督", people.RoleSupervisor)
		for id, role := range map[string]people.Role{far: people.RoleLeader, afar: people.RoleOfficer} {
			b.own(push.ServerOp{Collection: "officers", Record: id, Action: record.Create, Patch: object{"name": "远", "unit": "120102002", "state": people.Active,
				"grants": object{"g": object{"role": string(role), "unit": "120102002"}}}})
		}
		own, other := b.handheld(), b.handheld()
		for _, h := range []*handheld{own, other} {
			for _, id := range []string{supervisor, far, afar} {
				h.signIn(id)
			}
		}
		block := b.leased(own.id)
		n := 0
		for _, c := range []struct {
			name   string
			by     *handheld
			author string
			want   string
		}{
			{"officer on the device", own, b.officer, "applied"},
			{"leader on the device", own, b.leader, "applied"},
			{"auxiliary on the device", own, b.auxiliary, "rejected op.denied"},
			{"officer on another device", other, b.officer, "rejected op.out_of_scope"},
			{"leader of the unit on another device", other, b.leader, "applied"},
			{"supervisor on another device", other, supervisor, "applied"},
			{"leader of another street on the device", own, far, "rejected op.out_of_scope"},
			{"leader of another street elsewhere", other, far, "rejected op.out_of_scope"},
			{"officer of another street", own, afar, "rejected op.out_of_scope"},
		} {
			n++
			base := b.version(document.Blocks.Name, block)
			out := c.by.push(c.by.act(document.Blocks.Name, c.author, record.Update, block, base, object{"voids": object{fmt.Sprint(n): b.void("打印作废")}}, nil))[0]
			got := out.Status
			if out.Code != "" {
				got += " " + out.Code
			}
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		for name, patch := range map[string]object{
			"a block of its own":    nil,
			"numbers of its own":    {"to": 99.0},
			"another end":           {"expiresAt": "2030-01-01T00:00:00Z"},
			"a device of its own":   {"device": other.id},
			"that it was not lost":  {"lost": object{"reason": "找到"}},
			"a void taken back":     {"voids": object{"1": nil}},
			"beyond the block":      {"voids": object{"10": b.void("x")}},
			"no number":             {"voids": object{"07": b.void("x")}},
			"no reason":             {"voids": object{"7": object{"at": "2026-11-25T08:00:00Z", "officer": b.officer, "reason": " "}}},
			"nobody":                {"voids": object{"7": object{"at": "2026-11-25T08:00:00Z", "reason": "x"}}},
			"gives back no numbers": {"returns": object{"9": object{"to": 8.0, "at": "2026-11-25T08:00:00Z", "officer": b.officer}}},
			"gives back too many":   {"returns": object{"9": object{"to": 10.0, "at": "2026-11-25T08:00:00Z", "officer": b.officer}}},
		} {
			action, id, base := record.Update, block, b.version(document.Blocks.Name, block)
			if patch == nil {
				action, id, base, patch = record.Create, newID(), 0, object{"device": own.id, "series": series}
			}
			out := own.push(own.act(document.Blocks.Name, b.officer, action, id, base, patch, nil))[0]
			if out.Status != "rejected" && !(name == "a void taken back" && out.Status == "conflict") {
				t.Errorf("%s: %+v", name, out)
			}
		}
		if body := b.body(document.Blocks.Name, block); len(body["voids"].(object)) != 4 || body["to"] != 9.0 || body["returns"] != nil {
			t.Errorf("block %v", body)
		}
		if out := own.push(own.act(document.Blocks.Name, b.officer, record.Remove, block, b.version(document.Blocks.Name, block), nil, nil))[0]; out.Status != "rejected" {
			t.Errorf("removed: %+v", out)
		}
	})
}

func (b *beat) version(collection, id string) uint64 {
	b.t.Helper()
	r, err := b.db.Record(context.Background(), collection, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Version
}

// paper is the body of a paper with a number; its other flaws are no matter here.
func paper(n float64) object {
	return object{"unit": street, "kind": document.SummaryPenalty, "template": newID(), "templateVersion": 1.0, "state": document.Issued,
		"issuedAt": "2026-11-25T08:00:00Z", "number": object{"series": series, "n": n, "text": fmt.Sprintf("第%v号", n)}}
}

// A number that is void is taken: a paper that bears it is a double, and so is a void of what a paper bears. Both stand, and are kept as doubles.
func TestAVoidNumberIsTaken(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		block := b.leased(h.id)
		first, second := newID(), newID()
		out := h.push(h.act(document.Blocks.Name, b.officer, record.Update, block, 1, object{"voids": object{"1": b.void("打印作废")}}, nil),
			h.act("documents", b.officer, record.Create, first, 0, paper(1), nil), h.act("documents", b.officer, record.Create, second, 0, paper(2), nil),
			h.act(document.Blocks.Name, b.officer, record.Update, block, 1, object{"voids": object{"2": b.void("错")}}, nil))
		for i, double := range []bool{false, true, false, true} {
			if found := b.findings(out[i]); (found["number.double"] != nil) != double || out[i].Status != "applied" {
				t.Errorf("op %d: %s %v", i, out[i].Status, found)
			}
		}
		err := b.db.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			claims, err := tx.NumberClaims(ctx, []push.NumberUse{{Series: series, N: 1}, {Series: series, N: 2}, {Series: series, N: 3}})
			if len(claims) != 2 || claims[push.NumberUse{Series: series, N: 1}] != block || claims[push.NumberUse{Series: series, N: 2}] != second {
				t.Errorf("claims %v", claims)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Papers of two units of one organ race for one number: their feeds are others, so no lock orders them. One has it, and each other is told
// that it is a double; none is lost on the way.
func TestTwoRaceForOneNumber(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		f := newField(t, d)
		const racers, rounds = 4, 12
		devices := make([]*handheld, racers)
		for i := range devices {
			devices[i] = f.handheld()
			devices[i].unit = fmt.Sprintf("%s%02d", street, i+1)
			f.grant(newIDFor(devices[i]), devices[i].unit)
			devices[i].signIn(devices[i].officer)
		}
		for n := range rounds {
			outs := make([][]wire.Outcome, racers)
			var all sync.WaitGroup
			for i, h := range devices {
				p := h.sign(h.op(record.Create, newID(), 0, record.Object{"unit": h.unit, "state": "open", "sum": float64(n + 1)}))
				all.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
					defer cancel()
					reply, err := f.service.Apply(ctx, people.Caller{Device: h.id, Officer: h.officer, Unit: h.unit}, p)
					if err != nil {
						t.Error(err)
					}
					outs[i] = reply.Outcomes
				})
			}
			all.Wait()
			first := 0
			for _, out := range outs {
				if len(out) == 1 && out[0].Status == "applied" && len(out[0].Findings) == 0 {
					first++
				}
			}
			if first != 1 {
				t.Errorf("number %d: %d papers have it without a finding: %+v", n+1, first, outs)
			}
		}
	})
}

// newIDFor gives a handheld an officer of its own.
func newIDFor(h *handheld) string {
	h.officer = newID()
	return h.officer
}
