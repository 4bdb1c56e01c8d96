package collections

import (
	"context"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

type object = record.Object

// TestWhoIsJudgedByWhat holds the catalogue to its table: a gate that is lost is a law that is not kept.
func TestWhoIsJudgedByWhat(t *testing.T) {
	catalogue, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"units":        {"refuse unit.code"},
		"officers":     {"refuse officer.grants", "refuse officer.own"},
		"certificates": {"refuse certificate.unreadable", "refuse certificate.own", "refuse certificate.reason", "refuse certificate.number"},
		"tasks":        {"refuse G01", "refuse G30", "refuse G31"},
		"inspections":  {"flag G01", "flag G02", "flag G30", "flag G31"},
		"documents": {"flag G01", "flag paper", "flag paper.template", "flag paper.issued_at", "flag paper.period", "flag G04", "flag G05", "flag G07", "flag paper.signed_late", "flag paper.void_reason", "flag approval", "flag refusal.recording", "flag correction",
			"flag service", "flag G02", "flag G09", "flag G10", "flag G12", "flag G14", "flag G15", "flag G16", "flag G24", "flag G26", "flag G30", "flag G31"},
		"templates": {"refuse paper.template"},
		"calendars": {"refuse law.calendar"},
		"items":     nil, "checklists": nil, "subjects": nil, "findings": nil,
		"conflicts":   {"refuse conflict.undecided", "refuse conflict.decided"},
		"deadletters": {"refuse letter.reason", "refuse letter.decided"},
		"exports":     {"refuse export.state"}, "blocks": {"refuse number.block"},
		"custody": nil, "derivatives": nil,
		"holds":     {"refuse evidence.hold"},
		"disposals": {"refuse evidence.disposal"},
		"evidence":  {"refuse evidence.manifest_invalid", "flag evidence.chain", "refuse retention.class"}, // the first is a rule of form, as that of exports: it has no basis in law
	}
	for name, c := range catalogue {
		var got []string
		for _, g := range c.Gates {
			got = append(got, string(g.Effect)+" "+g.Code)
			if g.Basis == "" && name != "evidence" && name != "exports" || g.Judge == nil {
				t.Errorf("%s: gate %s has no basis or no judge", name, g.Code)
			}
		}
		if expected, known := want[name]; !known || !slices.Equal(got, expected) {
			t.Errorf("%s is judged by %v, want %v", name, got, expected)
		}
	}
	if len(catalogue) != len(want) {
		t.Errorf("%d collections, want %d", len(catalogue), len(want))
	}
	if people.Certificates.Gates != nil {
		t.Error("building a catalogue changed the declaration")
	}
}

// desk is a facts with findings about one record, and templates.
type desk map[string]object

func (d desk) Find(_ context.Context, _, id string) (object, bool, error) {
	body, ok := d[id]
	return body, ok, nil
}

func (d desk) Match(_ context.Context, _, field, value string) (map[string]object, error) {
	found := map[string]object{}
	for id, body := range d {
		if body[field] == value {
			found[id] = body
		}
	}
	return found, nil
}

func TestOnce(t *testing.T) {
	breach := record.Breach{Code: "G01.invalid", Field: "officers/a"}
	always := func(context.Context, record.Event, record.Facts) ([]record.Breach, error) {
		return []record.Breach{breach, {Field: "officers"}}, nil
	}
	about := func(rec, code, field, state string) object {
		return object{"record": rec, "code": code, "field": field, "state": state}
	}
	gate := record.Gate{Code: "G01", Effect: record.Flag, Judge: always}
	cases := []struct {
		name     string
		gate     record.Gate
		findings desk
		before   object
		want     int
	}{
		{"nothing on the desk", gate, nil, object{}, 2},
		{"open", gate, desk{"f": about("r", "G01.invalid", "officers/a", FindingOpen)}, object{}, 1},
		{"explained and confirmed", gate, desk{"f": about("r", "G01.invalid", "officers/a", FindingExplained),
			"g": about("r", "G01", "officers", FindingConfirmed)}, object{}, 0},
		{"closed", gate, desk{"f": about("r", "G01.invalid", "officers/a", FindingClosed)}, object{}, 2},
		{"another officer", gate, desk{"f": about("r", "G01.invalid", "officers/b", FindingOpen)}, object{}, 2},
		{"another record", gate, desk{"f": about("s", "G01.invalid", "officers/a", FindingOpen)}, object{}, 2},
		{"another way to break it", gate, desk{"f": about("r", "G01.uncertain", "officers/a", FindingOpen)}, object{}, 2},
		{"a refusing gate refuses each time", record.Gate{Code: "G01", Effect: record.Refuse, Judge: always},
			desk{"f": about("r", "G01.invalid", "officers/a", FindingOpen)}, object{}, 2},
		{"a new record has no findings", gate, desk{"f": about("r", "G01.invalid", "officers/a", FindingOpen)}, nil, 2},
	}
	for _, c := range cases {
		ev := record.Event{Op: record.Op{Record: "r"}, Before: c.before, After: object{}}
		got, err := once(c.gate).Judge(context.Background(), ev, c.findings)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %v, %v; want %d breaches", c.name, got, err, c.want)
		}
	}
}

// A paper takes two certified officers unless its template, which is data, says otherwise.
func TestIssues(t *testing.T) {
	templates := desk{"plain": {}, "advice": {"officersNeeded": 1.0}, "internal": {"officersNeeded": 0.0}}
	paper := func(template, state string) object { return object{"template": template, "state": state} }
	for name, c := range map[string]struct {
		before, after object
		want          int
	}{
		"issued":          {paper("plain", document.Draft), paper("plain", document.Issued), 2},
		"issued at once":  {nil, paper("plain", document.Issued), 2},
		"unknown":         {nil, paper("missing", document.Issued), 2},
		"advice":          {nil, paper("advice", document.Issued), 1},
		"internal":        {nil, paper("internal", document.Issued), 0},
		"draft":           {nil, paper("plain", document.Draft), 0},
		"voided":          {paper("plain", document.Issued), paper("plain", document.Voided), 0},
		"touched, issued": {paper("plain", document.Issued), paper("plain", document.Issued), 0},
	} {
		c.after["data"] = object{"item": "FINE"}
		if items, err := paperItems(context.Background(), record.Event{Before: c.before, After: c.after}, templates); err != nil ||
			(len(items) == 1) != (c.after["state"] == document.Issued && c.before["state"] != document.Issued) {
			t.Errorf("%s: relies on %v, %v", name, items, err)
		}
		got, err := issues(context.Background(), record.Event{Before: c.before, After: c.after}, templates)
		if err != nil || got != c.want {
			t.Errorf("%s: %d, %v; want %d", name, got, err, c.want)
		}
	}
}
