package db

import (
	"context"
	"errors"
	"sync"
)

// crowd makes one transaction of what many want to write at the same time. On SQLite there is one writer, and each commit waits for the disk: fifty
// recordings that begin at once would wait for fifty commits, one after the other, behind all the bytes that come meanwhile.
type crowd struct {
	mu      sync.Mutex
	led     bool    // somebody runs transactions for all; guarded by mu
	waiting []*wish // for the next one; guarded by mu
}

// wish is what one of them wants.
type wish struct {
	ctx  context.Context
	fn   func(context.Context, *tx) error
	err  error
	done chan bool // tells once: true if it is done, false if its caller must lead now
}

// withOthers runs fn as transact does, perhaps in one transaction with others. What fails together is done again one by one, so that nobody has
// an error, or a deadline, of somebody else's.
func (d *DB) withOthers(ctx context.Context, fn func(context.Context, *tx) error) error {
	if d.crowd == nil {
		return d.transact(ctx, fn)
	}
	w := &wish{ctx: ctx, fn: fn, err: errNotDone, done: make(chan bool, 1)}
	if d.crowd.join(w) || !<-w.done {
		d.lead()
	}
	return w.err
}

// errNotDone is what the others are told if a function of one panics.
var errNotDone = errors.New("not done")

// lead runs what waits now, and tells those it was for.
func (d *DB) lead() {
	all := d.crowd.take()
	defer d.crowd.pass()
	defer func() {
		for _, w := range all {
			w.done <- true
		}
	}()
	d.fulfil(all)
}

// join reports whether the caller leads.
func (c *crowd) join(w *wish) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, w)
	leads := !c.led
	c.led = true
	return leads
}

func (c *crowd) take() []*wish {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.waiting
	c.waiting = nil
	return all
}

// pass lets one of those who have come meanwhile lead.
func (c *crowd) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.led = len(c.waiting) > 0; c.led {
		c.waiting[0].done <- false
	}
}

// fulfil runs all in one transaction, under the first one's deadline, or else each alone.
func (d *DB) fulfil(all []*wish) {
	if len(all) > 1 {
		err := d.transact(all[0].ctx, func(ctx context.Context, t *tx) error {
			for _, w := range all {
				if err := w.fn(ctx, t); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			for _, w := range all {
				w.err = nil
			}
			return
		}
	}
	for _, w := range all {
		w.err = d.transact(w.ctx, w.fn)
	}
}
