package api

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// silent is a file that says nothing until nobody waits any more.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s silent) Close() error             { return nil }

// A store that is frozen is told to the client in time, whether it hangs while the file is opened or while its first octets are read; and nobody
// takes that for damage.
func TestAFrozenStoreIsToldInTime(t *testing.T) {
	for name, open := range map[string]func(ctx context.Context, from, n int64) (io.ReadCloser, error){
		"opening": func(ctx context.Context, _, _ int64) (io.ReadCloser, error) { <-ctx.Done(); return nil, ctx.Err() },
		"reading": func(ctx context.Context, _, _ int64) (io.ReadCloser, error) { return silent{ctx}, nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := media{size: 1 << 20, open: open, doubt: func(err error) { t.Errorf("%s: doubted: %v", name, err) }}
			began := time.Now()
			_, err := m.begin(ctx, cancel, 0, 1<<20)
			if !errors.Is(err, fault.New(fault.TemporarilyDown)) || time.Since(began) != openTime {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
		})
	}
}
