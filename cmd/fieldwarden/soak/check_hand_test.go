package soak

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// ownWrites: people read their own writes. Whatever a handheld has written, and has not been told to be refused, it shows,
// until a version of the record has come back that is not older than what the server made of it.
func (h *hand) ownWrites() error {
	if e := h.r.restores; e.restore > 0 && h.r.step >= e.restore {
		return nil // what it was told of an op is of a history that is lost
	}
	var records []string
	for _, one := range h.made {
		if !slices.Contains(records, one.Record) {
			records = append(records, one.Record)
		}
	}
	for _, id := range records {
		if err := h.ownWrite(id); err != nil {
			return err
		}
	}
	return nil
}

func (h *hand) ownWrite(id string) error {
	var patch record.Object
	var collection string
	created, removed, pending := false, false, 0
	last := h.made[0]
	for _, one := range h.made {
		if one.Record == id {
			collection = one.Collection
		}
	}
	shown, err := h.Get(ctx, collection, id)
	there := err == nil
	if err != nil && !isFault(err, fault.RecordUnknown) {
		return err
	}
	for _, one := range h.made {
		if one.Record != id || one.told > 0 && (!one.stands() || one.outcome.Version <= shown.Version) {
			continue
		}
		if h.revoked && one.told > 0 {
			continue // it has gone with all that the server had sent
		}
		if pending == 0 {
			created = one.Action == string(record.Create) && one.told == 0 // else it may have gone with its feed
		}
		pending++
		last = one
		removed = one.Action == string(record.Remove)
		if removed {
			patch = nil
		} else {
			patch = compose(patch, one.Patch)
		}
	}
	switch {
	case pending == 0 || removed && !there:
		return nil
	case removed:
		return fmt.Errorf("%s shows a record that its person has removed: %s", h.name, last)
	case !there && created && last.told == 0:
		return fmt.Errorf("%s does not show a record that its person has made: %s", h.name, last)
	case !there:
		return h.mustHaveLost(id, last)
	}
	for _, l := range leaves(patch) {
		if !says(shown.Body, l) {
			return fmt.Errorf("%s does not show what its person wrote, %s = %v: %s; it shows version %d %s", h.name, l.path, l.value, last,
				shown.Version, text(shown.Body))
		}
	}
	return nil
}

// mustHaveLost: a record with own edits is not shown only if the server has taken it away from this handheld.
func (h *hand) mustHaveLost(id string, last *made) error {
	return h.peek(func(file *sql.DB) error {
		var n int
		if err := file.QueryRow("SELECT count(*) FROM records WHERE id = ?", id).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%s holds a record and does not show it: %s", h.name, last)
		}
		return nil
	})
}

// compose makes one patch of two that follow each other.
func compose(first, then record.Object) record.Object {
	out := record.Object{}
	for k, v := range first {
		out[k] = v
	}
	for k, v := range then {
		inner, ok := v.(record.Object)
		before, was := out[k].(record.Object)
		if ok && was {
			v = compose(before, inner)
		}
		out[k] = v
	}
	return out
}

// held is a record as it lies in a handheld's file, sent by the server.
type held struct {
	collection, id, feed string
	version              uint64
	body                 string
}

// holds reads everything that a handheld's file holds of the server's records, those included that wait.
func (h *hand) holds() (rows map[string]held, waiting map[string]held, err error) {
	rows, waiting = map[string]held{}, map[string]held{}
	err = h.peek(func(file *sql.DB) error {
		for table, into := range map[string]map[string]held{"records": rows, "arrivals": waiting} {
			found, err := file.Query("SELECT collection, id, feed, version, coalesce(body, '') FROM " + table)
			if err != nil {
				return err
			}
			for found.Next() {
				var x held
				if err := found.Scan(&x.collection, &x.id, &x.feed, &x.version, &x.body); err != nil {
					return err
				}
				into[x.id] = x
			}
			if err := found.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, waiting, err
}

// holdings reads which records a handheld has by which feeds.
func (h *hand) holdings() (map[string]bool, error) {
	out := map[string]bool{}
	err := h.peek(func(file *sql.DB) error {
		found, err := file.Query("SELECT feed, id FROM holds")
		if err != nil {
			return err
		}
		for found.Next() {
			var feed, id string
			if err := found.Scan(&feed, &id); err != nil {
				return err
			}
			out[feed+" "+id] = true
		}
		return found.Err()
	})
	return out, err
}

// atRest: after a sync that came to its end the handheld holds nothing that its person may not see.
func (h *hand) atRest() error {
	rows, waiting, err := h.holds()
	if err != nil {
		return err
	}
	feeds, err := h.feeds()
	if err != nil {
		return err
	}
	for _, table := range []map[string]held{rows, waiting} {
		for id, x := range table {
			if !slices.Contains(feeds, x.feed) {
				return fmt.Errorf("%s still holds %s/%s of %s; its feeds are %v", h.name, x.collection, short(id), x.feed, feeds)
			}
		}
	}
	there, err := h.holdings()
	if err != nil {
		return err
	}
	for held := range there {
		if feed, id, _ := strings.Cut(held, " "); !slices.Contains(feeds, feed) {
			return fmt.Errorf("%s still holds %s by %s; its feeds are %v", h.name, short(id), feed, feeds)
		}
	}
	h.r.model.reads(h, rows, waiting)
	return nil
}

// feeds says which feeds are a handheld's now, out of what the roles of its person are on the server: its own, the district's
// reference data, and the street of each role. A role over the whole district brings no street's records along.
func (h *hand) feeds() ([]string, error) {
	grants, err := h.r.grantsOf(h.who.officer)
	if err != nil {
		return nil, err
	}
	var feeds []string // who has no role has none, not even the device's
	for _, g := range grants {
		feeds = append(feeds, "device/"+h.id, "ref/"+district)
		if g.Role != people.RoleSecAdmin {
			feeds = append(feeds, "unit/"+g.Unit)
		}
	}
	slices.Sort(feeds)
	return slices.Compact(feeds), nil
}

func (r *run) grantsOf(officer string) ([]people.Grant, error) {
	if !r.host.up {
		r.must(r.host.start())
	}
	rec, err := r.host.core.DB.Record(ctx, "officers", officer)
	if err != nil {
		return nil, err
	}
	body, err := wire.Object(rec.Body)
	return people.GrantsOf(body), err
}
