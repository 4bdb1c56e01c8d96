package document

import (
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// approvals are the roles of those who sign for themselves, each with its action in the table of rights: "documents.<action>".
var approvals = map[Role]string{
	ByUnit:   "endorse",    // 承办机构负责人审核
	ByLegal:  "review",     // 法制审核
	ByHead:   "approve",    // 行政机关负责人批准
	ByHost:   "preside",    // 主持听证
	ByMember: "deliberate", // 集体讨论
}

// Own reports whether who signs in the role does so himself, by an op of his own: he approves, reviews, hosts or decides with others. The
// party, a witness and the officers beside them sign on the handheld that is there.
func (r Role) Own() bool { return approvals[r] != "" }

// signed counts the people who have signed in a place. Who refuses to approve has not.
func (s Signer) signed(in Instance) int {
	who := map[string]bool{}
	for _, one := range in.SignedBy(s.Role) {
		if !one.Refused || !s.Role.Own() {
			who[signerOf(one)] = true
		}
	}
	return len(who)
}

// StepState says how far a step of signing is.
type StepState string

// The states of a step.
const (
	StepSigned  StepState = "signed"  // all have signed who must
	StepAwaited StepState = "awaited" // it is the next
	StepLater   StepState = "later"   // another must come before it
)

// Step is a place for signatures of a paper, and how far it is.
type Step struct {
	Signer
	Signed int // people
	State  StepState
}

// Steps lists the places where somebody must sign, in the order of the template, as far as the paper's data ask for them. Where several can sign side by
// side (the officers on one handheld) each is a step of its own all the same.
func Steps(t Template, in Instance) []Step {
	var steps []Step
	next := StepAwaited
	for _, s := range t.Signers {
		if s.Count == 0 || !s.When.Holds(in.Data) {
			continue
		}
		step := Step{Signer: s, Signed: s.signed(in), State: StepSigned}
		if step.Signed < s.Count {
			step.State, next = next, StepLater
		}
		steps = append(steps, step)
	}
	return steps
}

// approved reports whether somebody signs the template for himself: its data are covered by signatures while it is a draft.
func (t *Template) approved() bool {
	return slices.ContainsFunc(t.Signers, func(s Signer) bool { return s.Role.Own() })
}

// saidBy is the role of who fills in a field himself when he signs, as an opinion or a decision; "" for what the officers write.
func (t *Template) saidBy(field string) Role {
	i := slices.IndexFunc(t.Signers, func(s Signer) bool { return s.Role.Own() && slices.Contains(s.Fields, field) })
	if i < 0 {
		return ""
	}
	return t.Signers[i].Role
}

// newlySigned lists the signatures that an event adds.
func newlySigned(ev record.Event) []Signature {
	was := object(ev.Before, "signatures")
	return slices.DeleteFunc(ReadInstance(ev.After).Signatures, func(s Signature) bool { return was[s.ID] != nil })
}

// approvalsOf lists the actions of the table of rights that an event takes besides writing the paper: one for each role in which it signs.
func approvalsOf(ev record.Event) []string {
	acts := map[string]bool{}
	for _, s := range newlySigned(ev) {
		if act := approvals[s.Role]; act != "" {
			acts[act] = true
		}
	}
	return slices.Sorted(maps.Keys(acts))
}
