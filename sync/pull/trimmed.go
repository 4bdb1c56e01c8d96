package pull

import (
	"context"
	"sync"
	"time"
)

// Departures are not kept for ever. A feed says up to which of its numbers they may be missing (Reader.Trimmed), and they go missing only
// [TrimWait] later; so what was read of it holds for so long, and a pull does not have to ask.
const (
	// TrimWait is how long a feed says that departures will be missing before they are.
	TrimWait = 2 * time.Hour
	// trimsKept is how long it is believed what feeds were trimmed to. A snapshot may take an hour more.
	trimsKept = 10 * time.Minute
)

// trims remembers up to where feeds are trimmed. The zero value is ready.
type trims struct {
	mu     sync.Mutex // guards the rest
	readAt time.Time
	known  map[string]uint64 // never changed in place
}

// Trimmed returns up to which number departures of feeds may be missing, for those in which any may be.
func (s *Service) Trimmed(ctx context.Context) (map[string]uint64, error) {
	now := s.Now()
	s.trims.mu.Lock()
	defer s.trims.mu.Unlock()
	if age := now.Sub(s.trims.readAt); s.trims.known != nil && age >= 0 && age < trimsKept {
		return s.trims.known, nil
	}
	known, err := s.Reader.Trimmed(ctx)
	if err == nil {
		s.trims.known, s.trims.readAt = known, now
	}
	return known, err
}

// Missed reports whether departures that a device has not been told of may be missing: it stands at a number of a feed and began with it when
// the feed had come to another. What had left the feed before it began it never had. A device that stands at 0 has nothing of the feed.
func Missed(trimmed, at, begun uint64) bool { return at > 0 && trimmed > max(at, begun) }

// begin lets a position begin with a feed, which has come to a head.
func (p *position) begin(feed string, head uint64) {
	p.Feeds[feed] = 0
	if head > 0 {
		if p.Begun == nil {
			p.Begun = map[string]uint64{}
		}
		p.Begun[feed] = head
	}
}

// reach moves a position on. Once it is where the feed was when it began, it has been told all that it needs since.
func (p *position) reach(feed string, seq uint64) {
	p.Feeds[feed] = seq
	if seq >= p.Begun[feed] {
		p.forget(feed)
	}
}

func (p *position) forget(feed string) {
	if delete(p.Begun, feed); len(p.Begun) == 0 {
		p.Begun = nil
	}
}
