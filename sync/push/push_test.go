package push_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

type object = record.Object

func each(t *testing.T, fn func(t *testing.T, f *field)) {
	t.Helper()
	databases.Each(t, func(t *testing.T, d *db.DB) { fn(t, newField(t, d)) })
}

// begun is a visit that a handheld has created and pushed: version 1.
func (h *handheld) begun() string {
	h.f.t.Helper()
	id := newID()
	out := h.push(h.op(record.Create, id, 0, object{"unit": street, "summary": "s", "state": "open",
		"answers": object{"q1": object{"value": "yes"}}}))
	want(h.f.t, out[0], "applied", 1)
	return id
}

func want(t testing.TB, o wire.Outcome, status string, version uint64) {
	t.Helper()
	if o.Status != status || o.Version != version {
		t.Fatalf("outcome %s v%d (%s %s %s), want %s v%d", o.Status, o.Version, o.Code, o.Field, o.En, status, version)
	}
}

// Two handhelds edit the same visit without hearing of each other: what does not clash merges, what clashes stays on both
// sides in a conflict that names both ops.
func TestTwoOfficersEditOneVisit(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a, b := f.handheld(), f.handheld()
		id := a.begun()
		want(t, a.push(a.op(record.Update, id, 1, object{"summary": "from a", "answers": object{"q2": object{"value": "a"}}}))[0], "applied", 2)
		out := b.push(b.op(record.Update, id, 1, object{"summary": "from b", "answers": object{"q3": object{"value": "b"}}}))
		want(t, out[0], "conflict", 3)
		body := f.body("inspections", id)
		answers := body["answers"].(object)
		if body["summary"] != "from a" || answers["q2"] == nil || answers["q3"] == nil {
			t.Errorf("merged body %v", body)
		}
		conflict := f.body("conflicts", out[0].Conflict)
		sides := conflict["fields"].(object)["summary"].(object)
		if sides["base"] != "s" || sides["ours"] != "from b" || sides["theirs"] != "from a" {
			t.Errorf("conflict holds %v", sides)
		}
		if conflict["ours"] != out[0].Op || conflict["theirs"] == nil || conflict["unit"] != street {
			t.Errorf("conflict names %v", conflict)
		}
	})
}

func TestMergeWithoutClash(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a, b := f.handheld(), f.handheld()
		id := a.begun()
		a.push(a.op(record.Update, id, 1, object{"summary": "new"}))
		want(t, b.push(b.op(record.Update, id, 1, object{"answers": object{"q1": object{"value": "no"}}}))[0], "merged", 3)
	})
}

// A handheld that has not heard of its own earlier edits bases later ones on the version it has pulled: these are not
// conflicts with itself. But what others changed meanwhile still is one.
func TestOwnEditsOnAnOldBaseDoNotClashWithThemselves(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a, b := f.handheld(), f.handheld()
		id := newID()
		out := a.push(a.op(record.Create, id, 0, object{"unit": street, "summary": "1"}), a.op(record.Update, id, 0, object{"summary": "2"}))
		want(t, out[1], "applied", 2)
		want(t, a.push(a.op(record.Update, id, 0, object{"summary": "3"}))[0], "applied", 3)
		want(t, b.push(b.op(record.Update, id, 3, object{"summary": "from b"}))[0], "applied", 4)
		// a has seen "3" and nothing of b: editing the same field clashes, editing another merges
		want(t, a.push(a.op(record.Update, id, 0, object{"summary": "4"}))[0], "conflict", 4)
		want(t, a.push(a.op(record.Update, id, 0, object{"note": "n"}))[0], "merged", 5)
		if got := f.body("inspections", id)["summary"]; got != "from b" {
			t.Errorf("summary %v: an edit that a never saw was lost", got)
		}
	})
}

// A push whose answer was lost is sent again: same outcomes, marked as replayed, nothing doubled. Old and new ops may be mixed.
func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := newID()
		create := h.op(record.Create, id, 0, object{"unit": street, "summary": "flag me"})
		first := h.push(create)
		update := h.op(record.Update, id, 0, object{"note": "n"})
		again := h.push(create, update)
		if !again[0].Replayed || again[0].Version != first[0].Version || len(again[0].Findings) != 1 ||
			again[0].Findings[0] != first[0].Findings[0] {
			t.Errorf("replayed %+v, first was %+v", again[0], first[0])
		}
		want(t, again[1], "applied", 2)
		if again[1].Replayed {
			t.Error("a new op is marked as replayed")
		}
		if found, _ := f.db.Lookup(context.Background(), "findings", "record", id); len(found) != 1 {
			t.Errorf("%d findings after the replay, want 1", len(found))
		}
	})
}

func TestWholePushRefusals(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		cases := map[fault.Code]func(h *handheld) wire.Push{
			fault.SequenceGap: func(h *handheld) wire.Push {
				h.op(record.Create, newID(), 0, object{"unit": street})
				return h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
			},
			fault.ChainBroken: func(h *handheld) wire.Push {
				h.head = "00"
				return h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
			},
			fault.SignatureInvalid: func(h *handheld) wire.Push {
				p := h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
				p.Signature = f.handheld().sign(h.op(record.Create, newID(), 0, object{})).Signature
				return p
			},
			fault.ReplayDiffers: func(h *handheld) wire.Push {
				h.begun()
				h.seq, h.head = 0, ""
				return h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
			},
			fault.OpInvalid: func(h *handheld) wire.Push {
				p := h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
				p.Ops[0] = []byte(`{"id":1}`)
				return p
			},
			fault.DeviceMismatch: func(h *handheld) wire.Push {
				p := h.sign(h.op(record.Create, newID(), 0, object{"unit": street}))
				p.Device = newID()
				return p
			},
		}
		for code, build := range cases {
			h := f.handheld()
			p := build(h)
			before, _ := f.db.Acked(context.Background(), h.id)
			if _, err := h.send(p); !errors.Is(err, fault.New(code)) {
				t.Errorf("%s: got %v", code, err)
			}
			if after, _ := f.db.Acked(context.Background(), h.id); after != before {
				t.Errorf("%s: a refused push moved the sequence to %d", code, after)
			}
		}
	})
}

// The gap's answer tells where to go on, so that a client need not guess.
func TestGapTellsTheExpectedNumber(t *testing.T) {
	f := newField(t, databases.SQLite(t, time.Now))
	h := f.handheld()
	h.begun()
	h.op(record.Create, newID(), 0, object{})
	_, err := h.send(h.sign(h.op(record.Create, newID(), 0, object{"unit": street})))
	var gap *push.Gap
	if !errors.As(err, &gap) || gap.Expected != 2 {
		t.Errorf("got %v, want a gap that expects 2", err)
	}
}

// One bad row never blocks the queue: each op is rejected on its own, the sequence advances, and nothing of it is applied.
func TestRejectedOps(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		outsider := newID()
		f.grant(outsider, "120102002")
		h := f.handheld()
		h.signIn(outsider)
		id := h.begun()
		other := func(change func(*wire.Op), action record.Action, id string, base uint64, patch object) wire.Op {
			prev, seq := h.head, h.seq
			o := h.op(action, id, base, patch)
			change(&o)
			o.Prev, o.Seq = prev, seq+1
			sealed, _ := wire.Seal(o)
			h.head = sealed.Hash
			return o
		}
		none := func(*wire.Op) {}
		cases := []struct {
			name string
			code fault.Code
			op   func() wire.Op
		}{
			{"unknown collection", fault.CollectionUnknown, func() wire.Op {
				return other(func(o *wire.Op) { o.Collection = "nothing" }, record.Create, newID(), 0, object{})
			}},
			{"record id", fault.OpInvalid, func() wire.Op { return other(none, record.Create, "no-id", 0, object{}) }},
			{"schema from the future", fault.SchemaUnknown, func() wire.Op {
				return other(func(o *wire.Op) { o.Schema = 9 }, record.Create, newID(), 0, object{"unit": street})
			}},
			{"author never signed in here", fault.AuthorNotOnDevice, func() wire.Op {
				return other(func(o *wire.Op) { o.Author = newID() }, record.Create, newID(), 0, object{"unit": street})
			}},
			{"no right to remove", fault.ActionDenied, func() wire.Op { return other(none, record.Remove, id, 1, nil) }},
			{"other unit", fault.OutOfScope, func() wire.Op {
				return other(func(o *wire.Op) { o.Author = outsider }, record.Update, id, 1, object{"note": "x"})
			}},
			{"into another unit", fault.OutOfScope, func() wire.Op {
				return other(none, record.Update, id, 1, object{"unit": "120102002"})
			}},
			{"record unknown", fault.RecordUnknown, func() wire.Op { return other(none, record.Update, newID(), 1, object{"note": "x"}) }},
			{"base unknown", fault.BaseUnknown, func() wire.Op { return other(none, record.Update, id, 99, object{"note": "x"}) }},
			{"other collection", fault.CollectionMismatch, func() wire.Op {
				return other(func(o *wire.Op) { o.Collection = "findings" }, record.Update, id, 1, object{"state": "closed"})
			}},
			{"required field", fault.FieldRequired, func() wire.Op { return other(none, record.Create, newID(), 0, object{"summary": "x"}) }},
			{"kind of field", fault.FieldKind, func() wire.Op { return other(none, record.Update, id, 1, object{"summary": 1.0}) }},
			{"server's field", fault.FieldServerOwned, func() wire.Op {
				return other(none, record.Update, id, 1, object{"receipt": object{"forged": true}})
			}},
			{"refusing gate", fault.GateRefused, func() wire.Op { return other(none, record.Update, id, 1, object{"summary": "refuse me"}) }},
		}
		for _, c := range cases {
			out := h.push(c.op())
			if out[0].Status != "rejected" || out[0].Code != string(c.code) {
				t.Errorf("%s: %s %s (%s %s), want rejected %s", c.name, out[0].Status, out[0].Code, out[0].Field, out[0].En, c.code)
			}
		}
		if r, _ := f.db.Record(context.Background(), "inspections", id); r.Version != 1 {
			t.Errorf("version %d after rejected ops, want 1", r.Version)
		}
	})
}

func TestFreezeJobsClaims(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id, twin := h.begun(), h.begun()
		want(t, h.push(h.op(record.Update, id, 1, object{"state": "closed", "sum": 7.0}))[0], "applied", 2)
		out := h.push(h.op(record.Update, id, 2, object{"sum": 8.0}))
		if out[0].Code != string(fault.FieldFrozen) {
			t.Errorf("changing a frozen field: %+v", out[0])
		}
		if waiting, _, _ := f.db.Pending(context.Background()); waiting != 1 {
			t.Errorf("%d jobs wait, want the one that closing queued", waiting)
		}
		// a second paper with the same number is in the citizen's hands already: it stands, and is a finding
		out = h.push(h.op(record.Update, twin, 1, object{"sum": 7.0}))
		want(t, out[0], "applied", 2)
		if len(out[0].Findings) != 1 || f.body("findings", out[0].Findings[0])["code"] != "number.double" {
			t.Errorf("double number: %+v", out[0])
		}
	})
}

// Ops of one txn stand or fall together; later groups are not touched; what depends on a rejected creation is held.
func TestGroupsAndHeld(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		good, bad := newID(), newID()
		ops := []wire.Op{h.op(record.Create, good, 0, object{"unit": street})}
		ops[0].Txn = "t"
		h.head = rehash(t, ops[0])
		ops = append(ops, h.op(record.Create, bad, 0, object{"unit": street, "summary": "refuse me"}))
		ops[1].Txn = "t"
		h.head = rehash(t, ops[1])
		ops = append(ops, h.op(record.Update, bad, 0, object{"note": "after"}), h.op(record.Create, newID(), 0, object{"unit": street}))
		out := h.push(ops...)
		if out[0].Code != string(fault.TxnFailed) || out[1].Code != string(fault.GateRefused) {
			t.Errorf("group: %s, %s", out[0].Code, out[1].Code)
		}
		if out[2].Status != "held" || out[2].HeldBy != ops[1].ID {
			t.Errorf("dependant: %+v", out[2])
		}
		want(t, out[3], "applied", 1)
		if _, err := f.db.Record(context.Background(), "inspections", good); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("the group's first op left a record: %v", err)
		}
		// the hold is known in later pushes too
		if late := h.push(h.op(record.Update, bad, 0, object{"note": "x"})); late[0].Status != "held" {
			t.Errorf("late dependant: %+v", late[0])
		}
	})
}

func rehash(t testing.TB, o wire.Op) string {
	sealed, err := wire.Seal(o)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Hash
}

// A state change that is not declared is a conflict, never silently dropped.
func TestUndeclaredTransition(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		h.push(h.op(record.Update, id, 1, object{"state": "closed"}))
		want(t, h.push(h.op(record.Update, id, 2, object{"state": "open"}))[0], "conflict", 2)
	})
}
