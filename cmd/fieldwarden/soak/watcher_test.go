package soak

import (
	"fmt"
	"maps"
)

// listened are the feeds that somebody listens to all the while.
var listened = []string{"ref/" + district, "unit/" + streets[0], "unit/" + streets[1]}

// poked: whoever listens is woken by everything that is committed, before whoever has sent it is answered, and is told where the feed
// stands.
func (r *run) poked() error {
	heads, err := r.host.core.DB.Heads(ctx, listened)
	if err != nil {
		return err
	}
	select {
	case <-r.host.ear.Woken():
		moved, _, _ := r.host.ear.Take()
		maps.Copy(r.host.told, moved)
		r.stats.Pokes++
	default:
	}
	for _, feed := range listened {
		if r.host.told[feed] != heads[feed] {
			return fmt.Errorf("%s stands at %d, who listens was told %d", feed, heads[feed], r.host.told[feed])
		}
	}
	return nil
}

// watcher reads one feed in small pages all the while, also in the middle of other people's transactions, and holds what it
// was told: what a handheld would, had it no network in between.
type watcher struct {
	feed  string
	after uint64
	held  map[string]uint64 // versions
}

// page reads the next page.
func (w *watcher) page(r *run) error {
	page, head, err := r.host.core.Pull.Reader.Changes(ctx, w.feed, w.after, 3)
	if err != nil {
		return err
	}
	for _, c := range page {
		if c.Seq <= w.after || c.Seq > head {
			return fmt.Errorf("%s gives number %d after %d, its head is %d", w.feed, c.Seq, w.after, head)
		}
		w.after = c.Seq
		if c.Gone != "" {
			delete(w.held, c.ID)
		} else {
			w.held[c.ID] = c.Version
		}
	}
	if len(page) < 3 {
		w.after = head
	}
	return nil
}
