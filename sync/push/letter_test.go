package push_test

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// leader makes a leader of a unit, and says how he signs in at a desk.
func (f *field) leader(unit string) people.Caller {
	f.t.Helper()
	id := newID()
	f.own(push.ServerOp{Collection: "officers", Record: id, Action: record.Create, Patch: object{"name": "乙",
		"grants": object{"g": object{"role": "leader", "unit": unit}}}})
	return f.desk(id)
}

func onCollection(op wire.OnlineOp, collection string) wire.OnlineOp {
	op.Collection = collection
	return op
}

// decide edits a record of the desk, as it stands.
func (f *field) decide(who people.Caller, collection, id string, patch object) record.Outcome {
	f.t.Helper()
	r, err := f.db.Record(context.Background(), collection, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.online(who, onCollection(edit(record.Update, id, r.Version, patch), collection))[0]
}

func (f *field) letter(o wire.Outcome, kind, unit string) object {
	f.t.Helper()
	if !record.IsID(o.Letter) {
		f.t.Fatalf("outcome without a letter: %+v", o)
	}
	letter := f.body("deadletters", o.Letter)
	if letter["kind"] != kind || letter["unit"] != unit || letter["op"] != o.Op || letter["state"] != "open" || letter["code"] != o.Code {
		f.t.Fatalf("the letter is %v, of %+v", letter, o)
	}
	return letter
}

// What was rejected is kept as a letter, with its reason, and stands when it is tried again after the reason is gone; what was
// held because of it follows, in order, and each says who made it.
func TestLetterRetriedWithWhatWaited(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h, boss, id := f.handheld(), f.leader(street), newID()
		out := h.push(h.op(record.Create, id, 0, object{"unit": street, "summary": "refuse me", "note": "a"}),
			h.op(record.Update, id, 0, object{"note": "b"}), h.op(record.Update, id, 0, object{"answers": object{"q": object{"value": "yes"}}}))
		first := f.letter(out[0], "rejected", street)
		if patch := first["patch"].(object); patch["note"] != "a" || first["field"] != "summary" || first["seq"] != 1.0 {
			t.Errorf("the letter says %v", first)
		}
		for i := 1; i < 3; i++ {
			if held := f.letter(out[i], "held", street); held["heldBy"] == nil {
				t.Errorf("held by nothing: %v", held)
			}
		}
		if again := f.decide(boss, "deadletters", out[0].Letter, object{"state": "retried"}); again.Code != string(fault.GateRefused) || again.Letter != "" || again.Zh != out[0].Zh || again.En != out[0].En {
			t.Errorf("tried again as it was: %+v", again)
		}
		if f.body("deadletters", out[0].Letter)["state"] != "open" {
			t.Error("the letter was closed by a retry that failed")
		}
		amended := f.decide(boss, "deadletters", out[0].Letter, object{"state": "retried", "reason": "改正摘要",
			"amendment": object{"unit": street, "summary": "good", "note": "a"}})
		if amended.Status != record.Applied {
			t.Fatalf("amended: %+v", amended)
		}
		body := f.body("inspections", id)
		if body["summary"] != "good" || body["note"] != "b" || body["answers"] == nil {
			t.Errorf("the record is %v", body)
		}
		for i := range out {
			if letter := f.body("deadletters", out[i].Letter); letter["state"] != "retried" || !record.IsID(letter["appliedAs"].(string)) {
				t.Errorf("letter %d is %v", i, letter)
			}
		}
		history, err := f.db.Revisions(context.Background(), id)
		if err != nil || len(history) != 3 || history[0].Author != f.officer || history[0].Device != boss.Device {
			t.Errorf("the history says %+v, %v", history, err)
		}
		want(t, h.push(h.op(record.Update, id, 3, object{"note": "c"}))[0], "applied", 4)
		for _, patch := range []object{{"state": "discarded", "reason": "x"}, {"reason": "另一理由"}, {"amendment": object{"unit": street, "summary": "else"}}} {
			if over := f.decide(boss, "deadletters", out[0].Letter, patch); over.Code != string(fault.GateRefused) {
				t.Errorf("decided twice, by %v: %+v", patch, over)
			}
		}
		letter := f.body("deadletters", out[0].Letter)
		if amended, _ := letter["amendment"].(object); letter["state"] != "retried" || letter["reason"] != "改正摘要" || amended["summary"] != "good" {
			t.Errorf("the letter says otherwise than what was done: %v", letter)
		}
	})
}

// A letter is put aside only with a reason, and what was held by a creation goes with it.
func TestLetterDiscarded(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h, boss, id := f.handheld(), f.leader(street), newID()
		out := h.push(h.op(record.Create, id, 0, object{"unit": street, "summary": "refuse me"}), h.op(record.Update, id, 0, object{"note": "b"}))
		if o := f.decide(boss, "deadletters", out[0].Letter, object{"state": "discarded", "reason": " "}); o.Code != string(fault.GateRefused) {
			t.Errorf("without a reason: %+v", o)
		}
		if o := f.decide(boss, "deadletters", out[0].Letter, object{"state": "discarded", "reason": "重复录入"}); o.Status != record.Applied {
			t.Fatalf("discarded: %+v", o)
		}
		for i := range out {
			if letter := f.body("deadletters", out[i].Letter); letter["state"] != "discarded" || letter["reason"] != "重复录入" {
				t.Errorf("letter %d is %v", i, letter)
			}
		}
	})
}

// An edit of a record that its author does not reach goes to the unit whose record it is; a unit that does not exist gets none.
// There the edit may be taken in, in the author's name; by somebody who reaches neither it may not.
func TestQuarantine(t *testing.T) {
	const other = "120102002"
	each(t, func(t *testing.T, f *field) {
		f.own(push.ServerOp{Collection: "units", Record: newID(), Action: record.Create, Patch: object{"code": other, "name": "甲街道", "kind": "street"}})
		h, id := f.handheld(), newID()
		f.own(push.ServerOp{Collection: "inspections", Record: id, Action: record.Create, Patch: object{"unit": other, "summary": "theirs"}})
		out := h.push(h.op(record.Update, id, 1, object{"note": "seen from here"}),
			h.op(record.Create, newID(), 0, object{"unit": "120102999"}))
		f.letter(out[0], "quarantined", other)
		f.letter(out[1], "quarantined", street)
		own, theirs := f.leader(street), f.leader(other)
		if o := f.decide(own, "deadletters", out[0].Letter, object{"state": "retried"}); o.Code != string(fault.OutOfScope) {
			t.Errorf("by the leader of the author: %+v", o)
		}
		if o := f.decide(theirs, "deadletters", out[0].Letter, object{"state": "retried"}); o.Status != record.Applied {
			t.Fatalf("by the leader of the unit: %+v", o)
		}
		if body := f.body("inspections", id); body["note"] != "seen from here" || body["summary"] != "theirs" {
			t.Errorf("the record is %v", body)
		}
	})
}

// A retried edit is merged against what its author was looking at: what others changed since stays, and clashes are told.
func TestRetryMergesAgainstWhatWasSeen(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h, o, boss := f.handheld(), f.handheld(), f.leader(street)
		id := h.begun()
		out := h.push(h.op(record.Update, id, 1, object{"note": "mine"}), h.op(record.Update, id, 1, object{"summary": "refuse me"}))
		f.letter(out[1], "rejected", street)
		o.push(o.op(record.Update, id, 1, object{"answers": object{"q9": object{"value": "o"}}}))
		if again := f.decide(boss, "deadletters", out[1].Letter, object{"state": "retried", "amendment": object{"summary": "mended"}}); again.Status != record.Applied {
			t.Fatalf("retried: %+v", again)
		}
		if body := f.body("inspections", id); body["summary"] != "mended" || body["note"] != "mine" || body["answers"].(object)["q9"] == nil {
			t.Errorf("the record is %v", body)
		}
		// an amendment that clashes with what its maker has not seen overwrites nothing
		second := h.push(h.op(record.Update, id, 4, object{"summary": "refuse me"}))[0]
		o.push(o.op(record.Update, id, 4, object{"summary": "others"}))
		if again := f.decide(boss, "deadletters", second.Letter, object{"state": "retried", "amendment": object{"summary": "mine"}}); again.Status != record.Applied {
			t.Fatalf("amended: %+v", again)
		}
		unseen, err := f.db.Lookup(context.Background(), "conflicts", "record", id)
		if err != nil || len(unseen) != 1 || f.body("inspections", id)["summary"] != "others" {
			t.Fatalf("conflicts %v, %v, record %v", unseen, err, f.body("inspections", id))
		}
		// and one that clashes by now stands as a conflict
		late := h.op(record.Update, id, 1, object{"summary": "late"})
		late.Schema = 9
		refused := h.push(sealedAs(h, late))[0]
		f.letter(refused, "rejected", street)
		if again := f.decide(boss, "deadletters", refused.Letter, object{"state": "retried"}); again.Status != record.Applied {
			t.Fatalf("retried late: %+v", again)
		}
		clashes, err := f.db.Lookup(context.Background(), "conflicts", "record", id)
		if err != nil || len(clashes) != 2 || f.body("inspections", id)["summary"] != "others" {
			t.Fatalf("conflicts %v, %v", clashes, err)
		}
		made := f.body("deadletters", refused.Letter)["appliedAs"]
		if sides := f.body("conflicts", clashes[1].ID); sides["ours"] != made || sides["author"] != f.officer {
			t.Errorf("the conflict is %v, made by %v", sides, made)
		}
	})
}

// sealedAs gives an op that was altered its place in the chain again.
func sealedAs(h *handheld, op wire.Op) wire.Op {
	sealed, err := wire.Seal(op)
	if err != nil {
		h.f.t.Fatal(err)
	}
	h.head = sealed.Hash
	return op
}

// Nobody is written to about what he is told at once: an online edit leaves a letter only when nobody reads the outcome, and an edit of
// a letter leaves none.
func TestWhoGetsNoLetter(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		bad := edit(record.Create, newID(), 0, object{"unit": street, "summary": "refuse me"})
		if o := f.online(f.desk(f.officer), bad)[0]; o.Status != record.Rejected || o.Letter != "" {
			t.Errorf("attended: %+v", o)
		}
		bad.ID, bad.Unattended = newID(), true
		o := f.online(f.desk(f.officer), bad)[0]
		f.letter(push.ToWire(o), "rejected", street)
		if again := f.online(f.desk(f.officer), bad)[0]; !again.Replayed || again.Letter != o.Letter {
			t.Errorf("sent again: %+v, want the letter %s", again, o.Letter)
		}
		h := f.handheld()
		late := h.op(record.Update, o.Letter, 1, object{"state": "discarded"})
		late.Collection = "deadletters"
		if out := h.push(sealedAs(h, late))[0]; out.Status != "rejected" || out.Letter != "" {
			t.Errorf("a letter about a letter: %+v", out)
		}
	})
}
