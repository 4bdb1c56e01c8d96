package document_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The officers are not asked for what somebody else says when he signs, and it is not written for him; nor for a paper that is drafted beside.
func TestOnlyWhatOfficersKnowIsAsked(t *testing.T) {
	asked := func(v document.Visit) (fields string) {
		for _, a := range document.Asks(document.Propose(v, editions(t, false), "2026-11-25")) {
			fields += strings.Join(a.Fields, " ") + " "
		}
		return fields
	}
	v := visit("penalize", "file")
	fields := asked(v)
	for field, want := range map[string]bool{"case-filing.officerOpinion": true, "case-filing.unitOpinion": false, "case-filing.headDecision": false, "case-filing.headOpinion": false, "case-filing.headOn": false,
		"summary-penalty-filing.headOpinion": false, "summary-penalty-filing.decision": false, "summary-penalty-filing.officerOpinion": true} {
		if strings.Contains(fields, field+" ") != want {
			t.Errorf("%s is asked for: %v", field, !want)
		}
	}
	v.Given = record.Object{"case-filing.headDecision": "approved", "case-filing.officerOpinion": "建议立案"}
	filing := proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "case-filing")
	if inside(filing.Draft, "data/headDecision") != nil || inside(filing.Draft, "data/officerOpinion") == nil {
		t.Errorf("%v", filing.Draft["data"])
	}
	for _, g := range filing.Missing {
		if want := map[string]document.Role{"unitOpinion": document.ByUnit, "headDecision": document.ByHead, "headOpinion": document.ByHead, "headOn": document.ByHead}[g.Field]; g.Signer != want {
			t.Errorf("%s is said by %q, want %q", g.Field, g.Signer, want)
		}
	}
	v.Papers = map[string]record.Object{"01890000-0000-7000-8000-00000000e003": {"kind": "summary-penalty", "state": document.Issued}}
	if p := proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "summary-penalty-filing"); inside(p.Draft, "data/decision/document") == nil {
		t.Errorf("%v", p.Draft["data"])
	}
}
