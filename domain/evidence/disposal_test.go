package evidence

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// shelf is facts by collection and id.
type shelf map[string]map[string]record.Object

func (s shelf) Find(_ context.Context, collection, id string) (record.Object, bool, error) {
	body, ok := s[collection][id]
	return body, ok, nil
}

func (s shelf) Match(_ context.Context, collection, field, value string) (map[string]record.Object, error) {
	found := map[string]record.Object{}
	for id, body := range s[collection] {
		if body[field] == value {
			found[id] = body
		}
	}
	return found, nil
}

const unit = "120102001"

// put is a body with what the case at hand has other.
func put(body record.Object, other ...any) record.Object {
	for i := 0; i+1 < len(other); i += 2 {
		body = record.Apply(body, record.Object{other[i].(string): other[i+1]})
	}
	return body
}

func TestWhoDisposesOfWhat(t *testing.T) {
	received := day("2026-01-05")
	over := received.AddDate(0, 6, 0)
	heldBody := record.Object{"unit": unit, "custody": record.Object{"state": "held", "receivedAt": stamp(received)}}
	proposed := record.Object{"unit": unit, "evidence": "e", "proposedBy": "a", "reason": "期满", "state": DisposalProposed}
	in := func(state string) record.Object { return put(proposed, "state", state) }
	with := func(evidence record.Object, more ...any) shelf {
		s := shelf{"evidence": {"e": evidence}, "holds": {}, "disposals": {}}
		for i := 0; i+1 < len(more); i += 2 {
			body := more[i+1].(record.Object)
			s[more[i].(string)]["x"] = put(body, "evidence", "e")
		}
		return s
	}
	for _, c := range []struct {
		name          string
		facts         shelf
		author        string
		before, after record.Object
		at            time.Time
		refused       string // part of the reason; "" if it stands
	}{
		{"proposed in time", with(heldBody), "a", nil, proposed, over, ""},
		{"a second too early", with(heldBody), "a", nil, proposed, over.Add(-time.Second), "must be kept until 2026-07-05 00:00"},
		{"in another's name", with(heldBody), "b", nil, proposed, over, "must be the author"},
		{"without a reason", with(heldBody), "a", nil, put(proposed, "reason", " "), over, "reason"},
		{"of no recording", shelf{}, "a", nil, proposed, over, "no such recording"},
		{"of another unit's", with(put(heldBody, "unit", "120102002")), "a", nil, proposed, over, "no such recording"},
		{"not held", with(put(heldBody, "custody", record.Object{"state": "mismatch"})), "a", nil, proposed, over, "does not hold"},
		{"of a longer class", with(put(heldBody, "retention", record.Object{"case_file": record.Object{"at": stamp(received)}})), "a", nil, proposed, over, "2056"},
		{"kept for ever", with(put(heldBody, "retention", record.Object{"case_file_permanent": record.Object{"at": stamp(received)}})), "a", nil, proposed, over, "for ever"},
		{"under a hold", with(heldBody, "holds", record.Object{"state": HoldOn}), "a", nil, proposed, over, "legal hold"},
		{"hold released", with(heldBody, "holds", record.Object{"state": HoldOff}), "a", nil, proposed, over, ""},
		{"twice", with(heldBody, "disposals", in(DisposalProposed)), "a", nil, proposed, over, "proposed already"},
		{"again after a recall", with(heldBody, "disposals", in(DisposalRecalled)), "a", nil, proposed, over, ""},
		{"confirmed by another", with(heldBody), "b", proposed, in(DisposalConfirmed), over, ""},
		{"confirmed by himself", with(heldBody), "a", proposed, in(DisposalConfirmed), over, "must not confirm"},
		{"confirmed under a hold", with(heldBody, "holds", record.Object{"state": HoldOn}), "b", proposed, in(DisposalConfirmed), over, "legal hold"},
		{"recalled without a reason", with(heldBody), "a", in(DisposalConfirmed), in(DisposalRecalled), over, "reason"},
		{"recalled", with(heldBody), "a", in(DisposalConfirmed), put(in(DisposalRecalled), "recallReason", "误报"), over, ""},
		{"carried out by a person", with(heldBody), "b", in(DisposalConfirmed), in(DisposalGoing), over, "server's to say"},
		{"done by a person", with(heldBody), "b", in(DisposalGoing), in(DisposalDone), over, "server's to say"},
		{"carried out", with(heldBody), record.ServerAuthor, in(DisposalConfirmed), in(DisposalGoing), over, ""},
		{"carried out under a hold", with(heldBody, "holds", record.Object{"state": HoldOn}), record.ServerAuthor, in(DisposalConfirmed), in(DisposalGoing), over, "legal hold"},
		{"done", with(put(heldBody, "custody", record.Object{"state": "disposing"})), record.ServerAuthor, in(DisposalGoing), in(DisposalDone), over, ""},
	} {
		ev := record.Event{Op: record.Op{Record: "d", Author: c.author}, Before: c.before, After: c.after, Received: c.at}
		judged(t, c.name, disposable, ev, c.facts, c.refused)
	}
}

func judged(t *testing.T, name string, gate record.Gate, ev record.Event, facts record.Facts, refused string) {
	t.Helper()
	got, err := gate.Judge(context.Background(), ev, facts)
	switch {
	case err != nil:
		t.Errorf("%s: %v", name, err)
	case refused == "" && len(got) > 0:
		t.Errorf("%s: refused: %v", name, got)
	case refused != "" && (len(got) == 0 || !strings.Contains(got[0].En, refused) || got[0].Zh == ""):
		t.Errorf("%s: %v, want %q", name, got, refused)
	}
}

func TestWhoHoldsWhat(t *testing.T) {
	ev := record.Object{"unit": unit, "custody": record.Object{"state": "held"}}
	on := record.Object{"unit": unit, "evidence": "e", "reason": "复议", "state": HoldOn}
	shelfOf := func(disposal string) shelf {
		return shelf{"evidence": {"e": ev}, "disposals": {"x": {"evidence": "e", "state": disposal}}}
	}
	for _, c := range []struct {
		name          string
		facts         shelf
		before, after record.Object
		refused       string
	}{
		{"put on", shelf{"evidence": {"e": ev}}, nil, on, ""},
		{"of nothing", shelf{}, nil, on, "no such recording"},
		{"without a reason", shelf{"evidence": {"e": ev}}, nil, put(on, "reason", ""), "reason"},
		{"too long a reason", shelf{"evidence": {"e": ev}}, nil, put(on, "reason", strings.Repeat("长", MaxReason+1)), "reason"},
		{"before the end", shelfOf(DisposalConfirmed), nil, on, ""},
		{"too late", shelfOf(DisposalGoing), nil, on, "being disposed of"},
		{"gone", shelfOf(DisposalDone), nil, on, "being disposed of"},
		{"released without a reason", shelf{"evidence": {"e": ev}}, on, put(on, "state", HoldOff), "reason"},
		{"released", shelf{"evidence": {"e": ev}}, on, put(on, "state", HoldOff, "releaseReason", "结案"), ""},
	} {
		judged(t, c.name, holdable, record.Event{Op: record.Op{Record: "h", Author: "a"}, Before: c.before, After: c.after}, c.facts, c.refused)
	}
}

// Each new state of a hold or a disposal, and no other change, is an act with its reason.
func TestStatesAreActs(t *testing.T) {
	body := record.Object{"unit": unit, "evidence": "e", "reason": "因", "releaseReason": "释", "recallReason": "撤"}
	for _, c := range []struct {
		of            record.Collection
		before, after string
		act           Act
		reason        string
	}{
		{Holds, "", HoldOn, ActHold, "因"}, {Holds, HoldOn, HoldOff, ActRelease, "释"}, {Holds, HoldOn, HoldOn, "", ""},
		{Disposals, "", DisposalProposed, ActPropose, "因"}, {Disposals, DisposalProposed, DisposalConfirmed, ActConfirm, "因"},
		{Disposals, DisposalConfirmed, DisposalRecalled, ActRecall, "撤"}, {Disposals, DisposalConfirmed, DisposalGoing, "", ""},
		{Disposals, DisposalGoing, DisposalDone, ActDispose, "因"}, {Disposals, DisposalDone, DisposalDone, "", ""},
	} {
		event := record.Event{Op: record.Op{Record: "r", Author: "a"}, Device: "d", Unit: "u", After: put(body, "state", c.after), Received: day("2026-01-01")}
		if c.before != "" {
			event.Before = put(body, "state", c.before)
		}
		notes := c.of.Notes(event)
		if c.act == "" {
			if len(notes) > 0 {
				t.Errorf("%s %s → %s: %v", c.of.Name, c.before, c.after, notes)
			}
			continue
		}
		e := ReadEntry(notes[0].Body)
		if len(notes) != 1 || e.Act != c.act || e.Reason != c.reason || e.Actor != "a" || e.Device != "d" || e.ActorUnit != "u" || e.Unit != unit || !e.At.Equal(event.Received) || e.Related != "r" {
			t.Errorf("%s %s → %s: %+v", c.of.Name, c.before, c.after, e)
		}
	}
}
