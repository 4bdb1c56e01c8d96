package push_test

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// clash lets two handhelds say two fields of a visit differently, and returns the visit and the conflict.
func (f *field) clash(a, b *handheld) (id, conflict string) {
	f.t.Helper()
	id = a.begun()
	a.push(a.op(record.Update, id, 1, object{"summary": "a", "answers": object{"q1": object{"value": "a"}}}))
	out := b.push(b.op(record.Update, id, 1, object{"summary": "b", "answers": object{"q1": object{"value": "b"}}}))
	want(f.t, out[0], "conflict", 2)
	return id, out[0].Conflict
}

func take(what string, value ...any) object {
	d := object{"take": what}
	if len(value) > 0 {
		d["value"] = value[0]
	}
	return d
}

// Each field of a conflict is decided by itself, and record and conflict change together, in the name of who decided.
func TestConflictDecidedFieldByField(t *testing.T) {
	for name, c := range map[string]struct {
		summary, q1 object
		want        [2]any
	}{
		"ours and theirs":  {take("ours"), take("theirs"), [2]any{"b", "a"}},
		"theirs and value": {take("theirs"), take("value", "both"), [2]any{"a", "both"}},
		"taken away":       {take("value"), take("ours"), [2]any{nil, "b"}},
		"all stay":         {take("theirs"), take("theirs"), [2]any{"a", "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, f *field) {
				id, conflict := f.clash(f.handheld(), f.handheld())
				boss := f.leader(street)
				out := f.decide(boss, "conflicts", conflict, object{"state": "resolved", "reason": "现场核实",
					"resolution": object{"summary": c.summary, "answers/q1/value": c.q1}})
				if out.Status != record.Applied {
					t.Fatalf("outcome %+v", out)
				}
				body, decided := f.body("inspections", id), f.body("conflicts", conflict)
				if body["summary"] != c.want[0] || body["answers"].(object)["q1"].(object)["value"] != c.want[1] || decided["state"] != "resolved" {
					t.Errorf("record %v, conflict %v", body, decided)
				}
				history, err := f.db.Revisions(context.Background(), id)
				last := history[len(history)-1]
				if made := decided["appliedAs"]; err != nil || (made != nil) != (last.Author == boss.Officer) || made != nil && made != last.Op {
					t.Errorf("appliedAs %v, last version %+v", made, last)
				}
			})
		})
	}
}

// A decision that leaves a field open, says no reason, or is none at all, is refused, and nothing has changed.
func TestConflictNotDecided(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		id, conflict := f.clash(f.handheld(), f.handheld())
		whole := object{"summary": take("ours"), "answers/q1/value": take("ours")}
		for name, patch := range map[string]object{
			"a field left open": {"state": "resolved", "reason": "r", "resolution": object{"summary": take("ours")}},
			"no resolution":     {"state": "resolved", "reason": "r"},
			"no reason":         {"state": "resolved", "resolution": whole},
			"an unknown choice": {"state": "resolved", "reason": "r", "resolution": object{"summary": take("mine"), "answers/q1/value": take("ours")}},
			"a text":            {"state": "resolved", "reason": "r", "resolution": object{"summary": "b", "answers/q1/value": take("ours")}},
		} {
			if out := f.decide(f.leader(street), "conflicts", conflict, patch); out.Status != record.Rejected {
				t.Errorf("%s: %+v", name, out)
			}
		}
		if f.body("inspections", id)["summary"] != "a" || f.body("conflicts", conflict)["state"] != "open" {
			t.Error("something was changed")
		}
		if out := f.decide(f.leader("120102002"), "conflicts", conflict, object{"state": "resolved", "reason": "r", "resolution": whole}); out.Code != string(fault.OutOfScope) {
			t.Errorf("by a stranger: %+v", out)
		}
	})
}

// Who decides decides about what the conflict shows. A field that has changed since is not overwritten: the decision is refused as stale.
func TestStaleDecision(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a := f.handheld()
		id, conflict := f.clash(a, f.handheld())
		a.push(a.op(record.Update, id, 2, object{"summary": "a again"}))
		out := f.decide(f.leader(street), "conflicts", conflict, object{"state": "resolved", "reason": "r",
			"resolution": object{"summary": take("ours"), "answers/q1/value": take("ours")}})
		if out.Code != string(fault.DecisionStale) {
			t.Errorf("outcome %+v", out)
		}
		if body := f.body("inspections", id); body["summary"] != "a again" || body["answers"].(object)["q1"].(object)["value"] != "a" {
			t.Errorf("half a decision was done: %v", body)
		}
		found, err := f.db.Lookup(context.Background(), "conflicts", "record", id)
		if err != nil || len(found) != 1 {
			t.Errorf("%d conflicts, %v", len(found), err)
		}
	})
}

// An edit against a removal: the record comes back as the edit made it, or as somebody else says, or stays removed.
func TestConflictOverAWholeRecord(t *testing.T) {
	decide := func(f *field, conflict string, d object) record.Outcome {
		return f.decide(f.leader(street), "conflicts", conflict, object{"state": "resolved", "reason": "r", "resolution": object{"/": d}})
	}
	grant := func(f *field) {
		f.own(push.ServerOp{Collection: "officers", Record: f.officer, Action: record.Update, Patch: object{
			"grants": object{"h": object{"role": "chief", "unit": street}}}})
	}
	each(t, func(t *testing.T, f *field) {
		grant(f)
		for _, c := range []struct {
			name   string
			choice object
			stands string // the note afterwards; "" for a record that is gone
		}{
			{"edited after removal, brought back", take("ours"), "edited"},
			{"edited after removal, stays removed", take("theirs"), ""},
			{"edited after removal, something else", take("value", object{"unit": street, "note": "else"}), "else"},
		} {
			a := f.handheld()
			id := a.begun()
			f.own(push.ServerOp{Collection: "inspections", Record: id, Action: record.Remove})
			out := a.push(a.op(record.Update, id, 1, object{"note": "edited"}))
			if out[0].Status != "conflict" {
				t.Fatalf("%s: %+v", c.name, out[0])
			}
			if o := decide(f, out[0].Conflict, c.choice); o.Status != record.Applied {
				t.Errorf("%s: %+v", c.name, o)
			}
			r, err := f.db.Record(context.Background(), "inspections", id)
			if body := f.body("inspections", id); err != nil || r.Removed != (c.stands == "") || !r.Removed && body["note"] != c.stands {
				t.Errorf("%s: removed %v, %v, %v", c.name, r.Removed, body, err)
			}
		}
	})
}
