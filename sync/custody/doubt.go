package custody

import (
	"context"
	"slices"
	"time"
)

const (
	doubtAgain = time.Hour // an item is not read again sooner for the same reason, however often somebody tries
	maxDoubts  = 100       // that wait; what is beyond is found by the nights
)

// doubts are the items that the store did not give as they are on record, to somebody who wanted to see them.
type doubts struct {
	waiting []Item
	at      map[Item]time.Time // when they were doubted
	busy    bool
}

type outsideKey struct{}

// outside reports whether an item is read outside the nights.
func outside(ctx context.Context) bool { return ctx.Value(outsideKey{}) != nil }

// Doubt has an item read again at once, as a night does, because the store did not give what is on record of it: what a viewer has run into is a
// finding within the minute, and not when its night comes. It returns at once; the reading ends with ctx.
func (s *Service) Doubt(ctx context.Context, of Item, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &s.doubts
	now := s.Now()
	for old, at := range d.at {
		if now.Sub(at) >= doubtAgain {
			delete(d.at, old)
		}
	}
	if _, again := d.at[of]; again || len(d.waiting) >= maxDoubts {
		return
	}
	s.Log.ErrorContext(ctx, "the store did not give something as it is on record", "collection", of.Collection, "record", of.ID, "error", why)
	if d.at == nil {
		d.at = map[Item]time.Time{}
	}
	d.at[of], d.waiting = now, append(d.waiting, of)
	if !d.busy {
		d.busy = true
		go s.settle(context.WithValue(ctx, outsideKey{}, true))
	}
}

// settle reads what is doubted, one after the other.
func (s *Service) settle(ctx context.Context) {
	for {
		s.mu.Lock()
		if len(s.doubts.waiting) == 0 || ctx.Err() != nil {
			s.doubts.busy, s.doubts.waiting = false, nil
			s.mu.Unlock()
			return
		}
		of := s.doubts.waiting[0]
		s.doubts.waiting = slices.Delete(s.doubts.waiting, 0, 1)
		s.mu.Unlock()
		var done Checked
		if err := s.check(ctx, of, &done); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "what was doubted could not be read again", "collection", of.Collection, "record", of.ID, "error", err)
		}
	}
}
