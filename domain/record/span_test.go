package record

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func minute(n int) time.Time { return time.Unix(int64(n)*60, 0) }

// During agrees with asking every minute of the interval whether any span holds it.
func TestDuringAgreesWithEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []Span
		for range rapid.IntRange(0, 4).Draw(t, "spans") {
			from := rapid.IntRange(0, 40).Draw(t, "from")
			s := Span{From: minute(from)}
			if length := rapid.IntRange(0, 15).Draw(t, "length"); length > 0 {
				s.Until = minute(from + length)
			}
			spans = append(spans, s)
		}
		from := rapid.IntRange(0, 50).Draw(t, "earliest")
		to := from + rapid.IntRange(0, 12).Draw(t, "long")
		in, out := 0, 0
		for m := from; m <= to; m++ {
			held := false
			for _, s := range spans {
				held = held || s.Holds(minute(m))
			}
			if held {
				in++
			} else {
				out++
			}
		}
		want := Uncertain
		if out == 0 {
			want = Throughout
		} else if in == 0 {
			want = Never
		}
		if got := During(spans, minute(from), minute(to)); got != want {
			t.Fatalf("%v in minutes %d to %d: got %s, want %s", spans, from, to, got, want)
		}
	})
}

func TestDays(t *testing.T) {
	s, ok := Days("2026-11-24", "2026-11-25")
	last := time.Date(2026, 11, 25, 15, 59, 59, 0, time.UTC) // 23:59:59 in Beijing
	if !ok || !s.Holds(last) || s.Holds(last.Add(time.Second)) || !s.Holds(last.AddDate(0, 0, -1)) || s.Holds(last.AddDate(0, 0, -2)) {
		t.Errorf("two days are %v, %v", s, ok)
	}
	if s, ok := Days("2026-11-24", nil); !ok || !s.Holds(last.AddDate(100, 0, 0)) {
		t.Errorf("an open span is %v, %v", s, ok)
	}
	for _, c := range [][2]any{{nil, nil}, {"", "2026-11-25"}, {"2026-11-25", "2026-11-24"}, {"2026-02-29", nil}, {"2026-11-25", 1.0}} {
		if s, ok := Days(c[0], c[1]); ok {
			t.Errorf("%v was read as %v", c, s)
		}
	}
}
