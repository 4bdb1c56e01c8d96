package evidence_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The gate flags what no later segment can mend, once, and nothing that may still come.
func TestGateOfTheChain(t *testing.T) {
	gate := evidence.Evidence.Gates[1]
	if gate.Code != "evidence.chain" || gate.Effect != record.Flag || gate.Basis == "" {
		t.Fatalf("gate %+v", gate)
	}
	all, octets := recording([]int{10, 20, 30})
	body := func(segments []evidence.Segment) record.Object {
		b := maps.Clone(announcement())
		b["length"] = float64(len(octets))
		maps.Copy(b, entries(segments))
		return b
	}
	torn, late, both := slices.Clone(all), slices.Clone(all), slices.Clone(all)
	both[1].DurationMs++
	both[2].MonotonicMs += 60_000
	both[2].Hash = both[2].HashAfter(both[1].Hash)
	torn[1].DurationMs++
	late[2].MonotonicMs += 60_000
	late[2].Hash = late[2].HashAfter(late[1].Hash)
	for name, c := range map[string]struct {
		before, after record.Object
		says          string // "" for no finding
		at            string
	}{
		"whole":                          {nil, body(all), "", ""},
		"none":                           {nil, announcement(), "", ""},
		"the first of three":             {nil, body(all[:1]), "", ""},
		"the first and the last":         {nil, body([]evidence.Segment{all[0], all[2]}), "", ""},
		"torn":                           {nil, body(torn), "segment 1: the chain breaks here", "segments/1"},
		"torn by what is told later":     {body(torn[:1]), body(torn[:2]), "segment 1: the chain breaks here", "segments/1"},
		"an edit of something else":      {body(torn), body(torn), "", ""},
		"a minute that nobody covers":    {nil, body(late), "segment 2: nothing was recorded for 60.0 s", "segments/2"},
		"the record has been taken away": {body(torn), nil, "", ""},
		"a second flaw, told later":      {body(both[:2]), body(both), "segment 2: nothing was recorded for 60.0 s", "segments/2"},
		"nothing new is seen":            {body(both[:2]), body([]evidence.Segment{both[0], both[1], all[2]}), "", ""},
	} {
		breaches, err := gate.Judge(context.Background(), record.Event{Op: record.Op{Record: recordingID}, Before: c.before, After: c.after}, nil)
		if err != nil || len(breaches) > 1 || (len(breaches) == 1) != (c.says != "") {
			t.Errorf("%s: %v, %v", name, breaches, err)
			continue
		}
		if len(breaches) == 1 && (!strings.Contains(breaches[0].En, c.says) || breaches[0].Zh == "" || breaches[0].Field != c.at) {
			t.Errorf("%s: %+v, want %q", name, breaches[0], c.says)
		}
	}
}

// A finding spells some flaws out and counts the rest.
func TestSummary(t *testing.T) {
	var flaws []evidence.Flaw
	for range 8 {
		flaws = append(flaws, evidence.Flaw{Zh: "错", En: "wrong"})
	}
	if zh, en := evidence.Summary(flaws); zh != "错；错；错；错；错；另有3处" || en != "wrong; wrong; wrong; wrong; wrong; and 3 more" {
		t.Errorf("%q, %q", zh, en)
	}
	if zh, en := evidence.Summary(flaws[:1]); zh != "错" || en != "wrong" {
		t.Errorf("%q, %q", zh, en)
	}
}
