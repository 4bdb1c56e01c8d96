package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// lease gets numbers and returns their block.
func (h *handheld) lease(count int) string {
	h.t.Helper()
	h.must(h.LeaseNumbers(ctx, penalty, count))
	blocks, err := h.List(ctx, document.Blocks.Name)
	h.must(err)
	return blocks[len(blocks)-1].ID
}

func (h *handheld) left() uint64 {
	h.t.Helper()
	left, err := h.NumbersLeft(ctx, penalty)
	h.must(err)
	return left
}

// clean syncs, and wants everything to have been taken.
func (h *handheld) clean() {
	h.t.Helper()
	h.sync()
	rejected, err := h.Rejected(ctx)
	h.must(err)
	conflicts, err := h.Conflicts(ctx)
	h.must(err)
	if len(rejected)+len(conflicts) > 0 {
		h.t.Errorf("not taken: %+v %+v", rejected, conflicts)
	}
}

// onServer is what the server's block says, as its account reads it.
func (w *world) onServer(block string) document.LeasedBlock {
	w.t.Helper()
	return document.ReadLeasedBlock(block, w.body(document.Blocks.Name, block))
}

// A spoilt number and numbers given back travel through the durable queue, also when they are said offline and the device restarts.
func TestVoidAndReturnAreOps(t *testing.T) {
	w := newWorld(t)
	w.template()
	a := w.handheld(w.street())
	block := a.lease(6)
	a.sync()
	a.line.cut(true)
	n := a.take(penalty)
	a.take(penalty)
	a.must(a.VoidNumber(ctx, n.Series, n.N, "打印机卡纸"))
	a.must(a.VoidNumber(ctx, n.Series, n.N, "打印机卡纸")) // said twice is said once
	want(t, a.VoidNumber(ctx, n.Series, n.N+1, " "), fault.FieldRequired)
	want(t, a.VoidNumber(ctx, n.Series, n.N+1, strings.Repeat("长", 201)), fault.FieldInvalid)
	a.must(a.ReturnNumbers(ctx, penalty, "交接"))
	if left := a.left(); left != 0 {
		t.Errorf("%d left of what was given back", left)
	}
	_, err := a.TakeNumber(ctx, penalty)
	want(t, err, fault.NumbersUsedUp)
	a.restart()
	a.must(a.ReturnNumbers(ctx, penalty, "再次")) // nothing is left to give back
	a.line.cut(false)
	a.clean()
	b := w.onServer(block)
	if len(b.Voids) != 1 || b.Voids[1].Reason != "打印机卡纸" || b.Voids[1].Officer != a.who.officer || b.Voids[1].At.IsZero() {
		t.Errorf("voids %+v", b.Voids)
	}
	if len(b.Returns) != 1 || b.Returns[0].From != 3 || b.Returns[0].To != 6 || b.Returns[0].Reason != "交接" || b.Returns[0].Officer != a.who.officer {
		t.Errorf("returns %+v", b.Returns)
	}
	a.clean() // and back by the pull: nothing is said anew
	if left := a.left(); left != 0 || len(w.onServer(block).Returns) != 1 {
		t.Errorf("after the pull %d left", left)
	}
}

// A supply is renewed while the old block still lives, when few are left, and when what is left is nearly over; a lost answer costs nothing.
func TestSupplyIsRenewed(t *testing.T) {
	w := newWorld(t)
	w.template()
	a := w.handheld(w.street(), func(c *client.Config) {
		c.Numbers = map[string]client.Supply{penalty: {Low: 2, Count: 5}, "unknown": {Low: 1, Count: 1}}
	})
	a.sync() // a kind without a template is no matter of the sync
	if left := a.left(); left != 5 {
		t.Fatalf("%d in hand, want 5", left)
	}
	a.take(penalty)
	a.take(penalty)
	a.sync()
	if left := a.left(); left != 3 {
		t.Fatalf("%d in hand, want the 3 of the first block", left)
	}
	a.take(penalty)
	for plan := range 6 { // whichever request of the sync it is, one lost answer is that of the lease
		a.line.set(append(make([]fate, plan), replyLost)...)
		_ = a.Sync(ctx)
		a.restart()
	}
	a.line.set()
	a.sync()
	if left := a.left(); left != 7 {
		t.Errorf("%d in hand, want 2 and 5", left)
	}
	if n := a.take(penalty); n.N != 4 {
		t.Errorf("the older block goes first, not number %d", n.N)
	}
	me, err := a.Identity(ctx)
	a.must(err)
	blocks, err := a.List(ctx, document.Blocks.Name)
	a.must(err)
	for _, b := range blocks { // four fifths of their time are over
		w.own(push.ServerOp{Collection: document.Blocks.Name, Record: b.ID, Action: record.Update, Patch: record.Object{
			"leasedAt": time.Now().Add(-4 * time.Hour).UTC().Format(time.RFC3339), "expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}})
	}
	a.sync()
	if left := a.left(); left != 11 {
		t.Errorf("%d in hand of %s, want 6 old ones and 5 new ones", left, me.ID)
	}
}

// A device that was said to be lost and turns up takes no more numbers of the block, and gives back what it has not used and nobody else has.
func TestAFoundDeviceGivesBackItsNumbers(t *testing.T) {
	w := newWorld(t)
	w.template()
	a := w.handheld(w.street())
	block := a.lease(9)
	a.sync()
	a.line.cut(true)
	a.take(penalty)
	a.line.cut(false)
	w.own(push.ServerOp{Collection: document.Blocks.Name, Record: block, Action: record.Update, Patch: record.Object{
		"lost":  record.Object{"at": "2026-11-25T08:00:00Z", "officer": a.who.officer, "reason": "遗失"},
		"moved": record.Object{"from": 6.0, "block": newID(), "device": newID()}}})
	a.clean()
	if left := a.left(); left != 0 {
		t.Errorf("%d left of a lost block", left)
	}
	a.clean()
	if b := w.onServer(block); len(b.Returns) != 1 || b.Returns[0].From != 2 || b.Returns[0].To != 5 {
		t.Errorf("returns %+v", b.Returns)
	}
	a.clean()
	if b := w.onServer(block); len(b.Returns) != 1 {
		t.Errorf("given back again: %+v", b.Returns)
	}
}

// A number of a block that was another device's, which that one has used after all: its late paper comes by the feed, and the number is left out.
func TestALatePaperTakesItsNumberOutOfTheBlock(t *testing.T) {
	w := newWorld(t)
	template := w.template()
	street := w.street()
	a := w.handheld(street)
	a.lease(3)
	a.sync()
	n := a.take(penalty)
	w.put("documents", record.Object{"unit": street, "kind": penalty, "template": template, "templateVersion": 1.0, "state": document.Draft,
		"number": record.Object{"series": n.Series, "n": 2.0, "text": "第2号"}})
	a.sync()
	if left := a.left(); left != 1 {
		t.Errorf("%d left", left)
	}
	if next := a.take(penalty); next.N != 3 {
		t.Errorf("then %d", next.N)
	}
	_, err := a.TakeNumber(ctx, penalty)
	want(t, err, fault.NumbersUsedUp)
	if fmt.Sprint(n.Body()["block"]) != n.Block || n.Block == "" {
		t.Errorf("the paper names no block: %v", n.Body())
	}
}

// Shortly before New Year a device gets numbers of the next year too, and uses each year's in its year.
func TestNumbersOverNewYear(t *testing.T) {
	newYear := time.Date(time.Now().Year()+1, 1, 1, 0, 0, 0, 0, record.Beijing)
	var now time.Time
	w := newWorld(t)
	w.template()
	w.deps.Papers.Now = func() time.Time { return now }
	w.deps.Papers.NumberTTL = 60 * 24 * time.Hour
	a := w.handheld(w.street())
	a.sync()
	file := writable(t, a)
	at := func(when time.Time) { // what the device last heard of the server's time
		t.Helper()
		now = when
		_, err := file.Exec("UPDATE anchor SET server = ?", when.UTC().Format(time.RFC3339Nano))
		a.must(err)
	}
	renewed := func(want ...int) {
		t.Helper()
		for range 2 { // a second time there is nothing to do
			a.must(a.RenewNumbers(ctx, penalty, client.Supply{Low: 1, Count: 3}))
			at(now)
		}
		var years []int
		blocks, err := a.List(ctx, document.Blocks.Name)
		a.must(err)
		for _, b := range blocks {
			years = append(years, document.ReadLeasedBlock(b.ID, b.Body).Year)
		}
		if slices.Sort(years); !slices.Equal(years, want) {
			t.Errorf("%s: blocks of %v, want %v", now, years, want)
		}
	}
	this, next := newYear.Year()-1, newYear.Year()
	at(newYear.Add(-30 * 24 * time.Hour))
	renewed(this)
	at(newYear.Add(-13 * 24 * time.Hour))
	renewed(this, next)
	at(newYear.Add(-5 * 24 * time.Hour))
	renewed(this, this, next) // what is left of this year's is in the last quarter of its time
	if n := a.take(penalty); n.Series != document.SeriesName(a.unit(), penalty, this) {
		t.Errorf("before New Year %+v", n)
	}
	at(newYear.Add(time.Minute))
	if n := a.take(penalty); n.Series != document.SeriesName(a.unit(), penalty, next) || n.N != 1 {
		t.Errorf("after New Year %+v", n)
	}
}

// unit is where the device belongs.
func (h *handheld) unit() string {
	h.t.Helper()
	who, err := h.Identity(ctx)
	h.must(err)
	return who.Unit
}
