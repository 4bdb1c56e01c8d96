package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

var errTooLong = errors.New("the name of a feed is too long for a notice")

const (
	// gathering is how long commits are gathered before they are told to other replicas: a notice costs each of them a little,
	// however much it says.
	gathering = 3 * time.Millisecond
	// telling is how long telling may take.
	telling = 5 * time.Second

	firstPause, longestPause = 50 * time.Millisecond, 5 * time.Second // before listening again
)

// Run keeps memory true until ctx ends: it compares with the table, listens to the other replicas and tells them. Whatever fails is
// tried again.
func (h *Hub) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { h.compare(ctx) })
	if h.Bus != nil {
		all.Go(func() { h.listen(ctx) })
		all.Go(func() { h.tell(ctx) })
	}
	all.Wait()
}

func (h *Hub) compare(ctx context.Context) {
	h.comparedOrLogged(ctx)
	tick := time.NewTicker(h.Compare)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.comparedOrLogged(ctx)
		}
	}
}

func (h *Hub) comparedOrLogged(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, trusted*h.Compare)
	defer cancel()
	if err := h.Compared(ctx); err != nil && !errors.Is(err, context.Canceled) {
		h.Log.WarnContext(ctx, "memory could not be compared with the feeds", "error", err)
	}
}

// listen hears other replicas, and again when the line was lost. What was said meanwhile is in the table: so each time, before the
// first notice is taken in, memory is compared with it.
func (h *Hub) listen(ctx context.Context) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		heard := false
		err := h.Bus.Listen(ctx, func() {
			heard = true
			h.comparedOrLogged(ctx)
		}, h.hear)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = firstPause
		}
		h.Log.WarnContext(ctx, "other replicas are not heard; listening again", "error", err)
		if !wait(ctx, pause/2+rand.N(pause/2)) {
			return
		}
	}
}

// tell tells other replicas what was committed here. A notice that cannot be sent is dropped: they compare.
func (h *Hub) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.waiting:
		}
		if !wait(ctx, gathering) {
			return
		}
		if err := h.tellAll(ctx); err != nil && ctx.Err() == nil {
			h.Log.WarnContext(ctx, "other replicas could not be told", "error", err)
		}
	}
}

func (h *Hub) tellAll(ctx context.Context) error {
	h.mu.Lock()
	epoch, news := h.epoch, h.outbox
	h.outbox = nil
	h.mu.Unlock()
	notices, err := pack(epoch, merged(news))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, telling)
	defer cancel()
	for i, text := range notices {
		if err := h.Bus.Publish(ctx, text); err != nil {
			return fmt.Errorf("notice %d of %d: %w", i+1, len(notices), err)
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
