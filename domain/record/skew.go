package record

import (
	"slices"
	"time"
)

// Offset is how far the wall clock of a device stood from the server's time when an op was made, ahead when positive: what the op
// claims against the middle of the interval it happened in. Of an op without an anchor nothing is known: its interval was
// made from the claim itself, and is one moment.
func Offset(occurredAt, earliest, latest time.Time) (ahead time.Duration, known bool) {
	if !earliest.Before(latest) {
		return 0, false
	}
	return occurredAt.Sub(earliest.Add(latest.Sub(earliest) / 2)), true
}

// Skew sums up the offsets of a device's last ops. It is for people to look at and never a reason to refuse: nothing is ordered by a
// device's wall clock.
type Skew struct {
	Latest time.Duration
	Median time.Duration
	Max    time.Duration // the one furthest from zero, with its sign
	Ops    int           // of how many ops
}

// SkewOf sums offsets up, newest first; known is false when there are none.
func SkewOf(offsets []time.Duration) (s Skew, known bool) {
	if len(offsets) == 0 {
		return Skew{}, false
	}
	s.Latest, s.Ops = offsets[0], len(offsets)
	for _, o := range offsets {
		if o.Abs() > s.Max.Abs() {
			s.Max = o
		}
	}
	s.Median = slices.Sorted(slices.Values(offsets))[(len(offsets)-1)/2]
	return s, true
}

// Beyond reports whether the clock is off by more than the boundary, by the median: one op made while a clock was being set says little.
func (s Skew) Beyond(boundary time.Duration) bool { return s.Median.Abs() > boundary }
