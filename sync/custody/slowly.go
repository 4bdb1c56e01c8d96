package custody

import (
	"context"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/audit"
)

// slowly reads no faster than a rate, so that a night of reading leaves the store to those who work.
type slowly struct {
	bytes audit.Bytes
	rate  int64
}

// OpenRange implements audit.Bytes.
func (s *slowly) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	body, err := s.bytes.OpenRange(ctx, key, from, n)
	if err != nil || s.rate <= 0 {
		return body, err
	}
	return &slowed{ReadCloser: body, ctx: ctx, rate: s.rate, begun: time.Now()}, nil
}

type slowed struct {
	io.ReadCloser
	ctx   context.Context
	rate  int64
	n     int64
	begun time.Time
}

// Read implements io.Reader.
func (s *slowed) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	s.n += int64(n)
	ahead := time.Duration(float64(s.n)/float64(s.rate)*float64(time.Second)) - time.Since(s.begun)
	if ahead <= 10*time.Millisecond {
		return n, err
	}
	select {
	case <-time.After(ahead):
		return n, err
	case <-s.ctx.Done():
		return n, s.ctx.Err()
	}
}
