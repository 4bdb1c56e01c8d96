package push_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// program is a handheld that speaks one form, with what its person sees of one record.
type program struct {
	*handheld
	form int
	base uint64
	view object
}

// stroll lets three programs edit one record without a network, pull now and then, and send what they did, and tells the first edit that
// came to harm.
func stroll(t *rapid.T, f *field, c *record.Collection, hands []*handheld) error {
	id := newID()
	var all []*program
	for i, h := range hands {
		all = append(all, &program{handheld: h, form: i + 1})
	}
	author := rapid.SampledFrom(all).Draw(t, "author")
	out := author.push(author.says(author.form, record.Create, id, 0, drawnBody(t, author.form)))
	if out[0].Status != "applied" {
		return fmt.Errorf("created: %+v", out[0])
	}
	for _, p := range all {
		p.pull(id, c)
	}
	for range rapid.IntRange(1, 10).Draw(t, "steps") {
		p := rapid.SampledFrom(all).Draw(t, "who")
		if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
			p.pull(id, c)
			continue
		}
		if err := p.edit(t, id, c); err != nil {
			return fmt.Errorf("who speaks form %d: %w", p.form, err)
		}
	}
	return nil
}

func drawnBody(t *rapid.T, form int) object {
	body := object{"unit": street}
	title := "title"
	if form == 1 {
		title = "name"
	}
	body[title] = rapid.SampledFrom([]string{"x", "y"}).Draw(t, title)
	patch := drawnPatch(t, form)
	delete(patch, "state")
	return record.Apply(body, patch)
}

// drawnPatch draws an edit in a form.
func drawnPatch(t *rapid.T, form int) object {
	patch := object{}
	say := func(name string, values ...any) {
		if i := rapid.IntRange(-2, len(values)-1).Draw(t, name); i >= 0 {
			patch[name] = values[i]
		}
	}
	say("summary", "a", "b", nil)
	say("novel", "a", object{"k": "v"}, nil)
	if form == 1 {
		say("name", "p", "q")
		say("term", "a/b", "c", "/d", nil)
	} else {
		say("title", "p", "q")
		say("validFrom", "a", "c", nil)
		say("validTo", "b", "d", nil)
	}
	if form < 3 {
		say("phone", "1", "2", nil)
		say("state", "open", "closed")
	} else {
		say("contacts", object{"main": object{"phone": "1"}}, object{"main": object{"phone": nil}}, object{"k": object{"phone": "3"}}, object{"main": object{"name": "n"}})
		say("state", "open", "closed", "paused")
	}
	return patch
}

func (p *program) pull(id string, c *record.Collection) {
	rec, err := p.f.db.Record(context.Background(), "inspections", id)
	if err != nil {
		p.f.t.Fatal(err)
	}
	p.base, p.view = rec.Version, c.BodyIn(p.f.body("inspections", id), 3, p.form)
}

// edit makes an edit on what the person sees, sends it, and follows each leaf of it.
func (p *program) edit(t *rapid.T, id string, c *record.Collection) error {
	patch := record.Diff(p.view, record.Apply(p.view, drawnPatch(t, p.form)))
	if len(patch) == 0 {
		return nil
	}
	saw, before := c.BodyIn(p.view, p.form, 3), p.f.body("inspections", id)
	out := p.push(p.says(p.form, record.Update, id, p.base, patch))[0]
	if out.Status == "rejected" || out.Status == "held" {
		return fmt.Errorf("%v on %v: %+v", patch, p.view, out)
	}
	p.view = record.Apply(p.view, patch)
	after := p.f.body("inspections", id)
	fields := object{}
	if out.Conflict != "" {
		conflict := p.f.body("conflicts", out.Conflict)
		fields = conflict["fields"].(object)
		told := p.f.service.Catalogue["conflicts"].Shown(conflict, func(string) int { return p.form })["fields"].(object)
		for _, path := range unknownTo[p.form] {
			if told[path] != nil {
				return fmt.Errorf("it is told of %s, which its program does not know: %v", path, told)
			}
		}
		if len(told) == 0 {
			return fmt.Errorf("a conflict over %v is told as nothing", fields)
		}
	}
	for _, leaf := range recordtest.Leaves(c.LiftPatch(patch, p.form, 3)) {
		if !recordtest.Says(saw, leaf) && !recordtest.Says(after, leaf) && !inFields(fields, leaf) {
			return fmt.Errorf("%v on %v: %s = %v is neither in %v nor in the conflict %v", patch, saw, leaf.Path, leaf.Value, after, fields)
		}
	}
	for _, leaf := range recordtest.Leaves(before) {
		seen := record.Equal(recordtest.At(saw, leaf.Path), leaf.Value) || leaf.Path == "state" // an older form may say less of it
		if !seen && !recordtest.Says(after, leaf) {
			return fmt.Errorf("%v on what was seen as %v: %s = %v of the server is gone from %v", patch, saw, leaf.Path, leaf.Value, after)
		}
	}
	return nil
}

// unknownTo are paths that programs of a form do not know, and need not be told of.
var unknownTo = map[int][]string{1: {"title", "validFrom", "validTo", "contacts/main/phone"}, 2: {"name", "term", "contacts/main/phone"}, 3: {"name", "term", "phone"}}

// inFields reports whether a conflict has a leaf as what its author wanted.
func inFields(fields object, leaf recordtest.Leaf) bool {
	for path, sides := range fields {
		rest, under := recordtest.Under(leaf.Path, path)
		if under && recordtest.Says(sides.(object)["ours"], recordtest.Leaf{Path: rest, Value: leaf.Value}) {
			return true
		}
	}
	return false
}

func newStroll(t testing.TB, d *db.DB, store push.Store) (*field, *record.Collection, []*handheld) {
	f := newField(t, d)
	f.aged(3)
	f.service.Store = store
	truth := recordtest.Aged("inspections") // not the server's own, which may be wrong
	if err := truth.Prepare(); err != nil {
		t.Fatal(err)
	}
	return f, truth, []*handheld{f.handheld(), f.handheld(), f.handheld()}
}

// No edit of an older program is lost or overwrites what its author has not seen, and each is told of conflicts in its own words.
func TestProgramsOfThreeFormsStroll(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		f, c, hands := newStroll(t, d, d)
		rapid.Check(t, func(t *rapid.T) {
			if err := stroll(t, f, c, hands); err != nil {
				t.Fatal(err)
			}
		})
		f.sound()
	})
}

// unlifted answers bases as if they were in the newest form already.
type unlifted struct{ push.Tx }

func (s unlifted) Bodies(ctx context.Context, refs []push.Version) (map[push.Version]push.Stored, error) {
	bodies, err := s.Tx.Bodies(ctx, refs)
	for ref, b := range bodies {
		b.Body, _ = wire.Canonical(object{"unit": street})
		bodies[ref] = b
	}
	return bodies, err
}

// unliftedOwn forgets the form of the device's own ops.
type unliftedOwn struct{ push.Tx }

func (s unliftedOwn) OwnSince(ctx context.Context, device string, refs []push.Version) (map[string][]push.OwnOp, error) {
	own, err := s.Tx.OwnSince(ctx, device, refs)
	for _, ops := range own {
		for i, op := range ops {
			sealed, err := wire.Open(append([]byte(nil), op.Text...))
			if err != nil {
				return nil, err
			}
			sealed.Schema = 3
			again, err := wire.Seal(sealed.Op)
			if err != nil {
				return nil, err
			}
			ops[i].Text = again.Text
		}
	}
	return own, err
}

// The strolls catch a server that is wrong about forms.
func TestStrollsCatchPlantedBugs(t *testing.T) {
	for name, plant := range map[string]struct {
		spoil  func(push.Tx) push.Tx
		change func(record.Catalogue)
	}{
		"bases are not what was stored": {spoil: func(tx push.Tx) push.Tx { return unlifted{tx} }},
		"own ops are taken for newer":   {spoil: func(tx push.Tx) push.Tx { return unliftedOwn{tx} }},
		"a step loses a field": {change: func(all record.Catalogue) {
			form := &all["inspections"].Older[0]
			form.Lift = losing(form.Lift, "validTo")
		}},
		"lowering loses a field": {change: func(all record.Catalogue) {
			form := &all["inspections"].Older[1]
			form.Lower = losing(form.Lower, "phone")
		}},
		"conflicts are told in one form": {change: func(all record.Catalogue) {
			all["conflicts"].Shown = func(body object, _ func(string) int) object { return body }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := databases.SQLite(t, time.Now)
			var store push.Store = d
			if plant.spoil != nil {
				store = spoilt{d, plant.spoil}
			}
			f, c, hands := newStroll(t, d, store)
			if plant.change != nil {
				plant.change(f.service.Catalogue)
			}
			verdict := rapid.Custom(func(t *rapid.T) bool { return stroll(t, f, c, hands) != nil })
			caught := false
			for seed := 0; seed < 200 && !caught; seed++ {
				caught = verdict.Example(seed)
			}
			if !caught {
				t.Error("nobody noticed")
			}
		})
	}
}

func losing(step func(object) object, name string) func(object) object {
	return func(o object) object {
		out := object{}
		for k, v := range step(o) {
			if k != name {
				out[k] = v
			}
		}
		return out
	}
}
