package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// fate is what the network does to one request. Each remote step is broken in every way it can be: not done, done but
// unanswered, half answered, done twice, done late.
type fate int

const (
	passes      fate = iota
	requestLost      // the server never hears of it
	replyLost        // the server has done it, nobody learns so
	replyCut         // the reply breaks off
	doubled          // the server gets it twice; the first reply is lost
	late             // the server gets it after the next one; nobody waits for the reply
	fates
)

var errLine = errors.New("the line is dead")

// line is a network with a fate for each request. It is safe for concurrent use.
type line struct {
	next http.RoundTripper

	mu     sync.Mutex
	plan   []fate                              // of the coming requests; then everything passes
	dead   bool                                // nothing gets through
	edit   func(r *http.Request) *http.Request // sees every request first; may be nil
	parked []*http.Request
	seen   []string // method and path of what was asked
}

func (l *line) set(plan ...fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan, l.dead = plan, false
}

func (l *line) cut(dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = dead
}

// count tells how often a path was asked for.
func (l *line) count(method, prefix string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.seen {
		if strings.HasPrefix(s, method+" "+prefix) {
			n++
		}
	}
	return n
}

// draw takes the fate of a request, and what was parked before it.
func (l *line) draw(r *http.Request) (f fate, parked []*http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, r.Method+" "+r.URL.Path)
	if l.dead {
		return requestLost, nil
	}
	if len(l.plan) > 0 {
		f, l.plan = l.plan[0], l.plan[1:]
	}
	if f == late && !strings.HasPrefix(r.URL.Path, "/v1/sync/") {
		f = requestLost // a sign-in that arrives late ends itself: what is tested here is the queue
	}
	if f != requestLost && f != late {
		parked, l.parked = l.parked, nil
	}
	return f, parked
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.edit != nil {
		if r = l.edit(r); r == nil {
			return nil, errLine
		}
	}
	f, parked := l.draw(r)
	if f == requestLost {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errLine
	}
	if f == doubled || f == late {
		whole, err := again(r)
		if err != nil {
			return nil, err
		}
		if f == late {
			l.mu.Lock()
			l.parked = append(l.parked, whole())
			l.mu.Unlock()
			return nil, errLine
		}
		drop(l.next.RoundTrip(whole()))
		r = whole()
	}
	reply, err := l.next.RoundTrip(r)
	for _, p := range parked {
		drop(l.next.RoundTrip(p))
	}
	if err != nil {
		return nil, err
	}
	switch f {
	case replyLost:
		drop(reply, nil)
		return nil, errLine
	case replyCut:
		text, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		reply.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text[:len(text)/2]), broken{}))
		reply.Header.Del("Content-Length")
		reply.ContentLength = -1
	}
	return reply, nil
}

// again returns a maker of copies of a request that outlive the one who made it.
func again(r *http.Request) (func() *http.Request, error) {
	var text []byte
	if r.Body != nil {
		var err error
		if text, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	return func() *http.Request {
		c := r.Clone(ctx)
		if r.Body != nil {
			c.Body = io.NopCloser(bytes.NewReader(text))
		}
		return c
	}, nil
}

func drop(reply *http.Response, err error) {
	if err == nil {
		_, _ = io.Copy(io.Discard, reply.Body)
		reply.Body.Close()
	}
}

// broken is a body that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("read: %w", errLine) }

func objectOf(t testing.TB, text []byte) record.Object {
	t.Helper()
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
