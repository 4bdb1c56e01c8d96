package soak

import (
	"net/http"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// bearable are the errors that a sync may end with and nothing is wrong: the network, the server that is away, a sign-in that
// is over, a person who has no business any more.
var bearable = []fault.Code{fault.Unreachable, fault.TemporarilyDown, fault.SignedOut, fault.SessionEnded, fault.RefreshInvalid,
	fault.RefreshReused, fault.DeviceRevoked, fault.AccountDisabled, fault.RoleInsufficient, fault.ProofInvalid, fault.TokenExpired, fault.TokenInvalid}

// sync lets a handheld exchange with the server in some weather, and looks at what it holds afterwards.
func (r *run) sync(h *hand, w weather) {
	err := h.exchange(w)
	switch {
	case err == nil:
		r.must(h.atRest())
	case h.aside && isFault(err, forked...):
	case !isFault(err, bearable...):
		r.fail(err)
	}
}

// stepSync syncs in good weather or bad.
func stepSync(r *run, h *hand) { r.sync(h, pick(r.dice, fair, fair, rough, storm, storm)) }

// stepDeliver lets a request arrive that was given up long ago, in any order.
func stepDeliver(r *run, _ *hand) {
	if len(r.parked) > 0 {
		r.must(r.deliver(r.dice.IntN(len(r.parked))))
	}
}

// stepWatch reads a page of a feed.
func stepWatch(r *run, _ *hand) {
	if r.host.up {
		r.must(pick(r.dice, r.watch...).page(r))
	}
}

// stepRead reads a record online, past the handheld's own copy.
func stepRead(r *run, h *hand) {
	collection := pick(r.dice, "subjects", "tasks", "inspections")
	id := h.some(collection)
	if id == "" {
		return
	}
	h.line.weather, h.line.dead = fair, false
	_, err := h.Call(ctx, http.MethodGet, "/v1/records/"+collection+"/"+id, nil, nil, nil)
	if err != nil && !isFault(err, append(bearable, fault.NotFound)...) {
		r.fail(err)
	}
}
