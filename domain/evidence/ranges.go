package evidence

import (
	"cmp"
	"slices"
)

// Range is a stretch of octets of a file, or of a time line counted in a unit: From ≤ x < To.
type Range struct{ From, To int64 }

// Len is how much the range holds; none, if it ends before it begins.
func (r Range) Len() int64 { return max(0, r.To-r.From) }

// Unite is the least list of ranges that holds what the given ones hold, in order; no two of them touch.
func Unite(ranges ...Range) []Range {
	sorted := slices.DeleteFunc(slices.Clone(ranges), func(r Range) bool { return r.Len() == 0 })
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	var out []Range
	for _, r := range sorted {
		if last := len(out) - 1; last >= 0 && r.From <= out[last].To {
			out[last].To = max(out[last].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Without is what is left of a range when others are taken out of it, in order.
func Without(whole Range, taken ...Range) []Range {
	var left []Range
	at := whole.From
	for _, r := range Unite(taken...) {
		if gap := (Range{at, min(r.From, whole.To)}); gap.Len() > 0 {
			left = append(left, gap)
		}
		at = max(at, r.To)
	}
	if rest := (Range{at, whole.To}); rest.Len() > 0 {
		left = append(left, rest)
	}
	return left
}

// Total is how much the ranges hold together, what several hold counted once.
func Total(ranges ...Range) (n int64) {
	for _, r := range Unite(ranges...) {
		n += r.Len()
	}
	return n
}
