package document

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The ways to break the rules about who approves.
const (
	ApprovedByAnother = "approval.author"  // who signed as approving is not who wrote the op
	ApprovedEarly     = "approval.order"   // somebody who signs before was missing
	ApprovedOther     = "approval.changed" // what had been signed was changed
)

// approvalBasis is where it stands that heads decide and reviewers review, and that every step is recorded.
const approvalBasis = "行政处罚法第四十七条、第五十七条、第五十八条，行政强制法第十八条"

// approvalGate judges the signatures of those who sign for themselves, op by op, while the paper is a draft and when it is issued. May he sign at all
// the table of rights says.
var approvalGate = record.Gate{Code: "approval", Basis: approvalBasis, Effect: record.Flag, Judge: judgeApproval}

func judgeApproval(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	if ev.After == nil || ev.Before != nil && ev.Before["state"] != Draft {
		return nil, nil // what came after the issue is told by frozenGate
	}
	fresh := newlySigned(ev)
	var breaches []record.Breach
	for _, s := range fresh {
		if s.Role.Own() && s.Officer != "" && s.Officer != ev.Op.Author {
			breaches = append(breaches, record.Breach{Code: ApprovedByAnother, Field: "signatures/" + s.ID + "/officer",
				Zh: "审批签名不是由签名人本人提交的", En: "the signature of who approves was not given by himself"})
		}
	}
	if len(fresh) == 0 && (ev.Before == nil || record.Equal(ev.Before["data"], ev.After["data"])) {
		return breaches, nil
	}
	body, found, err := facts.Find(ctx, Templates.Name, text(ev.After, "template"))
	t, in := ReadTemplate(body), ReadInstance(ev.After)
	if err != nil || !found || t.Version != in.TemplateVersion || !t.approved() {
		return breaches, err // the steps of another version may be others
	}
	breaches = append(breaches, outOfOrder(t, in, fresh)...)
	breaches = append(breaches, coveredChanges(t, ev)...)
	return breaches[:min(len(breaches), maxBreaches)], nil
}

// outOfOrder finds those who approved while somebody before them had not signed. Places are in the order of the template.
func outOfOrder(t Template, in Instance, fresh []Signature) []record.Breach {
	var breaches []record.Breach
	steps := Steps(t, in)
	missing := slices.IndexFunc(steps, func(s Step) bool { return s.State == StepAwaited })
	for _, s := range fresh {
		at := slices.IndexFunc(steps, func(step Step) bool { return step.Role == s.Role })
		if missing >= 0 && at > missing && s.Role.Own() {
			breaches = append(breaches, record.Breach{Code: ApprovedEarly, Field: "signatures/" + s.ID,
				Zh: "“" + steps[at].Label.Zh + "”签署时，“" + steps[missing].Label.Zh + "”尚未签署", En: steps[missing].Label.En + " had not signed before " + steps[at].Label.En})
		}
	}
	return breaches
}

// coveredChanges finds what was changed after somebody had signed it. A signature covers all that the paper says but what is filled in with
// signatures that were still missing. What is to be changed begins anew: the draft is made void, and another is written.
func coveredChanges(t Template, ev record.Event) []record.Breach {
	before := ReadInstance(ev.Before)
	if len(before.Signatures) == 0 {
		return nil
	}
	open := map[string]bool{}
	for _, s := range t.Signers {
		if s.signed(before) == 0 || s.signed(before) < s.Count {
			for _, id := range s.Fields {
				open[id] = true
			}
		}
	}
	was, is := object(ev.Before, "data"), object(ev.After, "data")
	changed := map[string]bool{}
	for _, data := range []record.Object{was, is} {
		for id := range data {
			if !open[id] && !record.Equal(was[id], is[id]) {
				changed[id] = true
			}
		}
	}
	var breaches []record.Breach
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		f, _ := t.Field(id)
		breaches = append(breaches, record.Breach{Code: ApprovedOther, Field: "data/" + id,
			Zh: "“" + f.Label.Zh + "”在有人签署之后被更改，已有的签名不是对更改后的内容作出的", En: f.Label.En + " was changed after somebody had signed; the signature is not about what it says now"})
	}
	return breaches
}
