package client

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// How a stream of events is opened again after it broke, and how often a server without events is asked by pulling.
const (
	firstReturn, lastReturn = time.Second, time.Minute
	lookEvery               = time.Minute
	maxEvent                = 1 << 20 // octets of one line
)

// Why the server ends a stream; see docs/protocol/sync.md.
const endReplaced = "replaced"

// Watch calls fn whenever the server has something for this device to pull, until ctx ends; fn usually calls Sync. It is called from
// one goroutine, never twice at once, and once for however much has happened while it ran. A broken stream is opened again, and
// what was missed is noticed then; a server that has no events is looked at every minute.
//
// It returns ctx's error; the error of a sign-in that has ended, when a person must sign in; or nil when another Watch of the
// same device has taken its place.
func (d *Device) Watch(ctx context.Context, fn func()) error {
	var working sync.WaitGroup
	due := make(chan struct{}, 1)
	defer working.Wait()
	defer close(due)
	working.Go(func() {
		for range due {
			if ctx.Err() == nil {
				fn()
			}
		}
	})
	w := &watch{d: d, due: due}
	for pause := firstReturn; ; pause = min(2*pause, lastReturn) {
		w.open = false
		err := w.listen(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case w.ended == endReplaced:
			return nil
		case is(err, fault.SignedOut, fault.SessionEnded, fault.RefreshInvalid, fault.RefreshReused, fault.DeviceRevoked, fault.AccountDisabled):
			return err
		case without(err):
			w.call()
			pause = lookEvery
		case w.open:
			pause = firstReturn
		}
		d.cfg.Logger.DebugContext(ctx, "events are listened to again", "error", err)
		if err := d.cfg.Sleep(ctx, d.scatter(pause)); err != nil {
			return err
		}
	}
}

// without reports whether the answer is of a server that has no events.
func without(err error) bool {
	var p *Problem
	return errors.As(err, &p) && (p.Status == http.StatusNotFound || p.Status == http.StatusMethodNotAllowed || p.Status == http.StatusNotImplemented)
}

// watch is one Watch: where it stands in the stream.
type watch struct {
	d     *Device
	due   chan<- struct{}
	id    string // of the last event
	open  bool   // the server has spoken on this connection
	ended string // why it has ended the stream
}

func (w *watch) call() {
	select {
	case w.due <- struct{}{}:
	default: // it will run once more anyway
	}
}

// listen opens the stream and takes in events until it ends. The time that nothing may move is that of any reply: four heartbeats.
func (w *watch) listen(ctx context.Context) error {
	header := http.Header{"Accept": {"text/event-stream"}}
	if w.id != "" {
		header.Set("Last-Event-ID", w.id)
	}
	_, err := w.d.call(ctx, request{method: http.MethodGet, path: "/v1/sync/events", header: header, by: signedIn, tries: 1, take: w.take})
	return err
}

// take reads the stream, by the rules of the HTML standard as far as this server needs them: one line of data per event.
func (w *watch) take(res *http.Response) error {
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEvent)
	var name, id, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if err := w.event(name, data); err != nil {
				return err
			}
			if id != "" {
				w.id = id // what it says has been taken in
			}
			name, id, data = "", "", ""
		case field == "event":
			name = value
		case field == "id":
			id = value
		case field == "data":
			data = value
		}
	}
	if err := lines.Err(); err != nil {
		return fault.New(fault.Unreachable).Because(err)
	}
	return nil
}

func (w *watch) event(name, data string) error {
	switch name {
	case "heads":
		// A connection that begins may be of somebody whose feeds have become other ones, or fewer, while there was none: that is told
		// by a pull alone, which costs next to nothing when there is nothing.
		w.open = true
		w.call()
	case "poke":
		var e wire.EventPoke
		if err := decode([]byte(data), &e); err != nil {
			return err
		}
		if at, ok := w.d.standsAt(e.Feed); !ok || at < e.Head {
			w.call()
		}
	case "scope":
		w.call()
	case "end":
		var e wire.EventEnd
		err := decode([]byte(data), &e)
		w.ended = e.Reason
		return err
	}
	return nil
}

// standsAt tells how far this process has pulled a feed. Nothing depends on it but needless pulls, so it is not kept in the file.
func (d *Device) standsAt(feed string) (uint64, bool) {
	d.standing.Lock()
	defer d.standing.Unlock()
	at, ok := d.stands[feed]
	return at, ok
}

func (d *Device) stand(upTo map[string]uint64) {
	d.standing.Lock()
	defer d.standing.Unlock()
	d.stands = upTo
}
