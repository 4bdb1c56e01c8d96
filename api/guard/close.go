package guard

import (
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// settle closes the connection after a request whose body was not read to its end, and after every refusal of a request with
// a body. fasthttp would take the bytes that are left for the next request: whoever writes a body could then write requests in
// another's name behind a proxy that shares connections.
func settle(c *fiber.Ctx) {
	length := c.Request().Header.ContentLength()
	if length == 0 || length < -1 {
		return // no body: -2 is fasthttp's word for it
	}
	b := BodyOf(c)
	unread := b == nil || b.read < b.declared
	if !unread && c.Response().StatusCode() < fiber.StatusBadRequest {
		return
	}
	c.Context().SetConnectionClose()
	if conn, ok := c.Context().Conn().(*conn); ok && unread {
		conn.linger.Store(true)
	}
}

// How long, and for how many octets, a closing connection listens to what its client still sends.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 256 << 20
)

// Listener wraps a listener so that clients can read the answer to a body that was refused. A socket that is closed with
// unread bytes sends a reset, and a reset throws away what the client has not read yet: the 413 would never be seen.
// Instead the connection is shut for writing, and listens for a moment before it closes.
func Listener(l net.Listener) net.Listener { return &listener{l} }

type listener struct{ net.Listener }

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

type conn struct {
	net.Conn
	linger atomic.Bool
}

func (c *conn) Close() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok && c.linger.Load() && half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	return c.Conn.Close()
}
