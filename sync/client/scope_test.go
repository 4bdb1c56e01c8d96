package client_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Who leads a street has what its team wrote; the team has not what the street wrote, and nobody what a neighbour did.
func TestFeedsReachTheUnitsBelow(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	team, neighbour := street+"01", w.street()
	w.put("units", record.Object{"code": team, "name": "大队", "kind": "team", "parent": street, "short": "队"})
	leader, member, stranger := w.handheld(street), w.handheld(team), w.handheld(neighbour)
	below, above := member.create(team, "早点摊"), leader.create(street, "菜市场")
	for range 2 {
		leader.sync()
		member.sync()
		stranger.sync()
	}
	leader.get(below)
	member.get(below)
	_, err := member.Get(ctx, "subjects", above)
	want(t, err, fault.RecordUnknown)
	for _, id := range []string{below, above} {
		_, err := stranger.Get(ctx, "subjects", id)
		want(t, err, fault.RecordUnknown)
	}
	// What is seen can be worked on, and is told on.
	leader.set(below, "phone", "022-24120000")
	leader.sync()
	member.sync()
	if phone := member.get(below).Body["phone"]; phone != "022-24120000" {
		t.Errorf("the team sees %v", phone)
	}
	// A leader whose grant ends at the street loses what is below with it.
	w.own(push.ServerOp{Collection: "officers", Record: leader.who.officer, Action: record.Update, Patch: record.Object{"grants": record.Object{"l": nil, "o": record.Object{"unit": neighbour}}}})
	w.restart()
	leader.sync()
	for _, id := range []string{below, above} {
		_, err := leader.Get(ctx, "subjects", id)
		want(t, err, fault.RecordUnknown)
	}
}

// restart serves the same database anew, by a server that remembers nothing of who may do what.
func (w *world) restart() {
	w.t.Helper()
	w.start()
	for _, l := range w.lines {
		l.CloseIdleConnections()
	}
}

// assign gives an officer other roles: those of an officer and a leader in each of the units.
func (w *world) assign(p person, units ...string) {
	w.t.Helper()
	grants := record.Object{"o": nil, "l": nil}
	for _, unit := range units {
		grants["o"+unit] = record.Object{"role": "officer", "unit": unit}
		grants["l"+unit] = record.Object{"role": "leader", "unit": unit}
	}
	old := w.body("officers", p.officer)["grants"].(record.Object)
	for key := range old {
		if grants[key] == nil {
			grants[key] = nil
		}
	}
	w.own(push.ServerOp{Collection: "officers", Record: p.officer, Action: record.Update, Patch: record.Object{"grants": grants}})
	w.restart()
}

// holds reports whether a text stands in any file of the device's folder: in the database, in what is beside it, anywhere.
func (h *handheld) holds(text string) bool {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.cfg.Dir, "*"))
	h.must(err)
	for _, name := range files {
		content, err := os.ReadFile(name)
		h.must(err)
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}

func (h *handheld) gone(ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		_, err := h.Get(ctx, "subjects", id)
		want(h.t, err, fault.RecordUnknown)
	}
}

// Who is given another unit gets it as a snapshot of its own, however often that is cut and the battery is pulled; what he had is neither
// sent again nor touched.
func TestNewFeedIsBootstrappedAlone(t *testing.T) {
	w := newWorld(t)
	first, second := w.street(), w.street()
	had, ids := w.many(first, 700), w.many(second, 1800)
	a := w.handheld(first)
	a.sync()
	before := a.line.count("GET", "/v1/sync/snapshot/")
	w.assign(a.who, first, second)
	through := a.line.next
	a.line.next = &truncating{next: through, n: []int64{12000, 1, 1, 1, 1, 1}}
	want(t, a.Sync(ctx), fault.Unreachable)
	var after uint64
	a.must(a.file().QueryRow("SELECT seq FROM snapshots WHERE feed = ?", "unit/"+second).Scan(&after))
	a.restart()
	a.line.next = through
	a.sync()
	if all, _ := a.List(ctx, "subjects"); len(all) != len(had)+len(ids) {
		t.Errorf("%d subjects, want %d", len(all), len(had)+len(ids))
	}
	if after == 0 || a.line.count("GET", "/v1/sync/snapshot/") == before || a.line.count("GET", "/v1/sync/snapshot/unit/"+first) > 1 {
		t.Errorf("the snapshot of the new feed kept %d before the battery went; asked: %v", after, a.line.seen)
	}
	// Moved altogether: what is lost goes, what stays is not asked for again.
	before = a.line.count("GET", "/v1/sync/snapshot/")
	w.assign(a.who, second)
	a.sync()
	if all, _ := a.List(ctx, "subjects"); len(all) != len(ids) || a.line.count("GET", "/v1/sync/snapshot/") != before {
		t.Errorf("%d subjects after the move, want %d", len(all), len(ids))
	}
}

// A lost feed takes all that hangs on it from the device's disk. What the officer has not sent stays, is refused as out of scope, and is on
// the list of what he must look at; the recording stays until it is receipted.
func TestLostFeedIsPurged(t *testing.T) {
	w := newWorld(t)
	street, next := w.street(), w.street()
	const secret = "只属于这条街道的名称"
	known := w.put("subjects", record.Object{"kind": "household", "name": secret, "unit": street})
	a := w.handheld(street)
	a.sync()
	if !a.holds(secret) {
		t.Fatal("the test does not see what is on the disk")
	}
	a.set(known, "phone", "022-24120000")
	path := film(t, 100_000)
	recording := a.record(path)
	w.own(push.ServerOp{Collection: "subjects", Record: known, Action: record.Update, Patch: record.Object{"address": secret}})
	w.assign(a.who, next)
	a.sync()
	a.gone(known)
	if a.holds(secret) {
		t.Error("what the lost feed held is still on the disk")
	}
	rejected, err := a.Rejected(ctx)
	refused := func(id string) bool {
		return slices.ContainsFunc(rejected, func(q client.Queued) bool {
			return q.Record == id && q.Outcome.Code == string(fault.OutOfScope)
		})
	}
	if err != nil || !refused(known) || !refused(recording) {
		t.Errorf("rejected %+v, %v", rejected, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the recording went without a receipt: %v", err)
	}
}

// Roles have dates: a feed is lost at the moment a role ends and comes when another begins, and nobody writes anything for it.
func TestFeedsFollowDates(t *testing.T) {
	w := newWorld(t)
	now, next := w.street(), w.street()
	here, there := w.put("subjects", record.Object{"kind": "household", "name": "此处", "unit": now}),
		w.put("subjects", record.Object{"kind": "household", "name": "彼处", "unit": next})
	a := w.handheld(now)
	turn := time.Now().Add(time.Hour).UTC()
	w.own(push.ServerOp{Collection: "officers", Record: a.who.officer, Action: record.Update, Patch: record.Object{"grants": record.Object{
		"o": record.Object{"to": turn.Format(time.RFC3339)}, "l": nil,
		"n": record.Object{"role": "officer", "unit": next, "from": turn.Format(time.RFC3339)}}}})
	w.restart()
	a.sync()
	a.get(here)
	a.gone(there)
	w.deps.Pull.Now = func() time.Time { return turn.Add(time.Minute) }
	a.sync()
	a.get(there)
	a.gone(here)
}

// A revoked device wipes what the server has sent, and keeps what nobody else has: the queue and recordings without a receipt.
func TestRevokedDeviceIsWiped(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	const secret = "撤销后不得再见的名称"
	known := w.put("subjects", record.Object{"kind": "household", "name": secret, "unit": street})
	a := w.handheld(street)
	a.sync()
	made := a.create(street, "尚未上传")
	path := film(t, 100_000)
	a.record(path)
	i, err := a.Identity(ctx)
	a.must(err)
	w.must(w.db.RevokeDevice(ctx, i.ID, "server", time.Now()))
	w.restart()
	want(t, a.Sync(ctx), fault.DeviceRevoked)
	a.gone(known)
	if a.holds(secret) {
		t.Error("what the server had sent is still on the disk")
	}
	a.restart()
	unsent, err := a.Unsent(ctx)
	if err != nil || len(unsent) != 2 || unsent[0].Record != made {
		t.Errorf("unsent %+v, %v", unsent, err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the recording went without a receipt: %v", err)
	}
	if uploads, err := a.Uploads(ctx); err != nil || len(uploads) != 1 {
		t.Errorf("uploads %+v, %v", uploads, err)
	}
}

// A device with both units has a joint record by two feeds. It stays, at its newest version, while one of them holds it, also when an unsent
// edit lies on it; when none does it goes.
func TestRecordOfTwoFeeds(t *testing.T) {
	w := newWorld(t)
	home, partner := w.street(), w.street()
	a := w.handheld(home)
	w.assign(a.who, home, partner)
	task := func(patch record.Object) push.ServerOp {
		return push.ServerOp{Collection: "tasks", Action: record.Update, Patch: patch}
	}
	id := w.put("tasks", record.Object{"title": "联合检查", "unit": home, "kind": "daily", "state": "draft", "partners": record.Object{partner: record.Object{}}})
	apply := func(op push.ServerOp) { op.Record = id; w.own(op) }
	sees := func(title string) {
		t.Helper()
		a.sync()
		r, err := a.Get(ctx, "tasks", id)
		if err != nil || r.Body["title"] != title {
			t.Fatalf("%+v, %v; want the title %s", r, err, title)
		}
	}
	sees("联合检查")
	var feeds int
	a.must(a.file().QueryRow("SELECT count(*) FROM holds WHERE id = ?", id).Scan(&feeds))
	if feeds != 2 {
		t.Fatalf("%d feeds hold the task", feeds)
	}
	apply(task(record.Object{"title": "二", "partners": record.Object{partner: nil}}))
	sees("二")
	apply(task(record.Object{"title": "三", "partners": record.Object{partner: record.Object{}}}))
	sees("三")
	apply(task(record.Object{"title": "四", "unit": partner})) // the home feed is left, the partner's is the home now
	sees("四")
	apply(task(record.Object{"unit": home, "partners": record.Object{partner: record.Object{}}}))
	sees("四")
	// An unsent edit lies on it while one of its feeds is lost, and while it leaves the other.
	a.must(a.Update(ctx, "tasks", id, func(body record.Object) { body["due"] = "2026-12-31" }))
	w.assign(a.who, partner)
	sees("四")
	if r, err := a.Get(ctx, "tasks", id); err != nil || r.Feed != "unit/"+partner || r.Body["due"] != "2026-12-31" {
		t.Errorf("after the home unit was lost: %+v, %v", r, err)
	}
	apply(task(record.Object{"partners": record.Object{partner: nil}}))
	a.sync()
	_, err := a.Get(ctx, "tasks", id)
	want(t, err, fault.RecordUnknown)
}

// A device that was away for longer than the server remembers what has left its unit's feed takes that feed anew, and only that; what it has not
// sent stays, and what had left is off the disk.
func TestAwayForTooLong(t *testing.T) {
	w := newWorld(t)
	street, other := w.street(), w.street()
	const secret = "已经离开的名称"
	leaves := w.put("subjects", record.Object{"kind": "household", "name": secret, "unit": street})
	ids, others := w.many(street, 700), w.many(other, 10)
	a := w.handheld(street)
	w.assign(a.who, street, other)
	a.sync()
	before := a.line.count("GET", "/v1/sync/snapshot/unit/"+other)
	w.own(push.ServerOp{Collection: "subjects", Record: leaves, Action: record.Update, Patch: record.Object{"unit": "120102099"}},
		push.ServerOp{Collection: "subjects", Record: ids[0], Action: record.Update, Patch: record.Object{"phone": "新"}})
	for range 2 { // the feeds say it, then it is done
		_, err := w.db.TrimDepartures(ctx, time.Now().Add(time.Hour), 0)
		w.must(err)
	}
	w.restart()
	a.set(ids[1], "phone", "未提交")
	a.sync()
	a.gone(leaves)
	if all, err := a.List(ctx, "subjects"); err != nil || len(all) != len(ids)+len(others) {
		t.Errorf("%d subjects, %v, want %d", len(all), err, len(ids)+len(others))
	}
	if a.get(ids[0]).Body["phone"] != "新" || a.get(ids[1]).Body["phone"] != "未提交" || a.holds(secret) {
		t.Errorf("%+v, %+v; the secret is at rest: %v", a.get(ids[0]), a.get(ids[1]), a.holds(secret))
	}
	if a.line.count("GET", "/v1/sync/snapshot/unit/"+other) != before {
		t.Error("the other unit's feed was taken again")
	}
	a.sync()
	if found, err := a.Check(ctx); err != nil || len(found.Found) > 0 {
		t.Errorf("the comparison finds %+v, %v", found.Found, err)
	}
}
