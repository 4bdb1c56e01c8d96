package custody_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// A recording goes by two persons, after its term, when the time to undo is over; its record and the acts stay.
func TestADisposalFromProposalToTheEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("一段录像 " + t.Name())
		id, over := w.hold(data), w.expired()
		early := record.Object{"unit": street, "evidence": id, "proposedBy": w.leader.Officer, "reason": "保存期满", "state": "proposed"}
		if o := w.write(w.leader, "disposals", newID(), "create", early); o.Status != record.Rejected || o.Code != "op.gate_refused" {
			t.Errorf("proposed before its time: %+v", o)
		}
		if err := w.blobs.Remove(ctx, keyOf(data)); !errors.Is(err, fault.New(fault.Retained)) {
			t.Errorf("the store itself lets it go before its time: %v", err)
		}
		w.now = over
		d := w.propose(id)
		if o := w.write(w.leader, "disposals", d, "update", record.Object{"state": "confirmed"}); o.Status != record.Rejected || !strings.Contains(o.En, "must not confirm") {
			t.Errorf("confirmed by who proposed it: %+v", o)
		}
		w.must(w.DisposeDue(ctx))
		w.confirm(d)
		w.now = w.now.AddDate(0, 0, evidence.Retention.UndoDays).Add(-time.Second)
		w.must(w.DisposeDue(ctx))
		if w.state(id) != evidence.CustodyHeld || !w.stored(data) {
			t.Fatal("gone before the time to undo was over")
		}
		w.now = w.now.Add(time.Second)
		w.must(w.DisposeDue(ctx))
		w.must(w.DisposeDue(ctx))
		custody := w.body("evidence", id)["custody"].(record.Object)
		if custody["state"] != "disposed" || custody["sha256"] != sum(data) || custody["key"] != nil || w.stored(data) {
			t.Errorf("custody %v, bytes there: %v", custody, w.stored(data))
		}
		if got := w.actsNamed(id); got != "receive propose confirm dispose " {
			t.Error(got)
		}
		acts := w.acts(id)
		if p, c, e := acts[1], acts[2], acts[3]; p.Actor != w.leader.Officer || p.Reason != "保存期满" || p.Device != w.leader.Device || c.Actor != w.chief.Officer || e.Actor != "" || c.ActorUnit != street {
			t.Errorf("%+v\n%+v\n%+v", p, c, e)
		}
		if missing, err := w.db.Outstanding(ctx, w.leader.Device, 10); err != nil || missing.Recordings != 0 {
			t.Errorf("what was disposed of is missed: %+v, %v", missing, err)
		}
	})
}

// A disposal can be taken back until it is carried out, and proposed again.
func TestADisposalIsRecalled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("recalled " + t.Name())
		id := w.hold(data)
		w.now = w.expired()
		d := w.propose(id)
		w.confirm(d)
		w.stands(w.supervisor, "disposals", d, "update", record.Object{"state": "recalled", "recallReason": "尚需核查"})
		w.now = w.now.AddDate(1, 0, 0)
		w.must(w.DisposeDue(ctx))
		if !w.stored(data) || w.state(id) != evidence.CustodyHeld {
			t.Error("gone although it was taken back")
		}
		w.propose(id)
		if got := w.actsNamed(id); got != "receive propose confirm recall propose " {
			t.Error(got)
		}
	})
}

// A hold keeps what would go, in the database at once and in the store by a job; a hold that comes while a disposal waits takes that back.
func TestAHoldKeeps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("held " + t.Name())
		id := w.hold(data)
		w.now = w.expired()
		d := w.propose(id)
		w.confirm(d)
		h := w.lock(id)
		w.now = w.now.AddDate(0, 0, 30)
		w.must(w.DisposeDue(ctx)) // the job of the hold has not run: the database alone says no
		if !w.stored(data) || w.body("disposals", d)["state"] != "recalled" {
			t.Fatalf("disposal %v, bytes there: %v", w.body("disposals", d), w.stored(data))
		}
		w.jobs()
		if err := w.blobs.Remove(ctx, keyOf(data)); !errors.Is(err, fault.New(fault.OnHold)) {
			t.Errorf("the store lets go what is held: %v", err)
		}
		w.release(h)
		w.jobs()
		if s, err := w.blobs.Stat(ctx, keyOf(data)); err != nil || s.Held {
			t.Errorf("still held: %+v, %v", s, err)
		}
		d = w.propose(id)
		w.confirm(d)
		w.now = w.now.AddDate(0, 0, evidence.Retention.UndoDays)
		w.must(w.DisposeDue(ctx))
		if w.state(id) != evidence.CustodyDisposed {
			t.Error(w.state(id))
		}
		if o := w.write(w.supervisor, "holds", newID(), "create", record.Object{"unit": street, "evidence": id, "reason": "迟到的保全", "state": "on"}); o.Status != record.Rejected {
			t.Errorf("held when it was gone: %+v", o)
		}
		if got := w.actsNamed(id); got != "receive propose confirm hold recall release propose confirm dispose " {
			t.Error(got)
		}
	})
}

// Bytes that two evidence share go with the last of them, and a hold on one holds them for both.
func TestSharedBytesGoWithTheLast(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("shared " + t.Name())
		a, b := w.hold(data), w.hold(data)
		held := w.lock(b)
		w.jobs()
		other := w.lock(a)
		w.jobs()
		w.release(other)
		w.jobs()
		if s, err := w.blobs.Stat(ctx, keyOf(data)); err != nil || !s.Held {
			t.Errorf("the release of one has released the other: %+v, %v", s, err)
		}
		gone := func(id string) {
			t.Helper()
			d := w.propose(id)
			w.confirm(d)
			w.now = w.now.AddDate(0, 0, evidence.Retention.UndoDays)
			w.must(w.DisposeDue(ctx))
			if w.state(id) != evidence.CustodyDisposed {
				t.Fatalf("%s: %v", id, w.state(id))
			}
		}
		w.now = w.expired()
		gone(a)
		if !w.stored(data) {
			t.Fatal("the other's bytes are gone")
		}
		w.release(held)
		w.jobs()
		gone(b)
		if w.stored(data) {
			t.Error("nobody needs them any more")
		}
	})
}

// stopping is a store that fails at one step, before or after it has had its effect.
type stopping struct {
	evidence.Blobs
	at   string
	done bool // the step has its effect, and nobody hears of it
}

var errDown = fault.New(fault.TemporarilyDown)

func (s *stopping) step(name string, do func() error) error {
	if s.at != name {
		return do()
	}
	if s.done {
		_ = do()
	}
	return errDown
}

func (s *stopping) Remove(ctx context.Context, key string) error {
	return s.step("remove", func() error { return s.Blobs.Remove(ctx, key) })
}
func (s *stopping) Hold(ctx context.Context, key string, on bool) error {
	return s.step("hold", func() error { return s.Blobs.Hold(ctx, key, on) })
}
func (s *stopping) Retain(ctx context.Context, key string, until time.Time) error {
	return s.step("retain", func() error { return s.Blobs.Retain(ctx, key, until) })
}

// A store that is down delays, and a step that nobody has heard of is found done.
func TestAStoreThatIsDownOnlyDelays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		whole := w.blobs
		for _, done := range []bool{false, true} {
			data := []byte("down " + t.Name() + map[bool]string{true: "unheard", false: "failed"}[done])
			id := w.hold(data)
			for _, at := range []string{"hold", "retain"} {
				w.blobs = &stopping{whole, at, done}
				w.restart()
				h := w.lock(id)
				if err := w.Guard(ctx, id); !errors.Is(err, errDown) && !(at == "hold" && err == nil) {
					t.Errorf("%s: %v", at, err)
				}
				w.blobs = whole
				w.restart()
				w.must(w.Guard(ctx, id))
				if s, err := w.blobs.Stat(ctx, keyOf(data)); err != nil || !s.Held {
					t.Errorf("%s: %+v, %v", at, s, err)
				}
				w.release(h)
				w.jobs()
			}
			w.now = w.expired()
			d := w.propose(id)
			w.confirm(d)
			w.now = w.now.AddDate(0, 0, evidence.Retention.UndoDays)
			w.blobs = &stopping{whole, "remove", done}
			w.restart()
			if err := w.DisposeDue(ctx); !errors.Is(err, errDown) || w.state(id) != evidence.CustodyDisposing {
				t.Errorf("%v, state %v", err, w.state(id))
			}
			w.blobs = whole
			w.restart()
			w.must(w.DisposeDue(ctx))
			if w.state(id) != evidence.CustodyDisposed || w.stored(data) {
				t.Errorf("state %v, bytes there: %v", w.state(id), w.stored(data))
			}
			if n := strings.Count(w.actsNamed(id), "dispose "); n != 1 {
				t.Errorf("%d disposals are told", n)
			}
		}
	})
}

// Somebody who brings the same bytes while they go either keeps them or has to bring them again: he is never told of bytes that are gone.
func TestTheSameBytesComeWhileTheyGo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("race " + t.Name())
		key, until := keyOf(data), func() time.Time { return evidence.KeepingOf(record.Object{}, w.now).Until }
		id := w.hold(data)
		w.now = w.expired()
		d := w.propose(id)
		w.confirm(d)
		w.now = w.now.AddDate(0, 0, evidence.Retention.UndoDays)
		w.must(w.DisposeDue(ctx)) // gone between another's Put, which found them there, and his Retain
		if err := w.blobs.Retain(ctx, key, until()); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("retained what is gone: %v", err)
		}
		late := w.hold(data)
		w.must(w.blobs.Retain(ctx, key, until()))
		if err := w.blobs.Remove(ctx, key); !errors.Is(err, fault.New(fault.Retained)) {
			t.Errorf("taken away behind his back: %v", err)
		}
		if w.state(late) != evidence.CustodyHeld || !w.stored(data) {
			t.Error(w.state(late))
		}
	})
}

// A class that is added later extends the term in the store too, and one for ever holds.
func TestAClassExtends(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("class " + t.Name())
		id := w.hold(data)
		add := func(class string) record.Outcome {
			return w.write(w.leader, "evidence", id, "update", record.Object{"retention": record.Object{class: record.Object{"at": stamp(w.now), "reason": "立案"}}})
		}
		if o := add("case_fiel"); o.Status != record.Rejected {
			t.Errorf("a slip of the pen: %+v", o)
		}
		if o := add("case_file"); o.Status != record.Applied {
			t.Fatal(o)
		}
		w.jobs()
		want := w.now.AddDate(30, 0, 0)
		if s, err := w.blobs.Stat(ctx, keyOf(data)); err != nil || s.RetainedUntil.Before(want.Add(-time.Second)) {
			t.Errorf("until %v, want %v; %v", s.RetainedUntil, want, err)
		}
		if o := add("case_file_permanent"); o.Status != record.Applied && o.Status != record.Merged {
			t.Fatal(o)
		}
		w.jobs()
		if s, err := w.blobs.Stat(ctx, keyOf(data)); err != nil || !s.Held {
			t.Errorf("for ever, and not held: %+v, %v", s, err)
		}
	})
}
