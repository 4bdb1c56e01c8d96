package soak

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// unheard are edits online that nobody has heard of yet.
type unheard struct {
	officer string
	ops     []wire.OnlineOp
}

// stepOnline edits one record or two online, past the handheld's queue: by what the server says that it is now.
func stepOnline(r *run, h *hand) {
	if h.resend() {
		return
	}
	txn := ""
	var ops []wire.OnlineOp
	if r.dice.IntN(4) == 0 {
		txn = r.ids.next()
	}
	for n := 0; n == 0 || txn != "" && n < 2; n++ {
		collection := pick(r.dice, "subjects", "tasks", "inspections")
		id := h.some(collection)
		if id == "" || len(ops) > 0 && ops[0].Record == id {
			break
		}
		now, ok := h.look(collection, id)
		if !ok {
			break
		}
		want := clone(now.body)
		h.scribble(collection, want)
		if record.Equal(want, now.body) {
			break
		}
		ops = append(ops, h.types(collection, id, txn, now, want))
	}
	h.submit(ops)
}

// stepDesk decides online what waits for people: the console's way.
func stepDesk(r *run, h *hand) {
	if h.resend() {
		return
	}
	collection := pick(r.dice, "conflicts", "deadletters")
	id := h.open(collection)
	if id == "" {
		return
	}
	now, ok := h.look(collection, id)
	if !ok || now.body["state"] != "open" {
		return
	}
	want := clone(now.body)
	if collection == "conflicts" {
		h.resolve(want)
	} else {
		h.answerLetter(want)
	}
	about, _ := now.body["collection"].(string)
	what, _ := now.body["record"].(string)
	op := h.types(collection, id, "", now, want)
	if beside, ok := h.look(about, what); ok {
		r.model.ops[op.ID].beside = text(beside.body)
	}
	h.submit([]wire.OnlineOp{op})
}

// page is a record as the server shows it online.
type page struct {
	version uint64
	body    record.Object
}

// look reads a record online. ok is false when it is not to be seen, or the network is not there.
func (h *hand) look(collection, id string) (p page, ok bool) {
	h.line.weather, h.line.dead = fair, false
	res, err := h.Call(ctx, http.MethodGet, "/v1/records/"+collection+"/"+id, nil, nil, nil)
	if err != nil {
		if !isFault(err, append(bearable, fault.NotFound)...) {
			h.r.fail(err)
		}
		return p, false
	}
	var got struct {
		Version uint64         `json:"version"`
		Removed bool           `json:"removed"`
		Body    jsontext.Value `json:"body"`
	}
	h.r.must(json.Unmarshal(res.Body, &got))
	if got.Removed {
		return p, false
	}
	return page{got.Version, objectOf(string(got.Body))}, true
}

// scribble changes a body as people do.
func (h *hand) scribble(collection string, b record.Object) {
	switch {
	case h.r.dice.IntN(12) == 0:
		b["unit"] = pick(h.r.dice, streets...)
	case h.r.dice.IntN(12) == 0 && collection == "subjects":
		b["phone"] = 7.0 // of the wrong kind
	case collection == "subjects":
		b[pick(h.r.dice, "name", "phone", "address")] = h.word("线上")
	case collection == "tasks":
		b["title"] = h.word("线上")
	case h.r.dice.IntN(2) == 0:
		put(b, h.word("线上"), "answers", pick(h.r.dice, "q1", "q2", "q3"), "value")
	default:
		b["opinion"] = h.word("线上")
	}
}

// types makes an op of an edit online and tells the oracle of it.
func (h *hand) types(collection, id, txn string, now page, want record.Object) wire.OnlineOp {
	op := wire.OnlineOp{ID: h.r.ids.next(), Txn: txn, Collection: collection, Record: id, Action: string(record.Update), Base: now.version,
		Patch: record.Diff(now.body, want), Unattended: h.r.dice.IntN(2) == 0}
	one := &made{Op: wire.Op{ID: op.ID, Txn: txn, Collection: collection, Record: id, Action: op.Action, Base: op.Base, Patch: op.Patch, Author: h.who.officer},
		hand: h, online: true, saw: now.body, at: h.r.model.now()}
	h.online = append(h.online, one)
	h.r.model.ops[op.ID] = one
	if txn != "" {
		h.r.model.groups[txn] = append(h.r.model.groups[txn], one)
	}
	h.r.tell("  %s online %s/%s base %d %s", h.name, collection, short(id), op.Base, text(op.Patch))
	return op
}

// submit sends edits, in some weather. If nobody hears what became of them they are sent again, the same, before anything else is
// written online here.
func (h *hand) submit(ops []wire.OnlineOp) {
	if len(ops) == 0 {
		return
	}
	h.unheard = &unheard{h.who.officer, ops}
	h.resend()
}

// resend sends what nobody has heard of. It reports whether there was anything.
func (h *hand) resend() bool {
	u := h.unheard
	if u == nil {
		return false
	}
	if u.officer != h.who.officer {
		h.unheard = nil // somebody else has the handheld; he does not know of it
		return false
	}
	h.line.weather, h.line.dead = pick(h.r.dice, fair, rough, storm), false
	_, err := h.Call(ctx, http.MethodPost, "/v1/ops", nil, nil, wire.Online{Ops: u.ops})
	h.line.weather = fair
	switch {
	case err == nil, isFault(err, fault.RoleInsufficient, fault.DeviceRevoked):
		h.unheard = nil
	case !isFault(err, bearable...):
		h.r.fail(err)
	}
	h.r.must(h.revive())
	return true
}
