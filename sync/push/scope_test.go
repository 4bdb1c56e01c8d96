package push_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// region is a district of its own with two streets, a team below the first, and a department.
type region struct {
	*field
	pulls                               *pull.Service
	district, first, team, second, dept string
}

func (r *region) units() []string { return []string{r.district, r.first, r.team, r.second, r.dept} }

var regions = 0

// newRegion makes a district that no test before has seen, with the real collections. Writes go through store.
func newRegion(t testing.TB, d *db.DB, store push.Store) *region {
	t.Helper()
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	regions++
	r := &region{district: fmt.Sprintf("%06d", 200000+regions)}
	r.first, r.second, r.dept = r.district+"001", r.district+"002", r.district+"CGW"
	r.team = r.first + "01"
	r.field = &field{t: t, db: d, service: &push.Service{Store: store, Catalogue: catalogue, District: r.district, Now: time.Now, NewID: newID}}
	r.pulls = &pull.Service{Reader: d, Cursors: pull.Cursors{Key: make([]byte, 32)}, District: r.district, Now: time.Now}
	for _, unit := range r.units() {
		r.put("units", object{"code": unit, "name": unit, "kind": "unit"})
	}
	return r
}

func eachRegion(t *testing.T, fn func(t *testing.T, r *region)) {
	databases.Each(t, func(t *testing.T, d *db.DB) { fn(t, newRegion(t, d, d)) })
}

func (f *field) put(collection string, body object) string {
	f.t.Helper()
	id := newID()
	f.own(push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body})
	return id
}

func (f *field) set(collection, id string, patch object) {
	f.t.Helper()
	f.own(push.ServerOp{Collection: collection, Record: id, Action: record.Update, Patch: patch})
}

// person hires somebody who has one role in one unit.
func (r *region) person(role people.Role, unit string) people.Caller {
	id := r.put("officers", object{"name": "甲", "unit": unit, "state": "active", "grants": object{"g": object{"role": string(role), "unit": unit}}})
	return people.Caller{Device: newID(), Officer: id, Unit: unit, Grants: []people.Grant{{Role: role, Unit: unit}}}
}

// try makes an edit online and tells what became of it.
func (r *region) try(who people.Caller, collection, id string, patch object) record.Outcome {
	r.t.Helper()
	rec, err := r.db.Record(context.Background(), collection, id)
	if err != nil {
		r.t.Fatal(err)
	}
	op := edit(record.Update, id, rec.Version, patch)
	op.Collection = collection
	return r.online(who, op)[0]
}

func (r *region) make(who people.Caller, collection string, body object) record.Outcome {
	r.t.Helper()
	op := edit(record.Create, newID(), 0, body)
	op.Collection = collection
	return r.online(who, op)[0]
}

func is(t testing.TB, o record.Outcome, code fault.Code) {
	t.Helper()
	if o.Code != string(code) || (code == "") != (o.Status == record.Applied || o.Status == record.Merged) {
		t.Errorf("outcome %+v, want %q", o, code)
	}
}

// phone is a device as the protocol means it: what it holds by which feed.
type phone struct {
	who    people.Caller
	cursor string
	feeds  map[string]map[string]uint64 // feed to record to version
}

// page takes one page in and reports whether there is more.
func (p *phone) page(r *region, limit int) (more bool, err error) {
	reply, err := r.pulls.Pull(context.Background(), p.who, wire.Pull{Cursor: p.cursor, Limit: limit})
	if err != nil {
		return false, err
	}
	for _, ch := range reply.Changes {
		p.take(ch)
	}
	p.cursor = reply.Cursor
	return reply.More, nil
}

func (p *phone) take(ch wire.Change) {
	if p.feeds == nil {
		p.feeds = map[string]map[string]uint64{}
	}
	if p.feeds[ch.Feed] == nil {
		p.feeds[ch.Feed] = map[string]uint64{}
	}
	switch ch.Gone {
	case "":
		p.feeds[ch.Feed][ch.ID] = ch.Version
	case wire.GoneFeed:
		delete(p.feeds, ch.Feed)
	default:
		delete(p.feeds[ch.Feed], ch.ID)
	}
}

func (p *phone) pull(t testing.TB, r *region) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = p.page(r, 7); err != nil {
			t.Fatal(err)
		}
	}
}

// shows lists what the device holds of units' work: each record at the newest version that any feed brought.
func (p *phone) shows() map[string]uint64 {
	all := map[string]uint64{}
	for feed, records := range p.feeds {
		if strings.HasPrefix(feed, "unit/") {
			for id, version := range records {
				all[id] = max(all[id], version)
			}
		}
	}
	return all
}

func (p *phone) expect(t testing.TB, r *region, ids ...string) {
	t.Helper()
	p.pull(t, r)
	got := slices.Sorted(maps.Keys(p.shows()))
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("%s holds %v, want %v", p.who.Unit, got, ids)
	}
}

// visit is an inspection with all that can hang on it.
func (r *region) visit(unit string) (inspection string, along []string) {
	inspection = r.put("inspections", object{"unit": unit, "state": "open"})
	paper := r.put("documents", object{"unit": unit, "kind": "k", "template": newID(), "templateVersion": 1.0, "inspection": inspection, "state": "issued"})
	film := r.put("evidence", object{"unit": unit, "inspection": inspection, "kind": "video", "officer": newID(), "mime": "video/mp4",
		"startedAt": "2026-11-25T00:00:00Z", "endedAt": "2026-11-25T00:01:00Z", "length": 1.0, "sha256": strings.Repeat("0", 64)})
	finding := func(id string) string {
		return r.put("findings", object{"unit": unit, "code": "c", "zh": "z", "en": "e", "record": id, "state": "open"})
	}
	clash := r.put("conflicts", object{"unit": unit, "collection": "inspections", "record": inspection, "ours": newID(), "fields": object{}, "state": "open"})
	return inspection, []string{inspection, paper, film, finding(inspection), finding(paper), finding(film), clash}
}

// raised adds the findings that gates have raised about a record since.
func (r *region) raised(id string, others ...string) []string {
	r.t.Helper()
	found, err := r.db.Lookup(context.Background(), "findings", "record", id)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range found {
		others = append(others, f.ID)
	}
	slices.Sort(others)
	return slices.Compact(others)
}

// A visit that is given to another unit goes whole: with its papers, recordings, findings and conflicts, in one transaction.
func TestTransferTakesAllAlong(t *testing.T) {
	eachRegion(t, func(t *testing.T, r *region) {
		id, along := r.visit(r.first)
		other, _ := r.visit(r.first)
		elsewhere := r.put("evidence", object{"unit": r.dept, "inspection": id, "kind": "video", "officer": newID(), "mime": "video/mp4",
			"startedAt": "2026-11-25T00:00:00Z", "endedAt": "2026-11-25T00:01:00Z", "length": 1.0, "sha256": strings.Repeat("0", 64)})
		from, to := &phone{who: r.person(people.RoleOfficer, r.first)}, &phone{who: r.person(people.RoleOfficer, r.second)}
		from.pull(t, r)
		to.expect(t, r)
		boss := r.person(people.RoleLeader, r.first)
		for _, who := range []people.Caller{from.who, to.who, r.person(people.RoleLeader, r.second), r.person(people.RoleLeader, r.team)} {
			is(t, r.try(who, "inspections", id, object{"unit": r.second}), fault.OutOfScope)
		}
		for _, nowhere := range []string{r.district + "999", "120102001", "", r.second + "/x"} {
			if o := r.try(boss, "inspections", id, object{"unit": nowhere}); o.Status != record.Rejected {
				t.Errorf("given to %q: %+v", nowhere, o)
			}
		}
		is(t, r.try(boss, "inspections", id, object{"unit": r.second}), "")
		to.expect(t, r, r.raised(id, along...)...)
		if from.pull(t, r); from.shows()[other] == 0 || len(from.shows()) != len(along) {
			t.Errorf("the giving unit holds %v", from.shows())
		}
		if unit := r.body("evidence", elsewhere)["unit"]; unit != r.dept {
			t.Errorf("what was another unit's has gone to %v", unit)
		}
		past, err := r.db.Revisions(context.Background(), along[1])
		if err != nil || len(past) != 2 || past[1].Author != record.ServerAuthor || past[1].Device != "" {
			t.Errorf("the paper's history is %+v, %v", past, err)
		}
	})
}

// A joint record is with its partners, who work on it as on their own; who they are is the home unit's to say.
func TestPartners(t *testing.T) {
	eachRegion(t, func(t *testing.T, r *region) {
		id, along := r.visit(r.first)
		home, partner, stranger := &phone{who: r.person(people.RoleOfficer, r.first)}, &phone{who: r.person(people.RoleOfficer, r.dept)},
			&phone{who: r.person(people.RoleLeader, r.second)}
		share := func(units ...string) object {
			set := object{}
			for _, unit := range units {
				set[unit] = object{}
			}
			return object{"partners": set}
		}
		is(t, r.try(partner.who, "inspections", id, share(r.dept)), fault.OutOfScope)
		is(t, r.try(home.who, "inspections", id, share(r.district+"ZZZ")), fault.OutOfScope)
		is(t, r.try(home.who, "inspections", id, share("120102001")), fault.OutOfScope)
		is(t, r.try(home.who, "inspections", id, share(r.dept)), "")
		partner.expect(t, r, along[:3]...) // findings and conflicts are on the home unit's desk
		home.expect(t, r, along...)
		stranger.expect(t, r)
		is(t, r.try(partner.who, "inspections", id, object{"summary": "由城管委补充"}), "")
		is(t, r.try(stranger.who, "inspections", id, object{"summary": "x"}), fault.OutOfScope)
		is(t, r.try(partner.who, "inspections", id, share(r.second)), fault.OutOfScope)
		is(t, r.try(r.person(people.RoleLeader, r.dept), "inspections", id, object{"unit": r.dept}), fault.OutOfScope)
		for _, p := range []*phone{home, partner} {
			if p.pull(t, r); p.shows()[id] != 3 {
				t.Errorf("%s has version %d of 3", p.who.Unit, p.shows()[id])
			}
		}
		film := object{"unit": r.first, "inspection": id, "kind": "video", "officer": partner.who.Officer, "mime": "video/mp4",
			"startedAt": "2026-11-25T00:00:00Z", "endedAt": "2026-11-25T00:01:00Z", "length": 1.0, "sha256": strings.Repeat("0", 64),
			"partners": object{r.dept: object{}}}
		if o := r.make(partner.who, "evidence", film); o.Status != record.Applied {
			t.Errorf("the partner's recording: %+v", o)
		}
		is(t, r.make(stranger.who, "evidence", film), fault.OutOfScope)
		is(t, r.make(partner.who, "inspections", object{"unit": r.first, "state": "open", "partners": object{r.dept: object{}}}), fault.OutOfScope)
		// The partnership ends: for all that belongs to the visit.
		is(t, r.try(home.who, "inspections", id, object{"partners": object{r.dept: nil}}), "")
		partner.expect(t, r)
		is(t, r.try(partner.who, "inspections", id, object{"summary": "x"}), fault.OutOfScope)
		// Given to the one who was a partner, and to one who still is: never twice in a feed, never in none.
		is(t, r.try(home.who, "inspections", id, share(r.second)), "")
		is(t, r.try(r.person(people.RoleLeader, r.first), "inspections", id, object{"unit": r.second}), "")
		home.expect(t, r)
		if stranger.pull(t, r); len(stranger.shows()) != len(r.raised(id, along...))+1 {
			t.Errorf("the new home holds %v", stranger.shows())
		}
	})
}

// What is done with leaves the feeds after a time, stays readable, and comes back with an edit.
func TestClosedWorkIsSetAside(t *testing.T) {
	eachRegion(t, func(t *testing.T, r *region) {
		ctx := context.Background()
		id, along := r.visit(r.first)
		r.set("inspections", id, object{"partners": object{r.dept: object{}}, "state": "completed"})
		home, partner := &phone{who: r.person(people.RoleOfficer, r.first)}, &phone{who: r.person(people.RoleOfficer, r.dept)}
		home.expect(t, r, along...)
		if n, err := r.service.SetAside(ctx, time.Now().Add(-time.Hour)); n != 0 || err != nil {
			t.Errorf("%d set aside before their time, %v", n, err)
		}
		later := time.Now().Add(time.Hour)
		if n, err := r.service.SetAside(ctx, later); n != 2 || err != nil {
			t.Errorf("%d set aside, %v; want the visit and its paper", n, err)
		}
		if n, err := r.service.SetAside(ctx, later); n != 0 || err != nil {
			t.Errorf("%d set aside again, %v", n, err)
		}
		home.expect(t, r, along[2:]...)
		partner.expect(t, r, along[2])
		(&phone{who: home.who}).expect(t, r, along[2:]...)
		if rec, err := r.db.Record(ctx, "inspections", id); err != nil || rec.Removed || rec.Version != 2 {
			t.Errorf("online it is %+v, %v", rec, err)
		}
		is(t, r.try(home.who, "inspections", id, object{"summary": "补正"}), "")
		home.expect(t, r, append([]string{id}, along[2:]...)...)
		partner.expect(t, r, id, along[2])
		if n, err := r.service.SetAside(ctx, later); n != 1 || err != nil {
			t.Errorf("%d set aside after the edit, %v", n, err)
		}
		partner.expect(t, r, along[2])
	})
}

// What the server would write into a record that has been removed does not stand, and nothing else of that with it: there is nobody who could decide
// a conflict with the server.
func TestTheServerDoesNotWriteIntoARemovedRecord(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		id, beside := newID(), newID()
		put := func(id string) push.ServerOp {
			return push.ServerOp{Collection: "inspections", Record: id, Action: record.Create, Patch: object{"unit": street}}
		}
		f.own(put(id))
		f.own(push.ServerOp{Collection: "inspections", Record: id, Action: record.Remove})
		err := f.service.ApplyOwn(context.Background(), []push.ServerOp{put(beside),
			{Collection: "inspections", Record: id, Action: record.Update, Patch: object{"summary": "x"}}})
		if err == nil {
			t.Error("it stands")
		}
		if _, err := f.db.Record(context.Background(), "inspections", beside); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("half of it stands: %v", err)
		}
		f.own(push.ServerOp{Collection: "inspections", Record: id, Action: record.Remove})
	})
}
