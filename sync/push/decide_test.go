package push_test

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
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

// What was decided was done once: who says otherwise later, or at the same time without having seen it, is told so, instead of making the conflict
// say what the record does not hold.
func TestDecisionStays(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		id, conflict := f.clash(f.handheld(), f.handheld())
		boss := f.leader(street)
		both := func(what string) object { return object{"summary": take(what), "answers/q1/value": take(what)} }
		if o := f.decide(boss, "conflicts", conflict, object{"state": "resolved", "reason": "现场核实", "resolution": both("ours")}); o.Status != record.Applied {
			t.Fatalf("outcome %+v", o)
		}
		for _, patch := range []object{
			{"state": "resolved", "reason": "改判", "resolution": both("theirs")},
			{"resolution": object{"summary": take("value", "else")}},
			{"reason": "改判"},
			{"resolutionSchema": 1.0},
		} {
			if o := f.decide(boss, "conflicts", conflict, patch); o.Code != string(fault.GateRefused) {
				t.Errorf("decided again, by %v: %+v", patch, o)
			}
		}
		late := onCollection(edit(record.Update, conflict, 1, object{"state": "resolved", "reason": "现场核实",
			"resolution": object{"summary": take("ours"), "answers/q1/value": take("ours", "x")}}), "conflicts")
		if o := f.online(f.leader(street), late)[0]; o.Code != string(fault.GateRefused) {
			t.Errorf("decided without having seen it: %+v", o)
		}
		decided := f.body("conflicts", conflict)
		if !record.Equal(decided["resolution"], both("ours")) || decided["reason"] != "现场核实" || f.body("inspections", id)["summary"] != "b" {
			t.Errorf("the conflict says %v", decided)
		}
		if o := f.decide(boss, "conflicts", conflict, object{"state": "resolved", "reason": "现场核实", "resolution": both("ours")}); o.Status != record.Applied {
			t.Errorf("said once more: %+v", o)
		}
	})
}

// A field that has changed since can still be left as it is, which closes the conflict.
func TestStaleConflictIsClosed(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		a := f.handheld()
		id, conflict := f.clash(a, f.handheld())
		a.push(a.op(record.Update, id, 2, object{"summary": "a again"}))
		o := f.decide(f.leader(street), "conflicts", conflict, object{"state": "resolved", "reason": "r",
			"resolution": object{"summary": take("theirs"), "answers/q1/value": take("theirs")}})
		if o.Status != record.Applied || f.body("inspections", id)["summary"] != "a again" || f.body("conflicts", conflict)["state"] != "resolved" {
			t.Errorf("outcome %+v, record %v", o, f.body("inspections", id))
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

// wholly decides a conflict over a whole record.
func (f *field) wholly(who people.Caller, conflict string, d object) record.Outcome {
	f.t.Helper()
	return f.decide(who, "conflicts", conflict, object{"state": "resolved", "reason": "r", "resolution": object{"/": d}})
}

// holds checks a record after a decision: the note it has, "" for one that is gone.
func (f *field) holds(id, note string) {
	f.t.Helper()
	r, err := f.db.Record(context.Background(), "inspections", id)
	if body := f.body("inspections", id); err != nil || r.Removed != (note == "") || !r.Removed && body["note"] != note {
		f.t.Errorf("removed %v, %v, %v; want the note %q", r.Removed, body, err, note)
	}
}

// An edit against a removal: the record comes back as the edit made it, or as somebody else says, or stays removed.
func TestConflictOverAWholeRecord(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
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
			if o := f.wholly(f.leader(street), out[0].Conflict, c.choice); o.Status != record.Applied {
				t.Errorf("%s: %+v", c.name, o)
			}
			f.holds(id, c.stands)
		}
	})
}

// A removal against an edit, whichever comes first: what is taken away by one and worked on by another stays as it is until a person decides;
// then it is gone, or stands as the edit made it, or as somebody else says, at once and under everybody's eyes.
func TestConflictOverARemoval(t *testing.T) {
	task := object{"title": "巡查", "unit": street, "kind": "日常", "state": "draft"}
	other := object{"title": "另定", "unit": street, "kind": "日常", "state": "draft"}
	remove := func(h *handheld, b *beat, id string, base uint64) wire.Op {
		return h.act("tasks", b.leader, record.Remove, id, base, nil, nil)
	}
	edit := func(h *handheld, b *beat, id string, base uint64) wire.Op {
		return h.act("tasks", b.leader, record.Update, id, base, object{"title": "专项"}, nil)
	}
	cases := []struct {
		name          string
		first, second func(h *handheld, b *beat, id string, base uint64) wire.Op
		choice        object
		title         string // afterwards; "" for a task that is gone
		versions      int
	}{
		{"removed over an edit, by ours", edit, remove, take("ours"), "", 3},
		{"removed over an edit, by theirs", edit, remove, take("theirs"), "专项", 2},
		{"removed over an edit, by a value", edit, remove, take("value", other), "另定", 3},
		{"removed over an edit, by no value", edit, remove, take("value"), "", 3},
		{"edited over a removal, by ours", remove, edit, take("ours"), "专项", 3},
		{"edited over a removal, by theirs", remove, edit, take("theirs"), "", 2},
		{"edited over a removal, by a value", remove, edit, take("value", other), "另定", 3},
	}
	onBeat(t, func(t *testing.T, b *beat) {
		for _, c := range cases {
			one, two := b.handheld(), b.handheld()
			id := newID()
			want(t, one.push(one.act("tasks", b.leader, record.Create, id, 0, task, nil))[0], "applied", 1)
			want(t, one.push(c.first(one, b, id, 1))[0], "applied", 2)
			out := two.push(c.second(two, b, id, 1))[0]
			want(t, out, "conflict", 2)
			sides := b.body("conflicts", out.Conflict)["fields"].(object)["/"].(object)
			if removal := sides["ours"] == nil; removal != (sides["theirs"] != nil) || sides["base"].(object)["title"] != "巡查" {
				t.Errorf(c.name+": the sides are %v", sides)
			}
			b.stands(id, map[bool]string{true: "专项"}[sides["theirs"] != nil], 2) // until somebody decides
			if o := b.wholly(b.desk(b.leader), out.Conflict, c.choice); o.Status != record.Applied {
				t.Fatalf(c.name+": decided: %+v", o)
			}
			b.stands(id, c.title, c.versions)
			if b.body("conflicts", out.Conflict)["state"] != "resolved" {
				t.Error(c.name + ": the conflict is still open")
			}
			if o := b.wholly(b.desk(b.leader), out.Conflict, c.choice); o.Status != record.Applied || len(b.past(id)) != c.versions {
				t.Errorf(c.name+": decided twice: %+v, %d versions", o, len(b.past(id)))
			}
		}
	})
}

// Who decides about a removal decides about the edit that he was shown: when the record has changed again, or was removed after all, he looks again.
func TestStaleDecisionOverARemoval(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		one, two := b.handheld(), b.handheld()
		id := newID()
		one.push(one.act("tasks", b.leader, record.Create, id, 0, object{"title": "巡查", "unit": street, "kind": "日常", "state": "draft"}, nil))
		one.push(one.act("tasks", b.leader, record.Update, id, 1, object{"title": "专项"}, nil))
		conflict := two.push(two.act("tasks", b.leader, record.Remove, id, 1, nil, nil))[0].Conflict
		one.push(one.act("tasks", b.leader, record.Update, id, 2, object{"title": "专项二"}, nil))
		if o := b.wholly(b.desk(b.leader), conflict, take("ours")); o.Code != string(fault.DecisionStale) {
			t.Errorf("a removal of what has changed since: %+v", o)
		}
		b.stands(id, "专项二", 3)
		one.push(one.act("tasks", b.leader, record.Remove, id, 3, nil, nil))
		if o := b.wholly(b.desk(b.leader), conflict, take("ours")); o.Code != string(fault.DecisionStale) {
			t.Errorf("a removal of what is gone: %+v", o)
		}
		b.stands(id, "", 4)
	})
}

// past is what there was of a record.
func (f *field) past(id string) []pull.Revision {
	f.t.Helper()
	past, err := f.db.Revisions(context.Background(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return past
}

// stands checks a task: its title, "" for one that is gone, and how many versions it has had.
func (b *beat) stands(id, title string, versions int) {
	b.t.Helper()
	r, err := b.db.Record(context.Background(), "tasks", id)
	if body := b.body("tasks", id); err != nil || r.Removed != (title == "") || !r.Removed && body["title"] != title || len(b.past(id)) != versions {
		b.t.Errorf("removed %v, %v, %d versions, %v; want the title %q and %d", r.Removed, body, len(b.past(id)), err, title, versions)
	}
}
