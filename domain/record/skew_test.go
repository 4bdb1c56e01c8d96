package record

import (
	"testing"
	"time"
)

var seen = time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC) // the server time that the device saw

// at is an op made some time after the anchor, on a device whose wall clock is off.
func at(after, off time.Duration, anchored bool) *Op {
	op := &Op{OccurredAt: seen.Add(after + off), Clock: Clock{Boot: "b", MonotonicMs: 5000 + after.Milliseconds()}}
	if anchored {
		op.Clock.Anchor = &Anchor{Server: seen, MonotonicMs: 5000}
	}
	return op
}

// However the wall clock jumps, by two days in either direction, an anchored op lies where it was counted to be: the true moment is in the
// interval, the interval does not move, and nothing happens after it was received.
func TestClockJumpsMoveNoInterval(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 90 * time.Minute, 7 * 24 * time.Hour} {
		received := seen.Add(after + 3*time.Second)
		earliest, latest := at(after, 0, true).Interval(received)
		for _, off := range []time.Duration{-48 * time.Hour, -time.Hour, time.Hour, 48 * time.Hour} {
			e, l := at(after, off, true).Interval(received)
			if !e.Equal(earliest) || !l.Equal(latest) {
				t.Errorf("%v after the anchor a clock that is off by %v moves the interval to %v–%v", after, off, e, l)
			}
		}
		truth := seen.Add(after)
		if truth.Before(earliest) || truth.After(latest) || latest.After(received) {
			t.Errorf("%v after the anchor: %v–%v, received %v", after, earliest, latest, received)
		}
		if width := latest.Sub(earliest); width > 2*time.Second+after/500 {
			t.Errorf("%v after the anchor the interval is %v wide", after, width)
		}
	}
}

// Without an anchor the claim is believed as far as it lies not after the receipt.
func TestUnanchoredClaims(t *testing.T) {
	received := seen.Add(time.Hour)
	for off, want := range map[time.Duration]time.Time{-48 * time.Hour: seen.Add(-48 * time.Hour), 0: seen, 48 * time.Hour: received} {
		e, l := at(0, off, false).Interval(received)
		if !e.Equal(want) || !l.Equal(want) {
			t.Errorf("off by %v: %v–%v, want %v", off, e, l, want)
		}
	}
	boot := at(0, 0, true)
	boot.Clock.MonotonicMs = 4000 // before its own anchor: of another boot
	if e, l := boot.Interval(received); !e.Equal(l) {
		t.Errorf("an anchor of another boot was believed: %v–%v", e, l)
	}
}

// A skew is told as it is; of ops without an anchor it is unknown and not zero.
func TestSkew(t *testing.T) {
	received := seen.Add(2 * time.Hour)
	var offsets []time.Duration
	for _, off := range []time.Duration{5 * time.Minute, 48 * time.Hour, 4 * time.Minute, -time.Minute, 5 * time.Minute} {
		op := at(time.Hour, off, true)
		earliest, latest := op.Interval(received)
		o, known := Offset(op.OccurredAt, earliest, latest)
		if !known || (o-off).Abs() > time.Second {
			t.Fatalf("a clock that is off by %v is told to be off by %v, %v", off, o, known)
		}
		offsets = append(offsets, o)
		op = at(time.Hour, off, false)
		if e, l := op.Interval(received); true {
			if _, known := Offset(op.OccurredAt, e, l); known {
				t.Errorf("without an anchor the skew is said to be known, off by %v", off)
			}
		}
	}
	s, known := SkewOf(offsets)
	if !known || s.Ops != 5 || s.Latest.Round(time.Second) != 5*time.Minute || s.Median.Round(time.Second) != 5*time.Minute ||
		s.Max.Round(time.Second) != 48*time.Hour {
		t.Errorf("%+v, %v", s, known)
	}
	if !s.Beyond(4*time.Minute) || s.Beyond(6*time.Minute) {
		t.Errorf("the boundary is asked of %v", s.Median)
	}
	if _, known := SkewOf(nil); known {
		t.Error("a skew of no ops is known")
	}
}
