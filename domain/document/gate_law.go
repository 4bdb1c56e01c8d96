package document

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// ruleGates are the rules of gates.csv as gates: one for each gate of the law and effect.
func ruleGates(cal Calendar) []record.Gate {
	var gates []record.Gate
	for _, r := range GateRules() {
		i := slices.IndexFunc(gates, func(g record.Gate) bool { return g.Code == r.Gate && g.Effect == r.Effect })
		switch {
		case r.Test == ruleOfficers:
		case i < 0:
			gates = append(gates, record.Gate{Code: r.Gate, Basis: r.Basis, Effect: r.Effect, Judge: judgeRules(r.Gate, r.Effect, cal)})
		case !slices.Contains(strings.Split(gates[i].Basis, "；"), r.Basis):
			gates[i].Basis += "；" + r.Basis
		}
	}
	return gates
}

func judgeRules(gate string, effect record.Effect, cal Calendar) func(context.Context, record.Event, record.Facts) ([]record.Breach, error) {
	return onIssue(func(ctx context.Context, i *issue) error {
		for _, r := range rulesOf(i.in.Kind) {
			if r.Gate != gate || r.Effect != effect || !r.When.Holds(i.in.Data) {
				continue
			}
			before := len(i.breaches)
			if err := tests[r.Test](i, ctx, r); err != nil {
				return err
			}
			for n := range i.breaches[before:] {
				i.breaches[before+n].Basis = r.Basis
			}
		}
		return nil
	}, cal)
}

// ruled tells the flaws that a rule of its own speaks of, so that none is found twice.
func (i *issue) ruled(f Flaw) bool {
	if i.in.Kind == ServiceReceipt && proofField(i.in.Data, f.Path) {
		return true
	}
	return slices.ContainsFunc(rulesOf(i.in.Kind), func(r GateRule) bool {
		return (r.Test == "stated" || r.Test == "upon") && f.Path == "data/"+r.Field && r.When.Holds(i.in.Data)
	})
}

// unshown are the values of a field that say that certificates were not shown.
var unshown = []string{"", "no", "none", "unshown"}

// shown: certificates were shown before the first question, by what the paper says and by what its inspection does.
func (i *issue) shown(ctx context.Context, r GateRule) error {
	if slices.Contains(unshown, text(i.in.Data, r.Field)) {
		i.say(r.Gate+".not_shown", "data/"+r.Field, "未记录出示执法证件（亮证）", "no record that certificates were shown")
		return nil
	}
	id, began := text(i.ev.After, "inspection"), moment(i.in.Data, "startedAt")
	if id == "" || began.IsZero() {
		return nil
	}
	visit, _, err := i.facts.Find(ctx, "inspections", id)
	if at := moment(object(visit, "certificatesShown"), "at"); at.After(began) {
		i.say(r.Gate+".late", "data/startedAt", "出示执法证件（"+minute(at)+"）晚于笔录开始时间（"+minute(began)+"）",
			"certificates were shown at "+at.UTC().Format(time.RFC3339)+", after the paper's beginning")
	}
	return err
}

// stated: the paper says it, or why not.
func (i *issue) stated(_ context.Context, r GateRule) error {
	if empty(i.in.Data[r.Field]) {
		i.say(r.Gate+".missing", "data/"+r.Field, "未载明“"+nameOf(i.in.Kind, r.Field)+"”", "the paper does not say: "+r.Field)
	}
	return nil
}

// nameOf is what the law calls a field of a kind of paper.
func nameOf(kind, field string) string {
	for _, d := range demandsOf(kind) {
		if d.Field == field {
			return d.Name
		}
	}
	return field
}

// other is the paper that a field names, as the server has it: nil when it names none of the kinds that the rule is about.
func (i *issue) other(ctx context.Context, r GateRule) (id string, body record.Object, err error) {
	id = text(object(i.in.Data, r.Field), "document")
	if id == "" {
		return "", nil, nil
	}
	body, _, err = i.facts.Find(ctx, Documents.Name, id)
	if body != nil && !slices.Contains(r.Of, text(body, "kind")) {
		body = nil
	}
	return id, body, err
}

// preceded: the paper names an earlier one of the right kind, to the same party, and that was served before this one was issued.
func (i *issue) preceded(ctx context.Context, r GateRule) error {
	name, path := nameOf(i.in.Kind, r.Field), "data/"+r.Field
	id, body, err := i.earlier(ctx, r)
	if err != nil || body == nil {
		return err
	}
	served, known, err := ServiceOf(ctx, i.facts, id, body, i.due)
	switch {
	case err != nil:
		return err
	case !known:
		i.say(r.Gate+".unserved", path, "“"+name+"”没有送达记录", "there is no record that the "+r.Field+" was served")
	case served.On.After(dayOf(i.in.IssuedAt)):
		i.say(r.Gate+".order", path, "“"+name+"”于"+day(served.On)+"送达，在本文书签发之后", "the "+r.Field+" was served after this paper was issued")
	}
	return nil
}

// earlier is the paper that this one must name: of the right kind, issued before this one, to the same party. What is wrong with it is said; nil when it
// cannot be relied on at all.
func (i *issue) earlier(ctx context.Context, r GateRule) (id string, body record.Object, err error) {
	name, path := nameOf(i.in.Kind, r.Field), "data/"+r.Field
	if id, body, err = i.other(ctx, r); err != nil {
		return id, nil, err
	}
	earlier := ReadInstance(body)
	theirs, ours := partyName(earlier), partyName(i.in)
	switch {
	case id == "":
		i.say(r.Gate+".missing", path, "未指明“"+name+"”", "the paper does not name its "+r.Field)
		return id, nil, nil
	case body == nil:
		i.say(r.Gate+".unknown", path, "所指明的“"+name+"”没有记录或者不是该类文书", "the "+r.Field+" is not on record, or is another kind of paper")
		return id, nil, nil
	case earlier.State != Issued:
		i.say(r.Gate+".unissued", path, "所指明的“"+name+"”未签发或者已作废", "the "+r.Field+" is not issued, or is void")
		return id, nil, nil
	case earlier.IssuedAt.After(i.in.IssuedAt):
		i.say(r.Gate+".order", path, "“"+name+"”签发于本文书之后", "the "+r.Field+" was issued after this paper")
		return id, nil, nil
	case theirs != "" && ours != "" && theirs != ours:
		i.say(r.Gate+".party", path, "“"+name+"”的当事人是"+theirs+"，与本文书不同", "the "+r.Field+" is to another party")
	}
	return id, body, nil
}

func partyName(in Instance) string { return text(object(in.Data, "party"), "name") }

// dayOf is the first instant of the day in Beijing that a moment lies in.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(record.Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, record.Beijing)
}

// waited: what the earlier paper gives the party time for has had its time: so long from its service, or the period it names.
func (i *issue) waited(ctx context.Context, r GateRule) error {
	id, body, err := i.other(ctx, r)
	if err != nil || body == nil {
		return err
	}
	last, _ := dayIn(text(object(object(body, "data"), "period"), "last"))
	if r.N > 0 {
		served, known, err := ServiceOf(ctx, i.facts, id, body, i.due)
		if err != nil || !known {
			return err
		}
		if last, known = i.lastDay(r, served.On, r.N); !known {
			return nil
		}
	}
	if !last.IsZero() && !dayOf(i.in.IssuedAt).After(last) {
		i.say(r.Gate+".early", "data/"+r.Field, "签发时“"+nameOf(i.in.Kind, r.Field)+"”给予当事人的期限（至"+day(last)+"）尚未届满；当事人已经陈述或者明确放弃的，请说明",
			"the time that the "+r.Field+" gives the party, until "+last.Format(time.DateOnly)+", had not passed; if the party had spoken or waived it, say so")
	}
	return nil
}

// lastDay asks the calendar; where it has no answer that is what is found.
func (i *issue) lastDay(r GateRule, first time.Time, n int) (time.Time, bool) {
	last, err := i.due(first, n, r.Unit, false)
	if err != nil {
		i.say(r.Gate+".calendar", "data/"+r.Field, "期限无法核对："+err.Error(), "the period cannot be checked: "+err.Error())
	}
	return last, err == nil
}

// within: what an organ does about an earlier paper it does before that paper's period is over. Limits on the organ do not roll.
func (i *issue) within(ctx context.Context, r GateRule) error {
	_, body, err := i.other(ctx, r)
	last, there := dayIn(text(object(object(body, "data"), "period"), "last"))
	if err == nil && there && dayOf(i.in.IssuedAt).After(last) {
		i.say(r.Gate+".over", "data/"+r.Field, "原文书的期限已于"+day(last)+"届满", "the period of the earlier paper ended on "+last.Format(time.DateOnly))
	}
	return err
}

// total: with the earlier paper's period this one's is not longer than the law allows for both.
func (i *issue) total(ctx context.Context, r GateRule) error {
	_, body, err := i.other(ctx, r)
	began := moment(body, "issuedAt")
	if err != nil || began.IsZero() {
		return err
	}
	r.Field = "period"
	return i.bounded(r, began, true)
}

// atMost: the period that the paper gives ends no later than the law allows, counted from the day it begins.
func (i *issue) atMost(_ context.Context, r GateRule) error { return i.bounded(r, time.Time{}, true) }

// atLeast: the period that the paper gives the party is as long as the law demands.
func (i *issue) atLeast(_ context.Context, r GateRule) error { return i.bounded(r, time.Time{}, false) }

// bounded compares the last day of a period with that of so many days from its beginning, or from another day.
func (i *issue) bounded(r GateRule, first time.Time, most bool) error {
	f, found := i.t.Field(r.Field)
	span := f.Span(i.in.Data)
	if first.IsZero() {
		first = span.First
	}
	if !found || first.IsZero() || span.Last.IsZero() {
		return nil // the form is checked elsewhere
	}
	bound, known := i.lastDay(r, first, r.N)
	limit := fmt.Sprintf("%d%s", r.N, unitWords[r.Unit])
	switch {
	case known && most && span.Last.After(bound):
		i.say(r.Gate+".long", "data/"+r.Field, "期限截至"+day(span.Last)+"，超过法定的"+limit+"（至"+day(bound)+"）",
			"the period ends on "+span.Last.Format(time.DateOnly)+", the law allows until "+bound.Format(time.DateOnly))
	case known && !most && span.Last.Before(bound):
		i.say(r.Gate+".short", "data/"+r.Field, "期限截至"+day(span.Last)+"，不足法定的"+limit+"（至"+day(bound)+"）",
			"the period ends on "+span.Last.Format(time.DateOnly)+", the law demands until "+bound.Format(time.DateOnly))
	}
	return nil
}

// ahead: what the paper announces is so far away, from the day of its issue, as the law demands.
func (i *issue) ahead(_ context.Context, r GateRule) error {
	i.aheadFrom(r, i.in.Data, i.in.IssuedAt)
	return nil
}

func (i *issue) aheadFrom(r GateRule, data record.Object, told time.Time) {
	at := moment(data, r.Field)
	if at.IsZero() || told.IsZero() {
		return
	}
	if first, known := i.lastDay(r, told, r.N); known && dayOf(at).Before(first) {
		i.say(r.Gate+".ahead", "data/"+r.Field, fmt.Sprintf("应当提前%d%s通知，最早可于%s举行", r.N, unitWords[r.Unit], day(first)),
			"the law demands notice so long before; the earliest day is "+first.Format(time.DateOnly))
	}
}
