package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// errStalled is a store that keeps the connection and does nothing: to a caller, as good as down.
var errStalled = fault.New(fault.TemporarilyDown).Because(errors.New("the object store stopped in the middle of a transfer"))

// watch ends a transfer whose other side stops: a deadline on progress, not on the whole, for a recording may be any length.
type watch struct {
	timer *time.Timer
	limit time.Duration
}

// newWatch derives the context that the transfer must use. Only while it is armed does time count.
func newWatch(ctx context.Context, limit time.Duration) (context.Context, *watch, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: limit, timer: time.AfterFunc(limit, func() { cancel(errStalled) })}
	w.timer.Stop()
	return ctx, w, func() {
		w.timer.Stop()
		cancel(context.Canceled)
	}
}

func (w *watch) arm()    { w.timer.Reset(w.limit) }
func (w *watch) disarm() { w.timer.Stop() }

// outgoing is a body that the store takes. Between two reads the store is at work; while the body itself is slow it is not.
// After the body's end it is the client library's own time limit that counts.
type outgoing struct {
	body io.Reader
	*watch
}

func (o outgoing) Read(p []byte) (int, error) {
	o.disarm()
	n, err := o.body.Read(p)
	if err == nil {
		o.arm()
	}
	return n, err
}

// incoming is the body of an answer: time counts while somebody waits in Read, not while a player is paused. One that ends
// before its length, which the client library does not notice, is an error.
type incoming struct {
	body   io.ReadCloser
	left   int64
	ctx    context.Context
	watch  *watch
	cancel context.CancelFunc
}

func (in *incoming) Read(p []byte) (int, error) {
	in.watch.arm()
	n, err := in.body.Read(p)
	in.watch.disarm()
	in.left -= int64(n)
	if err == io.EOF && in.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, stalled(in.ctx, translate(err))
}

func (in *incoming) Close() error {
	in.cancel()
	return in.body.Close()
}

// stalled puts the reason into place of what the cancelled transfer returns.
func stalled(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}
