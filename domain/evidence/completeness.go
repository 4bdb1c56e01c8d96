package evidence

import (
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Verdict is what has come of a demand.
type Verdict string

// The verdicts.
const (
	Met     Verdict = "met"
	Partly  Verdict = "partly"  // of what is to be recorded in full, something is missing
	Unmet   Verdict = "unmet"   // nothing has come
	Open    Verdict = "open"    // depends on the case: people judge whether it was needed
	Unknown Verdict = "unknown" // the records do not say when the step began or ended
)

// Demand is what a rule asks of an inspection, and what has come of it. Ranges are milliseconds since 1970.
type Demand struct {
	Rule
	Document  string  // record of the paper that calls for it; "": none
	Span      Range   // between its events; empty: not known
	Written   *bool   // the paper is there; nil: none is asked for
	Covered   []Range // by what the server holds
	Announced []Range // by what is announced and has not come, and nothing else
	Uncovered []Range // by nothing that anybody has told of
	Recorded  Verdict // in sound or picture
}

// Lacks reports whether what has come is less than what the rule asks for.
func (d Demand) Lacks() bool {
	return d.Written != nil && !*d.Written || d.Recorded == Partly || d.Recorded == Unmet
}

// slack is a gap that counts as none: clocks of devices and of records are written to the second.
const slack = 1000 // milliseconds

// Paper is a paper of an inspection: its record.
type Paper struct {
	ID   string
	Body record.Object
}

// Demands tells what the rules that were in force when an inspection began ask of it, and what has come. The step on site is asked of every
// inspection; others once for each paper of theirs that was issued and tells another time, or where a recording names them. What is not over yet is over now.
//
// Without an inspection (nil) the papers are some that belong to none: each is asked for what it calls for itself, by the rules that were in force when it was issued.
func (r Rules) Demands(inspection record.Object, papers []Paper, taken []Taken, now time.Time) (demands []Demand) {
	for _, rule := range r.Rules {
		eligible, asked := rule.eligible(inspection, papers, now)
		calling := rule.calledForBy(eligible)
		named := slices.ContainsFunc(taken, func(t Taken) bool { return t.Step == rule.Step })
		if asked && len(calling) == 0 && (rule.Step == onsite || named) {
			calling = []Paper{{}}
		}
		for _, paper := range calling {
			d := Demand{Rule: rule, Document: paper.ID, Span: spanOf(rule, inspection, paper.Body, now)}
			if rule.Paper != "" {
				written := text(paper.Body, "kind") == rule.Paper
				d.Written = &written
			}
			apart := inspection == nil && d.Span.Len() == 0 // nobody said when, and there is no visit that would say it
			d.cover(r.of(rule.Step, taken, apart))
			if apart || !slices.ContainsFunc(demands, func(other Demand) bool { return other.Step == d.Step && other.Span == d.Span }) {
				demands = append(demands, d)
			}
		}
	}
	return demands
}

// eligible are the papers that a rule is held against; asked reports whether it is asked of the inspection itself.
func (r Rule) eligible(inspection record.Object, papers []Paper, now time.Time) (those []Paper, asked bool) {
	span, _ := Term{From: r.From, To: r.To}.inForce()
	if inspection == nil {
		return slices.DeleteFunc(slices.Clone(papers), func(p Paper) bool {
			issued, ok := moment(p.Body, "issuedAt")
			return !ok || !span.Holds(issued)
		}), false
	}
	began, ok := moment(inspection, "startedAt")
	if !ok {
		began = now
	}
	if !span.Holds(began) {
		return nil, false
	}
	return papers, true
}

// calledForBy are the papers that are the record of a step, issued and not made void: each is a step of its own. If there is none, one of the papers
// that call for it.
func (r Rule) calledForBy(papers []Paper) (calling []Paper) {
	for _, p := range papers {
		if r.Paper != "" && r.is(r.Paper, p.Body) {
			calling = append(calling, p)
		}
	}
	for _, kind := range r.Also {
		for _, p := range papers {
			if len(calling) == 0 && r.is(kind, p.Body) {
				calling = []Paper{p}
			}
		}
	}
	return calling
}

// is reports whether a paper is of a kind, is in force, and says what the rule wants it to say.
func (r Rule) is(kind string, paper record.Object) bool {
	data, _ := paper["data"].(record.Object)
	return text(paper, "kind") == kind && text(paper, "state") == "issued" && (r.Field == "" || text(data, r.Field) == r.Value)
}

func spanOf(rule Rule, inspection, paper record.Object, now time.Time) Range {
	from, known := eventOf(rule.Begins, inspection, paper)
	to, over := eventOf(rule.Ends, inspection, paper)
	if !over {
		to = now
	}
	if state := text(inspection, "state"); !known || !over && state != "open" || to.Before(from) {
		return Range{}
	}
	return Range{from.UnixMilli(), to.UnixMilli()}
}

// cover lays recordings over the span.
func (d *Demand) cover(taken []Taken) {
	var have, told []Range
	photos := false
	for _, t := range taken {
		switch {
		case t.Photo:
			photos = photos || t.Held && (d.Span.Len() == 0 || t.Span.From >= d.Span.From-slack && t.Span.From <= d.Span.To+slack)
		case t.Held:
			have = append(have, t.Covers...)
		default:
			told = append(told, t.Covers...)
		}
	}
	d.Covered = within(d.Span, have)
	d.Announced = minus(within(d.Span, told), d.Covered)
	d.Uncovered = Without(d.Span, append(slices.Clone(d.Covered), d.Announced...)...)
	d.Recorded = d.judge(photos)
}

func (d *Demand) judge(photos bool) Verdict {
	some := len(d.Covered) > 0
	switch {
	case d.AV == AVPhoto && (photos || some), d.AV == AVOptional:
		return Met
	case d.AV == AVPhoto:
		return Unmet
	case d.Span.Len() == 0:
		return Unknown
	case d.AV == AVFull && some:
		for _, gap := range Without(d.Span, d.Covered...) {
			if gap.Len() > slack {
				return Partly
			}
		}
		return Met
	case some:
		return Met
	case d.AV == AVWhen:
		return Open
	}
	return Unmet
}

// within is the part of the ranges that lies in the whole.
func within(whole Range, ranges []Range) []Range {
	return minus([]Range{whole}, Without(whole, ranges...))
}

// minus takes ranges out of others.
func minus(from, taken []Range) (left []Range) {
	for _, r := range Unite(from...) {
		left = append(left, Without(r, taken...)...)
	}
	return left
}
