package custody_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const (
	district = "120102"
	street   = "120102001"
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a district with a store, whose clock the test sets.
type world struct {
	t       testing.TB
	now     time.Time
	db      *db.DB
	records *push.Service
	history pull.History
	blobs   evidence.Blobs
	*custody.Service
	leader, chief, supervisor people.Caller
}

func newWorld(t testing.TB, d *db.DB, blobs func(now func() time.Time) evidence.Blobs) *world {
	t.Helper()
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: d, now: time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.records = &push.Service{Store: d, Catalogue: catalogue, District: district, Now: clock, NewID: newID}
	w.history, w.blobs = pull.Newest(d, catalogue), blobs(clock)
	w.restart()
	w.leader, w.chief, w.supervisor = w.hire(people.RoleLeader, street), w.hire(people.RoleChief, street), w.hire(people.RoleSupervisor, district)
	return w
}

// restart is a process that knows nothing but what is stored.
func (w *world) restart() {
	w.Service = &custody.Service{Records: w.records, History: w.history, Blobs: w.blobs, Checks: w.db, Board: db.Uploads{DB: w.db}, Feeds: w.db, District: district,
		Now: func() time.Time { return w.now }, NewID: newID, Log: slog.New(slog.DiscardHandler)}
}

func folder(t testing.TB) func(func() time.Time) evidence.Blobs {
	return func(now func() time.Time) evidence.Blobs {
		f, err := blob.OpenFolder(t.TempDir(), now)
		if err != nil {
			t.Fatal(err)
		}
		return blob.Verified(f)
	}
}

// each runs a test on both databases, with the bytes in a folder.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	databases.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d, folder(t))) })
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) hire(role people.Role, unit string) people.Caller {
	id := newID()
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "officers", Record: id, Action: record.Create, Patch: record.Object{"name": string(role),
		"unit": unit, "state": "active", "grants": record.Object{"g": record.Object{"role": string(role), "unit": unit}}}}}))
	return people.Caller{Officer: id, Device: newID(), Unit: unit, Grants: []people.Grant{{Role: role, Unit: unit}}}
}

// announce makes an evidence record.
func (w *world) announce(data []byte) string {
	w.t.Helper()
	id := newID()
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: id, Action: record.Create, Patch: record.Object{"unit": street,
		"kind": "video", "officer": w.leader.Officer, "startedAt": stamp(w.now.Add(-time.Hour)), "endedAt": stamp(w.now), "mime": "video/mp4",
		"length": float64(len(data)), "sha256": sum(data)}}}))
	return id
}

// hold announces a recording and takes its bytes into custody, as an upload does, with the jobs that follow.
func (w *world) hold(data []byte) string {
	w.t.Helper()
	id := w.announce(data)
	w.take(id, data)
	return id
}

func (w *world) take(id string, data []byte) {
	w.t.Helper()
	key := keyOf(data)
	w.must(w.blobs.Put(ctx, key, evidence.Digest{Length: int64(len(data)), SHA256: sum(data)}, bytes.NewReader(data)))
	w.must(w.blobs.Retain(ctx, key, evidence.KeepingOf(record.Object{}, w.now).Until))
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{
		"custody": record.Object{"state": "held", "receivedAt": stamp(w.now), "sha256": sum(data), "length": float64(len(data)), "key": key}}}}))
	w.jobs()
}

// jobs does the jobs that wait.
func (w *world) jobs() {
	w.t.Helper()
	for {
		found, err := w.db.Lease(ctx, []string{evidence.GuardJob}, 10, w.now.Add(time.Minute))
		w.must(err)
		if len(found) == 0 {
			return
		}
		for _, j := range found {
			w.must(w.Guard(ctx, j.Key))
			w.must(w.db.Done(ctx, j))
		}
	}
}

// write is one edit of a person, online; it tells what became of it.
func (w *world) write(by people.Caller, collection, id, action string, patch record.Object) record.Outcome {
	w.t.Helper()
	base := uint64(0)
	if action == "update" {
		r, err := w.history.Record(ctx, collection, id)
		w.must(err)
		base = r.Version
	}
	out, err := w.records.ApplyOnline(ctx, by, []wire.OnlineOp{{ID: newID(), Collection: collection, Record: id, Action: action, Base: base, Patch: patch}})
	w.must(err)
	return out[0]
}

// stands is a write that must stand.
func (w *world) stands(by people.Caller, collection, id, action string, patch record.Object) {
	w.t.Helper()
	if o := w.write(by, collection, id, action, patch); o.Status != record.Applied && o.Status != record.Merged {
		w.t.Fatalf("%s %s: %s %s %s", action, collection, o.Status, o.Code, o.En)
	}
}

func (w *world) propose(id string) string {
	d := newID()
	w.stands(w.leader, "disposals", d, "create", record.Object{"unit": street, "evidence": id, "proposedBy": w.leader.Officer, "reason": "保存期满", "state": "proposed"})
	return d
}

func (w *world) confirm(disposal string) {
	w.stands(w.chief, "disposals", disposal, "update", record.Object{"state": "confirmed"})
}

func (w *world) lock(id string) string {
	h := newID()
	w.stands(w.supervisor, "holds", h, "create", record.Object{"unit": street, "evidence": id, "reason": "行政复议", "state": "on"})
	return h
}

func (w *world) release(hold string) {
	w.stands(w.chief, "holds", hold, "update", record.Object{"state": "off", "releaseReason": "复议终结"})
}

func (w *world) body(collection, id string) record.Object {
	w.t.Helper()
	r, err := w.history.Record(ctx, collection, id)
	w.must(err)
	body, err := wire.Object(r.Body)
	w.must(err)
	return body
}

func (w *world) state(id string) evidence.Custody { return evidence.StateOf(w.body("evidence", id)) }

// acts lists the acts on an evidence, in the order of their ids, which is that of their making.
func (w *world) acts(id string) (all []evidence.Entry) {
	w.t.Helper()
	found, err := w.history.Lookup(ctx, "custody", "evidence", id)
	w.must(err)
	for _, r := range found {
		body, err := wire.Object(r.Body)
		w.must(err)
		all = append(all, evidence.ReadEntry(body))
	}
	return all
}

func (w *world) actsNamed(id string) (names string) {
	for _, e := range w.acts(id) {
		names += string(e.Act) + " "
	}
	return names
}

// findings are the open findings of a code about an evidence.
func (w *world) findings(id, code string) (n int) {
	w.t.Helper()
	found, err := w.history.Lookup(ctx, "findings", "record", id)
	w.must(err)
	for _, r := range found {
		if body, _ := wire.Object(r.Body); body["code"] == code && body["state"] == "open" {
			n++
		}
	}
	return n
}

func (w *world) stored(data []byte) bool {
	body, err := w.blobs.OpenRange(ctx, keyOf(data), 0, -1)
	if err != nil {
		return false
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	return err == nil && bytes.Equal(got, data)
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

func keyOf(data []byte) string { return evidence.Key(evidence.Recordings, sum(data)) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// expired is when the general retention of what is held now is over.
func (w *world) expired() time.Time { return evidence.KeepingOf(record.Object{}, w.now).Until }

// away is a store that does not answer to reads.
type away struct{ evidence.Blobs }

func (away) OpenRange(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, errDown
}

// awayFor answers for one room alone that it is down.
type awayFor struct {
	evidence.Blobs
	room evidence.Room
}

func (a *awayFor) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if strings.HasPrefix(key, string(a.room)+"/") {
		return nil, errDown
	}
	return a.Blobs.OpenRange(ctx, key, from, n)
}
