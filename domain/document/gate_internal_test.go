package document_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	keptID      = "01890000-0000-7000-8000-00000000d001"
	extendedID  = "01890000-0000-7000-8000-00000000d002"
	seizedID    = "01890000-0000-7000-8000-00000000d003"
	deniedID    = "01890000-0000-7000-8000-00000000d004"
	oldID       = "01890000-0000-7000-8000-00000000d005"
	agreedID    = "01890000-0000-7000-8000-00000000d006"
	amendID     = "01890000-0000-7000-8000-00000000d007"
	discussedID = "01890000-0000-7000-8000-00000000d008"
	heardID     = "01890000-0000-7000-8000-00000000d009"
	againID     = "01890000-0000-7000-8000-00000000d00a"
	heardVisit  = "01890000-0000-7000-8000-00000000d00b"
	againVisit  = "01890000-0000-7000-8000-00000000d00c"
)

// Decisions name the review, the discussion and the approval that they rest on: each rule, with what it lets pass and what it finds.
func TestDecisionsRestOnInternalPapers(t *testing.T) {
	decision := func(more ...any) record.Object {
		return paper("penalty-decision", "2026-09-25", append([]any{"notice", ref(noticeID, "告知书"), "correction", "三日内改正", "reviewGround", "exempt", "discussionGround", "exempt"}, more...)...)
	}
	reviewed := func(ground, id string) record.Object {
		return decision("reviewGround", ground, "review", ref(id, "审核意见书"))
	}
	in := func(body record.Object, visit string) record.Object { return edit(body, "inspection", visit) }
	seizure := func(urgent string, more ...any) record.Object {
		return paper("seizure-decision", "2026-09-03", append([]any{"urgent", urgent}, more...)...)
	}
	urgent := func(told string) record.Object {
		return paper("seizure-approval", "2026-09-04", "urgent", "yes", "doneAt", "2026-09-03T01:00:00Z", "reportedAt", told)
	}
	by := func(kind, role, officer string) record.Object {
		body := edit(paper(kind, "2026-09-04"), "officers", record.Object{officerA: record.Object{"role": "officer"}})
		body = edit(body, "signatures/o", hand("officer", officerB, "2026-09-04T01:00:00Z"))
		return edit(body, "signatures/r", hand(role, officer, "2026-09-04T01:30:00Z"))
	}
	for name, c := range map[string]struct {
		body record.Object
		want string
	}{
		"neither needed":                     {decision(), ""},
		"not said whether it is reviewed":    {decision("reviewGround", ""), "G15.missing"},
		"not said whether it is discussed":   {decision("discussionGround", nil), "G16.missing"},
		"reviewed":                           {reviewed("complex", agreedID), ""},
		"of the organ's own list, reviewed":  {reviewed("listed", agreedID), ""},
		"not reviewed":                       {decision("reviewGround", "interest"), "G15.missing"},
		"of the own list, not reviewed":      {decision("reviewGround", "listed"), "G15.missing"},
		"the review asks for amendments":     {reviewed("other", amendID), "G15.against"},
		"the review is nobody's":             {reviewed("other", subjectID), "G15.unknown"},
		"a discussion for a review":          {reviewed("other", discussedID), "G15.unknown"},
		"reviewed later":                     {edit(edit(reviewed("other", agreedID), "issuedAt", "2026-09-22T02:00:00Z"), "data/notice", ref(noticeID, "告知书")), "G12.early G15.order"},
		"heard, no review needed they say":   {in(decision(), heardVisit), "G15.heard"},
		"heard and reviewed":                 {in(reviewed("hearing", agreedID), againVisit), "G15.stale"},
		"heard before the review":            {in(reviewed("hearing", agreedID), heardVisit), ""},
		"heard, not reviewed":                {in(decision("reviewGround", "hearing"), heardVisit), "G15.missing"},
		"another visit":                      {in(decision(), shownID), ""},
		"discussed":                          {decision("discussionGround", "serious", "discussion", ref(discussedID, "记录")), ""},
		"not discussed":                      {decision("discussionGround", "complex"), "G16.missing"},
		"another ground, not discussed":      {decision("discussionGround", "other"), "G16.missing"},
		"a review for a discussion":          {decision("discussionGround", "serious", "discussion", ref(agreedID, "记录")), "G16.unknown"},
		"approved before":                    {seizure("no", "approval", ref(seizedID, "审批表")), ""},
		"not approved":                       {seizure("no"), "G10.missing"},
		"the head refused":                   {seizure("no", "approval", ref(deniedID, "审批表")), "G10.against"},
		"an older form of approval":          {seizure("no", "approval", ref(oldID, "审批表")), ""},
		"approved for an extension":          {seizure("no", "approval", ref(extendedID, "审批表")), "G10.unknown"},
		"approved afterwards":                {edit(seizure("no", "approval", ref(seizedID, "审批表")), "issuedAt", "2026-09-01T02:00:00Z"), "G10.order"},
		"urgent":                             {seizure("yes"), ""},
		"told within a day":                  {urgent("2026-09-04T01:00:00Z"), ""},
		"told after a day":                   {urgent("2026-09-04T01:01:00Z"), "G10.late"},
		"extended without approval":          {paper("seizure-extension", "2026-09-30", "original", ref(sealingID, "查封决定书")), "G10.missing"},
		"kept without approval":              {paper("evidence-preservation-notice", "2026-09-28"), "G09.missing"},
		"kept with approval":                 {paper("evidence-preservation-notice", "2026-09-28", "approval", ref(keptID, "审批表")), ""},
		"hosted by another":                  {by("hearing-record", "host", reviewer), "approval.author"},
		"hosted by an officer of the case":   {by("hearing-record", "host", officerA), "G14.apart approval.author"},
		"hosted by who signs as one":         {by("hearing-report", "host", officerB), "G14.apart approval.author"},
		"reviewed by an officer of the case": {by("legal-review-opinion", "legal", officerA), "G15.apart approval.author"},
		"reviewed by another":                {by("penalty-approval", "legal", reviewer), "approval.author"},
	} {
		if got := strings.Join(judged(t, earlier(), c.body, nil), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
