package record

import (
	"slices"
	"time"
)

// Beijing is the one zone that dates of bodies are in. It has had no summer time since 1992.
var Beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// Span is a stretch of time: From ≤ t < Until. A zero Until leaves it open.
type Span struct{ From, Until time.Time }

// Holds reports whether the moment lies in the span.
func (s Span) Holds(t time.Time) bool {
	return !t.Before(s.From) && (s.Until.IsZero() || t.Before(s.Until))
}

// Days reads two values of kind [Date] as the span of whole Beijing days from the first to the last, both included. An
// absent last day leaves the span open. ok is false when a date cannot be read or the last day is before the first.
func Days(first, last any) (s Span, ok bool) {
	if s.From, ok = dayOf(first); !ok || last == nil {
		return s, ok
	}
	end, ok := dayOf(last)
	s.Until = end.AddDate(0, 0, 1)
	return s, ok && s.Until.After(s.From)
}

func dayOf(value any) (time.Time, bool) {
	text, _ := value.(string)
	day, err := time.ParseInLocation(time.DateOnly, text, Beijing)
	return day, err == nil
}

// Verdict says whether something held when an act happened of which only an interval is known.
type Verdict string

// The verdicts.
const (
	Throughout Verdict = "throughout" // whenever in the interval it happened, it held
	Never      Verdict = "never"      // whenever in the interval it happened, it did not hold
	Uncertain  Verdict = "uncertain"  // it depends on when in the interval it happened
)

// During judges spans, in any order and possibly overlapping, against the interval from earliest to latest, both included.
func During(spans []Span, earliest, latest time.Time) Verdict {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return a.From.Compare(b.From) })
	verdict, covered := Never, earliest // covered: every moment before it, from earliest on, lies in a span
	for _, s := range spans {
		if s.From.After(latest) || !s.Until.IsZero() && !s.Until.After(covered) {
			continue
		}
		verdict = Uncertain
		if s.From.After(covered) {
			continue
		}
		if s.Until.IsZero() || s.Until.After(latest) {
			return Throughout
		}
		covered = s.Until
	}
	return verdict
}
