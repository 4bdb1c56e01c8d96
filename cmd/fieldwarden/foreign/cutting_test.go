package foreign

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// cutting is a line between clients and the server that breaks: whenever it has carried so many octets towards the server, the connection that
// carries them is closed on both sides, until no breaks are left.
type cutting struct {
	listener net.Listener
	target   string

	mu      sync.Mutex
	breaks  int           // how many are left; guarded by mu
	after   int64         // octets from one break to the next; guarded by mu
	since   int64         // octets since the last break; guarded by mu
	holds   bool          // it falls silent in place of breaking; guarded by mu
	carried int64         // towards the server, all in all; guarded by mu
	silent  chan struct{} // tells that a connection has fallen silent
}

func newCutting(t *testing.T) *cutting {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutting{listener: l, silent: make(chan struct{}, 100)}
	t.Cleanup(func() { l.Close() })
	return c
}

func (c *cutting) url() string { return "http://" + c.listener.Addr().String() }

// to lets the line lead to a server.
func (c *cutting) to(target string) {
	c.target = target
	go func() {
		for {
			conn, err := c.listener.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
}

// breakAfter sets how the line breaks from now on.
func (c *cutting) breakAfter(octets int64, times int, holds bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.breaks, c.holds, c.since = octets, times, holds, 0
}

func (c *cutting) total() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.carried
}

func (c *cutting) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = io.Copy(client, server)
		client.Close()
	}()
	buffer := make([]byte, 16<<10)
	for {
		n, err := client.Read(buffer)
		keep, verdict := c.verdict(int64(n))
		if _, writeErr := server.Write(buffer[:keep]); writeErr != nil || err != nil {
			return
		}
		switch verdict {
		case broken:
			_ = client.SetWriteDeadline(time.Unix(1, 0)) // the server's answer to half a body does not get through
			_ = server.(*net.TCPConn).CloseWrite()
			<-answered // what was carried has arrived before the client can ask for it on another connection
			return
		case silence:
			c.silent <- struct{}{}
			_, _ = io.Copy(io.Discard, client) // until the client goes
			return
		}
	}
}

type verdict int

const (
	whole verdict = iota
	broken
	silence
)

// verdict says how many of the next octets are carried, and what then.
func (c *cutting) verdict(n int64) (int64, verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep, v := n, whole
	c.since += n
	if c.breaks > 0 && c.since >= c.after {
		c.breaks--
		keep, v, c.since = n-(c.since-c.after), broken, 0
		if c.holds {
			v = silence
		}
	}
	c.carried += keep
	return keep, v
}
