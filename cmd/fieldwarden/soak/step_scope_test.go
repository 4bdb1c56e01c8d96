package soak

import (
	"maps"
	"net/http"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// stepTransfer moves a record to the other street, by whoever sees it: some may, of others the server keeps the edit and says so.
func stepTransfer(r *run, h *hand) {
	collection := pick(r.dice, "subjects", "tasks", "inspections")
	id := h.some(collection)
	if id == "" {
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		return p.update(collection, id, func(b record.Object) {
			if b["unit"] == streets[0] {
				b["unit"] = streets[1]
			} else {
				b["unit"] = streets[0]
			}
		})
	}))
}

// stepShare lets the other street work on a record too, or no longer, by whoever sees it.
func stepShare(r *run, h *hand) {
	collection := pick(r.dice, "tasks", "inspections", "inspections")
	id := h.some(collection)
	if id == "" {
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		return p.update(collection, id, func(b record.Object) {
			partner := streets[0]
			if b["unit"] == partner {
				partner = streets[1]
			}
			if partners, _ := b["partners"].(record.Object); partners[partner] != nil {
				delete(partners, partner)
			} else {
				put(b, record.Object{}, "partners", partner)
			}
		})
	}))
}

// stepGrant gives somebody a role in a street, or takes it away, at the desk of the security administrator.
func stepGrant(r *run, _ *hand) {
	desk := r.hands[0]
	for _, h := range r.hands {
		if h.who.account == r.town.desk.account && !h.revoked {
			desk = h
		}
	}
	whom, street := pick(r.dice, r.town.people...), pick(r.dice, streets...)
	if _, err := desk.Get(ctx, "officers", whom.officer); err != nil {
		return
	}
	r.must(desk.edits(false, func(p *pen) error {
		return p.update("officers", whom.officer, func(b record.Object) {
			grants, _ := b["grants"].(record.Object)
			there, elsewhere := here(grants, street), len(grants)-len(here(grants, street))
			switch {
			case len(there) == 0:
				put(b, grant(pick(r.dice, "officer", "leader"), street), "grants", r.town.desk.account+street)
			case elsewhere > 0 || r.dice.IntN(4) == 0: // seldom the last roles of all
				for _, key := range there {
					delete(grants, key)
				}
			default:
				put(b, grant("leader", street), "grants", "l"+street)
			}
		})
	}))
	r.sync(desk, pick(r.dice, fair, rough))
}

// here lists the keys of the grants in a street.
func here(grants record.Object, street string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(grants)) {
		if g, _ := grants[key].(record.Object); g["unit"] == street {
			keys = append(keys, key)
		}
	}
	return keys
}

// stepRevoke takes a handheld out of use; its person gets another one.
func stepRevoke(r *run, h *hand) {
	desk := r.hands[len(r.hands)-1]
	for _, d := range r.hands {
		if d.who.account == r.town.desk.account {
			desk = d
		}
	}
	if h.revoked || h == desk || !r.host.up || len(r.hands) > 7 {
		return
	}
	desk.line.weather, desk.line.dead = fair, false
	_, err := desk.Call(ctx, http.MethodDelete, "/v1/devices/"+h.id, nil, nil, nil)
	if err != nil {
		if !isFault(err, bearable...) {
			r.fail(err)
		}
		return
	}
	h.gone = true
	next := r.newHand(h.who)
	r.must(next.start())
	r.must(next.enrol())
}

// stepSignIn signs the person in again, or somebody else of the town: two people share a handheld, and what is unsent of one
// travels with the other.
func stepSignIn(r *run, h *hand) {
	if h.who.account == r.town.desk.account || !r.host.up {
		return
	}
	who := h.who
	if r.dice.IntN(3) == 0 {
		who = &r.town.people[r.dice.IntN(len(r.town.people))]
	}
	h.line.weather, h.line.dead = pick(r.dice, fair, rough), false
	r.signIn(h, who)
	h.line.weather = fair
}

// signIn signs somebody in. It reports whether it is done.
func (r *run) signIn(h *hand, who *person) bool {
	err := h.SignIn(ctx, who.account, password)
	switch {
	case err == nil:
		r.tell("  %s signs in on %s", who.account, h.name)
		h.who = who
	case !isFault(err, bearable...):
		r.fail(err)
	}
	return err == nil
}
