package token

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxKnown bounds how many good tokens are remembered, in each of two generations: some 15 MB.
const maxKnown = 1 << 15

// known remembers tokens whose signature and form were found good, so that a device that asks again and again with the same one costs a
// digest and no verification. What changes with time is looked at every time: the token's age, and whether its key still
// verifies. That its sign-in still stands is not the token's to say. The zero value is ready.
type known struct {
	mu              sync.Mutex
	current, before map[[sha256.Size]byte]verified
}

// verified is a token that was good when it was last looked at whole.
type verified struct {
	access Access
	kid    string
}

func (k *known) get(digest [sha256.Size]byte) (verified, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.current[digest]
	if !ok {
		if v, ok = k.before[digest]; ok {
			k.keep(digest, v)
		}
	}
	return v, ok
}

func (k *known) put(digest [sha256.Size]byte, v verified) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keep(digest, v)
}

// keep stores in the current generation; mu is held.
func (k *known) keep(digest [sha256.Size]byte, v verified) {
	if k.current == nil || len(k.current) >= maxKnown {
		k.before, k.current = k.current, map[[sha256.Size]byte]verified{}
	}
	k.current[digest] = v
}

// ageless reports whether a token's age is no reason to look at it whole again, which would say what is wrong.
func (v verified) ageless(now time.Time) bool {
	return now.Before(v.access.ExpiresAt.Add(Leeway)) && !now.Before(v.access.IssuedAt.Add(-Leeway))
}
