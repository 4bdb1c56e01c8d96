package client_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// onOfficer is an op of the server on an officer.
func onOfficer(officer string, patch record.Object) push.ServerOp {
	return push.ServerOp{Collection: "officers", Record: officer, Action: record.Update, Patch: patch}
}

// penalty is a kind of paper that has numbers.
const penalty = "summary-penalty"

// template brings in the template of a penalty, so that numbers can be leased.
func (w *world) template() (id string) {
	w.t.Helper()
	text, err := templates.Files.ReadFile(penalty + ".json")
	w.must(err)
	return w.put("templates", objectOf(w.t, text))
}

// lease makes a block of any kind by the server.
func (w *world) lease(device string, year, count int, until time.Time) {
	w.t.Helper()
	id, series := newID(), document.SeriesName(district, penalty, year)
	first, err := w.db.LeaseNumbers(ctx, id, series, count)
	w.must(err)
	w.own(push.ServerOp{Collection: "blocks", Record: id, Action: record.Create, Patch: record.Object{
		"device": device, "series": series, "organ": district, "kind": penalty, "year": float64(year), "pattern": "第{n}号",
		"from": float64(first), "to": float64(first) + float64(count) - 1,
		"leasedAt": time.Now().UTC().Format(time.RFC3339), "expiresAt": until.UTC().Format(time.RFC3339)}})
}

func (h *handheld) take(kind string) client.Number {
	h.t.Helper()
	n, err := h.TakeNumber(ctx, kind)
	h.must(err)
	return n
}

func TestNumbersAreGivenOnce(t *testing.T) {
	w := newWorld(t)
	w.template()
	street := w.street()
	a := w.handheld(street)
	_, err := a.TakeNumber(ctx, penalty)
	want(t, err, fault.NumbersUsedUp)
	a.must(a.LeaseNumbers(ctx, penalty, 3))
	year := time.Now().In(record.Beijing).Year()
	if n := a.take(penalty); n.N != 1 || n.Text != fmt.Sprintf("津河东简执当罚决字〔%d〕第1号", year) || n.Series != document.SeriesName(street, penalty, year) {
		t.Errorf("first %+v", n)
	}
	_, err = a.TakeNumber(ctx, "inspection-record") // another kind has its own numbers
	want(t, err, fault.NumbersUsedUp)
	a.sync() // the block comes again by the pull
	a.restart()
	second := a.take(penalty)
	// an edit that fails gives its number back; nobody has seen it
	_ = a.Group(ctx, func(e *client.Edit) error {
		n, err := e.TakeNumber(penalty)
		if err != nil || n.N != 3 {
			t.Errorf("in a group: %+v, %v", n, err)
		}
		return errors.New("undone")
	})
	if left, err := a.NumbersLeft(ctx, penalty); err != nil || left != 1 {
		t.Errorf("%d left (%v), want 1", left, err)
	}
	third := a.take(penalty)
	_, err = a.TakeNumber(ctx, penalty)
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
	w.template()
	a := w.handheld(w.street())
	a.line.set(replyLost, replyLost, replyLost, replyLost, replyLost)
	want(t, a.LeaseNumbers(ctx, penalty, 2), fault.Unreachable)
	a.restart()
	a.must(a.LeaseNumbers(ctx, penalty, 2))
	a.sync()
	if left, err := a.NumbersLeft(ctx, penalty); err != nil || left != 2 {
		t.Errorf("%d left (%v), want the 2 of one lease", left, err)
	}
	a.must(a.LeaseNumbers(ctx, penalty, 2))
	if left, _ := a.NumbersLeft(ctx, penalty); left != 4 {
		t.Errorf("%d left after a second lease, want 4", left)
	}
	if err := a.LeaseNumbers(ctx, "unknown", 1); err == nil {
		t.Error("numbers were leased for a kind of paper that there is not")
	}
	var open int
	a.must(a.file().QueryRow("SELECT count(*) FROM leases").Scan(&open))
	if open != 0 {
		t.Errorf("%d leases are still open", open)
	}
}

// Expired blocks, those of another year and those of another device are not used; of the others the first to expire is first.
func TestWhichBlocksAreUsed(t *testing.T) {
	w := newWorld(t)
	w.template()
	a := w.handheld(w.street())
	me, err := a.Identity(ctx)
	a.must(err)
	now := time.Now()
	year := now.In(record.Beijing).Year()
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
		w.lease(b.device, b.year, 1, b.until)
	}
	a.sync()
	if left, err := a.NumbersLeft(ctx, penalty); err != nil || left != 2 {
		t.Fatalf("%d left (%v), want 2", left, err)
	}
	if n := a.take(penalty); n.N != 2 {
		t.Errorf("first %d, want 2: its block expires first", n.N)
	}
	if n := a.take(penalty); n.N != 1 {
		t.Errorf("then %d, want 1", n.N)
	}
}

// A paper takes its number in the same step in which it is made, offline, and arrives with it.
func TestAPaperWithItsNumber(t *testing.T) {
	w := newWorld(t)
	template := w.template()
	street := w.street()
	a := w.handheld(street)
	a.must(a.LeaseNumbers(ctx, penalty, 1))
	a.sync()
	a.line.cut(true)
	var n client.Number
	var id string
	a.must(a.Group(ctx, func(e *client.Edit) (err error) {
		if n, err = e.TakeNumber(penalty); err != nil {
			return err
		}
		id, err = e.Create("documents", record.Object{"unit": street, "kind": penalty, "template": template, "templateVersion": 1.0,
			"number": n.Body(), "state": document.Draft})
		return err
	}))
	a.line.cut(false)
	a.sync()
	number, _ := w.body("documents", id)["number"].(record.Object)
	if number["series"] != n.Series || number["n"] != 1.0 || number["text"] != n.Text || n.Text == "" {
		t.Errorf("on the paper: %v, taken %+v", number, n)
	}
}
