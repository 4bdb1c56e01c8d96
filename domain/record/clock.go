package record

import "time"

// driftPerMille bounds how far a handheld's monotonic clock strays while it counts: GA/T 947-2015 §6.4.17 allows a
// recorder 3 s a day; ten times that still is under 0.4 ‰.
const driftPerMille = 1

// Interval bounds when an op happened, from what the device counted since it last saw the server's time. Without an anchor
// of the same boot only the receipt bounds it: then the wall clock is believed, as far as it is not after the receipt.
func (o *Op) Interval(received time.Time) (earliest, latest time.Time) {
	a := o.Clock.Anchor
	if a == nil || o.Clock.MonotonicMs < a.MonotonicMs {
		at := earlier(o.OccurredAt, received)
		return at, at
	}
	elapsed := time.Duration(o.Clock.MonotonicMs-a.MonotonicMs) * time.Millisecond
	slack := elapsed*driftPerMille/1000 + time.Second
	at := a.Server.Add(elapsed)
	return earlier(at.Add(-slack), received), earlier(at.Add(slack), received)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
