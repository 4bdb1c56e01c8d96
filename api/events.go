package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	mimeEvents  = "text/event-stream"
	lastEventID = "Last-Event-ID"

	// heartbeat is how often a stream of events shows that it lives, unless the server is told otherwise. It must come sooner than
	// a proxy gives a silent connection up, and than a write to a vanished client fails.
	heartbeat = 15 * time.Second
)

// Why a stream ends. A client that was replaced does not come back by itself, or two of them would replace each other for ever.
const (
	endStopping  = "stopping"   // the server stops: connect again, to another replica
	endReplaced  = "replaced"   // the same device has connected again
	endSignedOut = "signed_out" // the sign-in has ended
)

// events streams pokes to a device: that one of its feeds has moved, or that its feeds are other ones. It pulls then. The stream
// goes out after the handler has returned, on the connection's own goroutine, which is all that an idle device costs.
func (s *server) events(r *request) error {
	if s.Live == nil {
		return fault.New(fault.NotFound)
	}
	if r.Method() == fiber.MethodHead {
		return nil
	}
	e, err := s.streams.open(r.ctx, r.caller, positionOf(r.Get(lastEventID)))
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderContentType, mimeEvents)
	r.Set("X-Accel-Buffering", "no") // a proxy that gathers replies would keep the pokes
	r.Status(http.StatusOK)
	r.Context().SetBodyStream(&outflow{src: e, conn: r.Context().Conn(), cancel: func() {}}, -1)
	return nil
}

// maxPosition is how long an event's id may be when it comes back. A longer one is none.
const maxPosition = 8 << 10

// positionOf reads the id of the last event that a client has seen. One that cannot be read has been told nothing: it costs it a
// pull.
func positionOf(id string) (at live.Position) {
	if len(id) > maxPosition {
		return live.Position{}
	}
	text, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || wire.Decode(text, &at) != nil {
		return live.Position{}
	}
	return at
}

// stream is the events of one device on one connection, as the reader that the reply is written from.
type stream struct {
	of   *streams
	sub  *live.Subscription
	beat *time.Timer
	rest []byte // of what is to be sent
	said bool   // the first event has been sent
	over bool   // the last has

	device, family, officer string // of the caller; they never change

	mu     sync.Mutex // guards what the watch changes
	caller people.Caller
	feeds  []string
	moved  bool   // the feeds are other ones than were told
	reason string // why the stream ends; "" while it goes on
}

// Read implements io.Reader: it waits for what there is to say.
func (e *stream) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		if e.over {
			return 0, io.EOF
		}
		text, err := e.next()
		if err != nil {
			return 0, err
		}
		e.rest = text
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// next waits for the next events, or for the time to show that the stream lives.
func (e *stream) next() ([]byte, error) {
	select {
	case <-e.sub.Woken():
	case <-e.beat.C:
		e.beat.Reset(e.of.heartbeat)
		return []byte(":\n\n"), nil
	case <-e.of.base.Done():
		e.end(endStopping)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	moved, at, open := e.sub.Take()
	if !open && e.reason == "" {
		e.reason = endStopping
	}
	var out bytes.Buffer
	switch {
	case e.reason != "":
		e.over = true
		err := write(&out, "end", wire.EventEnd{Reason: e.reason}, nil)
		return out.Bytes(), err
	case !e.said:
		e.said, e.moved = true, false
		fmt.Fprintf(&out, "retry: %d\n", retry.Milliseconds())
		err := write(&out, "heads", wire.EventHeads{Heads: notNil(moved)}, &at)
		return out.Bytes(), err
	case e.moved:
		e.moved = false
		err := write(&out, "scope", wire.EventHeads{Heads: at.Heads}, &at)
		return out.Bytes(), err
	}
	for i, feed := range slices.Sorted(maps.Keys(moved)) {
		var id *live.Position // only with the last: it says that all of them were told
		if i == len(moved)-1 {
			id = &at
		}
		if err := write(&out, "poke", wire.EventPoke{Feed: feed, Head: moved[feed]}, id); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// retry is how long a browser waits before it connects again.
const retry = 3 * time.Second

func notNil(heads map[string]uint64) map[string]uint64 {
	if heads == nil {
		return map[string]uint64{}
	}
	return heads
}

// write writes one event. JSON in canonical form has no line breaks.
func write(out *bytes.Buffer, name string, data any, at *live.Position) error {
	text, err := wire.Canonical(data)
	if err != nil {
		return err
	}
	if at != nil {
		id, err := wire.Canonical(at)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "id: %s\n", base64.RawURLEncoding.EncodeToString(id))
	}
	fmt.Fprintf(out, "event: %s\ndata: %s\n\n", name, text)
	return nil
}

// end has the stream say why it ends, and end. The first reason stands.
func (e *stream) end(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reason == "" {
		e.reason = reason
	}
	e.sub.Wake()
}

func (e *stream) who() people.Caller {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.caller
}

// Close implements io.Closer; it is called when the reply has gone out, or cannot.
func (e *stream) Close() error {
	e.beat.Stop()
	e.sub.Close()
	e.of.leave(e)
	return nil
}
