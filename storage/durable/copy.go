package durable

import (
	"io"
	"sync"
	"sync/atomic"
)

// Copy moves src to dst until src ends. Full buffers are written, so that a source that trickles does not cost a system
// call per drop; what came before an error of src is written too. One buffer is filled while another is written: dst may be written by another
// goroutine than src is read, but by none any more when Copy returns.
func Copy(dst io.Writer, src io.Reader) error {
	first := lendSmall()
	n, err := fill(src, first, nil)
	if err != nil { // all there is
		defer giveBack(first)
		_, writeErr := dst.Write(first[:n])
		return ended(err, writeErr)
	}
	b := &behind{dst: dst, full: make(chan piece), free: make(chan []byte, 1)}
	var done sync.WaitGroup
	done.Go(b.run)
	err = b.feed(src, piece{first, n})
	done.Wait()
	return ended(err, b.err)
}

// ended tells why a copy ended: what could not be written goes before what could not be read.
func ended(readErr, writeErr error) error {
	switch {
	case writeErr != nil:
		return Fault(writeErr)
	case readErr == io.EOF:
		return nil
	}
	return readErr
}

// behind writes what has been read. After a failure it takes what comes and does nothing.
type behind struct {
	dst    io.Writer
	full   chan piece
	free   chan []byte // holds the buffer that was written last
	failed atomic.Bool // tells the reader to stop
	err    error       // for who has waited for run
}

// piece is a buffer and how much of it is filled.
type piece struct {
	buffer []byte
	n      int
}

// feed reads src to its end behind the first piece, and returns how it ended.
func (b *behind) feed(src io.Reader, p piece) (err error) {
	defer close(b.full)
	next := lend()
	for err == nil {
		b.full <- p
		p.n, err = fill(src, next, &b.failed)
		p.buffer, next = next, <-b.free
		if len(next) == small {
			giveBack(next)
			next = lend()
		}
	}
	b.full <- p
	giveBack(<-b.free)
	giveBack(next)
	return err
}

func (b *behind) run() {
	for p := range b.full {
		if b.err == nil {
			_, b.err = b.dst.Write(p.buffer[:p.n])
			b.failed.Store(b.err != nil)
		}
		b.free <- p.buffer
	}
}

// fill is io.ReadFull that returns the source's own error, whatever came before it. It ends early, with io.EOF, once what is read has nowhere to go.
func fill(src io.Reader, buffer []byte, stop *atomic.Bool) (n int, err error) {
	for n < len(buffer) && err == nil {
		if stop != nil && stop.Load() {
			return n, io.EOF
		}
		var more int
		more, err = src.Read(buffer[n:])
		n += more
	}
	return n, err
}
