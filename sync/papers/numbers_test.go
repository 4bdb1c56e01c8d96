package papers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

const series = street + "/summary-penalty/2026"

// enrol makes a device of a unit.
func (w *world) enrol(unit string) string {
	w.Helper()
	id, ctx := newID(), context.Background()
	if err := w.db.CreateCode(ctx, people.EnrolmentCode{Digest: id, Unit: unit, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		w.Fatal(err)
	}
	if _, err := w.db.Enrol(ctx, id, people.Device{ID: id, PublicKey: []byte(id), Thumbprint: id, EnrolledAt: now}, time.Now()); err != nil {
		w.Fatal(err)
	}
	return id
}

// on is the officer at a device, leader the street's.
func (w *world) on(device string) people.Caller {
	c := w.caller()
	c.Device = device
	return c
}

func (w *world) leader(unit string) people.Caller {
	c := w.caller()
	c.Officer, c.Grants = w.officers[1], []people.Grant{{Role: people.RoleLeader, Unit: unit}}
	return c
}

// leaseOn leases numbers to a device and returns their block.
func (w *world) leaseOn(device string, count int) string {
	w.Helper()
	id, _, err := w.Lease(context.Background(), w.on(device), document.SummaryPenalty, count, "")
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// issue makes a paper with a number, by the server.
func (w *world) issue(n float64, state string) string {
	w.Helper()
	body := w.penalty(state)
	body["number"] = record.Object{"series": series, "n": n, "text": "第号"}
	return w.create(document.Documents.Name, body)
}

// account writes the account of the series as short lines.
func (w *world) account() string {
	w.Helper()
	var out []string
	err := w.EachNumber(context.Background(), series, func(e document.NumberEntry) error {
		line := fmt.Sprintf("%d-%d %s %s", e.From, e.To, e.State, e.Reason)
		out = append(out, strings.TrimSpace(line))
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return strings.Join(out, ", ")
}

func wantAccount(w *world, want string) {
	w.Helper()
	if got := w.account(); got != want {
		w.Errorf("account\n%s, want\n%s", got, want)
	}
}

// What becomes of a block whose device is lost: doubt, the move to another device, late papers, and the end of doubt.
func TestALostBlock(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		lost, next := w.enrol(team), w.enrol(street)
		block := w.leaseOn(lost, 10)
		w.issue(1, document.Issued)
		wantAccount(w, "1-1 issued, 2-10 leased")
		if _, to, _, err := w.Lose(ctx, w.leader(street), block, papers.Loss{Reason: "执法终端遗失"}); err != nil || to != "" {
			t.Fatal(to, err)
		}
		wantAccount(w, "1-1 issued, 2-10 doubt lost")
		loss := papers.Loss{Reason: "执法终端遗失", Device: next, From: 5}
		body, to, moved, err := w.Lose(ctx, w.leader(street), block, loss)
		if err != nil {
			t.Fatal(err)
		}
		b, m := document.ReadLeasedBlock(block, body), document.ReadLeasedBlock(to, moved)
		if b.Lost.Officer != w.officers[1] || b.MovedFrom != 5 || b.MovedTo != to || b.MovedDevice != next || m.Device != next || m.Unit != street || m.From != 5 || m.To != 10 ||
			m.Series != b.Series || m.Pattern != b.Pattern || !m.ExpiresAt.After(now) {
			t.Errorf("block %+v, moved %+v", b, m)
		}
		wantAccount(w, "1-1 issued, 2-4 doubt lost, 5-10 leased")
		if _, again, _, err := w.Lose(ctx, w.leader(street), block, loss); err != nil || again != to {
			t.Errorf("said again: %s, %v", again, err)
		}
		w.issue(3, document.Issued) // late papers of the lost device
		w.issue(6, document.Issued)
		wantAccount(w, "1-1 issued, 2-2 doubt lost, 3-3 issued, 4-4 doubt lost, 5-5 leased, 6-6 issued, 7-10 leased")
		w.apply(document.Blocks.Name, block, record.Update, record.Object{"returns": record.Object{"2": record.Object{"to": 4.0, "at": "2026-11-25T07:30:00Z", "officer": w.officers[1], "reason": "找回"}}})
		wantAccount(w, "1-1 issued, 2-2 returned 找回, 3-3 issued, 4-4 returned 找回, 5-5 leased, 6-6 issued, 7-10 leased")
		totals, err := w.Totals(ctx, series)
		if err != nil || totals.Last != 10 || totals.By[document.StateIssued] != 3 || totals.By[document.StateReturned] != 2 || totals.By[document.StateLeased] != 5 {
			t.Errorf("totals %+v, %v", totals, err)
		}
		w.Now = func() time.Time { return now.AddDate(0, 0, 60) }
		wantAccount(w, "1-1 issued, 2-2 returned 找回, 3-3 issued, 4-4 returned 找回, 5-5 expired, 6-6 issued, 7-10 expired")
	})
}

// Voids and papers made void keep their numbers and say why and who; two papers with one number are told.
func TestAccountOfUses(t *testing.T) {
	each(t, func(w *world) {
		block := w.leaseOn(w.enrol(team), 5)
		w.apply(document.Blocks.Name, block, record.Update, record.Object{"voids": record.Object{"2": record.Object{"reason": "卡纸", "at": "2026-11-25T07:00:00Z", "officer": w.officers[0]}}})
		paper := w.issue(1, document.Issued)
		w.apply(document.Documents.Name, paper, record.Update, record.Object{"state": document.Voided, "voidReason": "当事人写错"})
		w.render(paper) // the last op on a paper is the server's: who made it void is asked of its history
		w.issue(3, document.Issued)
		double := w.issue(3, document.Issued)
		entries, next, err := w.Account(context.Background(), series, 0, 1)
		if err != nil || next != 0 || len(entries) != 4 {
			t.Fatalf("%+v, %d, %v", entries, next, err)
		}
		if e := entries[0]; e.State != document.StateVoid || e.Paper != paper || e.Reason != "当事人写错" || e.Officer != record.ServerAuthor || e.At.IsZero() || e.Text == "" {
			t.Errorf("paper made void: %+v", e)
		}
		if e := entries[1]; e.State != document.StateVoid || e.Paper != "" || e.Reason != "卡纸" || e.Officer != w.officers[0] || e.Block != block {
			t.Errorf("spoilt: %+v", e)
		}
		if e := entries[2]; e.State != document.StateIssued || len(e.Doubles) != 1 || e.Doubles[0].Record != double {
			t.Errorf("double: %+v", e)
		}
		if _, _, err := w.Account(context.Background(), "nowhere/x/2026", 0, 1); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("an unknown series: %v", err)
		}
	})
}

func TestLossRefusals(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		lost, next, revoked := w.enrol(team), w.enrol(team), w.enrol(team)
		w.create("units", record.Object{"code": "120102099", "name": "天津市河东区人民政府另一街道办事处", "short": "另", "kind": "street", "parent": district})
		far := w.enrol("120102099")
		if err := w.db.RevokeDevice(ctx, revoked, "server", now); err != nil {
			t.Fatal(err)
		}
		block := w.leaseOn(lost, 10)
		w.issue(3, document.Issued)
		w.apply(document.Blocks.Name, block, record.Update, record.Object{"voids": record.Object{"4": record.Object{"reason": "卡纸", "at": "2026-11-25T07:00:00Z", "officer": w.officers[0]}}})
		good := papers.Loss{Reason: "遗失", Device: next, From: 5}
		officer := w.caller()
		for name, c := range map[string]struct {
			caller people.Caller
			block  string
			change func(*papers.Loss)
			want   fault.Code
		}{
			"an officer":               {officer, block, nil, fault.NotFound},
			"leader of another street": {w.leader("120102099"), block, nil, fault.NotFound},
			"no such block":            {w.leader(street), newID(), nil, fault.NotFound},
			"without a device":         {w.leader(street), block, func(l *papers.Loss) { l.Device = "" }, fault.FieldInvalid},
			"no reason":                {w.leader(street), block, func(l *papers.Loss) { l.Reason = " " }, fault.FieldInvalid},
			"a number on a paper":      {w.leader(street), block, func(l *papers.Loss) { l.From = 3 }, fault.BlockFrom},
			"before one that is void":  {w.leader(street), block, func(l *papers.Loss) { l.From = 4 }, fault.BlockFrom},
			"beyond the block":         {w.leader(street), block, func(l *papers.Loss) { l.From = 11 }, fault.BlockFrom},
			"no number":                {w.leader(street), block, func(l *papers.Loss) { l.From = 0 }, fault.BlockFrom},
			"to itself":                {w.leader(street), block, func(l *papers.Loss) { l.Device = lost }, fault.BlockTarget},
			"to nobody":                {w.leader(street), block, func(l *papers.Loss) { l.Device = newID() }, fault.BlockTarget},
			"to no device":             {w.leader(street), block, func(l *papers.Loss) { l.Device = "x" }, fault.BlockTarget},
			"to a revoked device":      {w.leader(street), block, func(l *papers.Loss) { l.Device = revoked }, fault.BlockTarget},
			"to another organ":         {w.leader(street), block, func(l *papers.Loss) { l.Device = far }, fault.BlockTarget},
		} {
			loss := good
			if c.change != nil {
				c.change(&loss)
			}
			if _, _, _, err := w.Lose(ctx, c.caller, c.block, loss); !errors.Is(err, fault.New(c.want)) {
				w.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if body, version := w.body(document.Blocks.Name, block); version != 2 || body["lost"] != nil {
			w.Errorf("refusals changed the block: %v", body)
		}
		if _, _, _, err := w.Lose(ctx, w.leader(street), block, good); err != nil {
			w.Error(err)
		}
		good.From = 6
		if _, _, _, err := w.Lose(ctx, w.leader(street), block, good); !errors.Is(err, fault.New(fault.BlockMoved)) {
			w.Errorf("moved twice: %v", err)
		}
	})
}

// Two leaders move the same block at once to two devices: one of them does.
func TestABlockMovesOnce(t *testing.T) {
	each(t, func(w *world) {
		block := w.leaseOn(w.enrol(team), 10)
		devices := []string{w.enrol(team), w.enrol(team), w.enrol(team)}
		errs := make([]error, len(devices))
		var all sync.WaitGroup
		for i, device := range devices {
			all.Go(func() {
				_, _, _, errs[i] = w.Lose(context.Background(), w.leader(street), block, papers.Loss{Reason: "遗失", Device: device, From: 4})
			})
		}
		all.Wait()
		body, _ := w.body(document.Blocks.Name, block)
		b := document.ReadLeasedBlock(block, body)
		moved, _ := w.body(document.Blocks.Name, b.MovedTo)
		done := 0
		for i, err := range errs {
			switch {
			case err == nil:
				if done++; devices[i] != b.MovedDevice || moved["device"] != devices[i] {
					w.Errorf("told to have moved to %s: %v", devices[i], b)
				}
			case !errors.Is(err, fault.New(fault.BlockMoved)):
				w.Error(err)
			}
		}
		if done != 1 {
			w.Errorf("%d of them moved it: %v", done, errs)
		}
	})
}
