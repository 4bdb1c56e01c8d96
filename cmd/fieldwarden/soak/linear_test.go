package soak

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Each field of each record is a register, and its history must be linearizable: there is one order of all writes and reads,
// in which each lies between its beginning and its end, and each makes sense.
//
//   - A write says what its author had seen in the field and what it should be. It begins when the op first leaves the handheld
//     and ends when the server first answers for it, whoever hears that. If it stands, then the field held what the author had
//     seen (or holds what the author wants already), and now holds what the author wants. If it clashed, then the field held
//     something else, and still does. An author who wants what he saw writes nothing.
//   - A read is a body that the server gave, by a page of a pull or online. A pull that brings nothing of a record is a read too:
//     the record is as the handheld holds it. It begins with the request and ends with its reply.
//
// This is stronger than that nothing is lost: a server that answers from the past fails here and nowhere else. What is not in
// the model: that a record leaves a feed, and why an edit was rejected; such an op has no place in the history.

// access is one write or read of a register.
type access struct {
	kind       string // write · force · remove · read
	seen, want string // canonical JSON; "" is absent
	stood      bool
	anyhow     bool // it clashed over something larger than this field, so the field says nothing
	who        string
}

// removed is the state of every field of a removed record.
const removed = "removed"

var register = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		now, a := state.(string), input.(access)
		switch {
		case a.kind == "read":
			return now == a.want, now
		case a.kind == "force":
			return true, a.want
		case a.kind == "remove" && a.stood:
			return true, removed
		case a.kind == "remove" || a.anyhow && !a.stood:
			return true, now
		case !a.stood:
			return now != a.seen && now != a.want, now
		case a.want == now || a.want == a.seen:
			return true, now
		}
		return now == a.seen, a.want
	},
	DescribeOperation: func(input, _ any) string {
		a := input.(access)
		return fmt.Sprintf("%s %s %s→%s stood %v anyhow %v", a.who, a.kind, a.seen, a.want, a.stood, a.anyhow)
	},
}

// reads notes what a handheld holds after a pull that took one page: what the page did not bring is as it was.
func (m *model) reads(h *hand, rows, waiting map[string]held) {
	if h.pages.count != 1 || h.pages.to < h.pages.from { // of a pull that was asked for again nobody knows what it would have brought
		return
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		x := rows[id]
		if newer, ok := waiting[id]; ok {
			x = newer
		}
		if x.body != "" {
			m.seen = append(m.seen, reading{h, id, h.pages.from, h.pages.to, objectOf(x.body)})
		}
	}
}

// histories checks the register of every field that anybody has written.
func (r *run) histories(s *state) error {
	readings := map[string][]reading{}
	for _, x := range r.model.seen {
		readings[x.record] = append(readings[x.record], x)
	}
	writes := map[string][]*made{}
	for _, h := range r.hands {
		for _, one := range h.all() {
			if one.stands() {
				writes[one.Record] = append(writes[one.Record], one)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(writes)) {
		for _, path := range fields(writes[id]) {
			history := s.history(id, path, writes[id], readings[id])
			r.stats.Histories++
			if got := porcupine.CheckOperationsTimeout(register, history, time.Minute); got != porcupine.Ok {
				return fmt.Errorf("the history of %s of %s is not linearizable (%s):\n%s", path, short(id), got, tellHistory(history))
			}
		}
	}
	return nil
}

// fields are the paths of single values that the ops write.
func fields(ops []*made) []string {
	paths := map[string]bool{}
	for _, one := range ops {
		for _, l := range leaves(one.Patch) {
			if _, object := l.value.(record.Object); !object && l.value != nil {
				paths[l.path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

func (s *state) history(id, path string, ops []*made, readings []reading) []porcupine.Operation {
	var all []porcupine.Operation
	add := func(a access, from, to int64) {
		all = append(all, porcupine.Operation{ClientId: len(all), Input: a, Call: from, Return: to})
	}
	for n, v := range s.versions[id] {
		if v.made != nil {
			continue
		}
		value, to := valueAt(v.body, path), int64(math.MaxInt64)
		if n == 0 {
			to = 0 // what begins with the server is there before anybody sees it
		} else if before := s.versions[id][n-1]; value == valueAt(before.body, path) && v.removed == before.removed {
			continue
		}
		if v.removed {
			value = removed // a decision removed it
		}
		add(access{kind: "force", want: value, who: "server"}, -1, to)
	}
	for _, one := range ops {
		if a, ok := s.access(one, path); ok {
			add(a, one.sent, one.answered)
		}
	}
	for _, x := range readings {
		add(access{kind: "read", want: valueAt(x.body, path), who: x.hand.name}, x.from, x.to)
	}
	return all
}

// access says what an op does to a field; ok is false when it does nothing to it.
func (s *state) access(one *made, path string) (a access, ok bool) {
	a = access{kind: "write", stood: true, who: one.hand.name + fmt.Sprint("#", one.Seq)}
	if one.Action == string(record.Remove) {
		a.kind = "remove"
	} else if a.want, ok = writes(one.Patch, path); !ok {
		return a, false
	}
	a.seen = valueAt(s.saw(one), path)
	if one.outcome.Conflict == "" {
		return a, true
	}
	sides, _ := s.versions[one.outcome.Conflict][0].body["fields"].(record.Object)
	for place := range sides {
		if rest, ok := under(path, place); ok {
			a.stood = false
			// A state may be refused because the step is not allowed, whatever the author saw.
			a.anyhow = place == record.WholeRecord || len(rest) > 0 || path == "state"
		}
	}
	return a, true
}

// writes tells which value a patch gives a field. Taking away what the field lies in takes the field away.
func writes(patch record.Object, path string) (value string, ok bool) {
	var now any = patch
	for step := range strings.SplitSeq(path, sep) {
		inner, object := now.(record.Object)
		if !object {
			return "", false
		}
		if now, ok = inner[step]; !ok {
			return "", false
		}
		if now == nil {
			return "", true
		}
	}
	return text(now), true
}

func valueAt(body record.Object, path string) string {
	if v := at(body, path); v != nil {
		return text(v)
	}
	return ""
}

func tellHistory(history []porcupine.Operation) string {
	slices.SortStableFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, o := range history {
		fmt.Fprintf(&b, "  %d–%d %s\n", o.Call, o.Return, register.DescribeOperation(o.Input, nil))
	}
	return b.String()
}
