package soak

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// model is the oracle: it knows every op that any handheld has made, with what its author was looking at, and every outcome
// that anybody was ever told. It sits beside the network and in front of the screen, and believes neither client nor server.
type model struct {
	r    *run
	tick int64            // moments: each event is later than the one before
	ops  map[string]*made // by op id
	seen []reading        // what was read of records, for the histories

	groups   map[string][]*made      // by txn: those that were not seen whole yet
	versions map[push.Version]string // what versions were when they were first shown
}

// made is an op.
type made struct {
	wire.Op
	hand *hand
	hash string
	text []byte
	saw  record.Object // what the author was looking at; nil: there was nothing

	online bool   // written online: the server has sealed it
	beside string // of a decision: the record it is about, as its author saw that

	at       int64 // when it was made
	sent     int64 // when it was first on its way; 0: never
	answered int64 // when the server first answered for it, whoever heard it; 0: never
	told     int64 // when its author's handheld heard of its outcome; 0: never

	outcome *wire.Outcome // the first one that the server gave, whoever heard it; nil: none
}

// reading is a record as somebody read it from the server, at some moment between two.
type reading struct {
	hand     *hand
	record   string
	from, to int64
	body     record.Object // nil: it is not to be seen there
}

func newModel(r *run) *model {
	return &model{r: r, ops: map[string]*made{}, groups: map[string][]*made{}, versions: map[push.Version]string{}}
}

func (m *model) now() int64 { m.tick++; return m.tick }

// makes notes ops that a handheld has sealed.
func (m *model) makes(h *hand, op wire.Sealed, saw record.Object) {
	one := &made{Op: op.Op, hand: h, hash: op.Hash, text: op.Text, saw: saw, at: m.now()}
	h.made = append(h.made, one)
	m.ops[op.ID] = one
	if op.Txn != "" {
		m.groups[op.Txn] = append(m.groups[op.Txn], one)
	}
}

// sends notes what a handheld puts on its way.
func (m *model) sends(h *hand, path string, body []byte) {
	at := m.now()
	if path == "/v1/sync/pull" || strings.HasPrefix(path, "/v1/records/") {
		h.pages.from = at
	}
	if path == "/v1/ops" {
		var p wire.Online
		if err := wire.Decode(body, &p); err != nil {
			m.r.fail(err)
		}
		for _, op := range p.Ops {
			if one := m.ops[op.ID]; one.sent == 0 {
				one.sent = at
			}
		}
	}
	if path != "/v1/sync/push" {
		return
	}
	var p wire.Push
	if err := wire.Decode(body, &p); err != nil {
		m.r.fail(fmt.Errorf("%s pushes what nobody can read: %w", h.name, err))
	}
	for _, text := range p.Ops {
		var op wire.Op
		if err := wire.Decode(text, &op); err != nil {
			m.r.fail(err)
		}
		one := m.ops[op.ID]
		if one == nil || string(one.text) != string(text) {
			m.r.fail(fmt.Errorf("%s pushes an op that it never made so: %s", h.name, text))
		}
		if one.sent == 0 {
			one.sent = at
		}
	}
}

// answers notes what the server says, whether or not the handheld hears it. What it says of an op never changes.
func (m *model) answers(h *hand, path string, rep *reply, heard bool) error {
	at := m.now()
	if rep.status >= 500 && rep.status != 503 {
		return fmt.Errorf("HTTP %d to %s: %s", rep.status, path, rep.body)
	}
	switch {
	case rep.status == http.StatusUnauthorized && heard && strings.Contains(string(rep.body), string(fault.DeviceRevoked)):
		h.revoked = true
		return nil
	case rep.status != http.StatusOK:
		return nil
	case path == "/v1/sync/pull" && heard:
		return m.page(h, rep.body, at)
	case strings.HasPrefix(path, "/v1/records/") && heard:
		return m.online(h, rep.body, at)
	case path != "/v1/sync/push" && path != "/v1/ops":
		return nil
	}
	var p wire.PushReply
	if err := json.Unmarshal(rep.body, &p); err != nil {
		return fmt.Errorf("a reply to a push: %w", err)
	}
	for _, o := range p.Outcomes {
		if err := m.outcome(o, heard, at); err != nil {
			return err
		}
	}
	return nil
}

// page notes what a page of a pull says of records.
func (m *model) page(h *hand, body []byte, at int64) error {
	var p wire.PullReply
	if err := json.Unmarshal(body, &p); err != nil {
		return fmt.Errorf("a reply to a pull: %w", err)
	}
	h.pages.count++
	h.pages.to = at
	for _, c := range p.Changes {
		if c.Gone == "" {
			if err := m.oneText(c); err != nil {
				return err
			}
			m.seen = append(m.seen, reading{h, c.ID, h.pages.from, at, objectOf(string(c.Body))})
		}
	}
	return nil
}

// online notes what was read of one record.
func (m *model) online(h *hand, body []byte, at int64) error {
	var r struct {
		ID      string         `json:"id"`
		Removed bool           `json:"removed"`
		Body    jsontext.Value `json:"body"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return fmt.Errorf("a record: %w", err)
	}
	if !r.Removed {
		m.seen = append(m.seen, reading{h, r.ID, h.pages.from, at, objectOf(string(r.Body))})
	}
	return nil
}

// objectOf reads a body that the server or a handheld has written.
func objectOf(body string) record.Object {
	out, err := wire.Object([]byte(body))
	if err != nil {
		panic(err)
	}
	return out
}

func (m *model) outcome(o wire.Outcome, heard bool, at int64) error {
	one := m.ops[o.Op]
	if one == nil {
		return fmt.Errorf("an outcome of an op that nobody has made: %+v", o)
	}
	if o.Replayed && one.outcome == nil {
		o.Replayed = false // it was taken when nobody heard: this is the first anybody knows of it
	} else if o.Replayed != (one.outcome != nil) {
		return fmt.Errorf("op %d of %s is taken as new a second time: %s", one.Seq, one.hand.name, text(o))
	}
	if o.Replayed = false; one.outcome == nil {
		one.outcome, one.answered = &o, at
		m.r.tell("    %s #%d: %s v%d %s", one.hand.name, one.Seq, o.Status, o.Version, o.Code)
	} else if text(o) != text(*one.outcome) {
		return fmt.Errorf("the outcome of op %d of %s was %s and is now %s", one.Seq, one.hand.name, text(*one.outcome), text(o))
	}
	if heard && one.told == 0 {
		one.told = at
	}
	return nil
}

// text is a value as canonical JSON, to compare and to show.
func text(value any) string {
	b, err := wire.Canonical(value)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// stands reports whether an op has had an effect.
func (one *made) stands() bool {
	return one.outcome != nil && one.outcome.Status != string(record.Rejected) && one.outcome.Status != string(record.Held)
}

func (one *made) String() string {
	status := "unanswered"
	if one.outcome != nil {
		status = fmt.Sprintf("%s v%d %s", one.outcome.Status, one.outcome.Version, one.outcome.Code)
	}
	return fmt.Sprintf("%s #%d %s %s/%s base %d %s: %s", one.hand.name, one.Seq, one.Action, one.Collection, short(one.Record), one.Base,
		text(one.Patch), status)
}

// short is the end of an id, by which people tell records apart.
func short(id string) string { return id[max(0, len(id)-6):] }
