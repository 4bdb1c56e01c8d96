package client_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// The server is restored from a backup: everything is pulled anew, what the server has forgotten is sent again with the same
// bytes, and what was unsent stays.
func TestRestoredServer(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	kept := a.create(street, "备份之前")
	a.sync()
	b.sync()
	backup := w.backup()
	a.set(kept, "phone", "备份之后")
	forgotten := a.create(street, "备份之后")
	a.sync()
	b.set(kept, "address", "b 路")
	b.sync()
	unsent := a.create(street, "未提交")
	w.restore(backup)
	for _, h := range []*handheld{a, b, a, b} {
		h.sync()
	}
	for _, h := range []*handheld{a, b} {
		if r := h.get(kept); r.Body["phone"] != "备份之后" || r.Unsent != 0 {
			t.Errorf("%+v", r)
		}
		if r := h.get(forgotten); r.Body["name"] != "备份之后" || r.Version != 1 {
			t.Errorf("%+v", r)
		}
		if r := h.get(unsent); r.Version != 1 {
			t.Errorf("%+v", r)
		}
	}
	// b's edit was based on a version that came from a's; nothing is lost, whatever became of it
	revisions, err := w.db.Revisions(ctx, kept)
	w.must(err)
	rejected, err := b.Rejected(ctx)
	if err != nil || len(revisions)+len(rejected) != 3 {
		t.Errorf("%d versions and %d rejected of a creation and two edits (%v)", len(revisions), len(rejected), err)
	}
}

// A device leases numbers before it has ever pulled, and a restore forgets the lease: it has no cursor by which it would learn of that, and gives none of
// them out after its first pull. A lease that the server knows stays.
func TestALeaseBeforeTheFirstPull(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	w.template()
	lost, kept := w.handheld(street), w.handheld(street)
	kept.must(kept.LeaseNumbers(ctx, penalty, 2))
	backup := w.backup()
	lost.must(lost.LeaseNumbers(ctx, penalty, 2))
	if left, err := lost.NumbersLeft(ctx, penalty); err != nil || left != 2 {
		t.Fatalf("%d numbers can be used before the pull, %v", left, err)
	}
	w.restore(backup)
	for h, want := range map[*handheld]uint64{lost: 0, kept: 2} {
		h.sync()
		if left, err := h.NumbersLeft(ctx, penalty); err != nil || left != want {
			t.Errorf("%d numbers are left, %v, want %d", left, err, want)
		}
	}
}

// An edit of a version that the restore has lost is not taken for one of what others wrote after it, though they wrote the next version of the
// same record: nothing of theirs is overwritten, and both see the conflict. What clashes with nothing stands.
func TestAnEditOfALostVersion(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b, c := w.handheld(street), w.handheld(street), w.handheld(street)
	id, other := a.create(street, "店"), a.create(street, "另一店")
	a.sync()
	backup := w.backup()
	for _, lost := range []string{id, other} {
		w.own(push.ServerOp{Collection: "subjects", Record: lost, Action: record.Update, Patch: record.Object{"address": "只在丢失的历史里"}})
	}
	b.sync()
	b.set(id, "phone", "乙")
	b.set(other, "phone", "乙")
	w.restore(backup)
	c.sync()
	c.set(id, "phone", "丙")
	c.set(other, "address", "丙路")
	c.sync()
	for range 2 {
		b.sync()
		c.sync()
	}
	for _, h := range []*handheld{b, c} {
		if r := h.get(id); r.Body["phone"] != "丙" || r.Body["address"] != nil || r.Unsent != 0 {
			t.Errorf("%+v", r)
		}
		if r := h.get(other); r.Body["phone"] != "乙" || r.Body["address"] != "丙路" {
			t.Errorf("%+v", r)
		}
		if conflicts, err := h.List(ctx, "conflicts"); err != nil || len(conflicts) != 1 || conflicts[0].Body["record"] != id {
			t.Errorf("conflicts %+v, %v", conflicts, err)
		}
	}
	if clashed, err := b.Conflicts(ctx); err != nil || len(clashed) != 1 {
		t.Errorf("%d ops in conflict, %v", len(clashed), err)
	}
}

// A server restored to before this device ever sent anything, found while pushing: the whole chain goes out again. A device
// that keeps its ops no longer says so instead of guessing.
func TestServerThatForgotEverything(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	backup := w.backup()
	first := a.create(street, "一")
	a.sync()
	a.create(street, "二")
	w.restore(backup)
	a.sync()
	if r := a.get(first); r.Version != 1 || r.Unsent != 0 {
		t.Errorf("%+v", r)
	}
	var n int
	w.must(look(t, w.path).QueryRow("SELECT count(*) FROM ops WHERE device IS NOT NULL").Scan(&n))
	if n != 2 {
		t.Errorf("the server has %d ops, want 2", n)
	}
	a.sync()
	f := writable(t, a)
	_, err := f.Exec("DELETE FROM ops WHERE seq = 1")
	a.must(err)
	w.restore(backup)
	want(t, a.Sync(ctx), fault.HistoryLost)
	a.create(street, "三")
	want(t, a.Sync(ctx), fault.HistoryLost)
}

// A feed that is no longer the officer's is dropped with what was shown of it; edits on it that were not sent are not lost:
// the server keeps them as rejected, for a person to look at. A feed that comes back begins anew.
func TestLostFeed(t *testing.T) {
	w := newWorld(t)
	home, other := w.street(), w.street()
	a := w.handheld(home)
	w.own(onOfficer(a.who.officer, record.Object{"grants": record.Object{"x": record.Object{"role": "officer", "unit": other}}}))
	a.must(a.SignIn(ctx, a.who.account, password))
	mine, theirs := a.create(home, "本处"), a.create(other, "别处")
	a.sync()
	a.set(theirs, "phone", "未提交")
	w.own(onOfficer(a.who.officer, record.Object{"grants": record.Object{"x": nil}}))
	a.must(a.SignIn(ctx, a.who.account, password))
	a.sync()
	a.get(mine)
	_, err := a.Get(ctx, "subjects", theirs)
	want(t, err, fault.RecordUnknown)
	failed, err := a.Rejected(ctx)
	if err != nil || len(failed) != 1 || failed[0].Outcome.Code != string(fault.OutOfScope) {
		t.Fatalf("rejected %+v, %v", failed, err)
	}
	var n int
	a.must(a.file().QueryRow("SELECT count(*) FROM records WHERE feed = ?", "unit/"+other).Scan(&n))
	if n != 0 {
		t.Errorf("%d records of the lost feed are still in the file", n)
	}
	w.own(onOfficer(a.who.officer, record.Object{"grants": record.Object{"x": record.Object{"role": "officer", "unit": other}}}))
	a.must(a.SignIn(ctx, a.who.account, password))
	a.sync()
	if r := a.get(theirs); r.Version != 1 {
		t.Errorf("the feed is back with %+v", r)
	}
}

// many makes subjects by the server, with a body of some size.
func (w *world) many(street string, n int) (ids []string) {
	w.t.Helper()
	for len(ids) < n {
		var ops []push.ServerOp
		for range min(100, n-len(ids)) {
			ids = append(ids, newID())
			ops = append(ops, push.ServerOp{Collection: "subjects", Record: ids[len(ids)-1], Action: record.Create,
				Patch: record.Object{"kind": "household", "name": fmt.Sprint("店", len(ids)), "unit": street, "address": strings.Repeat("路", 20)}})
		}
		w.own(ops...)
	}
	return ids
}

// truncating is a line whose snapshot replies break off after n octets.
type truncating struct {
	next http.RoundTripper
	n    []int64
}

func (t *truncating) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := t.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "/snapshot/unit/") && len(t.n) > 0 {
		reply.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(reply.Body, t.n[0]), broken{}), reply.Body}
		t.n = t.n[1:]
	}
	return reply, err
}

// An empty device before a large feed takes it as a snapshot; a cut one goes on behind the last whole line, and hears of what has
// left the feed meanwhile.
func TestBootstrapBySnapshot(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 2600)
	seed := w.handheld(street)
	seed.sync()
	if n := seed.line.count("POST", "/v1/sync/pull"); n > 3 {
		t.Errorf("%d pulls for a bootstrap by snapshot", n)
	}
	if n := seed.line.count("GET", "/v1/sync/snapshot/unit/"); n != 1 {
		t.Errorf("%d snapshots of the unit's feed, want one", n)
	}
	cut := &truncating{n: []int64{200, 9000, 14000, 1}}
	a := w.handheld(street)
	cut.next, a.line.next = a.line.next, cut
	// while it is cut, records that the device may have are removed and changed
	pulls := 0
	a.line.edit = func(r *http.Request) *http.Request {
		if strings.Contains(r.URL.Path, "/snapshot/unit/") {
			if pulls++; pulls == 4 {
				w.own(push.ServerOp{Collection: "subjects", Record: ids[520], Action: record.Remove},
					push.ServerOp{Collection: "subjects", Record: ids[521], Action: record.Update, Patch: record.Object{"phone": "新"}},
					push.ServerOp{Collection: "subjects", Record: ids[2599], Action: record.Remove})
			}
		}
		return r
	}
	a.sync()
	all, err := a.List(ctx, "subjects")
	if err != nil || len(all) != len(ids)-2 {
		t.Errorf("%d subjects (%v), want %d", len(all), err, len(ids)-2)
	}
	if r := a.get(ids[521]); r.Body["phone"] != "新" {
		t.Errorf("changed meanwhile: %+v", r)
	}
	if pulls < 4 {
		t.Errorf("%d downloads: the test did not cut any", pulls)
	}
	// from here on it is pages
	before := a.line.count("GET", "/v1/sync/snapshot/")
	w.many(street, 600)
	a.sync()
	if all, _ := a.List(ctx, "subjects"); len(all) != len(ids)-2+600 || a.line.count("GET", "/v1/sync/snapshot/") != before {
		t.Errorf("%d subjects after more were made", len(all))
	}
}

// A battery pulled out in the middle of a bootstrap costs what came since the last kept lines, no more; and a server that gives no
// snapshots is pulled page by page.
func TestBootstrapInterrupted(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 1800)
	a := w.handheld(street)
	a.line.next = &truncating{next: a.line.next, n: []int64{12000, 1, 1, 1, 1, 1}}
	want(t, a.Sync(ctx), fault.Unreachable)
	var after uint64
	a.must(a.file().QueryRow("SELECT max(seq) FROM snapshots").Scan(&after))
	if after == 0 {
		t.Error("nothing of the cut snapshot was kept")
	}
	a.restart()
	a.sync()
	if all, err := a.List(ctx, "subjects"); err != nil || len(all) != len(ids) {
		t.Errorf("%d subjects (%v), want %d", len(all), err, len(ids))
	}

	b := w.handheld(street)
	b.line.next = refusing{b.line.next}
	b.sync()
	if all, err := b.List(ctx, "subjects"); err != nil || len(all) != len(ids) {
		t.Errorf("by pages: %d subjects (%v), want %d", len(all), err, len(ids))
	}
}

// refusing is a server without snapshots.
type refusing struct{ next http.RoundTripper }

func (f refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.Path, "/snapshot/") {
		return f.next.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: r}, nil
}
