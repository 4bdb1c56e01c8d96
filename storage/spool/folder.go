// Package spool holds uploads in flight: one file per upload in a folder, growing at the end; one that is joined from others is a folder of
// hard links to theirs. It implements evidence.Spool.
//
// It must not know what the bytes are, nor when they are complete.
package spool

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// Folder is a spool in a folder. One process alone may put uploads into it, see [Folder.Clear]. The offset of an upload is the length of its file.
//
// After a crash a file may be longer than the last offset that was told: bytes that had been written and not yet synced.
// They count, for the first look at a file syncs it before its length is told. This holds for half a chunk with a checksum
// too: what guards against bytes that were damaged on the way is the digest of the whole, and it always does.
type Folder struct {
	root string
	id   string

	mu    sync.Mutex
	known map[string]*state // by upload; guarded by mu

	joins sync.Mutex // one join at a time

	freeing chan struct{} // holds one for each removed file whose room is given back behind its remover
}

// state is what is known of one file.
type state struct {
	busy    bool  // an Append runs, and only it changes the file
	durable int64 // bytes that are synced
}

var _ evidence.Spool = (*Folder)(nil)

// Open opens a spool, and makes its folder if it is missing. It changes nothing else: another process may be at work in it.
func Open(root string) (*Folder, error) {
	for _, sub := range []string{"receiving", "apart", "joining"} {
		if err := durable.Folder(filepath.Join(root, sub)); err != nil {
			return nil, err
		}
	}
	id, err := identity(filepath.Join(root, "id"))
	if err != nil {
		return nil, err
	}
	return &Folder{root: root, id: id, known: map[string]*state{}, freeing: make(chan struct{}, freeingMost)}, nil
}

// Clear takes away what a crash has left of joins and of their removal. Whoever is to receive uploads calls it first, and nobody else: what another process is
// about to join would go too.
func (f *Folder) Clear() error {
	if err := os.RemoveAll(f.joining("")); err != nil {
		return durable.Fault(err)
	}
	return durable.Folder(f.joining(""))
}

// ID names the spool, for ever and wherever its disk moves: it is in a file of it.
func (f *Folder) ID() string { return f.id }

// identity reads a spool's name, and gives it one if it has none.
func identity(path string) (string, error) {
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && record.IsID(id) {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", durable.Fault(err)
	}
	id := uuid.Must(uuid.NewV7()).String()
	return id, durable.Replace(path, []byte(id+"\n"))
}

func (f *Folder) receiving(id string) string { return filepath.Join(f.root, "receiving", id) }
func (f *Folder) apart(id string) string     { return filepath.Join(f.root, "apart", id) }
func (f *Folder) joining(id string) string   { return filepath.Join(f.root, "joining", id) }

// Create implements evidence.Spool. The file is empty: only its name must be durable, and [Folder.Append] syncs what comes into it.
func (f *Folder) Create(_ context.Context, id string) error {
	if !record.IsID(id) {
		return fault.New(fault.NotFound)
	}
	file, err := os.OpenFile(f.receiving(id), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return durable.Fault(err)
	}
	if err := file.Close(); err != nil {
		return durable.Fault(err)
	}
	return durable.Sync(filepath.Dir(f.receiving(id)))
}

// Append implements evidence.Spool.
func (f *Folder) Append(ctx context.Context, id string, offset int64, body io.Reader) (int64, error) {
	file, s, err := f.begin(id)
	if errors.Is(err, syscall.EISDIR) {
		return 0, fault.New(fault.UploadJoined)
	}
	if err != nil {
		return 0, err
	}
	defer f.end(s)
	defer file.Close()
	if s.durable != offset {
		return s.durable, fault.New(fault.UploadOffset)
	}
	tail := &durable.Tail{File: file, End: offset}
	err = durable.Copy(tail, reader{ctx, body})
	end := tail.End
	if tail.Failed || errors.Is(err, evidence.ErrDiscard) {
		end = offset
	}
	if syncErr := endAt(file, end); syncErr != nil {
		// Nobody knows now which pages are on the disk, and another sync would not tell.
		_ = file.Truncate(offset)
		return offset, errors.Join(durable.Fault(syncErr), err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.durable = end
	return end, err
}

// endAt makes the file end there, durably. It may be longer: what was taken back, now or by a failed call before.
func endAt(file *os.File, end int64) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() > end {
		if err := file.Truncate(end); err != nil {
			return err
		}
	}
	return file.Sync()
}

// reader ends a body with its context.
type reader struct {
	ctx  context.Context
	body io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}

// begin opens the file for the one Append that may run on it.
func (f *Folder) begin(id string) (*os.File, *state, error) {
	file, s, err := f.look(id)
	if err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.busy {
		file.Close()
		return nil, nil, fault.New(fault.UploadBusy)
	}
	s.busy = true
	return file, s, nil
}

func (f *Folder) end(s *state) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.busy = false
}

// look opens a file and finds out how much of it is durable. The first look of this process syncs it.
func (f *Folder) look(id string) (*os.File, *state, error) {
	if !record.IsID(id) {
		return nil, nil, fault.New(fault.NotFound)
	}
	file, err := os.OpenFile(f.receiving(id), os.O_RDWR, 0)
	if err != nil {
		return nil, nil, durable.Fault(err)
	}
	f.mu.Lock()
	s := f.known[id]
	f.mu.Unlock()
	if s != nil {
		return file, s, nil
	}
	err = file.Sync()
	info, statErr := file.Stat()
	if err = errors.Join(err, statErr); err != nil {
		file.Close()
		return nil, nil, durable.Fault(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s = f.known[id]; s == nil {
		s = &state{durable: info.Size()}
		f.known[id] = s
	}
	return file, s, nil
}

// Offset implements evidence.Spool.
func (f *Folder) Offset(_ context.Context, id string) (int64, error) {
	file, s, err := f.look(id)
	if errors.Is(err, syscall.EISDIR) {
		return joinedLength(f.receiving(id))
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	return s.durable, nil
}

// Open implements evidence.Spool.
func (f *Folder) Open(_ context.Context, id string, from int64) (fs.File, error) {
	if !record.IsID(id) {
		return nil, fault.New(fault.NotFound)
	}
	file, err := os.Open(f.receiving(id))
	if err != nil {
		return nil, durable.Fault(err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return openJoined(f.receiving(id), from)
	}
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// SetAside implements evidence.Spool: the file moves to the folder "apart" and keeps its name.
func (f *Folder) SetAside(_ context.Context, id string) error {
	if err := f.forget(id); err != nil {
		return err
	}
	err := durable.Fault(os.Rename(f.receiving(id), f.apart(id)))
	if errors.Is(err, fault.New(fault.NotFound)) {
		if _, apart := os.Stat(f.apart(id)); apart != nil {
			return err
		}
		err = nil
	}
	return errors.Join(err, durable.Sync(filepath.Dir(f.apart(id))), durable.Sync(filepath.Dir(f.receiving(id))))
}

// Remove implements evidence.Spool.
func (f *Folder) Remove(_ context.Context, id string) error {
	if err := f.forget(id); err != nil {
		return err
	}
	release := f.keepOpen(f.receiving(id))
	defer release()
	err := durable.Remove(f.receiving(id))
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) {
		return f.unjoin(id)
	}
	return err
}

// Waiting implements evidence.Spool. What is in the folder under another name than an upload's is nobody's of ours.
func (f *Folder) Waiting(ctx context.Context) ([]evidence.Waiting, error) {
	entries, err := os.ReadDir(f.receiving(""))
	if err != nil {
		return nil, durable.Fault(err)
	}
	var all []evidence.Waiting
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || !record.IsID(entry.Name()) {
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, durable.Fault(err)
		}
		all = append(all, evidence.Waiting{ID: entry.Name(), Changed: info.ModTime()})
	}
	return all, nil
}

// forget drops what is known of a file before it goes away, unless it is being written.
func (f *Folder) forget(id string) error {
	if !record.IsID(id) {
		return fault.New(fault.NotFound)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.known[id]; s != nil && s.busy {
		return fault.New(fault.UploadBusy)
	}
	delete(f.known, id)
	return nil
}
