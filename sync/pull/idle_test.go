package pull_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const here, beside = "120102001", "120102002"

// replica is one server's way of answering pulls; it counts what it asks of the database.
type replica struct {
	pull.Reader
	hub   *live.Hub
	pulls *pull.Service
	asked int
	epoch string // another one than the database's, if set
}

func (r *replica) Epoch(ctx context.Context) (string, error) {
	r.asked++
	if r.epoch != "" {
		return r.epoch, nil
	}
	return r.Reader.Epoch(ctx)
}

func (r *replica) AllHeads(ctx context.Context) (string, map[string]uint64, error) {
	epoch, heads, err := r.Reader.(live.Heads).AllHeads(ctx)
	if r.epoch != "" {
		epoch = r.epoch
	}
	return epoch, heads, err
}

func newReplica(t *testing.T, d *db.DB, plant func(*live.Hub) pull.Memory) *replica {
	t.Helper()
	r := &replica{Reader: d}
	r.hub = live.NewHub(live.Config{Heads: r, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	r.compare(t)
	r.pulls = &pull.Service{Reader: r, Memory: plant(r.hub), Cursors: pull.Cursors{Key: make([]byte, 32)}, District: "120102", Now: time.Now}
	return r
}

func (r *replica) compare(t *testing.T) {
	t.Helper()
	if err := r.hub.Compared(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// device is a handheld as far as pulls see it.
type device struct {
	t      *testing.T
	d      *db.DB
	caller people.Caller
	cursor string
	acked  *uint64
	held   map[string]uint64
}

func newDevice(t *testing.T, d *db.DB) *device {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	err := errors.Join(d.CreateCode(t.Context(), people.EnrolmentCode{Digest: id, Unit: here, ExpiresAt: time.Now().Add(time.Hour)}))
	if err == nil {
		_, err = d.Enrol(t.Context(), id, people.Device{ID: id, PublicKey: []byte(id), Thumbprint: id, EnrolledAt: time.Now()}, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return &device{t: t, d: d, acked: new(uint64), held: map[string]uint64{},
		caller: people.Caller{Device: id, Unit: here, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: here}}}}
}

// push commits one new record of the device at a replica, and has only that replica's memory told: the line between them is cut.
func (v *device) push(r *replica) (record string) {
	v.t.Helper()
	record = uuid.Must(uuid.NewV7()).String()
	feed := "unit/" + here
	var news live.News
	err := v.d.InTx(v.t.Context(), func(ctx context.Context, tx push.Tx) error {
		dev, _, err := tx.LockDevice(ctx, v.caller.Device, nil)
		if err != nil {
			return err
		}
		locked, err := tx.LockFeeds(ctx, []string{feed}, push.Wants{})
		if err != nil {
			return err
		}
		heads := locked.Heads
		heads[feed]++
		news = live.News{Heads: heads, Device: dev.ID, Since: dev.LastSeq, Acked: dev.LastSeq + 1}
		dev.LastSeq++
		return tx.Write(ctx, &push.Batch{Device: &dev, Heads: maps.Clone(heads), At: time.Now(), Records: []push.Row{{ID: record,
			Collection: "tasks", Feed: feed, Seq: heads[feed], Version: 1, Op: record, Body: []byte(`{"title":"t"}`)}}})
	})
	if err != nil {
		v.t.Fatal(err)
	}
	r.hub.Note(news)
	v.acked = &news.Acked
	return record
}

// pull pulls at a replica and reports whether the database was asked.
func (v *device) pull(r *replica) (asked bool, err error) {
	before := r.asked
	reply, err := r.pulls.Pull(context.Background(), v.caller, wire.Pull{Cursor: v.cursor, Acked: v.acked})
	if err != nil {
		return true, err
	}
	if v.acked != nil && reply.Acked < *v.acked {
		return true, fmt.Errorf("it knows %d and is told %d", *v.acked, reply.Acked)
	}
	if reply.ServerAt.Nanosecond()%1000 != 0 {
		return true, fmt.Errorf("times travel with microseconds: %s", reply.ServerAt)
	}
	for _, c := range reply.Changes {
		v.held[c.ID] = c.Version
	}
	v.cursor = reply.Cursor
	return r.asked > before, nil
}

// ownWrites plays a device that pushes here and pulls there while no notice gets through.
func ownWrites(t *testing.T, d *db.DB, plant func(*live.Hub) pull.Memory) error {
	one, two := newReplica(t, d, plant), newReplica(t, d, plant)
	v, w := newDevice(t, d), newDevice(t, d)
	for _, step := range []struct {
		who *device
		at  *replica
	}{{v, two}, {w, two}} { // the first pull reads the database, the second does not
		for _, want := range []bool{true, false} {
			asked, err := step.who.pull(step.at)
			if err != nil {
				return err
			}
			if asked != want {
				t.Errorf("a pull asked the database: %v", asked)
			}
		}
	}
	record := v.push(one)
	if _, err := v.pull(two); err != nil {
		return err
	}
	if v.held[record] == 0 {
		return errors.New("a device does not see what it has written")
	}
	if asked, err := v.pull(two); asked || err != nil {
		t.Errorf("its next pull asks the database again: %v, %v", asked, err)
	}
	two.compare(t) // as happens every few seconds
	if _, err := w.pull(two); err != nil {
		return err
	}
	if w.held[record] == 0 {
		return errors.New("another device never sees it")
	}
	return nil
}

func sound(h *live.Hub) pull.Memory { return h }

func TestADeviceSeesItsOwnWritesWhateverMemoryHasMissed(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		if err := ownWrites(t, d, sound); err != nil {
			t.Error(err)
		}
	})
}

// careless answers without a look at what the device knows.
type careless struct{ *live.Hub }

func (c careless) Idle(device, epoch string, at map[string]uint64, knows uint64) (uint64, bool) {
	acked, idle := c.Hub.Idle(device, epoch, at, 0)
	return max(acked, knows), idle
}

func TestAMemoryThatForgetsTheAckIsCaught(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	if err := ownWrites(t, d, func(h *live.Hub) pull.Memory { return careless{h} }); err == nil {
		t.Error("nobody has noticed")
	}
}

func TestWhenMemoryDoesNotAnswer(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	for name, c := range map[string]struct {
		change func(v *device, r *replica)
		fails  fault.Code
	}{
		"it does not say what it knows": {change: func(v *device, _ *replica) { v.acked = nil }},
		"it begins anew":                {change: func(v *device, _ *replica) { v.cursor = "" }},
		"it has another role": {change: func(v *device, _ *replica) {
			v.caller.Grants = append(v.caller.Grants, people.Grant{Role: people.RoleLeader, Unit: beside})
		}},
		"a role was taken away": {change: func(v *device, _ *replica) { v.caller.Grants = nil }},
		"another role instead":  {change: func(v *device, _ *replica) { v.caller.Grants[0].Unit = beside }},
		"the cursor is forged":  {change: func(v *device, _ *replica) { v.cursor = v.cursor[1:] }, fails: fault.CursorInvalid},
		"the cursor is another's": {change: func(v *device, r *replica) {
			other := newDevice(v.t, v.d)
			if _, err := other.pull(r); err != nil {
				v.t.Fatal(err)
			}
			v.cursor = other.cursor
		}, fails: fault.CursorInvalid},
		"the history is another": {change: func(v *device, r *replica) {
			r.epoch = "after the restore"
			r.compare(v.t)
		}, fails: fault.EpochChanged},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplica(t, d, sound)
			v := newDevice(t, d)
			for range 2 {
				if _, err := v.pull(r); err != nil {
					t.Fatal(err)
				}
			}
			c.change(v, r)
			asked, err := v.pull(r)
			if !asked || (err != nil) != (c.fails != "") || err != nil && !errors.Is(err, fault.New(c.fails)) {
				t.Errorf("asked %v, %v", asked, err)
			}
		})
	}
}
