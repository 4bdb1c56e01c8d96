package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// How much of a feed one statement of Each reads: so many octets of bodies, and so many lines as these are likely to be. A statement that asks
// for more has PostgreSQL send what nobody takes.
const (
	walkOctets = 512 << 10
	walkFirst  = 500 // lines of the first page, when nothing is known of their size
	walkFewest = 64
	walkMost   = 2000
)

// Each implements pull.Reader, page by page along the feed's index. The next page is read while fn works through this one, so two processors
// have something to do, and the walk holds two pages. When fn waits for a slow link, that page is soon there: then neither a connection nor a
// transaction is held, and nothing is read until fn is done with its own.
func (d *DB) Each(ctx context.Context, feed string, after, upTo uint64, fn func(pull.Change) error) error {
	w := &walk{d: d, feed: feed, upTo: upTo, lines: walkFirst, query: d.live() + " ORDER BY seq LIMIT " + d.nth(4)}
	defer w.reading.Wait() // fn may fail, or panic
	page, next := newLines(feed, walkOctets), newLines(feed, walkOctets)
	w.read(ctx, page, after)
	for w.err == nil {
		more := w.more
		if more {
			last := page.changes[len(page.changes)-1]
			w.reading.Go(func() { w.read(ctx, next, last.Seq) })
		}
		for _, c := range page.changes {
			if err := fn(c); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		w.reading.Wait()
		page, next = next, page
	}
	return w.err
}

// walk reads the pages of a feed, one after the other.
type walk struct {
	d       *DB
	feed    string
	upTo    uint64
	query   string
	reading sync.WaitGroup // for a page that is being read beside; it has the rest meanwhile

	lines int  // that the next statement asks for
	more  bool // behind the page that was read last
	err   error
}

// read reads the page behind a line.
func (w *walk) read(ctx context.Context, page *lines, after uint64) {
	defer func() {
		if p := recover(); p != nil { // who walks is told: no other goroutine may end the program
			w.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	page.clear()
	w.err = page.read(ctx, w.d.pool(), w.query, w.feed, int64(after), int64(w.upTo), w.lines)
	w.more = len(page.changes) == w.lines || page.full()
	w.fit(page)
}

// fit has the next statement ask for as many lines as fill a page when they are as long as those of this one.
func (w *walk) fit(page *lines) {
	if page.octets > 0 {
		w.lines = min(max(len(page.changes)*walkOctets/page.octets+1, walkFewest), walkMost)
	}
}
