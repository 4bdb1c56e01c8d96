package api

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fieldwarden/fieldwarden/api/header"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// compressFrom is the size from which a JSON reply is compressed: below it the frame of the encoding eats what it saves.
const compressFrom = 2 << 10

// zstdLevel is how hard streams are compressed: a bootstrap is bound by the processor before it is by most networks.
const zstdLevel = zstd.SpeedFastest

// Encoders hold a megabyte of tables each, so they are used again. Of each encoding one pool for streams and pages.
var encoders = map[string]*sync.Pool{
	"zstd": {New: func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(512<<10))
		if err != nil {
			panic(err) // the options are wrong: no request has to do with it
		}
		return e
	}},
	"gzip": {New: func() any {
		e, err := gzip.NewWriterLevel(nil, 5)
		if err != nil {
			panic(err)
		}
		return e
	}},
}

// encoder is what both encodings' writers are.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compressed lets write write through the encoding. The encoder's end is written only when write has succeeded.
func compressed(w io.Writer, encoding string, write func(io.Writer) error) error {
	pool := encoders[encoding]
	if pool == nil {
		return write(w)
	}
	e := pool.Get().(encoder)
	e.Reset(w)
	if err := write(e); err != nil {
		e.Reset(io.Discard) // it must not write its end
		return errors.Join(err, e.Close())
	}
	if err := e.Close(); err != nil {
		return err
	}
	e.Reset(nil) // lets go of w
	pool.Put(e)
	return nil
}

// encoded tells a reply's encoding.
func (r *request) encoded(encoding string) {
	r.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if encoding != "" {
		r.Set(fiber.HeaderContentEncoding, encoding)
	}
}

// texts are the buffers in which replies are put together.
var texts = sync.Pool{New: func() any { return new([]byte) }}

// keptText is the largest buffer that is kept for the next reply.
const keptText = 1 << 20

// replyText writes a JSON answer that appends itself, compressed if it is worth while and the client takes it.
func (r *request) replyText(status int, appendTo func([]byte) ([]byte, error)) error {
	buffer := texts.Get().(*[]byte)
	text, err := appendTo((*buffer)[:0])
	if err != nil {
		return err
	}
	if cap(text) <= keptText {
		defer func() { *buffer = text; texts.Put(buffer) }()
	}
	encoding := ""
	if len(text) >= compressFrom {
		encoding = header.AcceptEncoding(r.Get(fiber.HeaderAcceptEncoding))
	}
	r.Status(status)
	r.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	r.encoded(encoding)
	return compressed(r.Ctx, encoding, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// textOf is the text of a value for replyText.
func textOf(value any) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		out := bytes.NewBuffer(b)
		err := wire.Write(out, value)
		return out.Bytes(), err
	}
}
