package push

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// moved means that a record turned out to be, or to belong, in feeds that were not locked, or was not read under the locks: begin again,
// with those feeds locked too.
type moved struct{ feeds []string }

func (m moved) Error() string {
	return "feeds are needed that were not locked: " + strings.Join(m.feeds, ", ")
}

// wider is a transaction that locks some feeds besides those it is asked to.
type wider struct {
	Tx
	also map[string]bool
}

func (t wider) LockFeeds(ctx context.Context, feeds []string, want Wants) (Locked, error) {
	all := slices.Concat(feeds, slices.Collect(maps.Keys(t.also)))
	slices.Sort(all)
	return t.Tx.LockFeeds(ctx, slices.Compact(all), want)
}

// feeds lists the feeds a row is in or was in: its own, then those of its copies, sorted.
func (r Row) feeds() []string { return append([]string{r.Feed}, slices.Sorted(maps.Keys(r.Copies))...) }

// locked is moved unless all the feeds are locked.
func (w *work) locked(feeds []string) error {
	missing := slices.DeleteFunc(slices.Clone(feeds), func(feed string) bool { _, ok := w.heads[feed]; return ok })
	if len(missing) > 0 {
		return moved{missing}
	}
	return nil
}

// place gives a new version its number in its home feed and in those of its partners, and tells the feeds that it has left.
func (w *work) place(c *record.Collection, was Row, exists bool, row *Row, body record.Object) error {
	home, err := c.FeedOf(body, w.s.District)
	if err != nil {
		return err
	}
	row.Feed = home
	copies, reason := c.CopiesOf(body, w.s.District), wire.GoneMoved
	if row.Removed {
		copies, reason = nil, wire.GoneRemoved
	}
	stays := append([]string{home}, copies...)
	var before []string
	if exists {
		before = was.feeds()
	}
	if err := w.locked(slices.Concat(before, stays)); err != nil {
		return err
	}
	for _, feed := range before {
		if !slices.Contains(stays, feed) {
			w.depart(feed, *row, reason)
		}
	}
	if row.Seq = w.number(home); row.Removed {
		w.batch.Departures = append(w.batch.Departures, Departure{home, row.Seq, row.ID, row.Collection, reason})
	}
	if len(copies) > 0 {
		row.Copies = map[string]uint64{}
	}
	for _, feed := range copies {
		row.Copies[feed] = w.number(feed)
	}
	return nil
}

// number takes the next number of a feed, which is locked.
func (w *work) number(feed string) uint64 {
	w.heads[feed]++
	return w.heads[feed]
}

func (w *work) depart(feed string, row Row, reason string) {
	w.batch.Departures = append(w.batch.Departures, Departure{feed, w.number(feed), row.ID, row.Collection, reason})
}

// maxPartners bounds how many other units a record is shared with.
const maxPartners = 16

// inScope asks the table of rights whether the author reaches the record, where it is and where it would be. Of a joint record the
// right over one partner is enough to work on it; who its partners are is the home unit's to say, and where it is its leaders'.
func (w *work) inScope(ctx context.Context, grants []people.Grant, right people.Right, ch change) (*fault.Error, error) {
	before, after, at := ch.event.Before, ch.event.After, ch.event.Latest
	if ch.c.Scope == record.Device {
		return outUnless(w.ofDevice(grants, right, ch), "record"), nil
	}
	if !ch.c.OfUnit() {
		return outUnless(people.May(grants, right, w.s.District, at), "record"), nil
	}
	if before != nil && !people.MayAny(grants, right, ch.c.UnitsOf(before), at) {
		return outUnless(false, "record"), nil
	}
	switch {
	case after == nil:
		return nil, nil
	case len(ch.c.PartnersOf(after)) > maxPartners:
		return fault.New(fault.OpInvalid).At("partners").Detail(fmt.Sprintf("最多 %d 个协同单位", maxPartners), fmt.Sprintf("at most %d partners", maxPartners)), nil
	case before == nil:
		ok, err := w.mayCreate(ctx, grants, right, ch)
		if !ok || err != nil {
			return outUnless(false, "record"), err
		}
	case before["unit"] != after["unit"]:
		if !people.May(grants, people.Right(ch.c.Name+".transfer"), home(before), at) {
			return outUnless(false, "unit"), nil
		}
	case !slices.Equal(ch.c.PartnersOf(before), ch.c.PartnersOf(after)) && !people.May(grants, right, home(before), at):
		return outUnless(false, "partners"), nil
	}
	return w.known(ctx, ch)
}

// ofDevice reports whether the author may write a device's own record: on that device by the right itself, over the device's unit; on another
// by the right to settle, over the unit that the record names.
func (w *work) ofDevice(grants []people.Grant, right people.Right, ch change) bool {
	before, after := ch.event.Before, ch.event.After
	if before == nil || after == nil || before["device"] != after["device"] {
		return false // only the server makes and moves them
	}
	if before["device"] == w.caller.Device {
		return people.May(grants, right, w.caller.Unit, ch.event.Latest)
	}
	return home(before) != "" && people.May(grants, people.Right(ch.c.Name+".settle"), home(before), ch.event.Latest)
}

// unitsOf lists the units whose people a body concerns, or the whole district.
func (w *work) unitsOf(c *record.Collection, body record.Object) []string {
	if c.OfUnit() {
		return c.UnitsOf(body)
	}
	if c.Scope == record.Device && home(body) != "" {
		return []string{home(body)}
	}
	return []string{w.s.District}
}

func home(body record.Object) string {
	unit, _ := body["unit"].(string)
	return unit
}

func outUnless(ok bool, field string) *fault.Error {
	if ok {
		return nil
	}
	return fault.New(fault.OutOfScope).At(field)
}

// mayCreate: a record is made by those who have the right over its unit. What belongs to a joint inspection, in the inspection's unit, is
// also made by its partners.
func (w *work) mayCreate(ctx context.Context, grants []people.Grant, right people.Right, ch change) (bool, error) {
	after, at := ch.event.After, ch.event.Latest
	if people.May(grants, right, home(after), at) && home(after) != "" {
		return true, nil
	}
	joint := w.s.Catalogue["inspections"]
	id, _ := after[ch.c.Follows].(string)
	if !ch.c.Shared || ch.c.Follows == "" || joint == nil || !record.IsID(id) {
		return false, nil
	}
	body, ok, err := w.Find(ctx, joint.Name, id)
	return ok && home(body) == home(after) && people.MayAny(grants, right, joint.UnitsOf(body), at), err
}

// known refuses units that the record did not concern before and that the district does not have: a record there would be nobody's.
func (w *work) known(ctx context.Context, ch change) (*fault.Error, error) {
	if !ch.c.OfUnit() || ch.event.After == nil || ch.event.Before == nil && len(ch.c.PartnersOf(ch.event.After)) == 0 {
		return nil, nil
	}
	was := ch.c.UnitsOf(ch.event.Before)
	for i, unit := range ch.c.UnitsOf(ch.event.After) {
		if slices.Contains(was, unit) || i == 0 && ch.event.Before == nil {
			continue
		}
		found, err := w.Match(ctx, people.Units.Name, "code", unit)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || !people.Within(unit, w.s.District) {
			field := "unit"
			if i > 0 {
				field = "partners/" + unit
			}
			return fault.New(fault.OutOfScope).At(field).Detail("本区没有该机构："+unit, "the district has no such unit: "+unit), nil
		}
	}
	return nil, nil
}

// move notes that a record has gone to another unit, or has other partners, so that what belongs to it goes along.
type move struct {
	record string
	before record.Object
}

// follow lets what belongs to records that moved go along, in the same transaction: papers and recordings of an inspection, findings,
// conflicts and letters of all of them. What had been moved elsewhere before stays there.
func (w *work) follow(ctx context.Context) error {
	queue := w.moves
	w.moves = nil
	for len(queue) > 0 {
		m := queue[0]
		queue = queue[1:]
		e := w.view.entries[m.record]
		patch := movePatch(w.s.Catalogue[e.row.Collection], m.before, e.body)
		if len(patch) == 0 {
			continue // it was undone
		}
		ids, err := w.hanging(ctx, m.record, e.row.Collection)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if d := w.view.entries[id]; home(d.body) == home(m.before) {
				if err := w.goAlong(id, d, patch); err != nil {
					return err
				}
				queue = append(queue, move{id, d.body})
			}
		}
	}
	return nil
}

func (w *work) goAlong(id string, d entry, patch record.Object) error {
	c := w.s.Catalogue[d.row.Collection]
	if !c.Shared {
		patch = maps.Clone(patch)
		delete(patch, "partners")
	}
	if len(movePatch(c, d.body, record.Apply(d.body, patch))) == 0 {
		return nil
	}
	return w.note(d.row.Collection, id, record.Update, patch)
}

// movePatch is what changed of where a record belongs.
func movePatch(c *record.Collection, before, after record.Object) record.Object {
	patch := record.Object{}
	if home(before) != home(after) {
		patch["unit"] = home(after)
	}
	was, is := c.PartnersOf(before), c.PartnersOf(after)
	if slices.Equal(was, is) {
		return patch
	}
	partners := record.Object{}
	for _, unit := range was {
		partners[unit] = nil
	}
	for _, unit := range is {
		partners[unit] = record.Object{}
	}
	patch["partners"] = partners
	return patch
}

// hanging lists the records that belong to one, sorted, and sees to it that the view has them.
func (w *work) hanging(ctx context.Context, id, collection string) ([]string, error) {
	var ids []string
	for _, name := range w.s.Catalogue.Names() {
		field := w.s.Catalogue[name].Follows
		if field == "" || field == "inspection" && collection != "inspections" {
			continue
		}
		found, err := w.Match(ctx, name, field, id)
		if err != nil {
			return nil, err
		}
		ids = append(ids, slices.Collect(maps.Keys(found))...)
	}
	slices.Sort(ids)
	unread := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return w.view.entries[id].exists })
	rows, err := w.tx.Records(ctx, unread)
	if err != nil {
		return nil, err
	}
	for id, row := range rows {
		if err := w.view.load(id, row); err != nil {
			return nil, fmt.Errorf("what belongs to %s: %w", id, err)
		}
	}
	return ids, nil
}
