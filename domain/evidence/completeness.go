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

// Demands tells what the rules that were in force when an inspection began ask of it, and what has come. The step on site is asked of every
// inspection; others where a paper of theirs was issued or a recording names them. What is not over yet is over now.
func (r Rules) Demands(inspection record.Object, papers []record.Object, taken []Taken, now time.Time) (demands []Demand) {
	began, ok := moment(inspection, "startedAt")
	if !ok {
		began = now
	}
	for _, rule := range r.Rules {
		span, _ := Term{From: rule.From, To: rule.To}.inForce()
		if !span.Holds(began) {
			continue
		}
		paper, written := paperOf(rule, papers)
		named := slices.ContainsFunc(taken, func(t Taken) bool { return t.Step == rule.Step })
		if rule.Step != onsite && !written && !named {
			continue
		}
		d := Demand{Rule: rule, Span: spanOf(rule, inspection, paper, now)}
		if rule.Paper != "" {
			d.Written = &written
		}
		d.cover(taken)
		demands = append(demands, d)
	}
	return demands
}

// paperOf is the paper that is the record of a step: issued, and not made void.
func paperOf(rule Rule, papers []record.Object) (record.Object, bool) {
	for _, p := range papers {
		if rule.Paper != "" && text(p, "kind") == rule.Paper && text(p, "state") == "issued" {
			return p, true
		}
	}
	return nil, false
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

// cover lays the recordings over the span. One that names another step does not count for this.
func (d *Demand) cover(taken []Taken) {
	var have, told []Range
	photos := false
	for _, t := range taken {
		switch {
		case t.Step != "" && t.Step != d.Step:
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
