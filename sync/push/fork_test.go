package push_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func (f *field) release(device string) error {
	return f.db.ReleaseDevice(context.Background(), people.Decision{Device: device, Officer: f.officer, Decision: people.Released,
		Reason: "试验", At: time.Now()})
}

// forks reads everything that is kept of a device, page by page.
func (f *field) forks(device string) (all []push.Fork) {
	f.t.Helper()
	for seq, hash := uint64(0), ""; ; {
		page, err := f.db.Forks(context.Background(), device, seq, hash, 2)
		if err != nil {
			f.t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		seq, hash = page[len(page)-1].Seq, page[len(page)-1].Hash
	}
}

// forkFindings counts the findings that a device has forked.
func (f *field) forkFindings() int {
	f.t.Helper()
	n := 0
	err := f.db.BodiesOf(context.Background(), "findings", func(_ string, _ int, body []byte) error {
		o, err := wire.Object(body)
		if o["code"] == string(fault.ReplayDiffers) || o["code"] == string(fault.ChainBroken) {
			n++
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// clone is a copy of a handheld, with its key.
func (h *handheld) clone() *handheld {
	c := *h
	return &c
}

func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("got %v, want %s", err, code)
	}
}

// A clone is recognised by the first op it sends under a number that was used. What it sends is kept once, however often it comes; the
// device is set aside, with one finding; from then on both of the two are kept and neither is taken, while what was taken before
// still has its outcomes.
func TestCloneIsSetAside(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		c := h.clone()
		first := h.op(record.Update, id, 1, object{"note": "原机"})
		h.push(first)
		twin := []wire.Op{c.op(record.Update, id, 1, object{"summary": "副本一"}), c.op(record.Create, newID(), 0, object{"unit": street})}
		_, err := c.send(c.sign(twin[0]))
		wantCode(t, err, fault.ReplayDiffers)
		for range 2 {
			_, err = c.send(c.sign(twin...))
			wantCode(t, err, fault.DeviceSetAside)
		}
		reply, err := h.send(h.sign(first))
		if err != nil || !reply.Outcomes[0].Replayed || reply.Acked != 2 {
			t.Errorf("what was taken before is answered %+v, %v", reply, err)
		}
		next := h.op(record.Update, id, 2, object{"note": "原机又"})
		_, err = h.send(h.sign(first, next))
		wantCode(t, err, fault.DeviceSetAside)
		_, err = h.send(h.sign(next))
		wantCode(t, err, fault.DeviceSetAside)

		kept := f.forks(h.id)
		if len(kept) != 3 || f.forkFindings() != 1 {
			t.Fatalf("%d forks are kept with %d findings, want 3 with one", len(kept), f.forkFindings())
		}
		want := map[string]uint64{twin[0].ID: 2, twin[1].ID: 3, next.ID: 3}
		for _, k := range kept {
			op, err := wire.Open([]byte(string(k.Text)))
			if err != nil || op.Hash != k.Hash || op.ID != k.Op || want[k.Op] != k.Seq || k.Taken || k.Adopted {
				t.Errorf("kept %+v: %v", k, err)
			}
			if wire.Verify(&h.key.PublicKey, wire.SigningInput(h.id, k.Head), k.Signature) != nil {
				t.Errorf("the signature kept with op %d does not verify", k.Seq)
			}
		}
		if body := f.body("inspections", id); body["summary"] != "s" || body["note"] != "原机" {
			t.Errorf("something of the forks has taken effect: %v", body)
		}
	})
}

// Released, the device goes on with the server's chain. What the other of the two sent before is known and sets nothing aside again;
// something new does.
func TestReleasedDeviceGoesOn(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		c := h.clone()
		h.push(h.op(record.Update, id, 1, object{"note": "原机"}))
		twin := c.op(record.Update, id, 1, object{"summary": "副本"})
		_, err := c.send(c.sign(twin))
		wantCode(t, err, fault.ReplayDiffers)
		next := h.op(record.Update, id, 2, object{"note": "原机又"})
		_, err = h.send(h.sign(next))
		wantCode(t, err, fault.DeviceSetAside)
		if err := f.release(h.id); err != nil {
			t.Fatal(err)
		}
		want(t, h.push(next)[0], "applied", 3)
		for _, k := range f.forks(h.id) {
			if k.Taken != (k.Op == next.ID) {
				t.Errorf("op %s is marked as taken: %v", k.Op, k.Taken)
			}
		}
		_, err = c.send(c.sign(twin))
		wantCode(t, err, fault.ReplayDiffers)
		want(t, h.push(h.op(record.Update, id, 3, object{"note": "原机再"}))[0], "applied", 4)
		_, err = c.send(c.sign(twin, c.op(record.Update, id, 1, object{"summary": "副本又"})))
		wantCode(t, err, fault.ReplayDiffers)
		_, err = h.send(h.sign(h.op(record.Update, id, 4, object{"note": "原机完"})))
		wantCode(t, err, fault.DeviceSetAside)
		if n := f.forkFindings(); n != 2 {
			t.Errorf("%d findings, want one for each time", n)
		}
		decided, err := f.db.Decisions(context.Background(), h.id, 10)
		if err != nil || len(decided) != 1 || decided[0].Reason != "试验" {
			t.Errorf("decisions %+v, %v", decided, err)
		}
	})
}

// A fork becomes an edit of whoever adopts it, once, judged like any other and merged onto what the server holds.
func TestForkAdopted(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		c := h.clone()
		h.push(h.op(record.Update, id, 1, object{"note": "原机"}))
		made := newID()
		_, err := c.send(c.sign(c.op(record.Update, id, 1, object{"summary": "副本"}), c.op(record.Create, made, 0, object{"unit": street})))
		wantCode(t, err, fault.ReplayDiffers)
		kept := f.forks(h.id)
		hashes := []string{kept[0].Hash, kept[1].Hash}
		leader := people.Caller{Officer: f.officer, Device: newID(), Unit: street}
		for round := range 2 {
			outcomes, err := f.service.AdoptForks(context.Background(), leader, f.db, h.id, hashes)
			if err != nil || len(outcomes) != 2 || outcomes[0].Status != record.Merged || outcomes[1].Status != record.Applied ||
				outcomes[0].Replayed != (round > 0) {
				t.Fatalf("round %d: %+v, %v", round, outcomes, err)
			}
		}
		if body := f.body("inspections", id); body["summary"] != "副本" || body["note"] != "原机" {
			t.Errorf("after adopting: %v", body)
		}
		for _, k := range f.forks(h.id) {
			if !k.Adopted {
				t.Errorf("fork %s is not marked as adopted", k.Hash)
			}
		}
		_, err = f.service.AdoptForks(context.Background(), leader, f.db, h.id, []string{hashes[0], "00"})
		wantCode(t, err, fault.NotFound)
		_, err = f.service.AdoptForks(context.Background(), leader, f.db, newID(), hashes)
		wantCode(t, err, fault.NotFound)
		_, err = f.service.AdoptForks(context.Background(), leader, f.db, h.id, nil)
		wantCode(t, err, fault.FieldInvalid)
	})
}

// Two copies of one device that push at the same moment: the chain that stands is one of theirs, whole; everything else is kept, once.
func TestConcurrentClones(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		h.begun()
		copies := []*handheld{h, h.clone(), h.clone()}
		const rounds = 5
		made := map[string]bool{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, c := range copies {
			all.Go(func() {
				var chain []wire.Op
				for range rounds {
					chain = append(chain, c.op(record.Create, newID(), 0, object{"unit": street}))
					_, err := c.send(c.sign(chain...))
					if err != nil && !errors.Is(err, fault.New(fault.ReplayDiffers)) && !errors.Is(err, fault.New(fault.DeviceSetAside)) {
						t.Error(err)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, op := range chain {
					made[op.ID] = true
				}
			})
		}
		all.Wait()
		seen := map[string]int{}
		err := f.db.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			past, err := tx.Outcomes(ctx, h.id, 2, 100)
			for _, p := range past {
				seen[p.Outcome.Op]++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range f.forks(h.id) {
			seen[k.Op]++
		}
		if problem := once(made, seen); problem != "" {
			t.Error(problem)
		}
		if n := f.forkFindings(); n != 1 {
			t.Errorf("%d findings, want one", n)
		}
		// planted: one kept twice, one lost
		for id := range made {
			seen[id]++
			if once(made, seen) == "" {
				t.Error("an op that is kept twice is not seen")
			}
			delete(seen, id)
			if once(made, seen) == "" {
				t.Error("an op that is lost is not seen")
			}
			break
		}
	})
}

// once says what is wrong unless everything made is there exactly once.
func once(made map[string]bool, seen map[string]int) string {
	for id := range made {
		if seen[id] != 1 {
			return fmt.Sprintf("op %s is on the server %d times", id, seen[id])
		}
	}
	return ""
}

// A device that goes on from an op that the server does not have, with a good signature, has another history than the server: it is kept and
// set aside like any other fork. A chain that is not signed by the device proves nothing, and keeps nothing.
func TestAnotherChainIsSetAside(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		c := h.clone()
		h.push(h.op(record.Update, id, 1, object{"note": "原机"}))
		c.op(record.Update, id, 1, object{"note": "另一历史"}) // which the server never hears of
		next := c.op(record.Update, id, 1, object{"summary": "另一历史又"})
		forged := c.sign(next)
		forged.Signature = h.sign(h.op(record.Update, id, 2, object{"note": "x"})).Signature
		h.seq, h.head = h.seq-1, next.Prev // as if it had not been made
		_, err := c.send(forged)
		wantCode(t, err, fault.SignatureInvalid)
		if n := len(f.forks(h.id)); n != 0 {
			t.Fatalf("%d forks are kept of a forgery", n)
		}
		_, err = c.send(c.sign(next))
		wantCode(t, err, fault.ChainBroken)
		_, err = c.send(c.sign(next))
		wantCode(t, err, fault.DeviceSetAside)
		kept := f.forks(h.id)
		if len(kept) != 1 || kept[0].Op != next.ID || kept[0].Seq != 3 || f.forkFindings() != 1 {
			t.Fatalf("kept %+v, %d findings", kept, f.forkFindings())
		}
		if body := f.body("inspections", id); body["note"] != "原机" || body["summary"] != "s" {
			t.Errorf("something of the other chain has taken effect: %v", body)
		}
		if err := f.release(h.id); err != nil {
			t.Fatal(err)
		}
		_, err = c.send(c.sign(next)) // it is known, and sets nothing aside again
		wantCode(t, err, fault.ChainBroken)
		if d, err := f.db.Device(context.Background(), h.id); err != nil || !d.SetAsideAt.IsZero() {
			t.Errorf("set aside again at %v, %v", d.SetAsideAt, err)
		}
	})
}
