package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Idle is how long a read of a body may wait for the next bytes.
const Idle = 30 * time.Second

// Body is the body of one request as it streams in, never more than it declares and never more than its route takes. Its Read tells a
// body that was cut (fault request.body_cut) from one that has ended. It is not for use after the handler has returned.
type Body struct {
	src      io.Reader
	declared int64
	read     int64
	until    time.Time // no read waits longer than this; zero: only the idle time counts
	err      error

	mu     sync.Mutex // guards conn and broken: Interrupt comes from elsewhere
	conn   net.Conn   // nil once the handler has returned
	broken bool
}

// Length is how many octets the request declares.
func (b *Body) Length() int64 { return b.declared }

// Read implements io.Reader. The deadline rolls: it is set anew for each read, so a slow link may take its time and a dead one
// may not.
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.read == b.declared {
		return 0, io.EOF
	}
	if err := b.extend(); err != nil {
		b.err = err
		return 0, err
	}
	n, err := b.src.Read(p)
	b.read += int64(n)
	switch {
	case b.read == b.declared:
		b.err = io.EOF
	case err != nil:
		b.err = b.cut(err)
	}
	return n, b.err
}

func (b *Body) extend() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken || b.conn == nil {
		return fault.New(fault.BodyCut)
	}
	deadline := time.Now().Add(Idle)
	if !b.until.IsZero() && b.until.Before(deadline) {
		deadline = b.until
	}
	return b.conn.SetReadDeadline(deadline)
}

// cut says why a body ended before its declared length. fasthttp ends a cut body with plain io.EOF.
func (b *Body) cut(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && !b.broken {
		return fault.New(fault.RequestTimeout).Because(err)
	}
	return fault.New(fault.BodyCut).Because(fmt.Errorf("%d of %d octets: %w", b.read, b.declared, err))
}

// Interrupt ends a read that waits, now, and every later one. It may be called from any goroutine, at any time.
func (b *Body) Interrupt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	if b.conn != nil {
		_ = b.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// release makes sure that a late Interrupt does not meet the connection's next request.
func (b *Body) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conn = nil
}

// Stream lets a route take a body of at most limit octets as it comes, see [BodyOf]. A limit of 0 takes none. The size is
// checked by what the request declares, so nothing of a body that is too large is read; a body that does not declare its length is
// refused, because fasthttp reports a chunked body that was cut between two chunks as whole.
func Stream(limit int64) fiber.Handler {
	return func(c *fiber.Ctx) error {
		declared, err := declared(c, limit)
		if err != nil {
			return err
		}
		b := &Body{src: c.Context().RequestBodyStream(), declared: declared, conn: c.Context().Conn()}
		b.until, _ = c.UserContext().Deadline()
		defer b.release()
		defer context.AfterFunc(c.UserContext(), b.Interrupt)()
		c.Locals(bodyLocal, b)
		return c.Next()
	}
}

// declared is the length of a body that the route may take.
func declared(c *fiber.Ctx, limit int64) (int64, error) {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return 0, fault.New(fault.EncodingRefused).At(fiber.HeaderContentEncoding)
	}
	length := int64(c.Request().Header.ContentLength())
	switch {
	case length == -1:
		return 0, fault.New(fault.LengthRequired)
	case length > limit:
		return 0, fault.New(fault.BodyTooLarge).Detail(fmt.Sprintf("上限 %d 字节", limit), fmt.Sprintf("at most %d octets", limit))
	}
	return max(0, length), nil
}

// BodyOf gives the body of a route under [Stream].
func BodyOf(c *fiber.Ctx) *Body {
	b, _ := c.Locals(bodyLocal).(*Body)
	return b
}

// keptBuffer is how large a buffer may have grown to be used again.
const keptBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// JSON reads the body of a route under [Stream] whole, before the handler runs: a JSON text, see [TextOf].
func JSON(c *fiber.Ctx) error {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || kind != fiber.MIMEApplicationJSON {
		return fault.New(fault.MediaTypeRefused).At(fiber.HeaderContentType).Detail("应为 application/json", "want application/json")
	}
	body := BodyOf(c)
	buf := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= keptBuffer {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	buf.Grow(int(body.declared) + bytes.MinRead)
	if _, err := buf.ReadFrom(body); err != nil {
		return err
	}
	c.Locals(textLocal, buf.Bytes())
	return c.Next()
}

// TextOf gives the text of a route behind [JSON]. It is for decoding while the handler runs, not for keeping.
func TextOf(c *fiber.Ctx) []byte {
	text, _ := c.Locals(textLocal).([]byte)
	return text
}
