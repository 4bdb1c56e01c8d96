package guard

import (
	"math"
	"sync"
	"time"
)

// Rate is what one key may do: so many requests at once, and so many a second in the long run.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Limiter counts requests by key, one token bucket each. It is safe for concurrent use and its memory is bounded: when too many keys
// are known, those not seen for longest are forgotten, half at a time. A forgotten key begins with a full bucket.
type Limiter struct {
	rate Rate
	now  func() time.Time
	half int

	mu     sync.Mutex
	recent map[string]*bucket
	older  map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// NewLimiter makes a limiter that remembers at most so many keys.
func NewLimiter(rate Rate, keys int, now func() time.Time) *Limiter {
	return &Limiter{rate: rate, now: now, half: max(1, keys/2), recent: map[string]*bucket{}}
}

// Take takes one token of the key. When there is none it says how long to wait for one.
func (l *Limiter) Take(key string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.find(key, now)
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens = math.Min(l.rate.Burst, b.tokens+passed*l.rate.PerSecond)
		b.at = now
	}
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / l.rate.PerSecond * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

func (l *Limiter) find(key string, now time.Time) *bucket {
	if b := l.recent[key]; b != nil {
		return b
	}
	b := l.older[key]
	if b == nil {
		b = &bucket{tokens: l.rate.Burst, at: now}
	}
	if len(l.recent) >= l.half {
		l.older, l.recent = l.recent, map[string]*bucket{}
	}
	l.recent[key] = b
	return b
}

// Keys tells how many keys are remembered.
func (l *Limiter) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.recent) + len(l.older)
}
