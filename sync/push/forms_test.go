package push_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// aged gives a field whose visits have had three forms, or more, which then are like the third.
func (f *field) aged(schema int) *record.Collection {
	f.t.Helper()
	c := recordtest.Aged("inspections")
	same := func(o record.Object) record.Object { return o }
	for c.Schema < schema {
		c.Schema++
		c.Older = append(c.Older, record.Form{Lift: same, Lower: same})
	}
	if err := c.Prepare(); err != nil {
		f.t.Fatal(err)
	}
	f.service.Catalogue["inspections"] = c
	return c
}

// says makes the next op of a handheld whose program speaks a form.
func (h *handheld) says(schema int, action record.Action, id string, base uint64, patch object) wire.Op {
	head := h.head
	o := h.op(action, id, base, patch)
	o.Schema, o.Prev = schema, head
	return sealedAs(h, o)
}

// is fails unless a record's body says all that is wanted, as text.
func (f *field) is(id string, want object) {
	f.t.Helper()
	if got := f.body("inspections", id); !record.Equal(got, want) {
		f.t.Fatalf("the record is %v, want %v", got, want)
	}
}

// sound fails unless the one verifier finds nothing.
func (f *field) sound() {
	f.t.Helper()
	report, err := (&audit.Auditor{Reader: f.db, Catalogue: f.service.Catalogue}).Run(context.Background())
	if err != nil || !report.Sound() {
		f.t.Errorf("the audit: %v, %+v", err, report.Problems)
	}
}

// What devices of older programs say is merged as the newest form says it; their ops are kept as they were signed.
func TestOlderFormsAreLifted(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		first, second, third := f.handheld(), f.handheld(), f.handheld()
		id := newID()
		op := first.says(1, record.Create, id, 0, object{"unit": street, "name": "店", "term": "a/b", "phone": "1", "state": "open", "novel": "x"})
		want(t, first.push(op)[0], "applied", 1)
		f.is(id, object{"unit": street, "title": "店", "validFrom": "a", "validTo": "b", "contacts": object{"main": object{"phone": "1"}}, "state": "open", "novel": "x"})
		row, err := f.db.Record(context.Background(), "inspections", id)
		if err != nil || row.Schema != 3 {
			t.Errorf("the version is in form %d, %v", row.Schema, err)
		}
		sealed, _ := wire.Seal(op)
		if text, err := f.db.OpText(context.Background(), op.ID); err != nil || string(text) != string(sealed.Text) {
			t.Errorf("the op is kept as %s, %v", text, err)
		}
		want(t, second.push(second.says(2, record.Update, id, 1, object{"title": "酒店", "phone": "2"}))[0], "applied", 2)
		want(t, third.push(third.says(3, record.Update, id, 2, object{"contacts": object{"k": object{"phone": "9"}}, "state": "paused"}))[0], "applied", 3)
		// the first device has not pulled since: its ops lie on each other, over version 1
		want(t, first.push(first.says(1, record.Update, id, 1, object{"term": "a/c"}))[0], "merged", 4)
		want(t, first.push(first.says(1, record.Update, id, 1, object{"term": "d/f"}), first.says(1, record.Update, id, 1, object{"term": "d/e"}))[1], "merged", 6)
		f.is(id, object{"unit": street, "title": "酒店", "validFrom": "d", "validTo": "e", "state": "paused", "novel": "x",
			"contacts": object{"main": object{"phone": "2"}, "k": object{"phone": "9"}}})
		want(t, first.push(first.says(1, record.Update, id, 6, object{"phone": nil}))[0], "applied", 7)
		if contacts := f.body("inspections", id)["contacts"].(object); contacts["k"] == nil || contacts["main"].(object)["phone"] != nil {
			t.Errorf("contacts %v", contacts)
		}
		f.sound()
	})
}

// A retry and an amendment are worked in the newest form, whatever form their letter is about.
func TestLettersOfOlderForms(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(4) // so form 1 is spoken no more
		h, boss := f.handheld(), f.leader(street)
		ctx := context.Background()
		id, other := newID(), newID()
		create := h.says(1, record.Create, id, 0, object{"unit": street, "name": "店", "phone": "1"})
		update := h.says(1, record.Update, id, 0, object{"term": "a/b"})
		out := h.push(create, update, h.says(2, record.Create, other, 0, object{"unit": street, "title": "新", "phone": "5"}))
		if out[0].Status != "rejected" || out[0].Code != string(fault.SchemaTooOld) || out[0].Field != "schema" || out[2].Status != "applied" {
			t.Fatalf("outcomes %+v", out)
		}
		letter := f.letter(out[0], "rejected", street)
		if !record.Equal(letter["patch"], object{"unit": street, "name": "店", "phone": "1"}) || letter["schema"] != nil {
			t.Errorf("the letter does not repeat what was said: %v", letter)
		}
		if o := f.decide(boss, "deadletters", out[0].Letter, object{"state": "retried"}); o.Status != record.Applied {
			t.Fatalf("retried: %+v", o)
		}
		f.is(id, object{"unit": street, "title": "店", "contacts": object{"main": object{"phone": "1"}}})
		second := f.body("deadletters", out[1].Letter)
		if second["state"] != "open" { // too old by itself, so no dependant of the creation
			t.Fatalf("the second letter is %v", second)
		}
		if o := f.decide(boss, "deadletters", out[1].Letter, object{"state": "retried", "amendment": object{"term": "a/z"}}); o.Status != record.Applied {
			t.Fatalf("amended: %+v", o)
		}
		if body := f.body("inspections", id); body["validTo"] != "z" || body["term"] != nil {
			t.Errorf("the record is %v", body)
		}
		// an amendment in another form than the op's
		late := h.push(h.says(2, record.Update, other, 1, object{"unit": 1.0}))[0]
		if l := f.letter(late, "rejected", street); l["schema"] != 2.0 {
			t.Errorf("the letter is %v", l)
		}
		for schema, code := range map[float64]fault.Code{0: fault.SchemaUnknown, 5: fault.SchemaUnknown, 1.5: fault.SchemaUnknown} {
			o := f.decide(boss, "deadletters", late.Letter, object{"state": "retried", "amendment": object{"title": "x"}, "amendmentSchema": schema})
			if o.Status != record.Rejected || o.Code != string(code) || o.Field != "amendmentSchema" {
				t.Errorf("form %v: %+v", schema, o)
			}
		}
		o := f.decide(boss, "deadletters", late.Letter, object{"state": "retried", "amendment": object{"name": "旧名"}, "amendmentSchema": 1.0})
		if o.Status != record.Applied || f.body("inspections", other)["title"] != "旧名" {
			t.Errorf("%+v, the record is %v", o, f.body("inspections", other))
		}
		if history, err := f.db.Revisions(ctx, id); err != nil || history[1].Schema != 4 {
			t.Errorf("history %+v, %v", history, err)
		}
		f.sound()
	})
}

// A push of nothing but too old ops is taken: what happened is not lost, and the sequence goes on.
func TestTooOldOpsAreNoFaultOfThePush(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(4)
		h := f.handheld()
		for schema, code := range map[int]fault.Code{-1: fault.SchemaUnknown, 0: fault.SchemaUnknown, 1: fault.SchemaTooOld, 5: fault.SchemaUnknown} {
			o := h.push(h.says(schema, record.Create, newID(), 0, object{"unit": street, "title": "x"}))[0]
			if o.Status != "rejected" || o.Code != string(code) || o.Letter == "" {
				t.Errorf("form %d: %+v", schema, o)
			}
		}
	})
}

// nested is a value that nests so deep.
func nested(depth int, inside any) any {
	for range depth {
		inside = []any{inside}
	}
	return inside
}

// What a conflict or a letter holds is readable however deep it was said: the deepest patch that is taken clashes and is told in every form,
// and a deeper one is refused, though its op can be read. So is one that is too deep only when it is lifted, and its retry.
func TestDeepPatches(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		a, b := f.handheld(), f.handheld()
		id, other := newID(), newID()
		want(t, a.push(a.says(3, record.Create, id, 0, object{"unit": street, "title": "x", "summary": "s", "novel": nested(24, "a")}))[0], "applied", 1)
		a.push(a.says(3, record.Update, id, 1, object{"novel": nested(24, "b")}))
		out := b.push(b.says(1, record.Update, id, 1, object{"novel": nested(24, "c")}))
		want(t, out[0], "conflict", 2)
		f.body("conflicts", out[0].Conflict)
		a.push(a.says(3, record.Create, other, 0, object{"unit": street, "title": "x", "novel": nested(24, "a")}))
		f.own(push.ServerOp{Collection: "inspections", Record: other, Action: record.Remove})
		want(t, b.push(b.says(3, record.Update, other, 1, object{"novel": nested(24, "b")}))[0], "conflict", 2)
		for _, op := range []wire.Op{
			b.says(3, record.Create, newID(), 0, object{"unit": street, "title": "x", "novel": nested(25, "a")}),
			b.says(3, record.Create, newID(), 0, object{"unit": street, "title": "x", "novel": nested(28, "a")}),
			b.says(2, record.Create, newID(), 0, object{"unit": street, "title": "x", "phone": nested(24, "a")}),
		} {
			o := b.push(op)[0]
			if o.Status != "rejected" || o.Code != string(fault.OpInvalid) || o.Field != "patch" || o.Letter == "" {
				t.Fatalf("%+v", o)
			}
			if again := f.decide(f.leader(street), "deadletters", o.Letter, object{"state": "retried"}); again.Status != record.Rejected || again.Code != string(fault.OpInvalid) {
				t.Errorf("retried: %+v", again)
			}
		}
		f.sound()
	})
}

// storedAs puts a record there as a program wrote it that knew a form only: past the write path.
func (f *field) storedAs(schema int, op wire.Op, seq uint64, body object) {
	f.t.Helper()
	sealed, err := wire.Seal(op)
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := wire.Canonical(body)
	if err != nil {
		f.t.Fatal(err)
	}
	err = f.db.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
		locked, err := tx.LockFeeds(ctx, []string{"unit/" + street}, push.Wants{})
		if err != nil {
			return err
		}
		heads := locked.Heads
		heads["unit/"+street]++
		row := push.Row{ID: op.Record, Collection: op.Collection, Feed: "unit/" + street, Seq: heads["unit/"+street], Version: 1, Op: op.ID, Schema: schema, Body: text}
		return tx.Write(ctx, &push.Batch{At: time.Now(), Heads: heads, Records: []push.Row{row},
			Revisions: []push.Revision{{Version: push.Version{Record: op.Record, Version: 1}, Collection: op.Collection, Op: op.ID, Schema: schema, Body: text}},
			Ops: []push.OpRow{{Op: record.Op{ID: op.ID, Collection: op.Collection, Record: op.Record, Action: record.Create, Author: op.Author, OccurredAt: op.OccurredAt},
				Online: newID(), Text: sealed.Text, Hash: sealed.Hash, Outcome: record.Outcome{Op: op.ID, Status: record.Applied, Version: 1}}}})
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// A new program runs on a database of the old one: bodies of older forms are lifted when they are read, and written anew only when
// somebody edits them.
func TestStoredOlderForms(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		id, gone, moved := newID(), newID(), newID()
		body := object{"unit": street, "name": "店", "term": "a/b", "phone": "1", "state": "open"}
		for _, rec := range []string{id, gone, moved} {
			f.storedAs(1, wire.Op{ID: newID(), Collection: "inspections", Record: rec, Action: "create", Patch: body, OccurredAt: time.Now().UTC().Truncate(time.Microsecond), Author: f.officer, Schema: 1}, 1, body)
		}
		first, third := f.handheld(), f.handheld()
		want(t, third.push(third.says(3, record.Update, id, 1, object{"title": "酒店", "contacts": object{"main": object{"name": "甲"}}}))[0], "applied", 2)
		out := first.push(first.says(1, record.Update, id, 1, object{"phone": "2"}), first.says(1, record.Update, id, 1, object{"name": "饭店"}))
		want(t, out[0], "merged", 3)
		want(t, out[1], "conflict", 3)
		f.is(id, object{"unit": street, "title": "酒店", "validFrom": "a", "validTo": "b", "state": "open", "contacts": object{"main": object{"name": "甲", "phone": "2"}}})
		f.own(push.ServerOp{Collection: "inspections", Record: gone, Action: record.Remove})
		if o := f.online(f.leader(street), wire.OnlineOp{ID: newID(), Collection: "inspections", Record: moved, Action: "update", Base: 1, Patch: object{"summary": "s"}})[0]; o.Status != record.Applied {
			t.Errorf("online: %+v", o)
		}
		f.sound()
	})
}

// The form of a body that this program does not know is another program's business: nothing is taken, and it may be tried again there.
func TestUnknownStoredForms(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		id := newID()
		body := object{"unit": street, "heading": "x"}
		f.storedAs(9, wire.Op{ID: newID(), Collection: "inspections", Record: id, Action: "create", Patch: body, OccurredAt: time.Now().UTC(), Author: f.officer, Schema: 9}, 1, body)
		h := f.handheld()
		if _, err := h.send(h.sign(h.says(3, record.Update, id, 1, object{"title": "y"}))); !isCode(err, fault.TemporarilyDown) {
			t.Errorf("got %v", err)
		}
	})
}

func isCode(err error, code fault.Code) bool { return err != nil && fault.Of(err).Code == code }

// An online op that does not name a form is in the newest, and stays the same op when the server has a newer one.
func TestOnlineOpsAcrossAnUpdate(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		boss := f.leader(street)
		op := wire.OnlineOp{ID: newID(), Collection: "inspections", Record: newID(), Action: "create", Patch: object{"unit": street, "title": "x"}}
		if o := f.online(boss, op)[0]; o.Status != record.Applied {
			t.Fatalf("%+v", o)
		}
		f.aged(4)
		if o := f.online(boss, op)[0]; !o.Replayed || o.Status != record.Applied {
			t.Errorf("sent again: %+v", o)
		}
	})
}

// A conflict is told in every form that is spoken, and decided in any.
func TestConflictsAcrossForms(t *testing.T) {
	take := func(what string) object { return object{"take": what} }
	value := func(v any) object { return object{"take": "value", "value": v} }
	for name, c := range map[string]struct {
		form  int
		takes object
		want  object
	}{
		"ours, in the first form":     {1, object{"name": take("ours"), "term": take("ours"), "phone": take("theirs")}, object{"title": "o", "validFrom": "ao", "validTo": "bo", "phone": "t"}},
		"mixed, in the first form":    {1, object{"name": take("theirs"), "term": take("theirs"), "phone": take("ours")}, object{"title": "t", "validFrom": "at", "validTo": "bt", "phone": "o"}},
		"values, in the first form":   {1, object{"name": value("v"), "term": value("x/y"), "phone": value("v")}, object{"title": "v", "validFrom": "x", "validTo": "y", "phone": "v"}},
		"taken away, in the first":    {1, object{"name": take("ours"), "term": value(nil), "phone": value(nil)}, object{"title": "o", "validFrom": nil, "validTo": nil, "phone": nil}},
		"halves, in the second form":  {2, object{"title": take("theirs"), "validFrom": take("ours"), "validTo": value("v"), "phone": take("ours")}, object{"title": "t", "validFrom": "ao", "validTo": "v", "phone": "o"}},
		"in the newest form":          {3, object{"title": take("theirs"), "validFrom": take("ours"), "validTo": take("theirs"), "contacts/main/phone": value("v")}, object{"title": "t", "validFrom": "ao", "validTo": "bt", "phone": "v"}},
		"in the form it does not say": {0, object{"title": take("ours"), "validFrom": take("ours"), "validTo": take("ours"), "contacts/main/phone": take("ours")}, object{"title": "o", "validFrom": "ao", "validTo": "bo", "phone": "o"}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, f *field) {
				f.aged(3)
				id, conflict := f.clashOfForms()
				patch := object{"state": "resolved", "reason": "现场核实", "resolution": c.takes}
				if c.form > 0 {
					patch["resolutionSchema"] = float64(c.form)
				}
				if o := f.decide(f.leader(street), "conflicts", conflict, patch); o.Status != record.Applied {
					t.Fatalf("%+v", o)
				}
				body := f.body("inspections", id)
				main, _ := body["contacts"].(object)["main"].(object)
				got := object{"title": body["title"], "validFrom": body["validFrom"], "validTo": body["validTo"], "phone": main["phone"]}
				if !record.Equal(got, c.want) || body["name"] != nil || body["term"] != nil {
					t.Errorf("the record is %v, want %v", body, c.want)
				}
				f.sound()
			})
		})
	}
}

// clashOfForms lets a device of the first form and one of the third say four fields differently.
func (f *field) clashOfForms() (id, conflict string) {
	f.t.Helper()
	id = newID()
	first, third := f.handheld(), f.handheld()
	third.push(third.says(3, record.Create, id, 0, object{"unit": street, "title": "b", "validFrom": "a", "validTo": "b", "contacts": object{"main": object{"phone": "b"}}}))
	third.push(third.says(3, record.Update, id, 1, object{"title": "t", "validFrom": "at", "validTo": "bt", "contacts": object{"main": object{"phone": "t"}}}))
	out := first.push(first.says(1, record.Update, id, 1, object{"name": "o", "term": "ao/bo", "phone": "o"}))
	want(f.t, out[0], "conflict", 2)
	return id, out[0].Conflict
}

func TestConflictsAreToldInEveryForm(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		c := f.aged(3)
		_, conflict := f.clashOfForms()
		body := f.body("conflicts", conflict)
		shown := f.service.Catalogue["conflicts"].Shown
		sides := func(b, o, t string) object { return object{"base": b, "ours": o, "theirs": t} }
		for form, fields := range map[int]object{
			1: {"name": sides("b", "o", "t"), "term": sides("a/b", "ao/bo", "at/bt"), "phone": sides("b", "o", "t")},
			2: {"title": sides("b", "o", "t"), "validFrom": sides("a", "ao", "at"), "validTo": sides("b", "bo", "bt"), "phone": sides("b", "o", "t")},
			3: {"title": sides("b", "o", "t"), "validFrom": sides("a", "ao", "at"), "validTo": sides("b", "bo", "bt"), "contacts/main/phone": sides("b", "o", "t")},
		} {
			told := shown(body, func(string) int { return form })
			if !record.Equal(told["fields"], fields) || told["schema"] != float64(form) || (told["older"] == nil) != (form < c.Schema) {
				t.Errorf("form %s: %v, want fields %v", strconv.Itoa(form), told, fields)
			}
		}
		boss := f.leader(street)
		for name, patch := range map[string]object{
			"a form it is not told in": {"resolutionSchema": 4.0, "resolution": object{}},
			"a path of another form":   {"resolutionSchema": 1.0, "resolution": object{"title": take("ours"), "term": take("ours"), "phone": take("ours")}},
			"one is missing":           {"resolutionSchema": 1.0, "resolution": object{"name": take("ours"), "term": take("ours")}},
			"no form":                  {"resolutionSchema": 0.5, "resolution": object{}},
		} {
			patch["state"], patch["reason"] = "resolved", "r"
			if o := f.decide(boss, "conflicts", conflict, patch); o.Status != record.Rejected {
				t.Errorf("%s: %+v", name, o)
			}
		}
	})
}

// What an older form cannot tell apart is shown as it is, and must be decided all the same; a side that is taken is taken whole.
func TestConflictsThatAnOlderFormCannotTell(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		a, b := f.handheld(), f.handheld()
		id := newID()
		a.push(a.says(3, record.Create, id, 0, object{"unit": street, "title": "x", "state": "open"}))
		a.push(a.says(3, record.Update, id, 1, object{"state": "closed"}))
		out := b.push(b.says(3, record.Update, id, 1, object{"state": "paused"}))
		want(t, out[0], "conflict", 2)
		told := f.service.Catalogue["conflicts"].Shown(f.body("conflicts", out[0].Conflict), func(string) int { return 1 })
		if !record.Equal(told["fields"], object{"state": object{"base": "open", "ours": "open", "theirs": "closed"}}) {
			t.Errorf("told as %v", told["fields"])
		}
		// whoever takes "ours" in the first form, which calls it open, takes the pause; closed to paused is no transition, so it is stale
		o := f.decide(f.leader(street), "conflicts", out[0].Conflict, object{"state": "resolved", "reason": "r", "resolutionSchema": 1.0, "resolution": object{"state": take("ours")}})
		if o.Status != record.Rejected || o.Code != string(fault.DecisionStale) {
			t.Errorf("%+v", o)
		}
		f.sound()
	})
}

// A conflict that arose before the server was updated is decided in the form in which it arose.
func TestConflictsFromBeforeAnUpdate(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		newest := f.aged(3)
		older := *newest
		older.Schema, older.Older = 1, nil
		if err := older.Prepare(); err != nil {
			t.Fatal(err)
		}
		f.service.Catalogue["inspections"] = &older
		a, b := f.handheld(), f.handheld()
		id := newID()
		a.push(a.says(1, record.Create, id, 0, object{"unit": street, "title": "never mind", "name": "b", "term": "a/b", "phone": "b"}))
		a.push(a.says(1, record.Update, id, 1, object{"name": "t", "term": "a/t", "phone": "t"}))
		out := b.push(b.says(1, record.Update, id, 1, object{"name": "o", "term": "a/o", "phone": "o"}))
		want(t, out[0], "conflict", 2)
		f.service.Catalogue["inspections"] = newest
		o := f.decide(f.leader(street), "conflicts", out[0].Conflict, object{"state": "resolved", "reason": "r",
			"resolution": object{"name": take("theirs"), "term": take("ours"), "phone": take("value", "v")}})
		if o.Status != record.Applied {
			t.Fatalf("%+v", o)
		}
		f.is(id, object{"unit": street, "title": "t", "validFrom": "a", "validTo": "o", "contacts": object{"main": object{"phone": "v"}}})
		f.sound()
	})
}

// Over a whole record the sides are bodies, told and decided in the form that is spoken.
func TestRemovalsAcrossForms(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		f.aged(3)
		a, b := f.handheld(), f.handheld()
		id := newID()
		a.push(a.says(1, record.Create, id, 0, object{"unit": street, "name": "b", "phone": "b"}))
		f.own(push.ServerOp{Collection: "inspections", Record: id, Action: record.Remove})
		out := b.push(b.says(1, record.Update, id, 1, object{"phone": "o"}))
		want(t, out[0], "conflict", 2)
		told := f.service.Catalogue["conflicts"].Shown(f.body("conflicts", out[0].Conflict), func(string) int { return 1 })
		ours := told["fields"].(object)["/"].(object)["ours"].(object)
		if !record.Equal(ours, object{"unit": street, "name": "b", "phone": "o"}) {
			t.Fatalf("told as %v", told)
		}
		ours["name"] = "v"
		o := f.decide(f.leader(street), "conflicts", out[0].Conflict, object{"state": "resolved", "reason": "r", "resolutionSchema": 1.0,
			"resolution": object{"/": object{"take": "value", "value": ours}}})
		if o.Status != record.Applied {
			t.Fatalf("%+v", o)
		}
		f.is(id, object{"unit": street, "title": "v", "contacts": object{"main": object{"phone": "o"}}})
		f.sound()
	})
}
