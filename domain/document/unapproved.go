package document

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// UnapprovedJob is the kind of the work that looks whether what was done at once in an emergency was approved afterwards; its key is the record id of the
// paper that decided it.
const UnapprovedJob = "document.unapproved"

// ruleMadeUp is the test of what is done afterwards: it is looked at when its hours are over, not when the paper is issued.
const ruleMadeUp = "madeUp"

// madeUp is the rule that a paper must be approved by after it was issued; false for a paper that needs no such approval, or names one already.
func madeUp(in Instance) (GateRule, bool) {
	for _, r := range rulesOf(in.Kind) {
		if r.Test == ruleMadeUp && r.When.Holds(in.Data) {
			return r, true
		}
	}
	return GateRule{}, false
}

// approvalDue is when it is looked whether the paper that the event issues was approved. The hours run from its issue, and from its receipt at the latest: a
// clock that is ahead does not put it off.
func approvalDue(ev record.Event) (at time.Time, is bool) {
	in := ReadInstance(ev.After)
	r, is := madeUp(in)
	if !is || !BecameIssued(ev) {
		return at, false
	}
	from := in.IssuedAt
	if from.IsZero() || !ev.Received.IsZero() && from.After(ev.Received) {
		from = ev.Received
	}
	return from.Add(time.Duration(r.N) * time.Hour), true
}

// Unapproved tells that an urgent measure has no approval on record (强制法第十九条), by which rule, and whether the head said no to it: then what was taken is
// to be released at once, and all is well when it was. An approval that came late is judged where it is.
func Unapproved(ctx context.Context, facts record.Facts, id string, body record.Object) (r GateRule, refused, is bool, err error) {
	in := ReadInstance(body)
	r, is = madeUp(in)
	if !is || in.State != Issued {
		return r, false, false, nil
	}
	if told, err := toldBefore(ctx, facts, in); told || err != nil {
		return r, false, false, err
	}
	papers, err := aroundIt(ctx, facts, in, r, text(body, "inspection"))
	if err != nil {
		return r, false, false, err
	}
	released := false
	named := text(object(in.Data, r.Field), "document")
	for key, other := range papers {
		data := object(other, "data")
		switch {
		case text(other, "state") != Issued:
		case text(other, "kind") == seizureRelease:
			released = released || text(object(data, "original"), "document") == id
		case !slices.Contains(r.Of, text(other, "kind")) || key != named && !sameMeasure(in, r, other):
		case len(against(r, data)) > 0:
			refused = true
		default:
			return r, false, false, nil
		}
	}
	return r, refused, !refused || !released, nil
}

// seizureRelease is the kind of paper by which what was sealed or seized is released.
const seizureRelease = "seizure-release"

// toldBefore reports whether the paper corrects one that is looked at itself: the hours are that one's, and there is one measure.
func toldBefore(ctx context.Context, facts record.Facts, in Instance) (bool, error) {
	if in.Corrects.Document == "" {
		return false, nil
	}
	old, _, err := facts.Find(ctx, Documents.Name, in.Corrects.Document)
	_, urgent := madeUp(ReadInstance(old))
	return urgent && text(old, "state") == Issued, err
}

// aroundIt is the papers among which an approval is looked for: those of the same visit, and the one that the paper names.
func aroundIt(ctx context.Context, facts record.Facts, in Instance, r GateRule, visit string) (map[string]record.Object, error) {
	papers := map[string]record.Object{}
	if visit != "" {
		found, err := facts.Match(ctx, Documents.Name, "inspection", visit)
		if err != nil {
			return nil, err
		}
		maps.Copy(papers, found)
	}
	if named := text(object(in.Data, r.Field), "document"); recordID.MatchString(named) {
		body, found, err := facts.Find(ctx, Documents.Name, named)
		if err != nil {
			return nil, err
		}
		if found {
			papers[named] = body
		}
	}
	return papers, nil
}

// sameMeasure reports whether an approval is of what a paper did at once: to the same party, by the same measure, in the same hours. Of a visit there may be more
// than one.
func sameMeasure(in Instance, r GateRule, approval record.Object) bool {
	theirs, ours := ReadInstance(approval), partyName(in)
	done := moment(theirs.Data, "doneAt")
	if done.IsZero() {
		done = theirs.IssuedAt // an approval that does not say it, which its form is told of
	}
	measure, other := text(theirs.Data, "measure"), partyName(theirs)
	return r.When.Holds(theirs.Data) && (measure == "" || in.Kind == measure+"-decision") && (other == "" || ours == "" || other == ours) &&
		done.Sub(in.IssuedAt).Abs() <= time.Duration(r.N)*time.Hour
}
