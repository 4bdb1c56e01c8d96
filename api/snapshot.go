package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/header"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// snapshotTime bounds one download of a feed; a device that was cut off goes on where it stopped.
const snapshotTime = time.Hour

// mimeNDJSON is the media type of a snapshot: one JSON value a line.
const mimeNDJSON = "application/x-ndjson"

// snapshot streams a feed. Faults that are known before the first byte are problems; a failure after it breaks the connection, so
// that a snapshot that is not whole does not look whole. Memory does not grow with the feed.
func (s *server) snapshot(r *request) error {
	want, err := r.wanted()
	if err != nil {
		return err
	}
	encoding := header.AcceptEncoding(r.Get(fiber.HeaderAcceptEncoding))
	if r.Method() == fiber.MethodHead {
		return s.Pull.MayPull(r.ctx, r.caller, want.Feed)
	}
	ctx, cancel := context.WithTimeout(s.Base, snapshotTime) // outlives the handler: the stream goes out after it
	caller := r.caller
	stream, err := begin(func(w io.Writer) error {
		return compressed(w, encoding, func(w io.Writer) error { return s.Pull.Snapshot(ctx, caller, want, w) })
	})
	if err != nil {
		cancel()
		return err
	}
	r.Set(fiber.HeaderContentType, mimeNDJSON)
	r.encoded(encoding)
	r.Status(http.StatusOK)
	r.Context().SetBodyStream(&outflow{src: stream, conn: r.Context().Conn(), cancel: cancel}, -1)
	return nil
}

// wanted is the part of a feed that a request asks for.
func (r *request) wanted() (pull.Wanted, error) {
	w := pull.Wanted{Cursor: r.Query("cursor")}
	var err error
	for name, into := range map[string]*uint64{"after": &w.After, "upTo": &w.UpTo} {
		if *into, err = strconv.ParseUint(r.Query(name, "0"), 10, 63); err != nil {
			return w, fault.New(fault.FieldInvalid).At(name).Detail("应为非负整数", "want a whole number, not negative")
		}
	}
	if w.Schemas, err = r.schemas(); err != nil {
		return w, err
	}
	w.Feed, err = r.feed()
	return w, err
}

// feed is the feed that a path names: its scope and its name.
func (r *request) feed() (string, error) {
	scope, err := r.text("scope")
	if err != nil {
		return "", err
	}
	name, err := r.text("name")
	return scope + "/" + name, err
}

// pieces is how much of a stream is gathered before it is handed on.
const pieces = 64 << 10

// begin runs write beside the caller and returns a reader of what it writes, once the first bytes are there. An error before
// that is returned; a later one, or a panic, is the reader's error. Closing the reader ends write at its next byte.
func begin(write func(io.Writer) error) (io.ReadCloser, error) {
	from, to := io.Pipe()
	first := &starter{w: to, begun: make(chan struct{})}
	failed := make(chan error, 1)
	go func() {
		out := bufio.NewWriterSize(first, pieces)
		err := guarded(func() error { return write(out) })
		if err == nil {
			err = out.Flush()
		}
		failed <- err
		_ = to.CloseWithError(err) // nil ends the stream well
	}()
	select {
	case <-first.begun:
		return from, nil
	case err := <-failed:
		return from, err
	}
}

func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work()
}

// starter tells when the first byte comes.
type starter struct {
	w     io.Writer
	once  sync.Once
	begun chan struct{}
}

func (s *starter) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.begun) })
	return s.w.Write(p)
}
