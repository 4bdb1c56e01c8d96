package people

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// world is a set of records by collection and id.
type world map[string]map[string]record.Object

func (w world) Find(_ context.Context, collection, id string) (record.Object, bool, error) {
	body, ok := w[collection][id]
	return body, ok, nil
}

func (w world) Match(_ context.Context, collection, field, value string) (map[string]record.Object, error) {
	found := map[string]record.Object{}
	for id, body := range w[collection] {
		if body[field] == value {
			found[id] = body
		}
	}
	return found, nil
}

// squad has an officer of every kind; all cards but the named ones are valid on 2026-11-23 and 24.
func squad() world {
	with := func(body record.Object, patch record.Object) record.Object { return record.Apply(body, patch) }
	return world{
		"officers": {
			"good": {"name": "甲"}, "fine": {"name": "乙"}, "helper": {"name": "丙", "auxiliary": true}, "suspended": {"name": "丁"},
			"bare": {"name": "戊"}, "elsewhere": {"name": "己"}, "renewed": {"name": "庚"}, "garbled": {"name": "辛"},
			"expired": {"name": "壬"}, "future": {"name": "癸"},
		},
		"certificates": {
			"c1": card("good", 0, 1, nil), "c2": card("fine", 0, 1, nil), "c3": card("helper", 0, 1, nil),
			"c4": card("suspended", 0, 1, record.Object{"e": event(Suspend, at(600), "接受调查")}),
			"c5": with(card("elsewhere", 0, 1, nil), record.Object{"area": []any{"120102002"}}),
			"c6": card("renewed", -9, -1, nil), "c7": card("renewed", 0, 1, nil),
			"c8": with(card("garbled", 0, 1, nil), record.Object{"validTo": "always"}),
			"c9": card("expired", -9, -1, nil), "ca": card("future", 1, 9, nil),
		},
	}
}

// visit is an event in 120102001 that names the officers, between two minutes of 2026-11-23.
func visit(from, to int, officers ...string) record.Event {
	named := record.Object{}
	for _, id := range officers {
		id, role, _ := strings.Cut(id, ":")
		named[id] = record.Object{"role": role}
	}
	return record.Event{Earliest: at(from), Latest: at(to), Received: at(to), After: record.Object{"unit": "120102001", "officers": named}}
}

func needs(n int) func(context.Context, record.Event, record.Facts) (int, error) {
	return func(context.Context, record.Event, record.Facts) (int, error) { return n, nil }
}

func TestTwoOfficers(t *testing.T) {
	cases := []struct {
		name  string
		event record.Event
		want  []string // code, field
	}{
		{"two", visit(500, 500, "good", "fine"), nil},
		{"none", visit(500, 500), []string{TooFew, "officers"}},
		{"one", visit(500, 500, "good"), []string{TooFew, "officers"}},
		{"one and help", visit(500, 500, "good", "helper:auxiliary"), []string{TooFew, "officers"}},
		{"two and help", visit(500, 500, "good", "fine", "helper:auxiliary"), nil},
		{"one and an auxiliary as officer", visit(500, 500, "good", "helper:lead"), []string{OnlyAssists, "officers/helper", TooFew, "officers"}},
		{"two and an auxiliary as officer", visit(500, 500, "good", "fine", "helper"), []string{OnlyAssists, "officers/helper"}},
		{"before the suspension", visit(590, 599, "good", "suspended"), nil},
		{"around the suspension", visit(599, 600, "good", "suspended"), []string{Doubtful, "officers/suspended"}},
		{"after the suspension", visit(600, 610, "good", "suspended"), []string{NotCertified, "officers/suspended", TooFew, "officers"}},
		{"suspended beside two", visit(600, 610, "fine", "good", "suspended"), []string{NotCertified, "officers/suspended"}},
		{"no certificate", visit(500, 500, "good", "bare"), []string{NotCertified, "officers/bare", TooFew, "officers"}},
		{"card for another street", visit(500, 500, "good", "elsewhere"), []string{NotCovered, "officers/elsewhere", TooFew, "officers"}},
		{"new card takes over at midnight", visit(-1, 1, "renewed", "good"), []string{Doubtful, "officers/good"}},
		{"card runs out at midnight", visit(-1, 1, "renewed", "expired"), []string{Doubtful, "officers/expired"}},
		{"unreadable card", visit(500, 500, "good", "garbled"), []string{NotCertified, "officers/garbled", TooFew, "officers"}},
		{"nobody", visit(500, 500, "good", "ghost"), []string{Nobody, "officers/ghost", TooFew, "officers"}},
		{"card of tomorrow", visit(500, 500, "good", "future"), []string{NotCertified, "officers/future", TooFew, "officers"}},
	}
	gate := TwoOfficers(needs(2))
	for _, c := range cases {
		breaches, err := gate.Judge(context.Background(), c.event, squad())
		var got []string
		for _, b := range breaches {
			got = append(got, b.Code, b.Field)
			if b.Zh == "" || b.En == "" {
				t.Errorf("%s: %s has no text", c.name, b.Code)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if gate.Effect != record.Flag {
		t.Errorf("what happened in the street is met with %s", gate.Effect)
	}
}

// How many are needed is for the act to say; 0 is no act at all.
func TestNeeds(t *testing.T) {
	for need, want := range map[int]int{0: 0, 1: 0, 2: 1} {
		breaches, err := TwoOfficers(needs(need)).Judge(context.Background(), visit(500, 500, "good"), squad())
		if err != nil || len(breaches) != want {
			t.Errorf("%d needed: %v, %v", need, breaches, err)
		}
	}
	if breaches, _ := TwoOfficers(needs(0)).Judge(context.Background(), visit(500, 500, "ghost"), squad()); breaches != nil {
		t.Errorf("what is no act was judged: %v", breaches)
	}
}

// A finding names the officer, his card, what it was worth and since when, in Beijing time.
func TestFindingNamesTheOfficer(t *testing.T) {
	breaches, err := TwoOfficers(needs(2)).Judge(context.Background(), visit(600, 610, "good", "fine", "suspended"), squad())
	if err != nil || len(breaches) != 1 {
		t.Fatal(breaches, err)
	}
	for _, want := range []string{"丁", "02000000001", "暂扣", "2026-11-23 10:00:00"} {
		if !strings.Contains(breaches[0].Zh, want) {
			t.Errorf("%q does not say %q", breaches[0].Zh, want)
		}
	}
	if strings.Contains(breaches[0].Zh, "接受调查") {
		t.Error("the reason of the suspension is told to everybody who reads findings")
	}
}

// Assignments are judged at the moment the server hears of them, whatever the device's clock says, and refused.
func TestCertifiedOnly(t *testing.T) {
	gate := CertifiedOnly(func(record.Event) bool { return true })
	early := visit(500, 500, "suspended", "helper:auxiliary")
	early.Received = at(700)
	for _, c := range []struct {
		event record.Event
		want  string
	}{
		{visit(500, 500, "good"), ""}, {visit(500, 500, "helper:auxiliary"), ""}, {visit(500, 500), ""},
		{visit(500, 500, "suspended"), ""}, {early, NotCertified}, {visit(500, 500, "helper"), OnlyAssists},
		{visit(500, 500, "ghost"), Nobody}, {visit(500, 500, "elsewhere"), NotCovered},
	} {
		breaches, err := gate.Judge(context.Background(), c.event, squad())
		got := ""
		if len(breaches) > 0 {
			got = breaches[0].Code
		}
		if err != nil || got != c.want {
			t.Errorf("%v: got %v, %v; want %s", c.event.After["officers"], breaches, err, c.want)
		}
	}
	if gate.Effect != record.Refuse {
		t.Errorf("an assignment is met with %s", gate.Effect)
	}
	idle := CertifiedOnly(func(record.Event) bool { return false })
	if breaches, _ := idle.Judge(context.Background(), early, squad()); breaches != nil {
		t.Errorf("what assigns nobody was judged: %v", breaches)
	}
}

// edit is an op of "chief" on a certificate or another record.
func edit(id string, before, after record.Object) record.Event {
	return record.Event{Op: record.Op{Author: "chief", Record: id}, Before: before, After: after, Received: time.Now()}
}

func refusedBy(t *testing.T, gates []record.Gate, ev record.Event, facts record.Facts) string {
	t.Helper()
	for _, g := range gates {
		breaches, err := g.Judge(context.Background(), ev, facts)
		if err != nil {
			t.Fatal(err)
		}
		if g.Effect != record.Refuse || g.Basis == "" {
			t.Errorf("%s: effect %s, basis %q", g.Code, g.Effect, g.Basis)
		}
		if len(breaches) > 0 {
			return g.Code + " " + breaches[0].Field
		}
	}
	return ""
}

func TestCertificateGates(t *testing.T) {
	base := card("suspended", 0, 1, record.Object{"old": record.Object{"kind": "restored", "at": stamp(at(0))}})
	with := func(patch record.Object) record.Object { return record.Apply(base, patch) }
	lift := record.Object{"new": event(Restore, at(700), "调查结束")}
	cases := []struct {
		name          string
		before, after record.Object
		want          string
	}{
		{"new", nil, record.Apply(card("bare", 0, 1, nil), record.Object{"number": "02000000002"}), ""},
		{"new, number taken", nil, card("bare", 0, 1, nil), "certificate.number number"},
		{"new, without dates", nil, record.Object{"number": "02000000002", "officer": "bare", "organ": "120102001"}, "certificate.unreadable validTo"},
		{"for himself", nil, record.Apply(card("chief", 0, 1, nil), record.Object{"number": "02000000002"}), "certificate.own officer"},
		{"his own", card("chief", 0, 1, nil), record.Apply(card("chief", 0, 1, nil), record.Object{"events": lift}), "certificate.own officer"},
		{"his own, made another's", card("chief", 0, 1, nil), record.Apply(card("good", 0, 1, nil), record.Object{"events": lift}), "certificate.own officer"},
		{"restored", base, with(record.Object{"events": lift}), ""},
		{"without a reason", base, with(record.Object{"events": record.Object{"new": event(Restore, at(700), "  ")}}), "certificate.reason events/new/reason"},
		{"longer, without an event", base, with(record.Object{"validTo": "2030-01-01"}), "certificate.reason events"},
		{"longer, amended", base, with(record.Object{"validTo": "2030-01-01", "events": record.Object{"new": event(Amend, at(700), "换发")}}), ""},
		{"unknown event", base, with(record.Object{"events": record.Object{"new": event("lent", at(700), "r")}}), "certificate.unreadable events/new"},
		{"nothing changed", base, base, ""},
		{"new with an event without a reason", nil, record.Apply(card("bare", 0, 1, record.Object{"e": event(Suspend, at(0), "")}),
			record.Object{"number": "02000000002"}), "certificate.reason events/e/reason"},
	}
	for _, c := range cases {
		if got := refusedBy(t, CertificateGates(), edit("c4", c.before, c.after), squad()); got != c.want {
			t.Errorf("%s: refused by %q, want %q", c.name, got, c.want)
		}
	}
}

func TestOfficerGates(t *testing.T) {
	grants := func(role, from, to string) record.Object {
		return record.Object{"name": "甲", "grants": record.Object{"g": record.Object{"role": role, "unit": "120102001", "from": from, "to": to}}}
	}
	over := func(unit string) record.Object {
		return record.Object{"grants": record.Object{"g": record.Object{"role": "officer", "unit": unit}}}
	}
	fine := grants("officer", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	cases := []struct {
		name, id      string
		before, after record.Object
		want          string
	}{
		{"another's", "good", nil, fine, ""},
		{"unknown role", "good", nil, grants("king", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), "officer.grants grants/g"},
		{"a letter for a digit", "good", nil, over("12O102001"), "officer.grants grants/g"},
		{"a team's code cut short", "good", nil, over("12010200"), "officer.grants grants/g"},
		{"what has long been there", "good", over("x"), over("x"), ""},
		{"ends before it begins", "good", nil, grants("officer", "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), "officer.grants grants/g"},
		{"his own", "chief", record.Object{"name": "甲"}, fine, "officer.own grants"},
		{"his own name", "chief", fine, record.Apply(fine, record.Object{"name": "乙"}), ""},
	}
	for _, c := range cases {
		if got := refusedBy(t, OfficerGates(), edit(c.id, c.before, c.after), squad()); got != c.want {
			t.Errorf("%s: refused by %q, want %q", c.name, got, c.want)
		}
	}
}

func TestUnitGates(t *testing.T) {
	facts := world{"units": {"u": {"code": "120102001"}}}
	unit := func(code, parent string) record.Object { return record.Object{"code": code, "parent": parent} }
	cases := []struct {
		name          string
		before, after record.Object
		want          string
	}{
		{"new", nil, unit("12010200103", "120102001"), ""},
		{"taken", nil, unit("120102001", "120102"), "unit.code code"},
		{"not below its parent", nil, unit("120102002", "120102001"), "unit.code code"},
		{"its own parent", nil, unit("120102002", "120102002"), "unit.code code"},
		{"a name", nil, unit("东新街道", ""), "unit.code code"},
		{"a path", nil, unit("120102/1", ""), "unit.code code"},
		{"renamed", unit("120102001", "120102"), record.Apply(unit("120102001", "120102"), record.Object{"name": "x"}), ""},
		{"recoded", unit("120102001", "120102"), unit("120102002", "120102"), "unit.code code"},
		{"removed", unit("120102001", "120102"), nil, ""},
	}
	for _, c := range cases {
		if got := refusedBy(t, UnitGates(), edit("new", c.before, c.after), facts); got != c.want {
			t.Errorf("%s: refused by %q, want %q", c.name, got, c.want)
		}
	}
}
