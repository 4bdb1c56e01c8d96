package push_test

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// restored lets the database be one that was put back from a backup: what handhelds have seen since then it never had.
func (f *field) restored() {
	f.t.Helper()
	if _, _, err := f.db.BeginEpoch(context.Background(), "", "2026", 0); err != nil {
		f.t.Fatal(err)
	}
}

// The database was restored to version 1 of a visit. Meanwhile somebody had seen version 2, which is lost, and worked on it offline. What
// others do after the restore has no number of the lost history; so his edit is not taken for one of what they did, and overwrites nothing.
func TestABaseOfTheLostHistory(t *testing.T) {
	for _, c := range []struct {
		name     string
		after    object // what somebody else does after the restore; nil: nothing
		lost     object // what is done on the lost version 2
		status   string
		note     any // a field of class latest
		summary  any
		unharmed bool
	}{
		{"nobody has changed it since", nil, object{"summary": "lost"}, "merged", nil, "lost", true},
		{"others changed something else", object{"answers": object{"q1": object{"value": "new"}}}, object{"summary": "lost"}, "merged", nil, "lost", true},
		{"others changed the same", object{"summary": "new"}, object{"summary": "lost"}, "conflict", nil, "new", true},
		{"others changed the same, to the same", object{"summary": "lost"}, object{"summary": "lost"}, "merged", nil, "lost", true},
		{"back to what it was before the backup", object{"summary": "new"}, object{"summary": "s"}, "conflict", nil, "new", true},
		{"taken away what was not there before", object{"answers": object{"q9": object{"value": "new"}}}, object{"answers": object{"q9": nil}}, "conflict", nil, "s", true},
		{"of a field where the last one counts", object{"note": "new"}, object{"note": "lost"}, "merged", "lost", "s", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, f *field) {
				a, b := f.handheld(), f.handheld()
				id := a.begun()
				f.restored()
				if c.after != nil {
					a.push(a.op(record.Update, id, 1, c.after))
				}
				out := b.push(b.op(record.Update, id, 2, c.lost))[0]
				body := f.body("inspections", id)
				if out.Status != c.status || body["summary"] != c.summary || body["note"] != c.note {
					t.Errorf("%+v; the visit is %v", out, body)
				}
				if q9, _ := body["answers"].(object)["q9"].(object); c.lost["answers"] != nil && q9["value"] != "new" {
					t.Errorf("what others added is gone: %v", body)
				}
				if out.Conflict != "" {
					conflict := f.body("conflicts", out.Conflict)
					if conflict["ours"] != out.Op || conflict["theirs"] == nil {
						t.Errorf("the conflict is %v", conflict)
					}
				}
			})
		})
	}
}

// Who did everything himself gets it all back: his ops come again, each based on a version that an earlier one had made in the lost history.
func TestAWholeLostDayComesAgain(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		id := h.begun()
		f.restored()
		out := h.push(h.op(record.Update, id, 1, object{"summary": "二"}), h.op(record.Update, id, 2, object{"summary": "三", "answers": object{"q2": object{"value": "是"}}}))
		out = append(out, h.push(h.op(record.Update, id, 3, object{"answers": object{"q2": object{"value": "否"}}}), h.op(record.Update, id, 4, object{"summary": nil}))...)
		for _, o := range out {
			if o.Status != "applied" && o.Status != "merged" {
				t.Errorf("%+v", o)
			}
		}
		body := f.body("inspections", id)
		if body["summary"] != nil || body["answers"].(object)["q2"].(object)["value"] != "否" {
			t.Errorf("the visit is %v", body)
		}
		last := uint64(1)
		for _, past := range f.past(id)[1:] {
			if past.Version <= last || past.Version < 1_000_000 {
				t.Errorf("version %d comes after %d", past.Version, last)
			}
			last = past.Version
		}
	})
}

// The visit itself was begun after the backup. All of it comes again in one push, or in two: edits on versions that its creation and others had
// made, seen by pulls between, stand as they did then.
func TestARecordOfTheLostHistoryComesAgain(t *testing.T) {
	for _, at := range []int{0, 1, 2, 3, 4} {
		each(t, func(t *testing.T, f *field) {
			h, id := f.handheld(), newID()
			f.restored()
			ops := []wire.Op{
				h.op(record.Create, id, 0, object{"unit": street, "summary": "一", "answers": object{"q1": object{"value": "是"}}}),
				h.op(record.Update, id, 0, object{"summary": "二"}),
				h.op(record.Update, id, 1, object{"summary": "三", "answers": object{"q2": object{"value": "是"}}}),
				h.op(record.Update, id, 5, object{"answers": object{"q1": nil}}), // 3 to 5 were others', or the server's
				h.op(record.Update, id, 5, object{"answers": object{"q2": object{"value": "否"}}}),
			}
			var out []wire.Outcome
			if at > 0 {
				out = h.push(ops[:at]...)
			}
			out = append(out, h.push(ops[at:]...)...)
			for i, o := range out {
				if o.Status != "applied" && o.Status != "merged" {
					t.Errorf("cut at %d, op %d: %+v", at, i, o)
				}
			}
			body := f.body("inspections", id)
			answers, _ := body["answers"].(object)
			if body["summary"] != "三" || answers["q1"] != nil || len(answers) != 1 || answers["q2"].(object)["value"] != "否" {
				t.Errorf("cut at %d: the visit is %v", at, body)
			}
		})
	}
}

// A version that the lost history cannot have had is refused as ever, and without a restore so is each that its device has not pulled.
func TestAVersionThatIsMadeUp(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h, id := f.handheld(), newID()
		create := func() wire.Op { return h.op(record.Create, id, 0, object{"unit": street}) }
		if out := h.push(create(), h.op(record.Update, id, 1, object{"summary": "二"})); out[1].Code != "op.base_unknown" {
			t.Errorf("nothing was restored: %+v", out[1])
		}
		f.restored()
		id = newID()
		if out := h.push(create(), h.op(record.Update, id, 1<<52, object{"summary": "二"})); out[1].Code != "op.base_unknown" {
			t.Errorf("a version that nobody has had: %+v", out[1])
		}
	})
}

// A removal of what was seen in the lost history takes away only what nobody has changed since the backup; an edit of it stands beside
// nothing when the record is gone; and a version that no history has had is refused as ever.
func TestLostBasesThatAreNoPatch(t *testing.T) {
	task := object{"title": "巡查", "unit": street, "kind": "日常", "state": "draft"}
	onBeat(t, func(t *testing.T, b *beat) {
		one, two := b.handheld(), b.handheld()
		make := func() string {
			id := newID()
			want(t, one.push(one.act("tasks", b.leader, record.Create, id, 0, task, nil))[0], "applied", 1)
			return id
		}
		quiet, edited, removed := make(), make(), make()
		b.restored()
		one.push(one.act("tasks", b.leader, record.Update, edited, 1, object{"title": "专项"}, nil), one.act("tasks", b.leader, record.Remove, removed, 1, nil, nil))
		outs := two.push(two.act("tasks", b.leader, record.Remove, quiet, 2, nil, nil), two.act("tasks", b.leader, record.Remove, edited, 2, nil, nil),
			two.act("tasks", b.leader, record.Update, removed, 2, object{"title": "专项"}, nil))
		for i, status := range []string{"merged", "conflict", "conflict"} {
			if outs[i].Status != status {
				t.Errorf("%d: %+v, want %s", i, outs[i], status)
			}
		}
		b.stands(quiet, "", 2)
		b.stands(edited, "专项", 2)
		b.stands(removed, "", 2)
		if out := two.push(two.act("tasks", b.leader, record.Update, edited, 1<<52, object{"title": "x"}, nil))[0]; out.Code != "op.base_unknown" {
			t.Errorf("a version that nobody has had: %+v", out)
		}
	})
}

// A letter about an op on a lost version is tried again like any other.
func TestALetterOfTheLostHistory(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a, b := f.handheld(), f.handheld()
		id := a.begun()
		f.restored()
		out := b.push(b.op(record.Update, id, 2, object{"summary": "refuse me"}))[0]
		f.letter(out, "rejected", street)
		a.push(a.op(record.Update, id, 1, object{"summary": "new"}))
		if o := f.decide(f.leader(street), "deadletters", out.Letter, object{"state": "retried", "amendment": object{"summary": "lost"}}); o.Status != record.Applied {
			t.Fatalf("retried: %+v", o)
		}
		letter := f.body("deadletters", out.Letter)
		if body := f.body("inspections", id); body["summary"] != "new" || letter["appliedAs"] == nil {
			t.Errorf("what others wrote since the backup is overwritten: %v, %v", body, letter)
		}
		clashes, err := f.db.Lookup(context.Background(), "conflicts", "record", id)
		if err != nil || len(clashes) != 1 {
			t.Errorf("%d conflicts, %v", len(clashes), err)
		}
	})
}
