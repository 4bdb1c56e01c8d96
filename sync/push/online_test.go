package push_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// desk is a signed-in person without a chain of ops.
func (f *field) desk(officer string) people.Caller {
	return people.Caller{Device: newID(), Officer: officer, Unit: street}
}

func edit(action record.Action, id string, base uint64, patch object) wire.OnlineOp {
	return wire.OnlineOp{ID: newID(), Collection: "inspections", Record: id, Action: string(action), Base: base, Patch: patch}
}

func (f *field) online(who people.Caller, ops ...wire.OnlineOp) []record.Outcome {
	f.t.Helper()
	out, err := f.service.ApplyOnline(context.Background(), who, ops)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// An edit made online merges, clashes and is judged like one of a handheld, against the version that it names.
func TestOnlineEditsAreEditsLikeAnyOther(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h, who := f.handheld(), f.desk(f.officer)
		id := h.begun()
		h.push(h.op(record.Update, id, 1, object{"summary": "street"}))
		out := f.online(who, edit(record.Update, id, 1, object{"summary": "desk", "note": "seen"}),
			edit(record.Update, id, 2, object{"state": "closed"}), edit(record.Create, newID(), 0, object{"unit": street, "summary": "refuse me"}),
			edit(record.Update, newID(), 1, object{"summary": "nothing"}))
		for i, status := range []record.Status{record.Conflicted, record.Applied, record.Rejected, record.Rejected} {
			if out[i].Status != status {
				t.Errorf("op %d: %+v, want %s", i, out[i], status)
			}
		}
		if body := f.body("inspections", id); body["summary"] != "street" || body["note"] != "seen" || body["state"] != "closed" {
			t.Errorf("the record is %v", body)
		}
		history, err := f.db.Revisions(context.Background(), id)
		if last := history[len(history)-1]; err != nil || last.Author != f.officer || last.Device != who.Device {
			t.Errorf("the history says %+v, %v", last, err)
		}
	})
}

// What a person may not do on a handheld is not allowed online either.
func TestOnlineEditsAskTheTableOfRights(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		elsewhere, id := newID(), f.handheld().begun()
		f.grant(elsewhere, "120102002")
		for who, code := range map[string]fault.Code{elsewhere: fault.OutOfScope, newID(): fault.OutOfScope} {
			out := f.online(f.desk(who), edit(record.Update, id, 1, object{"summary": "x"}))
			if out[0].Code != string(code) {
				t.Errorf("%s: %+v", code, out[0])
			}
		}
		out := f.online(f.desk(f.officer), edit(record.Update, id, 1, object{"receipt": "x"}))
		if out[0].Code != string(fault.FieldServerOwned) {
			t.Errorf("a field of the server: %+v", out[0])
		}
	})
}

// The id of an edit says that it is the same: again it gets the first outcome, also from many at once; for something else, or
// from somebody else, it is refused and tells nothing.
func TestOnlineEditsAreReplayedById(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		who := f.desk(f.officer)
		create := edit(record.Create, newID(), 0, object{"unit": street, "summary": "s"})
		var all sync.WaitGroup
		statuses := make([]record.Outcome, 8)
		for i := range statuses {
			all.Go(func() {
				if out, err := f.service.ApplyOnline(context.Background(), who, []wire.OnlineOp{create}); err == nil {
					statuses[i] = out[0]
				}
			})
		}
		all.Wait()
		first := 0
		for _, o := range statuses {
			if o.Status != record.Applied || o.Version != 1 {
				t.Errorf("outcome %+v", o)
			}
			if !o.Replayed {
				first++
			}
		}
		if first != 1 {
			t.Errorf("done %d times", first)
		}
		next := edit(record.Update, create.Record, 1, object{"summary": "t"})
		if out := f.online(who, create, next); !out[0].Replayed || out[1].Replayed || out[1].Version != 2 {
			t.Errorf("old and new together: %+v", out)
		}
		other := create
		other.Patch = object{"unit": street, "summary": "other"}
		h := f.handheld()
		chained := h.op(record.Create, newID(), 0, object{"unit": street})
		h.push(chained)
		for name, c := range map[string]struct {
			who people.Caller
			op  wire.OnlineOp
		}{
			"other content":         {who, other},
			"somebody else":         {f.desk(newID()), create},
			"the op of a handheld":  {who, wire.OnlineOp{ID: chained.ID, Collection: "inspections", Record: chained.Record, Action: "create", Patch: object{"unit": street}, Schema: 1}},
			"an id that is no uuid": {who, wire.OnlineOp{ID: "x"}},
		} {
			code := fault.ReplayDiffers
			if !record.IsID(c.op.ID) {
				code = fault.OpInvalid
			}
			if out, err := f.service.ApplyOnline(context.Background(), c.who, []wire.OnlineOp{c.op}); !errors.Is(err, fault.New(code)) {
				t.Errorf("%s: %+v, %v", name, out, err)
			}
		}
	})
}

// Ops of one txn stand or fall together online too.
func TestOnlineGroup(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		id := newID()
		good, bad := edit(record.Create, id, 0, object{"unit": street}), edit(record.Create, newID(), 0, object{"unit": street, "summary": "refuse me"})
		good.Txn, bad.Txn = "g", "g"
		out := f.online(f.desk(f.officer), good, bad)
		if out[0].Code != string(fault.TxnFailed) || out[1].Code != string(fault.GateRefused) {
			t.Errorf("outcomes %+v", out)
		}
		if _, err := f.db.Record(context.Background(), "inspections", id); err == nil {
			t.Error("half of a group was stored")
		}
	})
}
