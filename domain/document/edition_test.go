package document_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// secondPenalty is the second version of the decision on the spot.
const secondPenalty = document.SummaryPenalty + ".2"

// From New Year on a paper is begun on the second version; a draft that was begun on the first is finished by the first. A paper is asked once, when
// it comes on record.
func TestPapersAreBegunOnTheVersionInForce(t *testing.T) {
	const second = subjectID
	f := state(t)
	f["templates"][second] = seed(t, secondPenalty)
	first := penalty()
	draft := edit(edit(first, "state", document.Draft), "issuedAt", nil)
	on := func(body record.Object, template string, version float64, issued string) record.Object {
		body = edit(edit(body, "template", template), "templateVersion", version)
		if issued != "" {
			body = edit(body, "issuedAt", issued)
		}
		return body
	}
	newYear := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) // in Beijing
	for name, c := range map[string]struct {
		before, after record.Object
		earliest      time.Time
		found         bool
	}{
		"first version, last year":           {nil, on(first, templateID, 1, "2026-12-31T15:59:59Z"), issuedAt, false},
		"second version, last year":          {nil, on(first, second, 2, "2026-12-31T15:59:59Z"), issuedAt, true},
		"first version, this year":           {nil, on(first, templateID, 1, "2026-12-31T16:00:00Z"), issuedAt, true},
		"second version, this year":          {nil, on(first, second, 2, "2026-12-31T16:00:00Z"), issuedAt, false},
		"a draft begun last year":            {nil, on(draft, templateID, 1, ""), newYear.Add(-time.Second), false},
		"a draft begun on the old this year": {nil, on(draft, templateID, 1, ""), newYear, true},
		"a draft begun on the new this year": {nil, on(draft, second, 2, ""), newYear, false},
		"the draft of last year is issued":   {on(draft, templateID, 1, ""), on(first, templateID, 1, "2027-01-05T02:00:00Z"), newYear.AddDate(0, 0, 4), false},
		"the paper is void":                  {on(first, templateID, 1, "2027-01-05T02:00:00Z"), edit(on(first, templateID, 1, "2027-01-05T02:00:00Z"), "state", document.Voided), newYear.AddDate(0, 0, 5), false},
	} {
		codes := judged(t, f, c.after, func(ev *record.Event) { ev.Before, ev.Earliest = c.before, c.earliest })
		if slices.Contains(codes, document.NoTemplate) != c.found || slices.Contains(codes, document.FormFlawed) {
			t.Errorf("%s: %v", name, codes)
		}
	}
}

// A new version in the same record: nobody is asked before it begins.
func TestAVersionThatHasNotBegunStopsNobody(t *testing.T) {
	f := state(t)
	f["templates"][templateID] = edit(edit(seed(t, document.SummaryPenalty), "version", 2.0), "validFrom", "2026-11-26")
	for issued, found := range map[string]bool{"2026-11-25T15:59:59Z": false, "2026-11-25T16:00:00Z": true} {
		if codes := judged(t, f, edit(penalty(), "issuedAt", issued), nil); slices.Contains(codes, document.NoTemplate) != found {
			t.Errorf("%s: %v", issued, codes)
		}
	}
}
