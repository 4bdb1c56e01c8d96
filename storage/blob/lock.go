package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/durable"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// lock is what forbids the removal of one object of a [Folder]. It is kept in a small file beside, under the same key.
type lock struct {
	Until time.Time `json:"until"`
	Held  bool      `json:"held"`
}

func (f *Folder) lockFile(key string) string {
	return filepath.Join(f.root, "locks", filepath.FromSlash(key))
}

// lockOf reads the lock of a key; no file is no lock. A lock that cannot be read is an error and so forbids removal.
func (f *Folder) lockOf(key string) (lock, error) {
	var l lock
	text, err := os.ReadFile(f.lockFile(key))
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	return l, wire.Decode(text, &l)
}

// Retain implements evidence.Blobs.
func (f *Folder) Retain(_ context.Context, key string, until time.Time) error {
	return f.relock(key, func(l *lock) bool {
		if !until.After(l.Until) {
			return false
		}
		l.Until = until.UTC()
		return true
	})
}

// Hold implements evidence.Blobs.
func (f *Folder) Hold(_ context.Context, key string, on bool) error {
	return f.relock(key, func(l *lock) bool {
		changed := l.Held != on
		l.Held = on
		return changed
	})
}

// relock changes the lock of a key that is there.
func (f *Folder) relock(key string, change func(*lock) bool) error {
	path, err := f.object(key)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Stat(path); err != nil {
		return fault.New(fault.NotFound).Because(err)
	}
	l, err := f.lockOf(key)
	if err != nil || !change(&l) {
		return err
	}
	text, err := wire.Canonical(l)
	if err != nil {
		return err
	}
	return durable.Replace(f.lockFile(key), text)
}
