package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// network is what lies between one handheld and the server: real HTTP that can be switched off, lose a reply after the
// server has acted, cut a body on its way, or lose the beginning of a push. Each armed mishap strikes once.
type network struct {
	base http.RoundTripper

	mu    sync.Mutex // guards all below
	down  bool
	ahead []mishap
	trips []trip
}

// mishap is what befalls the next request of a method and a path.
type mishap struct {
	method, path string // path: a prefix
	pass         int    // how many such requests get through before
	loseReply    bool
	cutAfter     int64 // octets of the body that still get through; 0: no cut
	skipFirst    bool  // the first op of the push is lost
}

// trip is a request as it went over the line, and what came back.
type trip struct {
	Method, Path string
	Offset       string // Upload-Offset of the request
	Sent         int64  // octets of its body that were read off
	Status       int    // 0: no reply reached the handheld
	Reply        []byte // of a push or of a reply that was lost
	Fault        bool
}

var (
	errNoNetwork = errors.New("no network here")
	errLost      = errors.New("the connection broke before the reply")
	errCut       = errors.New("the connection broke in the middle")
)

// switchTo takes the network away or gives it back.
func (n *network) switchTo(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = !up
}

// isDown reports whether there is no network.
func (n *network) isDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down
}

// arm prepares a mishap.
func (n *network) arm(f mishap) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ahead = append(n.ahead, f)
}

// trips that began with a method and a path, in order.
func (n *network) past(method, path string) []trip {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []trip
	for _, t := range n.trips {
		if t.Method == method && strings.HasPrefix(t.Path, path) {
			all = append(all, t)
		}
	}
	return all
}

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	f, down := n.next(req)
	if down {
		return nil, errNoNetwork
	}
	t := trip{Method: req.Method, Path: req.URL.Path, Offset: req.Header.Get("Upload-Offset"), Fault: f.method != ""}
	counted, err := n.prepare(req, f)
	if err != nil {
		return nil, err
	}
	res, err := n.base.RoundTrip(req)
	if err == nil && (f.loseReply || strings.HasSuffix(t.Path, "/sync/push")) {
		t.Reply, err = keepReply(res)
	}
	if err == nil {
		t.Status = res.StatusCode
	}
	if f.loseReply && err == nil {
		t.Status, err = 0, errLost
	}
	if counted != nil {
		t.Sent = counted.count()
	}
	n.mu.Lock()
	n.trips = append(n.trips, t)
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return res, nil
}

// next takes the mishap that befalls a request, if one is armed for it.
func (n *network) next(req *http.Request) (f mishap, down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, armed := range n.ahead {
		if n.down || armed.method != req.Method || !strings.HasPrefix(req.URL.Path, armed.path) {
			continue
		}
		if n.ahead[i].pass--; armed.pass <= 0 {
			n.ahead = append(n.ahead[:i:i], n.ahead[i+1:]...)
			return armed, false
		}
	}
	return mishap{}, n.down
}

// prepare lays the mishap into the request's body, and counts what is read off it.
func (n *network) prepare(req *http.Request, f mishap) (*counter, error) {
	if req.Body == nil {
		return nil, nil
	}
	if f.skipFirst {
		if err := skipFirst(req); err != nil {
			return nil, err
		}
	}
	c := &counter{body: req.Body, limit: f.cutAfter}
	req.Body, req.GetBody = c, nil
	return c, nil
}

// skipFirst takes the first op out of a push. What is left is still signed: the signature is over the last op's hash.
func skipFirst(req *http.Request) error {
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	var p wire.Push
	if err := wire.Decode(text, &p); err != nil {
		return err
	}
	if len(p.Ops) < 2 {
		return fmt.Errorf("a push of %d ops has no first to lose", len(p.Ops))
	}
	p.Ops = append([]jsontext.Value(nil), p.Ops[1:]...)
	if text, err = wire.Canonical(p); err != nil {
		return err
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return nil
}

// keepReply reads a reply whole and puts it back.
func keepReply(res *http.Response) ([]byte, error) {
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(text))
	return text, nil
}

// counter counts the octets read off a body, and breaks at a limit.
type counter struct {
	body  io.ReadCloser
	limit int64 // 0: none

	mu   sync.Mutex // the transport may still read while the reply is there
	read int64
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 {
		if c.read >= c.limit {
			return 0, errCut
		}
		p = p[:min(int64(len(p)), c.limit-c.read)]
	}
	k, err := c.body.Read(p)
	c.read += int64(k)
	return k, err
}

func (c *counter) Close() error { return c.body.Close() }

func (c *counter) count() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read
}
