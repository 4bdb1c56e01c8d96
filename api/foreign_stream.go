package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/adapt"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	// rxTick is how often a stream looks whether who listens still may, and whether there is something that it was not woken for.
	rxTick = time.Second
	// rxBeat is how long a stream may be silent before it shows that it lives.
	rxBeat = 15 * time.Second
	// rxMany is how many streams of one collection a device may have: one, those that it does not know yet to be dead, and those of
	// other windows that have not heard who leads.
	rxMany = 4
	// rxLook is how long one look may take.
	rxLook = 10 * time.Second
)

// rxdbPullStream tells an RxDB client of documents as they change. It never says RESYNC, which rxdb-server's client takes for documents:
// a client pulls when a stream opens, and a stream that cannot go on ends.
func (s *server) rxdbPullStream(r *request) error {
	version, err := r.schemaVersion()
	if err != nil {
		return err
	}
	from, err := s.Foreign.RxStream(r.ctx, r.caller, r.Params("collection"), version)
	if err != nil || r.Method() == fiber.MethodHead {
		return err
	}
	ctx, cancel := context.WithCancel(s.Base)
	stream := &rxStream{ctx: ctx, cancel: cancel, from: from, of: s, caller: r.caller, tick: time.NewTicker(rxTick),
		place: r.caller.Device + "/" + r.Params("collection")}
	if err := stream.listen(); err != nil {
		cancel()
		return err
	}
	s.rxStreams.join(stream)
	stream.rest = []byte(":\n\n") // so that the head goes out
	r.Set(fiber.HeaderContentType, mimeEvents)
	r.Set(fiber.HeaderCacheControl, "no-store")
	r.Set("X-Accel-Buffering", "no") // a proxy that gathers replies would keep the events
	r.Status(http.StatusOK)
	r.Context().SetBodyStream(&outflow{src: stream, conn: r.Context().Conn(), cancel: cancel}, -1)
	return nil
}

// rxStream is the events of one client, as the reader that the reply is written from. It ends when who listens may no more, or when
// the server stops or cannot tell.
type rxStream struct {
	ctx    context.Context
	cancel context.CancelFunc
	place  string // whose it is, and of what
	from   *adapt.RxStream
	of     *server
	caller people.Caller
	feeds  []string
	sub    *live.Subscription // nil where there is no hub: then each tick looks
	tick   *time.Ticker
	silent time.Duration
	rest   []byte
}

// rxStreams are the open streams of RxDB. A device that opens too many of one collection loses the oldest, so what it can make the
// server hold is bounded.
type rxStreams struct {
	mu   sync.Mutex
	open map[string][]*rxStream // by place, the oldest first
}

func (t *rxStreams) join(e *rxStream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string][]*rxStream{}
	}
	all := append(t.open[e.place], e)
	if len(all) > rxMany {
		all[0].cancel()
		all = all[1:]
	}
	t.open[e.place] = all
}

func (t *rxStreams) leave(e *rxStream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.DeleteFunc(t.open[e.place], func(x *rxStream) bool { return x == e })
	if t.open[e.place] = all; len(all) == 0 {
		delete(t.open, e.place)
	}
}

// listen lets the hub wake the stream when one of the caller's feeds moves on.
func (e *rxStream) listen() error {
	feeds, err := e.of.Foreign.Feeds(e.ctx, e.caller)
	if err != nil || e.of.Live == nil || slices.Equal(feeds, e.feeds) {
		return err
	}
	if e.feeds = feeds; e.sub != nil {
		e.sub.Listen(feeds)
	} else if e.sub = e.of.Live.Subscribe(feeds, live.Position{}); e.sub == nil {
		return fault.New(fault.TemporarilyDown)
	}
	return nil
}

// Read implements io.Reader: it waits for what there is to say.
func (e *rxStream) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		if err := e.wait(); err != nil {
			return 0, io.EOF // the client connects again, and is told why
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// wait waits for a feed to move on, or for the time to look who listens, and looks.
func (e *rxStream) wait() error {
	var woken <-chan struct{}
	if e.sub != nil {
		woken = e.sub.Woken()
	}
	select {
	case <-e.ctx.Done():
		return e.ctx.Err()
	case <-woken:
		if _, _, open := e.sub.Take(); !open {
			return io.EOF
		}
	case <-e.tick.C:
		e.silent += rxTick
		var err error
		if e.caller, err = e.of.Sessions.Still(e.ctx, e.caller); err != nil {
			return err
		}
		if err := e.listen(); err != nil {
			return err
		}
	}
	return e.look()
}

// look puts the next event up, or shows that the stream lives.
func (e *rxStream) look() error {
	ctx, cancel := context.WithTimeout(e.ctx, rxLook)
	defer cancel()
	page, ok, err := e.from.Next(ctx, e.caller)
	switch {
	case err != nil:
		return err
	case ok:
		text, err := wire.Canonical(page) // without line breaks
		if err != nil {
			return err
		}
		e.rest, e.silent = bytes.Join([][]byte{[]byte("data: "), text, []byte("\n\n")}, nil), 0
		if e.sub != nil {
			e.sub.Wake() // there may be more
		}
	case e.silent >= rxBeat:
		e.rest, e.silent = []byte(":\n\n"), 0
	}
	return nil
}

// Close implements io.Closer; it is called when the reply has gone out, or cannot.
func (e *rxStream) Close() error {
	e.of.rxStreams.leave(e)
	e.tick.Stop()
	if e.sub != nil {
		e.sub.Close()
	}
	return nil
}
