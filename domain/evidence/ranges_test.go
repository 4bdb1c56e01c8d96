package evidence

import (
	"testing"

	"pgregory.net/rapid"
)

const width = 60 // of the line on which ranges are drawn

func drawRanges(t *rapid.T) []Range {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Range {
		return Range{rapid.Int64Range(0, width).Draw(t, "from"), rapid.Int64Range(0, width).Draw(t, "to")}
	}), 0, 12).Draw(t, "ranges")
}

func in(x int64, ranges []Range) bool {
	for _, r := range ranges {
		if r.From <= x && x < r.To {
			return true
		}
	}
	return false
}

// Ranges are compared with the line gone along octet by octet.
func TestRangesUniteAndAreTakenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranges := drawRanges(t)
		whole := Range{rapid.Int64Range(0, width).Draw(t, "whole from"), rapid.Int64Range(0, width).Draw(t, "whole to")}
		united, left := Unite(ranges...), Without(whole, ranges...)
		var total int64
		for x := range int64(width + 1) {
			if in(x, united) != in(x, ranges) {
				t.Errorf("%d: united %v of %v", x, united, ranges)
			}
			if in(x, left) != (in(x, []Range{whole}) && !in(x, ranges)) {
				t.Errorf("%d: %v without %v leaves %v", x, whole, ranges, left)
			}
			if in(x, ranges) {
				total++
			}
		}
		for _, list := range [][]Range{united, left} {
			for i, r := range list {
				if r.Len() == 0 || i > 0 && list[i-1].To >= r.From {
					t.Errorf("not the least list: %v", list)
				}
			}
		}
		if Total(ranges...) != total {
			t.Errorf("%v hold %d, want %d", ranges, Total(ranges...), total)
		}
	})
}
