package soak

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// fate is what becomes of one request and its reply. Each remote step is broken in every way it can be: not done, done but
// unanswered, half answered, done twice, done late.
type fate string

const (
	passes       fate = "passes"
	requestLost  fate = "request lost"
	replyLost    fate = "reply lost"
	replyCut     fate = "reply cut"
	doubled      fate = "sent twice"
	late         fate = "late"
	cut          fate = "line cut"              // from here on nothing gets through, until somebody finds a network again
	killedBefore fate = "server killed before"  // before it commits
	killedAfter  fate = "server killed after"   // after it has committed
	batteryOut   fate = "battery out"           // the request is on its way, the handheld is off
	batteryHeard fate = "battery out, unstored" // the server has done it, the handheld is off before it stores the reply
)

// weather is how bad the network is.
type weather struct {
	odds  float64 // of a request to be struck
	fates []fate
}

var (
	fair  = weather{}
	rough = weather{0.3, []fate{requestLost, requestLost, replyLost, replyLost, replyCut, doubled, late, late}}
	storm = weather{0.4, []fate{requestLost, replyLost, replyLost, replyCut, doubled, late, cut, killedBefore, killedAfter, batteryOut, batteryHeard}}
)

// line is one handheld's network. It implements http.RoundTripper.
type line struct {
	h       *hand
	weather weather
	dead    bool
}

// parked is a request that is still on its way.
type parked struct {
	from *hand
	what string
	make func() *http.Request
}

// draw decides the fate of a request. Late are only those that a late arrival can harm: it is the queue that is tested here,
// and a sign-in that arrives late ends itself.
func (l *line) draw(req *http.Request) fate {
	if l.dead || l.h.off {
		return requestLost
	}
	dice := l.h.r.dice
	if len(l.weather.fates) == 0 || dice.Float64() >= l.weather.odds {
		return passes
	}
	f := pick(dice, l.weather.fates...)
	if f == late && !strings.HasPrefix(req.URL.Path, "/v1/sync/") && req.URL.Path != "/v1/ops" {
		f = requestLost
	}
	return f
}

func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	r := l.h.r
	whole, body, err := copies(req)
	if err != nil {
		return nil, err
	}
	f := l.draw(req)
	if !r.host.up && f == passes {
		f = requestLost
	}
	trip := time.Duration(10+r.dice.IntN(300)) * time.Millisecond
	if r.dice.IntN(20) == 0 {
		trip += 3 * time.Second // too slow for its server time to be believed
	}
	if l.h.syncing && !l.h.off && r.dice.IntN(4) == 0 { // edits never wait for the network
		r.must(l.h.edits(false, func(p *pen) error { return p.any() }))
	}
	r.clock.pass(trip / 2)
	defer r.clock.pass(trip - trip/2)
	r.tell("  %s %s %s: %s", l.h.name, req.Method, req.URL.Path, f)
	r.model.sends(l.h, req.URL.Path, body)
	if r.bug != nil && r.bug.sends != nil {
		r.must(r.bug.sends(l.h, req.URL.Path))
	}
	rep, err := l.carry(f, whole)
	if err != nil {
		return nil, errLine
	}
	heard := f != replyLost && f != batteryHeard && f != replyCut
	if err := r.model.answers(l.h, req.URL.Path, rep, heard); err != nil {
		r.fail(err)
	}
	if r.bug != nil && r.bug.hears != nil && heard {
		rep = r.bug.hears(l.h, req.URL.Path, rep)
	}
	switch f {
	case replyLost, batteryHeard:
		return nil, errLine
	case replyCut:
		return rep.response(req, io.MultiReader(bytes.NewReader(rep.body[:len(rep.body)/2]), broken{})), nil
	}
	return rep.response(req, bytes.NewReader(rep.body)), nil
}

// carry brings a request to the server, in the way that its fate has it.
func (l *line) carry(f fate, whole func() *http.Request) (*reply, error) {
	r := l.h.r
	switch f {
	case requestLost:
		return nil, errLine
	case cut:
		l.dead = true
		return nil, errLine
	case late:
		req := whole()
		r.parked = append(r.parked, parked{l.h, req.Method + " " + req.URL.Path, whole})
		return nil, errLine
	case doubled:
		first, err := r.host.ask(whole())
		if err != nil {
			return nil, err
		}
		if err := r.model.answers(l.h, whole().URL.Path, first, false); err != nil {
			r.fail(err)
		}
	case killedBefore:
		r.host.death = beforeCommit
	case killedAfter:
		r.host.death = afterCommit
	case batteryOut, batteryHeard:
		l.h.die()
	}
	rep, err := r.host.ask(whole())
	if r.host.up && r.host.death != lives { // it changed no records: then it dies before it can answer
		r.host.death = lives
		return nil, errors.Join(errLine, r.host.kill())
	}
	if r.host.up {
		r.must(r.poked())
	}
	if f == batteryOut {
		return nil, errLine
	}
	return rep, err
}

// deliver lets a request arrive that nobody waits for any more.
func (r *run) deliver(i int) error {
	p := r.parked[i]
	r.parked = append(r.parked[:i:i], r.parked[i+1:]...)
	rep, err := r.host.ask(p.make())
	if err != nil {
		return nil
	}
	r.tell("  %s of %s arrives late: HTTP %d", p.what, p.from.name, rep.status)
	return r.model.answers(p.from, p.make().URL.Path, rep, false)
}

// copies returns a maker of copies of a request that outlive the one who made it, and its body.
func copies(req *http.Request) (func() *http.Request, []byte, error) {
	var text []byte
	if req.Body != nil {
		var err error
		if text, err = io.ReadAll(req.Body); err != nil {
			return nil, nil, err
		}
		req.Body.Close()
	}
	return func() *http.Request {
		c := req.Clone(ctx)
		if req.Body != nil {
			c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		}
		return c
	}, text, nil
}

func (r *reply) response(req *http.Request, body io.Reader) *http.Response {
	return &http.Response{StatusCode: r.status, Status: http.StatusText(r.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.header.Clone(), Body: io.NopCloser(body), ContentLength: -1, Request: req}
}

// broken is a body that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fmt.Errorf("read: %w", errLine) }
