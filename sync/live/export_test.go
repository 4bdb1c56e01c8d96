package live

import "context"

// TellAll tells the other replicas now.
func (h *Hub) TellAll(ctx context.Context) error { return h.tellAll(ctx) }

// Hear applies a notice.
func (h *Hub) Hear(notice []byte) { h.hear(notice) }

// Subscriptions counts who listens to a feed.
func (h *Hub) Subscriptions(feed string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.byFeed[feed])
}

// Waiting counts the commits that are not told yet.
func (h *Hub) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.outbox)
}
