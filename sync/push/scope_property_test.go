package push_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// thing is a record as the model knows it: said by what was done, with nothing of the server's.
type thing struct {
	collection   string
	unit, about  string // about: the inspection it belongs to
	partners     map[string]bool
	closed, gone bool
	aside        bool
	version      uint64
}

// drift is one walk: people whose roles change, records that move, are shared, closed, set aside and removed, and phones that pull now
// and then, a page at a time.
type drift struct {
	*region
	things map[string]*thing
	order  []string
	phones []*phone
	take   func(p *phone, ch wire.Change) // how a phone takes a change in
}

func newDrift(r *region) *drift {
	w := &drift{region: r, things: map[string]*thing{}, take: (*phone).take}
	for range 3 {
		w.phones = append(w.phones, &phone{who: people.Caller{Device: newID(), Unit: r.first}})
	}
	return w
}

func (w *drift) add(collection, unit, about string) {
	body := object{"unit": unit}
	switch collection {
	case "inspections":
		body["state"] = "open"
	case "documents":
		maps.Copy(body, object{"kind": "k", "template": newID(), "templateVersion": 1.0, "inspection": about, "state": "draft"})
	case "findings":
		maps.Copy(body, object{"code": "c", "zh": "z", "en": "e", "record": about, "state": "open"})
	}
	id := w.put(collection, body)
	w.things[id] = &thing{collection: collection, unit: unit, about: about, partners: map[string]bool{}, version: 1}
	w.order = append(w.order, id)
}

// belongs lists what hangs on a record and is in its unit.
func (w *drift) belongs(id, unit string) (all []*thing) {
	for _, other := range w.order {
		if x := w.things[other]; x.about == id && x.unit == unit && !x.gone {
			all = append(append(all, x), w.belongs(other, unit)...)
		}
	}
	return all
}

// touch is an edit: whatever it was, it brings the record back.
func (x *thing) touch() { x.version, x.aside = x.version+1, false }

func (w *drift) transfer(id, to string) {
	x := w.things[id]
	from := x.unit
	if from == to {
		return
	}
	w.set(x.collection, id, object{"unit": to})
	for _, x := range append(w.belongs(id, from), x) {
		x.unit = to
		x.touch()
	}
}

func (w *drift) share(id, unit string) {
	x := w.things[id]
	on := !x.partners[unit]
	patch := object{unit: nil}
	if on {
		patch[unit] = object{}
	}
	w.set(x.collection, id, object{"partners": patch})
	for _, x := range append(w.belongs(id, x.unit), x) {
		if x.collection == "findings" {
			continue
		}
		// what belongs to it is given the same partners
		before := maps.Clone(x.partners)
		maps.Copy(x.partners, w.things[id].partners)
		if x.partners[unit] = true; !on {
			delete(x.partners, unit)
		}
		if x == w.things[id] || !maps.Equal(before, x.partners) {
			x.touch()
		}
	}
}

// dice are thrown with even chances, which IntRange does not give.
var dice = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}

func (w *drift) step(t *rapid.T) {
	var live []string
	for _, id := range w.order {
		if !w.things[id].gone {
			live = append(live, id)
		}
	}
	unit := rapid.SampledFrom(w.units()).Draw(t, "unit")
	what := rapid.SampledFrom(dice).Draw(t, "what")
	if len(live) == 0 || what < 3 {
		w.add("inspections", unit, "")
		return
	}
	id := rapid.SampledFrom(live).Draw(t, "record")
	x := w.things[id]
	switch {
	case what < 5 && x.collection == "inspections":
		w.add("documents", x.unit, id)
	case what < 6:
		w.add("findings", x.unit, id)
	case what < 8:
		w.transfer(id, unit)
	case what < 11 && x.collection == "inspections":
		w.share(id, unit)
	case what < 12 && x.collection == "inspections" && !x.closed:
		w.set(x.collection, id, object{"state": "completed"})
		x.closed = true
		x.touch()
	case what < 13:
		w.setAside(t)
	case what < 14:
		w.own(push.ServerOp{Collection: x.collection, Record: id, Action: record.Remove})
		x.gone = true
	case what < 15 && x.collection == "inspections":
		w.set(x.collection, id, object{"summary": newID()})
		x.touch()
	case what < 17:
		p := rapid.SampledFrom(w.phones).Draw(t, "phone")
		p.who.Grants = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) people.Grant {
			return people.Grant{Role: rapid.SampledFrom(people.Roles[:7]).Draw(t, "role"), Unit: rapid.SampledFrom(w.units()).Draw(t, "of")}
		}), 0, 3).Draw(t, "grants")
	default:
		p := rapid.SampledFrom(w.phones).Draw(t, "phone")
		w.page(t, p, rapid.IntRange(1, 5).Draw(t, "limit"))
	}
}

func (w *drift) setAside(t *rapid.T) {
	n, err := w.service.SetAside(context.Background(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range w.things {
		if x.closed && !x.gone && !x.aside {
			x.aside = true
			n--
		}
	}
	if n < 0 {
		t.Fatalf("%d fewer set aside than are closed", -n)
	}
}

func (w *drift) page(t *rapid.T, p *phone, limit int) (more bool) {
	reply, err := w.pulls.Pull(context.Background(), p.who, wire.Pull{Cursor: p.cursor, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range reply.Changes {
		w.take(p, ch)
	}
	p.cursor = reply.Cursor
	return reply.More
}

// may says from scratch what an officer may have at rest: records of a unit that one of his roles of the field reaches, or shared with
// one; of a role over the whole district only the district's own.
func (w *drift) may(who people.Caller) map[string]uint64 {
	want := map[string]uint64{}
	for id, x := range w.things {
		for _, unit := range append(slices.Collect(maps.Keys(x.partners)), x.unit) {
			for _, g := range who.Grants {
				below := unit == g.Unit || g.Unit == w.first && unit == w.team
				if below && !x.gone && !x.aside && !slices.Contains([]people.Role{people.RoleSysAdmin, people.RoleSecAdmin}, g.Role) {
					want[id] = x.version
				}
			}
		}
	}
	return want
}

// differs pulls every phone to its end and tells what it holds against what it should; "" is agreement.
func (w *drift) differs(t *rapid.T) string {
	for _, p := range w.phones {
		for w.page(t, p, 3) {
		}
		if got, want := p.shows(), w.may(p.who); !maps.Equal(got, want) {
			return fmt.Sprintf("with %+v\nholds %v\nwant  %v", p.who.Grants, got, want)
		}
	}
	return ""
}

func (w *drift) run(t *rapid.T, steps int) string {
	for range steps {
		w.step(t)
	}
	return w.differs(t)
}

// However roles, records, partners and time go: in the end each device holds exactly what its officer may see, at its newest version.
func TestDevicesHoldExactlyTheirScope(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		checks := 15
		if testing.Short() {
			checks = 5
		}
		verdict := rapid.Custom(func(rt *rapid.T) string { return newDrift(newRegion(t, d, d)).run(rt, 60) })
		for seed := range checks {
			if differs := verdict.Example(seed); differs != "" {
				t.Fatalf("seed %d: %s", seed, differs)
			}
		}
	})
}

// unnumbered is a store that forgets to give copies new numbers.
type unnumbered struct{ push.Store }

type unnumberedTx struct {
	push.Tx
	first map[string]map[string]uint64
}

func (s unnumbered) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		return fn(ctx, unnumberedTx{tx, map[string]map[string]uint64{}})
	})
}

func (t unnumberedTx) LockFeeds(ctx context.Context, feeds []string, want push.Wants) (push.Locked, error) {
	locked, err := t.Tx.LockFeeds(ctx, feeds, want)
	for id, row := range locked.Rows {
		t.first[id] = row.Copies
	}
	return locked, err
}

func (t unnumberedTx) Write(ctx context.Context, b *push.Batch) error {
	for _, row := range b.Records {
		for feed, seq := range t.first[row.ID] {
			if _, still := row.Copies[feed]; still {
				row.Copies[feed] = seq
			}
		}
	}
	return t.Tx.Write(ctx, b)
}

// What the property is worth: wrong servers and wrong devices that it must catch.
func TestScopePropertyCatchesBugs(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	devices := map[string]func(p *phone, ch wire.Change){
		"departures forgotten": func(p *phone, ch wire.Change) {
			if ch.Gone == "" || ch.Gone == wire.GoneFeed {
				p.take(ch)
			}
		},
		"lost feeds kept": func(p *phone, ch wire.Change) {
			if ch.Gone != wire.GoneFeed {
				p.take(ch)
			}
		},
		"a departure takes the record whoever else holds it": func(p *phone, ch wire.Change) {
			if p.take(ch); ch.Gone != "" {
				for _, records := range p.feeds {
					delete(records, ch.ID)
				}
			}
		},
	}
	caught := func(build func() *drift) bool {
		verdict := rapid.Custom(func(rt *rapid.T) string { return build().run(rt, 60) })
		for seed := range 60 {
			if verdict.Example(seed) != "" {
				return true
			}
		}
		return false
	}
	for name, take := range devices {
		if !caught(func() *drift { w := newDrift(newRegion(t, d, d)); w.take = take; return w }) {
			t.Errorf("not caught: %s", name)
		}
	}
	if !caught(func() *drift { return newDrift(newRegion(t, d, unnumbered{d})) }) {
		t.Error("not caught: copies without numbers of their own")
	}
}
