package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// onOfficer is an op of the server on an officer.
func onOfficer(officer string, patch record.Object) push.ServerOp {
	return push.ServerOp{Collection: "officers", Record: officer, Action: record.Update, Patch: patch}
}

// blocks leases numbers as the server does, without templates: what a device makes of a block is tested here.
type blocks struct{ w *world }

var leased = map[string]string{} // by idempotency key; tests of numbers run one after the other

func (b blocks) Lease(ctx context.Context, caller people.Caller, kind string, count int, key string) (string, record.Object, error) {
	if kind == "unknown" {
		return "", nil, fault.New(fault.FieldInvalid).At("kind")
	}
	if id := leased[key]; id != "" {
		return id, b.w.body("blocks", id), nil
	}
	id, body, err := b.w.lease(caller.Device, kind, time.Now().In(beijing).Year(), count, time.Now().Add(time.Hour))
	leased[key] = id
	return id, body, err
}

var beijing = time.FixedZone("", 8*60*60)

func (w *world) lease(device, kind string, year, count int, until time.Time) (string, record.Object, error) {
	series := document.SeriesName("12010200", kind, year)
	first, err := w.db.LeaseNumbers(ctx, series, count)
	body := record.Object{"device": device, "series": series, "organ": "12010200", "kind": kind, "year": float64(year),
		"pattern": fmt.Sprintf("津河东%s〔%d〕第{n}号", kind, year), "from": float64(first), "to": float64(first) + float64(count) - 1,
		"leasedAt": time.Now().UTC().Format(time.RFC3339), "expiresAt": until.UTC().Format(time.RFC3339)}
	id := newID()
	return id, body, errors.Join(err, w.deps.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: "blocks", Record: id, Action: record.Create, Patch: body}}))
}

func (h *handheld) take(kind string) client.Number {
	h.t.Helper()
	n, err := h.TakeNumber(ctx, kind)
	h.must(err)
	return n
}

func TestNumbersAreGivenOnce(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	_, err := a.TakeNumber(ctx, "罚")
	want(t, err, fault.NumbersUsedUp)
	a.must(a.LeaseNumbers(ctx, "罚", 3))
	year := time.Now().In(beijing).Year()
	if n := a.take("罚"); n.N != 1 || n.Text != fmt.Sprintf("津河东罚〔%d〕第1号", year) || n.Series != document.SeriesName("12010200", "罚", year) {
		t.Errorf("first %+v", n)
	}
	_, err = a.TakeNumber(ctx, "查") // another kind has its own numbers
	want(t, err, fault.NumbersUsedUp)
	a.sync() // the block comes again by the pull
	a.restart()
	second := a.take("罚")
	// an edit that fails gives its number back; nobody has seen it
	_ = a.Group(ctx, func(e *client.Edit) error {
		n, err := e.TakeNumber("罚")
		if err != nil || n.N != 3 {
			t.Errorf("in a group: %+v, %v", n, err)
		}
		return errors.New("undone")
	})
	if left, err := a.NumbersLeft(ctx, "罚"); err != nil || left != 1 {
		t.Errorf("%d left (%v), want 1", left, err)
	}
	third := a.take("罚")
	_, err = a.TakeNumber(ctx, "罚")
	want(t, err, fault.NumbersUsedUp)
	if second.N != 2 || third.N != 3 {
		t.Errorf("then %d and %d", second.N, third.N)
	}
	a.must(a.VoidNumber(ctx, second.Series, 2, "打印作废"))
	want(t, a.VoidNumber(ctx, second.Series, 99, "x"), fault.NumberNotTaken)
	all, err := a.Numbers(ctx)
	if err != nil || len(all) != 3 || all[1].Voided != "打印作废" || all[0].Voided != "" {
		t.Errorf("accounted for: %+v, %v", all, err)
	}
}

// A lost reply to a lease costs no numbers, also over a restart; a refusal is not asked again for ever.
func TestLeaseWhoseReplyIsLost(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	a.line.set(replyLost, replyLost, replyLost, replyLost, replyLost)
	want(t, a.LeaseNumbers(ctx, "罚", 2), fault.Unreachable)
	a.restart()
	a.must(a.LeaseNumbers(ctx, "罚", 2))
	a.sync()
	if left, err := a.NumbersLeft(ctx, "罚"); err != nil || left != 2 {
		t.Errorf("%d left (%v), want the 2 of one lease", left, err)
	}
	a.must(a.LeaseNumbers(ctx, "罚", 2))
	if left, _ := a.NumbersLeft(ctx, "罚"); left != 4 {
		t.Errorf("%d left after a second lease, want 4", left)
	}
	want(t, a.LeaseNumbers(ctx, "unknown", 1), fault.FieldInvalid)
	var open int
	a.must(a.file().QueryRow("SELECT count(*) FROM leases").Scan(&open))
	if open != 0 {
		t.Errorf("%d leases are still open", open)
	}
}

// Expired blocks, those of another year and those of another device are not used; of the others the first to expire is first.
func TestWhichBlocksAreUsed(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	me, err := a.Identity(ctx)
	a.must(err)
	now := time.Now()
	year := now.In(beijing).Year()
	for _, b := range []struct {
		device string
		year   int
		until  time.Time
	}{
		{me.ID, year, now.Add(2 * time.Hour)},
		{me.ID, year, now.Add(time.Hour)},
		{me.ID, year, now.Add(-time.Minute)},
		{me.ID, year - 1, now.Add(time.Hour)},
		{newID(), year, now.Add(time.Hour)},
	} {
		_, _, err := w.lease(b.device, "罚", b.year, 1, b.until)
		w.must(err)
	}
	a.sync()
	if left, err := a.NumbersLeft(ctx, "罚"); err != nil || left != 2 {
		t.Fatalf("%d left (%v), want 2", left, err)
	}
	if n := a.take("罚"); n.N != 2 {
		t.Errorf("first %d, want 2: its block expires first", n.N)
	}
	if n := a.take("罚"); n.N != 1 {
		t.Errorf("then %d, want 1", n.N)
	}
}

// A paper takes its number in the same step in which it is made.
func TestAPaperWithItsNumber(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	a.must(a.LeaseNumbers(ctx, "罚", 1))
	a.line.cut(true)
	var n client.Number
	a.must(a.Group(ctx, func(e *client.Edit) (err error) {
		if n, err = e.TakeNumber("罚"); err != nil {
			return err
		}
		_, err = e.Create("subjects", record.Object{"kind": "citizen", "name": n.Text, "unit": "x"})
		return err
	}))
	if body := n.Body(); body["series"] != n.Series || body["n"] != 1.0 || body["text"] != n.Text {
		t.Errorf("on the paper: %v", body)
	}
}
