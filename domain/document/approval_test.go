package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	unitHead = "01890000-0000-7000-8000-0000000000c1"
	headID   = "01890000-0000-7000-8000-0000000000c2"
	reviewer = "01890000-0000-7000-8000-0000000000c3"
)

// hand is a signature of a role.
func hand(role, officer, at string) record.Object {
	return record.Object{"role": role, "officer": officer, "at": at, "image": picture(9, 9)}
}

// approvalForm is a draft of the approval of a penalty, as far as its signers matter: all four steps are signed.
func approvalForm() record.Object {
	return record.Object{"unit": street, "kind": "penalty-approval", "template": templateID, "templateVersion": 2.0, "state": document.Draft,
		"data": record.Object{"facts": "占道", "review": "passed", "officerOpinion": "建议处罚", "unitOpinion": "同意", "legalOpinion": "合法", "headDecision": "approved", "headOpinion": "同意"},
		"signatures": record.Object{"a": hand("officer", officerA, "2026-09-17T01:00:00Z"), "b": hand("officer", officerB, "2026-09-17T01:01:00Z"),
			"u": hand("unit", unitHead, "2026-09-17T02:00:00Z"), "l": hand("legal", reviewer, "2026-09-17T03:00:00Z"), "h": hand("head", headID, "2026-09-17T04:00:00Z")}}
}

// without is a form before those have signed whose signatures are named.
func without(body record.Object, signatures ...string) record.Object {
	for _, id := range signatures {
		body = edit(body, "signatures/"+id, nil)
	}
	return body
}

// A draft says who has signed, who is next, and who comes later; a step that its data do not ask for is none.
func TestStepsOfADraft(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, "penalty-approval"))
	for want, body := range map[string]record.Object{
		"officers:signed unit:signed legal:signed head:signed":  approvalForm(),
		"officers:awaited unit:later legal:later head:later":    without(approvalForm(), "a", "u", "l", "h"),
		"officers:signed unit:awaited legal:later head:later":   without(approvalForm(), "u", "l", "h"),
		"officers:signed unit:signed legal:awaited head:later":  without(approvalForm(), "l", "h"),
		"officers:signed unit:signed head:awaited":              edit(without(approvalForm(), "l", "h"), "data/review", "exempt"),
		"officers:signed unit:awaited legal:signed head:later":  without(approvalForm(), "u", "h"),
		"officers:signed unit:signed legal:signed head:awaited": edit(approvalForm(), "signatures/h/refused", true),
		"officers:awaited unit:signed legal:signed head:signed": edit(approvalForm(), "signatures/b/officer", officerA),
	} {
		var got []string
		for _, s := range document.Steps(tpl, document.ReadInstance(body)) {
			got = append(got, s.ID+":"+string(s.State))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

// What Check says of those who approve: missing ones by the name of their place, none where the data ask for none, and each by his record.
func TestCheckOfApprovals(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, "penalty-approval"))
	about := func(body record.Object) string {
		var all []string
		for _, f := range document.Check(tpl, document.ReadInstance(body)) {
			if strings.HasPrefix(f.Path, "signatures") {
				all = append(all, f.Path+" "+f.Zh)
			}
		}
		return strings.Join(all, "; ")
	}
	for want, body := range map[string]record.Object{
		"": approvalForm(),
		"signatures “法制审核人员”应有1人签名，现有0人; signatures “行政机关负责人”应有1人签名，现有0人": without(approvalForm(), "l", "h"),
		"signatures “行政机关负责人”应有1人签名，现有0人":                                 edit(without(approvalForm(), "l", "h"), "data/review", "exempt"),
		"signatures/h/officer 未注明签名人是谁":                                   edit(approvalForm(), "signatures/h/officer", nil),
		"signatures “行政机关负责人”应有1人签名，现有0人; signatures/h/reason 拒绝签名未注明理由":  edit(approvalForm(), "signatures/h/refused", true),
	} {
		if got := about(body); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A signature of who approves comes from himself, after those before him, and what somebody has signed is not changed. Before anybody has signed, and for
// papers that nobody approves, a draft is free.
func TestApprovalsAreJudgedOpByOp(t *testing.T) {
	f := facts{"templates": {templateID: seed(t, "penalty-approval"), subjectID: seed(t, "guidance-record")}}
	step := func(before, after record.Object, author string) func(*record.Event) {
		return func(ev *record.Event) { ev.Before, ev.After, ev.Op.Author = before, after, author }
	}
	drafted := without(approvalForm(), "u", "l", "h")
	free := record.Object{"unit": street, "kind": "guidance-record", "template": subjectID, "templateVersion": 1.0, "state": document.Draft, "data": record.Object{"facts": "甲"},
		"signatures": record.Object{"p": hand("party", "", "2026-09-17T01:00:00Z")}}
	for name, c := range map[string]struct {
		change func(*record.Event)
		want   []string
	}{
		"the officers, on one handheld":          {step(without(drafted, "a", "b"), drafted, officerA), nil},
		"the unit after them":                    {step(drafted, edit(without(approvalForm(), "l", "h"), "data/unitOpinion", "同意立案"), unitHead), nil},
		"the head at last":                       {step(without(approvalForm(), "h"), approvalForm(), headID), nil},
		"the head on an officer's account":       {step(without(approvalForm(), "h"), approvalForm(), officerA), []string{document.ApprovedByAnother}},
		"the head before the reviewer":           {step(without(approvalForm(), "l", "h"), without(approvalForm(), "l"), headID), []string{document.ApprovedEarly}},
		"the head, no review being needed":       {step(edit(without(approvalForm(), "l", "h"), "data/review", "exempt"), edit(without(approvalForm(), "l"), "data/review", "exempt"), headID), nil},
		"an officer after the head":              {step(without(approvalForm(), "b"), approvalForm(), officerB), nil},
		"facts before anybody signed":            {step(edit(without(drafted, "a", "b"), "data/facts", "甲"), without(drafted, "a", "b"), officerA), nil},
		"facts after the officers signed":        {step(edit(drafted, "data/facts", "甲"), drafted, officerA), []string{document.ApprovedOther}},
		"the officers' own opinion afterwards":   {step(edit(drafted, "data/officerOpinion", "甲"), drafted, officerA), []string{document.ApprovedOther}},
		"the head changes facts as he signs":     {step(edit(without(approvalForm(), "h"), "data/facts", "甲"), approvalForm(), headID), []string{document.ApprovedOther}},
		"the head's opinion, before he signs":    {step(edit(without(approvalForm(), "h"), "data/headOpinion", "甲"), without(approvalForm(), "h"), officerA), nil},
		"the head's opinion, after":              {step(edit(approvalForm(), "data/headOpinion", "甲"), approvalForm(), headID), []string{document.ApprovedOther}},
		"a signed draft of what nobody approves": {step(edit(free, "data/facts", "乙"), free, officerA), nil},
		"by another version of the template":     {step(edit(edit(drafted, "data/facts", "甲"), "templateVersion", 1.0), edit(drafted, "templateVersion", 1.0), officerA), nil},
		"after it was issued":                    {step(edit(without(approvalForm(), "h"), "state", document.Issued), edit(approvalForm(), "state", document.Issued), officerA), []string{document.SignedLate}},
		"a draft that is removed":                {step(drafted, nil, officerA), nil},
	} {
		if codes := judged(t, f, approvalForm(), c.change); !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}

// Which rights an op takes besides writing the paper: of the signatures that it adds, and of no others.
func TestActsOfApproving(t *testing.T) {
	for want, ev := range map[string]record.Event{
		"approve endorse review": {After: approvalForm()},
		"approve":                {Before: without(approvalForm(), "h"), After: approvalForm()},
		"":                       {Before: approvalForm(), After: edit(approvalForm(), "data/facts", "甲")},
		"deliberate preside":     {After: record.Object{"signatures": record.Object{"m": hand("member", headID, ""), "h": hand("host", reviewer, ""), "p": hand("party", "", "")}}},
	} {
		if got := strings.Join(document.Documents.Acts(ev), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A number that an officer's device has given to a draft stays good when the head issues it on his; one that comes with the issue is from the device
// that issues.
func TestWhoSignsLastIssuesWithTheNumberOfTheDraft(t *testing.T) {
	numbered := edit(penalty(), "number/block", "b2")
	draft := edit(numbered, "state", document.Draft)
	for name, c := range map[string]struct {
		before record.Object
		want   []string
	}{
		"the draft's":              {draft, nil},
		"given at the issue":       {edit(draft, "number", nil), []string{document.NotLeased}},
		"another than the draft's": {edit(draft, "number/n", 13.0), []string{document.NotLeased}},
	} {
		codes := judged(t, state(t), numbered, func(ev *record.Event) { ev.Before, ev.Device = c.before, subjectID })
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}
