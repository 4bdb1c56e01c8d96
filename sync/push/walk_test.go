package push_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// walk is one drawn day: a few handhelds edit the same records offline, and push in every way that a bad network makes of it:
// late, twice, from any earlier op on, with gaps, with lost answers. What must hold at the end is in walk_check_test.go.
type walk struct {
	t       *rapid.T
	f       *field
	units   [2]string // the streets of this walk alone, so that its feeds hold nothing else
	pockets []*pocket
	pullers []*puller // one for each street
	records []string  // every record any handheld has created
}

// pocket is a handheld with what it remembers: its whole chain, and what it has pulled.
type pocket struct {
	*handheld
	w      *walk
	chain  []*made
	acked  int // as the server says; the handheld itself may have missed the answer
	pulled map[string]seenRecord
	gone   map[string]bool // told to be removed or moved away: not edited any more
}

// made is an op with what its author was looking at.
type made struct {
	wire.Op
	base  record.Object // pulled body under it
	on    []*made       // own ops on top of that
	heard bool          // the author knows its outcome
	first wire.Outcome  // the outcome it was given first
	taken bool
}

type seenRecord struct {
	version uint64
	body    record.Object
}

var streets atomic.Int64

// newWalk puts three handhelds, of two officers, into two fresh streets.
func newWalk(t *rapid.T, f *field) *walk {
	n := streets.Add(1)
	w := &walk{t: t, f: f, units: [2]string{fmt.Sprintf("%s%05d1", street, n), fmt.Sprintf("%s%05d2", street, n)}}
	officers := []string{newID(), newID()}
	for _, officer := range officers {
		f.own(push.ServerOp{Collection: "officers", Record: officer, Action: record.Create, Patch: object{"name": "甲", "grants": object{
			"a": object{"role": "leader", "unit": w.units[0]}, "b": object{"role": "leader", "unit": w.units[1]}}}})
	}
	for _, unit := range w.units {
		w.pullers = append(w.pullers, &puller{feed: "unit/" + unit, held: map[string]uint64{}})
	}
	for i := range 3 {
		h := f.handheld()
		h.officer = officers[i%len(officers)]
		h.signIn(h.officer)
		w.pockets = append(w.pockets, &pocket{handheld: h, w: w, pulled: map[string]seenRecord{}, gone: map[string]bool{}})
	}
	return w
}

// run takes the walk and brings it to its end: every op is sent.
func (w *walk) run(steps int) error {
	for range steps {
		p := w.pockets[rapid.IntRange(0, len(w.pockets)-1).Draw(w.t, "handheld")]
		if err := w.step(p); err != nil {
			return err
		}
	}
	for _, p := range w.pockets {
		for p.acked < len(p.chain) {
			if err := p.deliver(p.acked, len(p.chain), true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) step(p *pocket) error {
	switch rapid.SampledFrom([]string{"create", "edit", "edit", "edit", "edit", "pull", "pull", "group", "remove", "move",
		"bad", "watch", "watch", "send", "send", "send", "lose", "lose", "gap", "fork"}).Draw(w.t, "step") {
	case "create":
		p.create(w.patch(false))
	case "edit":
		p.edit(record.Update, w.patch(true))
	case "remove":
		p.edit(record.Remove, nil)
	case "move":
		p.edit(record.Update, object{"unit": w.units[rapid.IntRange(0, 1).Draw(w.t, "to")]})
	case "bad":
		p.edit(record.Update, rapid.SampledFrom([]object{{"summary": "refuse me"}, {"receipt": "forged"}, {"summary": 1.0}, {"sum": 1.0}}).Draw(w.t, "bad"))
	case "group":
		p.group()
	case "pull":
		return p.pull()
	case "watch":
		_, err := w.pullers[rapid.IntRange(0, 1).Draw(w.t, "feed")].page(w.f.db)
		return err
	case "send":
		return p.send(true)
	case "lose":
		return p.send(false)
	case "gap":
		return p.gap()
	case "fork":
		return p.fork()
	}
	return nil
}

// patch draws edits of a few fields, out of so few values that handhelds meet.
func (w *walk) patch(removals bool) object {
	patch := object{}
	pick := func(field string, values ...any) {
		if removals {
			values = append(values, nil)
		}
		if rapid.Bool().Draw(w.t, field) {
			patch[field] = rapid.SampledFrom(values).Draw(w.t, "value")
		}
	}
	pick("summary", "a", "b", "c", "flag me")
	pick("note", "a", "b")
	pick("answers", object{"q1": object{"value": "x"}}, object{"q1": object{"value": "y"}}, object{"q2": object{"value": "x"}})
	pick("marks", object{"m1": object{"x": "1"}}, object{"m2": object{"x": "2"}})
	pick("state", "open", "closed")
	return patch
}

// known draws a record that the handheld can see; "" when it sees none.
func (p *pocket) known() string {
	var ids []string
	for _, id := range p.w.records {
		if body, _ := p.view(id); body != nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return rapid.SampledFrom(ids).Draw(p.w.t, "record")
}

// view is the record as the handheld shows it: what it has pulled, with its own ops on top that the pull cannot hold yet.
func (p *pocket) view(id string) (record.Object, []*made) {
	if p.gone[id] {
		return nil, nil
	}
	seen := p.pulled[id]
	body := seen.body
	var on []*made
	for _, m := range p.chain {
		if m.Record != id || m.heard && (!standing(m.first) || m.first.Version <= seen.version) {
			continue
		}
		on = append(on, m)
		if m.Action == string(record.Remove) {
			body = nil
		} else {
			body = record.Apply(body, m.Patch)
		}
	}
	return body, on
}

func standing(o wire.Outcome) bool { return o.Status != "rejected" && o.Status != "held" }

func (p *pocket) add(action record.Action, id, txn string, patch object) {
	seen := p.pulled[id]
	_, on := p.view(id)
	p.seq++
	o := wire.Op{ID: newID(), Seq: p.seq, Txn: txn, Collection: "tasks", Record: id, Action: string(action), Base: seen.version, Patch: patch,
		OccurredAt: time.Now().UTC(), Author: p.officer, Schema: 1, Prev: p.head}
	p.head = rehash(p.f.t, o)
	p.chain = append(p.chain, &made{Op: o, base: seen.body, on: on})
}

func (p *pocket) create(patch object) {
	id := newID()
	p.w.records = append(p.w.records, id)
	patch["unit"] = p.w.units[0]
	p.add(record.Create, id, "", patch)
}

func (p *pocket) edit(action record.Action, patch object) {
	if id := p.known(); id != "" {
		p.add(action, id, "", patch)
	}
}

// group makes two ops that stand or fall together; sometimes the second cannot stand.
func (p *pocket) group() {
	id := p.known()
	if id == "" {
		return
	}
	txn := newID()
	p.add(record.Update, id, txn, p.w.patch(true))
	second := p.w.patch(true)
	if rapid.Bool().Draw(p.w.t, "spoilt") {
		second["summary"] = "refuse me"
	}
	p.add(record.Update, id, txn, second)
}

// pull learns the newest version of one record. News of a record with unanswered ops waits, as the reference client has it.
func (p *pocket) pull() error {
	if len(p.w.records) == 0 {
		return nil
	}
	id := rapid.SampledFrom(p.w.records).Draw(p.w.t, "pulled")
	if slices.ContainsFunc(p.chain, func(m *made) bool { return m.Record == id && !m.heard }) {
		return nil
	}
	r, err := p.f.db.Record(context.Background(), "tasks", id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.Removed {
		p.gone[id] = true
		return nil
	}
	body, err := wire.Object(r.Body)
	p.pulled[id] = seenRecord{r.Version, body}
	return err
}

// send pushes from any op that was taken before, up to any op, and hears the answer or not. A group is not torn.
func (p *pocket) send(hears bool) error {
	if len(p.chain) == 0 {
		return nil
	}
	from := rapid.IntRange(0, min(p.acked, len(p.chain)-1)).Draw(p.w.t, "from")
	to := rapid.IntRange(from+1, len(p.chain)).Draw(p.w.t, "to")
	for to < len(p.chain) && p.chain[to].Txn != "" && p.chain[to].Txn == p.chain[to-1].Txn {
		to++
	}
	return p.deliver(from, to, hears)
}

// deliver pushes ops [from, to) and checks the answer against what was answered before.
func (p *pocket) deliver(from, to int, hears bool) error {
	reply, err := p.post(from, to)
	if err != nil {
		return fmt.Errorf("ops %d to %d of %s: %w", from+1, to, p.id, err)
	}
	p.acked = max(p.acked, to)
	if reply.Acked != uint64(p.acked) || len(reply.Outcomes) != to-from {
		return fmt.Errorf("answer to ops %d to %d acks %d with %d outcomes", from+1, to, reply.Acked, len(reply.Outcomes))
	}
	for i, o := range reply.Outcomes {
		m := p.chain[from+i]
		if o.Op != m.ID || o.Seq != m.Seq || o.Replayed != m.taken {
			return fmt.Errorf("outcome %+v answers op %s, taken before %v", o, m.ID, m.taken)
		}
		if o.Replayed = false; m.taken && fmt.Sprint(o) != fmt.Sprint(m.first) {
			return fmt.Errorf("replay gives %+v, first was %+v", o, m.first)
		}
		m.first, m.taken, m.heard = o, true, m.heard || hears
	}
	return nil
}

func (p *pocket) post(from, to int) (wire.PushReply, error) {
	ops := make([]wire.Op, 0, to-from)
	for _, m := range p.chain[from:to] {
		ops = append(ops, m.Op)
	}
	caller := people.Caller{Device: p.id, Officer: p.officer, Unit: p.w.units[0]}
	return p.f.service.Apply(context.Background(), caller, p.sign(ops...))
}

// gap pushes ops whose predecessor the server does not have: refused as a whole, with the number to go on from.
func (p *pocket) gap() error {
	if len(p.chain) < p.acked+2 {
		return nil
	}
	_, err := p.post(p.acked+1, len(p.chain))
	var gap *push.Gap
	if !errors.As(err, &gap) || gap.Expected != uint64(p.acked+1) {
		return fmt.Errorf("a push after a gap: %w, want to be told to begin at %d", err, p.acked+1)
	}
	return nil
}

// fork pushes another op under a number that was taken: a cloned handheld. Refused as a whole.
func (p *pocket) fork() error {
	if p.acked == 0 {
		return nil
	}
	at := rapid.IntRange(0, p.acked-1).Draw(p.w.t, "fork")
	original := p.chain[at].Op
	p.chain[at].Op.ID = newID()
	_, err := p.post(at, at+1)
	p.chain[at].Op = original
	if !errors.Is(err, fault.New(fault.ReplayDiffers)) {
		return fmt.Errorf("another op under number %d: %w, want %s", at+1, err, fault.ReplayDiffers)
	}
	return p.f.release(p.id)
}
