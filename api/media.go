package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/header"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// media is a file that never changes, to be given out whole or in ranges.
type media struct {
	size int64
	sha  string // its SHA-256 in hex: the version, and so the entity tag
	mime string
	name string // for saving it; ASCII
	take bool   // it is to be saved and not shown
	ours bool   // made by us, and not from outside
	open func(ctx context.Context, from, n int64) (io.ReadCloser, error)
	// doubt is told that the store did not give what is on record; nil: nobody looks into it
	doubt func(error)
}

// serve answers GET and HEAD for a file (RFC 9110 §13, §14). The first bytes are read before the status is decided, so a store that fails
// is a problem and not a cut reply; if it fails later, or the whole turns out to be another file, the connection breaks, and the reply does not look whole.
func (s *server) serve(c *fiber.Ctx, m media) error {
	etag := `"` + m.sha + `"`
	if list := c.Get(fiber.HeaderIfMatch); list != "" && !header.Matches(list, etag, false) {
		return fault.New(fault.PreconditionLost).At(fiber.HeaderIfMatch)
	}
	if list := c.Get(fiber.HeaderIfNoneMatch); list != "" && header.Matches(list, etag, true) {
		describe(c, m, etag)
		c.Status(http.StatusNotModified)
		return nil
	}
	want, verdict := header.Span{N: m.size}, header.Whole
	rule := c.Get(fiber.HeaderIfRange)
	if c.Method() == fiber.MethodGet && (rule == "" || rule == etag) {
		want, verdict = header.Range(c.Get(fiber.HeaderRange), m.size)
	}
	if verdict == header.Unsatisfied {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", m.size))
		return fault.New(fault.RangeInvalid).At(fiber.HeaderRange)
	}
	if c.Method() == fiber.MethodHead {
		describe(c, m, etag)
		c.Response().Header.SetContentLength(int(m.size))
		return nil
	}
	ctx, cancel := context.WithCancel(s.Base) // outlives the handler: the bytes go out after it
	bytes, err := m.begin(ctx, cancel, want.From, want.N)
	if err != nil {
		cancel()
		return err
	}
	describe(c, m, etag)
	if verdict == header.Part {
		c.Status(http.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", want.From, want.From+want.N-1, m.size))
	}
	c.Context().SetBodyStream(&outflow{src: bytes, conn: c.Context().Conn(), cancel: cancel}, int(want.N))
	return nil
}

// mediaPolicy holds whatever a file might be besides what it is served as: should a browser open it as a page, it runs nothing, reaches
// nothing and has no origin.
const mediaPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// servedAs is the media type of a file and whether a browser shows it. What we have made ourselves we know.
func servedAs(m media) (kind, how string) {
	if m.ours {
		return m.mime, "inline"
	}
	kind, inline := evidence.ServedAs(m.mime)
	if inline && !m.take {
		return kind, "inline"
	}
	return kind, "attachment"
}

// describe sets the headers of a file.
func describe(c *fiber.Ctx, m media, etag string) {
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	c.Set(fiber.HeaderETag, etag)
	kind, how := servedAs(m)
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`%s; filename="%s"`, how, m.name))
	c.Set(fiber.HeaderContentSecurityPolicy, mediaPolicy)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
}

// outflow is a reply's body on its way out. Its write deadline rolls with each piece, so that a slow link may take its time and
// a client that reads no longer does not hold the file open.
type outflow struct {
	src    io.ReadCloser
	conn   net.Conn
	cancel context.CancelFunc
}

// outBuffer is the size of the pieces; all that one playback holds in memory.
const outBuffer = 64 << 10

var outBuffers = sync.Pool{New: func() any { return new([outBuffer]byte) }}

// Read implements io.Reader, for replies whose length is not known.
func (o *outflow) Read(p []byte) (int, error) {
	n, err := o.src.Read(p)
	if n > 0 {
		if err := o.conn.SetWriteDeadline(time.Now().Add(guard.Idle)); err != nil {
			return 0, err
		}
	}
	return n, err
}

// WriteTo implements io.WriterTo, for replies of known length.
func (o *outflow) WriteTo(w io.Writer) (int64, error) {
	buf := outBuffers.Get().(*[outBuffer]byte)
	defer outBuffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{o}, buf[:])
}

// Close implements io.Closer; fasthttp calls it when the reply has gone out, or cannot.
func (o *outflow) Close() error {
	o.cancel()
	return o.src.Close()
}
