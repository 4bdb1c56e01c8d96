package token

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

const (
	// span is how long one generation takes proofs. A proof dated Window ahead is good for two windows; it is remembered in its
	// own generation and through the next, so for at least this long.
	span = 2*Window + 10*time.Second

	maxRemembered = 1 << 21 // proofs of enrolled devices per generation: 16,000 a second, in at most some 60 MB
	maxFree       = 1 << 18 // proofs of anybody
	maxPerKey     = 1 << 13 // proofs per key and generation: 63 a second from one device
)

// replays remembers which proofs were used. It never forgets one that could still be good, except when it is forgetful: then
// a flood ends its generation early.
type replays struct {
	maxAll, maxKey int
	forgetful      bool
	seed           maphash.Seed

	mu              sync.Mutex
	began           time.Time
	current, before generation
}

// generation holds used proofs by a hash under a secret of this process. Two proofs share one by chance, and the second is refused, once
// in a million million; nobody can bring it about.
type generation struct {
	used   map[uint64]struct{}
	perKey map[string]int
}

func newGeneration() generation {
	return generation{used: map[uint64]struct{}{}, perKey: map[string]int{}}
}

func newReplays(maxAll, maxKey int, forgetful bool) *replays {
	return &replays{maxAll: maxAll, maxKey: maxKey, forgetful: forgetful, seed: maphash.MakeSeed(), current: newGeneration(), before: newGeneration()}
}

// use notes that the key's proof with the id is used, or says that it was used before.
func (r *replays) use(key, id string, now time.Time) error {
	name := maphash.Comparable(r.seed, [2]string{key, id})
	r.mu.Lock()
	defer r.mu.Unlock()
	full := len(r.current.used) >= r.maxAll
	if now.Sub(r.began) >= span || full && r.forgetful {
		r.turn(now)
		full = false
	}
	_, usedNow := r.current.used[name]
	_, usedBefore := r.before.used[name]
	switch {
	case usedNow || usedBefore:
		return refused(errReplayed)
	case full:
		return fault.New(fault.TemporarilyDown).After(r.began.Add(span).Sub(now))
	case r.current.perKey[key] >= r.maxKey:
		return fault.New(fault.RateLimited).After(r.began.Add(span).Sub(now))
	}
	r.current.used[name] = struct{}{}
	r.current.perKey[key]++
	return nil
}

// turn begins a new generation. After a long silence the last one is of no use either.
func (r *replays) turn(now time.Time) {
	r.before, r.current, r.began = r.current, newGeneration(), now
}
