package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// Folder is a store in a folder. One process alone may put things into it, see [Folder.Clear].
//
// Files are read-only and Remove refuses what retention or a hold forbids. That is a rule of this program and not of the
// machine: whoever is root there can still remove or change a file. The digests in the database show that it was done;
// they do not prevent it. Where that is not enough use an S3 store with object lock.
type Folder struct {
	root string
	now  func() time.Time

	mu sync.Mutex // orders Retain, Hold and Remove: each reads the lock of a key and then acts on it
}

var _ evidence.Blobs = (*Folder)(nil)

// OpenFolder opens a store in a folder, and makes the folder if it is missing. It changes nothing else: another process may be at work in it.
func OpenFolder(root string, now func() time.Time) (*Folder, error) {
	f := &Folder{root: root, now: now}
	for _, sub := range []string{f.incoming(), filepath.Join(root, "objects"), filepath.Join(root, "locks")} {
		if err := durable.Folder(sub); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Clear takes away what a crash has left half written. Whoever is to put things into the store calls it first, and nobody else: what another process is
// about to put would go too.
func (f *Folder) Clear() error {
	if err := os.RemoveAll(f.incoming()); err != nil {
		return err
	}
	return durable.Folder(f.incoming())
}

func (f *Folder) incoming() string { return filepath.Join(f.root, "incoming") }

// keyForm is what keys look like; it keeps them inside the folder.
var keyForm = regexp.MustCompile(`^[a-z0-9]+(/[a-z0-9]+)*$`)

func (f *Folder) object(key string) (string, error) {
	if !keyForm.MatchString(key) {
		return "", fmt.Errorf("blob key %q is not well formed", key)
	}
	return filepath.Join(f.root, "objects", filepath.FromSlash(key)), nil
}

// Put implements evidence.Blobs. The name appears by a link, which unlike a rename never replaces what is there.
func (f *Folder) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	path, err := f.object(key)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	whole, err := f.receive(ctx, want.Length, body)
	if err != nil {
		return err
	}
	defer os.Remove(whole)
	if err := durable.Folder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Link(whole, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return durable.Fault(err)
	}
	return durable.Sync(filepath.Dir(path))
}

// receive writes a body into a file of its own, synced and read-only, and returns its name.
func (f *Folder) receive(ctx context.Context, length int64, body io.Reader) (name string, err error) {
	file, err := os.CreateTemp(f.incoming(), "put-")
	if err != nil {
		return "", durable.Fault(err)
	}
	defer func() {
		if err = errors.Join(err, durable.Fault(file.Close())); err != nil {
			os.Remove(file.Name())
		}
	}()
	if err := durable.Copy(&durable.Tail{File: file}, bounded{ctx, body}); err != nil {
		return "", err
	}
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if info.Size() != length {
		return "", io.ErrUnexpectedEOF
	}
	return file.Name(), durable.Fault(errors.Join(file.Chmod(0o444), file.Sync()))
}

// bounded ends a body with its context.
type bounded struct {
	ctx  context.Context
	body io.Reader
}

func (b bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.body.Read(p)
}

// OpenRange implements evidence.Blobs.
func (f *Folder) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	path, err := f.object(key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, durable.Fault(err)
	}
	info, err := file.Stat()
	if err == nil && (from < 0 || from > info.Size()) {
		err = fault.New(fault.RangeInvalid)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	if rest := info.Size() - from; n < 0 || n > rest {
		n = rest
	}
	return section{bounded{ctx, io.NewSectionReader(file, from, n)}, file}, nil
}

type section struct {
	io.Reader
	io.Closer
}

// Stat implements evidence.Blobs.
func (f *Folder) Stat(_ context.Context, key string) (evidence.Stored, error) {
	path, err := f.object(key)
	if err != nil {
		return evidence.Stored{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return evidence.Stored{}, durable.Fault(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	lock, err := f.lockOf(key)
	return evidence.Stored{Length: info.Size(), RetainedUntil: lock.Until, Held: lock.Held}, err
}

// Remove implements evidence.Blobs. The file goes before its lock: a crash between leaves a lock without a file, which forbids
// nothing that is there.
func (f *Folder) Remove(_ context.Context, key string) error {
	path, err := f.object(key)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	lock, err := f.lockOf(key)
	switch {
	case err != nil:
		return err
	case lock.Held:
		return fault.New(fault.OnHold)
	case f.now().Before(lock.Until):
		return fault.New(fault.Retained)
	}
	return errors.Join(durable.Remove(path), durable.Remove(f.lockFile(key)))
}
