package document_test

import (
	"context"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	urgentID   = "01890000-0000-7000-8000-00000000e001"
	madeUpID   = "01890000-0000-7000-8000-00000000e002"
	releasedID = "01890000-0000-7000-8000-00000000e003"
	urgentAt   = "01890000-0000-7000-8000-00000000e004" // the visit
)

// What was done at once is approved by a paper of the same visit, party and measure, or by the one that it names; a head who says no has it released.
func TestUrgentMeasuresAreApproved(t *testing.T) {
	in := func(body record.Object) record.Object { return edit(body, "inspection", urgentAt) }
	decision := in(paper("seizure-decision", "2026-09-03", "urgent", "yes"))
	approval := in(paper("seizure-approval", "2026-09-03", "urgent", "yes", "measure", "seizure", "doneAt", "2026-09-03T01:50:00Z", "headDecision", "approved"))
	refusal := edit(approval, "data/headDecision", "refused")
	release := in(paper("seizure-release", "2026-09-03", "original", ref(urgentID, "扣押决定书")))
	for name, c := range map[string]struct {
		body, approval, release record.Object
		missing, refused        bool
	}{
		"approved":                        {body: decision, approval: approval},
		"approved late":                   {body: decision, approval: edit(approval, "issuedAt", "2026-09-05T02:00:00Z")},
		"by a form that asks no decision": {body: decision, approval: edit(approval, "data/headDecision", nil)},
		"it does not say when":            {body: decision, approval: edit(approval, "data/doneAt", nil)},
		"nothing":                         {body: decision, missing: true},
		"a draft":                         {body: decision, approval: edit(approval, "state", document.Draft), missing: true},
		"void":                            {body: decision, approval: edit(approval, "state", document.Voided), missing: true},
		"of another measure":              {body: decision, approval: edit(approval, "data/measure", "sealing"), missing: true},
		"of another party":                {body: decision, approval: edit(approval, "data/party/name", "王某"), missing: true},
		"of another visit":                {body: decision, approval: edit(approval, "inspection", shownID), missing: true},
		"of an earlier day":               {body: decision, approval: edit(approval, "data/doneAt", "2026-09-01T01:50:00Z"), missing: true},
		"not of an emergency":             {body: decision, approval: edit(approval, "data/urgent", "no"), missing: true},
		"named, without a visit":          {body: edit(edit(decision, "inspection", nil), "data/approval", ref(madeUpID, "审批表")), approval: approval},
		"named, and not of an emergency":  {body: edit(decision, "data/approval", ref(madeUpID, "审批表")), approval: edit(approval, "data/urgent", "no")},
		"without a visit":                 {body: edit(decision, "inspection", nil), approval: approval, missing: true},
		"refused":                         {body: decision, approval: refusal, missing: true, refused: true},
		"refused and released":            {body: decision, approval: refusal, release: release},
		"released, and nobody asked":      {body: decision, release: release, missing: true},
		"the release is of another":       {body: decision, approval: refusal, release: edit(release, "data/original/document", sealingID), missing: true, refused: true},
		"void itself":                     {body: edit(decision, "state", document.Voided)},
		"not urgent":                      {body: edit(decision, "data/urgent", "no")},
		"sealed":                          {body: edit(decision, "kind", "sealing-decision"), approval: edit(approval, "data/measure", "sealing")},
		"corrects one that is looked at":  {body: edit(decision, "corrects", record.Object{"document": sealingID})},
		"corrects one that was not":       {body: edit(decision, "corrects", record.Object{"document": demandID}), missing: true},
	} {
		f := papers(map[string]record.Object{urgentID: c.body, sealingID: paper("sealing-decision", "2026-09-03", "urgent", "yes"), demandID: paper("sealing-decision", "2026-09-03", "urgent", "no")})
		for id, body := range map[string]record.Object{madeUpID: c.approval, releasedID: c.release} {
			if body != nil {
				f["documents"][id] = body
			}
		}
		rule, refused, missing, err := document.Unapproved(context.Background(), f, urgentID, c.body)
		if err != nil || missing != c.missing || refused && missing != c.refused {
			t.Errorf("%s: missing %v, refused %v, %v", name, missing, refused, err)
		}
		if missing && (rule.N != 24 || rule.Basis != "行政强制法第十九条") {
			t.Errorf("%s: %+v", name, rule)
		}
	}
}

// It is looked a day after the issue, or after the receipt where the device's clock is ahead.
func TestApprovalsAreLookedForADayLater(t *testing.T) {
	received := time.Date(2026, 9, 3, 4, 0, 0, 0, time.UTC)
	urgent := paper("sealing-decision", "2026-09-03", "urgent", "yes") // issued at 2:00
	for name, c := range map[string]struct {
		before, after record.Object
		want          string
	}{
		"issued":           {nil, urgent, "2026-09-04T02:00:00Z"},
		"the clock ahead":  {nil, edit(urgent, "issuedAt", "2036-09-03T02:00:00Z"), "2026-09-04T04:00:00Z"},
		"no moment at all": {nil, edit(urgent, "issuedAt", nil), "2026-09-04T04:00:00Z"},
		"from a draft":     {edit(urgent, "state", document.Draft), urgent, "2026-09-04T02:00:00Z"},
		"a draft":          {nil, edit(urgent, "state", document.Draft), ""},
		"issued before":    {urgent, edit(urgent, "voidReason", "x"), ""},
		"not urgent":       {nil, edit(urgent, "data/urgent", "no"), ""},
		"another kind":     {nil, edit(urgent, "kind", "seizure-approval"), ""},
		"removed":          {urgent, nil, ""},
	} {
		got := ""
		for _, j := range document.Documents.Jobs(record.Event{Op: record.Op{Record: urgentID}, Before: c.before, After: c.after, Received: received}) {
			if j.Kind == document.UnapprovedJob {
				got += j.Due.UTC().Format(time.RFC3339)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
