// Package live keeps in memory how far every feed has come and how much of each device is committed, tells subscribers when a
// feed moves on, and passes on to other replicas what was committed here. So a device hears at once that there is something to
// pull, and one that has nothing to pull is told so without asking the database.
//
// Memory is only ever a hint that is true: what it holds was committed. It may be behind, because a notice was lost; then it is
// mended by comparing with the table, and until then nobody is told less than he knows already. Heads only go forward, until
// the epoch changes.
//
// It must not know HTTP or SQL: it reads through [Heads] and talks to other replicas through [Bus].
package live

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// News is what one commit has changed. An ack belongs to the heads of its commit: whoever takes in one takes in the other.
type News struct {
	Heads  map[string]uint64 // of the feeds that have moved
	Device string            // whose ops were taken; "" for others' than handhelds'
	Since  uint64            // the last of its ops that was committed before
	Acked  uint64            // and the last that is now
}

// Heads reads from the table what the hub keeps.
type Heads interface {
	// AllHeads returns the epoch and the head of every feed, in one committed state.
	AllHeads(ctx context.Context) (epoch string, heads map[string]uint64, err error)
}

// Bus carries notices among the replicas of one server. It MAY lose them, double them and change their order.
type Bus interface {
	// Publish sends a notice of at most [MaxNotice] octets to every replica that listens; this one may be among them.
	Publish(ctx context.Context, notice []byte) error
	// Listen calls ready once it hears, and then heard for each notice, one at a time; everything published after ready
	// was called is heard, until the connection is lost or ctx ends: then it returns why.
	Listen(ctx context.Context, ready func(), heard func(notice []byte)) error
}

// Config is what a hub is made of. Heads, Now and Log are required.
type Config struct {
	Heads   Heads
	Bus     Bus           // nil: there is one replica
	Compare time.Duration // how often memory is compared with the table; 0: [DefaultCompare]
	Now     func() time.Time
	Log     *slog.Logger
}

// DefaultCompare is how often memory is compared with the table.
const DefaultCompare = 5 * time.Second

// trusted is how many comparisons may fail before memory is no longer believed.
const trusted = 3

// Hub is one per process. It is safe for concurrent use.
type Hub struct {
	Config

	comparing sync.Mutex // held by whoever compares, so that an older state is not applied after a newer one

	mu       sync.Mutex // guards everything below
	epoch    string
	heads    map[string]uint64
	names    []string // of the heads, sorted; nil when a feed has come since
	acked    acks
	byFeed   map[string]map[*Subscription]struct{}
	compared time.Time         // when memory was last compared with the table
	ahead    map[string]uint64 // heads that were beyond the table's when it was last compared
	closed   bool
	outbox   []News // committed here and not yet told to other replicas

	waiting chan struct{} // says that the outbox is not empty
}

// NewHub makes a hub that knows nothing yet; see [Hub.Compared] and [Hub.Run].
func NewHub(c Config) *Hub {
	if c.Compare <= 0 {
		c.Compare = DefaultCompare
	}
	return &Hub{Config: c, heads: map[string]uint64{}, acked: newAcks(maxDevices), byFeed: map[string]map[*Subscription]struct{}{},
		waiting: make(chan struct{}, 1)}
}

// Note takes in what was committed by this process, and has it told to the others. It MUST be called after the commit and not
// before: a device that is poked pulls at once. It never waits.
func (h *Hub) Note(n News) {
	h.mu.Lock()
	h.take(n)
	if h.Bus != nil {
		h.queue(n)
	}
	h.mu.Unlock()
	select {
	case h.waiting <- struct{}{}:
	default:
	}
}

// take applies news of the epoch at hand. mu is held.
func (h *Hub) take(n News) {
	for feed, head := range n.Heads {
		h.forward(feed, head)
	}
	if n.Device != "" {
		h.acked.follow(n.Device, n.Since, n.Acked)
	}
}

// forward moves a head on and wakes who listens. A late notice moves nothing. mu is held.
func (h *Hub) forward(feed string, head uint64) {
	if head <= h.heads[feed] {
		return
	}
	if _, known := h.heads[feed]; !known {
		h.names = nil
	}
	h.heads[feed] = head
	for s := range h.byFeed[feed] {
		s.Wake()
	}
}

// Learn takes in what somebody has read from the table: first the device's ack and then the heads, so that the heads hold
// everything that the ack covers.
func (h *Hub) Learn(epoch, device string, acked uint64, heads map[string]uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if epoch != h.epoch {
		return
	}
	for feed, head := range heads {
		h.forward(feed, head)
	}
	h.acked.learn(device, acked)
}

// Idle reports whether a device that stands at these places of its feeds, in this epoch, and knows this many of its ops to be
// committed, has nothing to hear, and how many of them are. It is true only if memory is no older than the device: what it has
// pulled and what it has pushed, at whatever replica, is in what memory holds. When in doubt it is false, and the table is asked.
func (h *Hub) Idle(device, epoch string, at map[string]uint64, knows uint64) (acked uint64, idle bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.fresh() || epoch != h.epoch {
		return 0, false
	}
	acked, known := h.acked.of(device)
	if !known || acked < knows {
		return 0, false
	}
	for feed, seq := range at {
		if seq != h.heads[feed] { // ahead: it has pulled elsewhere what memory has not heard of
			return 0, false
		}
	}
	return acked, true
}

// HeadsOf returns the heads of feeds as memory has them; a feed that was never written has head 0. fresh is false while
// memory is not to be believed: before the first comparison, and when comparing has failed for a while.
func (h *Hub) HeadsOf(feeds []string) (heads map[string]uint64, fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	heads = make(map[string]uint64, len(feeds))
	for _, feed := range feeds {
		heads[feed] = h.heads[feed]
	}
	return heads, h.fresh()
}

// Feeds lists the written feeds whose names begin so, sorted.
func (h *Hub) Feeds(prefix string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.names == nil {
		h.names = slices.Sorted(maps.Keys(h.heads))
	}
	from, _ := slices.BinarySearch(h.names, prefix)
	to := from
	for to < len(h.names) && strings.HasPrefix(h.names[to], prefix) {
		to++
	}
	return h.names[from:to:to]
}

// fresh reports whether memory was compared lately. mu is held.
func (h *Hub) fresh() bool {
	age := h.Now().Sub(h.compared)
	return h.epoch != "" && age >= 0 && age <= trusted*h.Compare
}

// Compared compares memory with the table once. Another epoch than memory's replaces everything: the history is another one.
func (h *Hub) Compared(ctx context.Context) error {
	h.comparing.Lock()
	defer h.comparing.Unlock()
	began := h.Now()
	epoch, heads, err := h.Heads.AllHeads(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if epoch != h.epoch {
		h.epoch, h.heads, h.names, h.acked, h.outbox = epoch, map[string]uint64{}, nil, newAcks(maxDevices), nil
		h.eachSubscription((*Subscription).restart)
	}
	h.compared = began
	if h.wentBack(heads) {
		h.compared = time.Time{}
		h.Log.WarnContext(ctx, "the feeds have gone back; memory is not believed until there is a new epoch (fieldwarden admin restored)")
	}
	for feed, head := range heads {
		h.forward(feed, head)
	}
	return nil
}

// wentBack reports whether the table has lost what memory held already when it was compared before: a standby took over that lacked it,
// or a backup was restored under a running server. A head that moved while the table was read is ahead once and not twice.
// mu is held.
func (h *Hub) wentBack(heads map[string]uint64) bool {
	back, ahead := false, map[string]uint64{}
	for feed, head := range h.heads {
		if heads[feed] < head {
			back = back || h.ahead[feed] > heads[feed]
			ahead[feed] = head
		}
	}
	h.ahead = ahead
	return back
}

// eachSubscription calls fn for every subscription. mu is held.
func (h *Hub) eachSubscription(fn func(*Subscription)) {
	done := map[*Subscription]bool{}
	for _, subs := range h.byFeed {
		for s := range subs {
			if !done[s] {
				done[s] = true
				fn(s)
			}
		}
	}
}
