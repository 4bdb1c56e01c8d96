package adapt_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// wmPullOf pulls subjects from a number on.
func wmPullOf(since int64) wire.WmPull {
	in := wire.WmPull{Tables: map[string]int{"subjects": 1}}
	if since > 0 {
		in.LastPulledAt = &since
	}
	return in
}

// A person without any role left is told that everything he holds is gone, by either library, and is refused nothing; what he still pushes is
// kept for those whose records they are. With a role again he has everything again.
func TestWhoHasNoRoleLeftHoldsNothing(t *testing.T) {
	w := newWorld(t)
	c := w.hire("officer")
	w.put("units", record.Object{"code": street, "name": "街道", "kind": "street"})
	id := w.put("subjects", subject("店"))
	first := w.pull(c, "subjects", "", 100)
	rows, err := w.adapt.WmPull(ctx, c, wmPullOf(0))
	w.must(err)
	if len(first.Documents) != 1 || len(rows.Changes["subjects"].Updated) != 1 {
		t.Fatalf("to begin with %v, %v", first, rows)
	}
	roles := c.Grants
	c.Grants = nil
	w.change("officers", c.Officer, record.Object{"grants": record.Object{"officer": nil}})
	gone := w.pull(c, "subjects", first.Checkpoint.ID, 100)
	if len(gone.Documents) != 1 || gone.Documents[0]["_deleted"] != true || gone.Documents[0]["name"] != nil {
		t.Errorf("RxDB is told %v", gone.Documents)
	}
	rows, err = w.adapt.WmPull(ctx, c, wmPullOf(rows.Timestamp))
	w.must(err)
	if !slices.Equal(rows.Changes["subjects"].Deleted, []string{id}) {
		t.Errorf("WatermelonDB is told %+v", rows.Changes)
	}
	w.rx(c, "subjects", row(id, with(subject("店"), "serverVersion", 1.0), with(subject("改"), "serverVersion", 1.0)))
	letters, err := w.db.Waiting(ctx, pull.Waiting{Collection: "deadletters", State: "open", Units: []string{street}, Limit: 10})
	w.must(err)
	if len(letters) != 1 || w.body(id)["name"] != "店" {
		t.Errorf("%d letters, the shop is %v", len(letters), w.body(id))
	}
	c.Grants = roles
	back := w.pull(c, "subjects", gone.Checkpoint.ID, 100)
	rows, err = w.adapt.WmPull(ctx, c, wmPullOf(rows.Timestamp))
	w.must(err)
	if len(back.Documents) != 1 || back.Documents[0]["name"] != "店" || len(rows.Changes["subjects"].Updated) != 1 {
		t.Errorf("with a role again: %v, %+v", back.Documents, rows.Changes)
	}
}

// A client that was away for so long that departures since are not kept cannot be told what it must drop: RxDB has to begin anew, WatermelonDB
// is made to. One that has just begun, and is not through yet, goes on.
func TestWhoWasAwayForTooLongBeginsAnew(t *testing.T) {
	w := newWorld(t)
	c, lost := w.hire("officer"), w.hire("officer")
	leaves, stays := w.put("subjects", subject("走")), w.put("subjects", subject("留"))
	first, both := w.pull(c, "subjects", "", 100), w.pull(lost, "subjects", "", 100)
	rows, err := w.adapt.WmPull(ctx, c, wmPullOf(0))
	w.must(err)
	w.must(w.push.ApplyOwn(ctx, []push.ServerOp{{Collection: "subjects", Record: leaves, Action: record.Remove}}))
	young := w.pull(c, "subjects", "", 1)
	w.now = w.now.Add(48 * time.Hour)
	w.put("subjects", subject("新"))
	for range 2 {
		_, err = w.db.TrimDepartures(ctx, w.now.Add(-24*time.Hour), pull.TrimWait)
		w.must(err)
		w.now = w.now.Add(pull.TrimWait)
	}
	if _, err := w.adapt.RxPull(ctx, c, "subjects", 0, first.Checkpoint.ID, 100); !isCode(err, fault.DeparturesGone) {
		t.Errorf("RxDB: %v", err)
	}
	lost.Grants = nil // it has lost the feed besides
	if _, err := w.adapt.RxPull(ctx, lost, "subjects", 0, both.Checkpoint.ID, 100); !isCode(err, fault.DeparturesGone) {
		t.Errorf("RxDB without the feed: %v", err)
	}
	rows, err = w.adapt.WmPull(ctx, c, wmPullOf(rows.Timestamp))
	w.must(err)
	if rows.Strategy != "replacement" || len(rows.Changes["subjects"].Updated) != 2 {
		t.Errorf("WatermelonDB: %+v", rows)
	}
	page := w.pull(c, "subjects", young.Checkpoint.ID, 100)
	if got := append(ids(page.Documents), ids(young.Documents)...); len(got) != 2 || !slices.Contains(got, stays) {
		t.Errorf("who had begun: %v", got)
	}
}
