package live

// Subscription hears when one of its feeds moves on. However often a feed moves before its reader looks, it is told once, with its
// newest head: a slow reader costs nothing. It is used by one reader.
type Subscription struct {
	hub  *Hub
	wake chan struct{} // holds one: there is something to take

	// Guarded by the hub's mutex.
	feeds []string
	told  []uint64 // of each feed, the head that its reader was told; unsaid if none
}

// unsaid is the head of a feed of which nothing was told yet. No feed comes as far.
const unsaid = ^uint64(0)

// Position is how far somebody has been told, in which history. The zero Position has been told nothing.
type Position struct {
	Epoch string            `json:"e"`
	Heads map[string]uint64 `json:"h"`
}

// Subscribe begins to listen to feeds. The first Take gives the heads of those that do not stand where the position says. It is
// nil after [Hub.Close].
func (h *Hub) Subscribe(feeds []string, at Position) *Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	s := &Subscription{hub: h, wake: make(chan struct{}, 1)}
	if at.Epoch != h.epoch {
		at.Heads = nil
	}
	s.listen(feeds, at.Heads)
	s.Wake()
	return s
}

// listen sets the feeds and what was told of them. The hub's mutex is held.
func (s *Subscription) listen(feeds []string, told map[string]uint64) {
	s.feeds, s.told = feeds, make([]uint64, len(feeds))
	for i, feed := range feeds {
		s.told[i] = unsaid
		if head, ok := told[feed]; ok {
			s.told[i] = head
		}
		if s.hub.byFeed[feed] == nil {
			s.hub.byFeed[feed] = map[*Subscription]struct{}{}
		}
		s.hub.byFeed[feed][s] = struct{}{}
	}
}

// leave takes the subscription off its feeds. The hub's mutex is held.
func (s *Subscription) leave() {
	for _, feed := range s.feeds {
		delete(s.hub.byFeed[feed], s)
		if len(s.hub.byFeed[feed]) == 0 {
			delete(s.hub.byFeed, feed)
		}
	}
	s.feeds, s.told = nil, nil
}

// restart forgets what was told: the history is another one. The hub's mutex is held.
func (s *Subscription) restart() {
	for i := range s.told {
		s.told[i] = unsaid
	}
	s.Wake()
}

// Woken is ready when Take may have something.
func (s *Subscription) Woken() <-chan struct{} { return s.wake }

// Wake makes Woken ready. It never waits.
func (s *Subscription) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Take returns the feeds that have moved since the last Take, with their heads, and where the reader stands with them. open is
// false when the hub has been closed.
func (s *Subscription) Take() (moved map[string]uint64, at Position, open bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	at = Position{Epoch: s.hub.epoch, Heads: make(map[string]uint64, len(s.feeds))}
	for i, feed := range s.feeds {
		head := s.hub.heads[feed]
		at.Heads[feed] = head
		if s.told[i] == head {
			continue
		}
		if moved == nil {
			moved = map[string]uint64{}
		}
		moved[feed], s.told[i] = head, head
	}
	return moved, at, !s.hub.closed
}

// Listen changes the feeds; of those that stay nothing is told again.
func (s *Subscription) Listen(feeds []string) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	told := make(map[string]uint64, len(s.feeds))
	for i, feed := range s.feeds {
		told[feed] = s.told[i]
	}
	s.leave()
	s.listen(feeds, told)
	s.Wake()
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.leave()
}

// Close wakes every reader and tells it that there will be no more. It is the first step of a graceful stop: streams would keep
// their connections for ever.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.eachSubscription((*Subscription).Wake)
}
