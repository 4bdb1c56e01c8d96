package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// Join implements evidence.Spool: a folder of hard links, made beside and moved into its place. So no byte is copied, and a crash leaves all of
// it or nothing.
func (f *Folder) Join(ctx context.Context, id string, others []string) (int64, error) {
	if !record.IsID(id) {
		return 0, fault.New(fault.NotFound)
	}
	f.joins.Lock()
	defer f.joins.Unlock()
	if info, err := os.Stat(f.receiving(id)); err == nil && info.IsDir() {
		return joinedLength(f.receiving(id))
	}
	making := f.joining(id)
	if err := errors.Join(os.RemoveAll(making), os.Mkdir(making, 0o700)); err != nil {
		return 0, durable.Fault(err)
	}
	for n, other := range others {
		if err := f.link(other, filepath.Join(making, fmt.Sprintf("%04d", n))); err != nil {
			return 0, errors.Join(err, os.RemoveAll(making))
		}
	}
	if err := durable.Sync(making); err != nil {
		return 0, err
	}
	if err := os.Rename(making, f.receiving(id)); err != nil {
		return 0, durable.Fault(err)
	}
	if err := durable.Sync(filepath.Dir(f.receiving(id))); err != nil {
		return 0, err
	}
	return joinedLength(f.receiving(id))
}

// link gives the bytes of an upload another name. What an earlier append may have left behind its end is cut off first.
func (f *Folder) link(other, name string) error {
	file, s, err := f.begin(other)
	if err != nil {
		return err
	}
	defer f.end(s)
	defer file.Close()
	if err := endAt(file, s.durable); err != nil {
		return durable.Fault(err)
	}
	return durable.Fault(os.Link(f.receiving(other), name))
}

// unjoin takes a joined upload away: out of sight at once, and then one link after the other.
func (f *Folder) unjoin(id string) error {
	f.joins.Lock()
	defer f.joins.Unlock()
	gone := f.joining(id)
	if err := errors.Join(os.RemoveAll(gone), os.Rename(f.receiving(id), gone)); err != nil {
		return durable.Fault(err)
	}
	return errors.Join(durable.Sync(filepath.Dir(f.receiving(id))), durable.Fault(os.RemoveAll(gone)))
}

func joinedLength(folder string) (int64, error) {
	j, err := openJoined(folder, 0)
	if err != nil {
		return 0, err
	}
	return j.size, nil
}

// joined reads the files of a folder one behind the other. One of them is open at a time.
type joined struct {
	name  string
	files []fs.FileInfo // which are still to be read
	path  string
	size  int64
	time  time.Time
	skip  int64    // of the next file
	open  *os.File // nil between two
}

func openJoined(folder string, from int64) (*joined, error) {
	entries, err := os.ReadDir(folder) // sorted by name
	if err != nil {
		return nil, durable.Fault(err)
	}
	j := &joined{name: filepath.Base(folder), path: folder, skip: from}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, durable.Fault(err)
		}
		j.files, j.size = append(j.files, info), j.size+info.Size()
		if info.ModTime().After(j.time) {
			j.time = info.ModTime()
		}
	}
	return j, nil
}

func (j *joined) Read(p []byte) (int, error) {
	for {
		if j.open == nil {
			if err := j.next(); err != nil {
				return 0, err
			}
		}
		n, err := j.open.Read(p)
		if n > 0 || err != io.EOF {
			return n, err
		}
		j.open.Close()
		j.open = nil
	}
}

// next opens the next file of which there is something to read.
func (j *joined) next() error {
	for len(j.files) > 0 && j.skip >= j.files[0].Size() {
		j.skip -= j.files[0].Size()
		j.files = j.files[1:]
	}
	if len(j.files) == 0 {
		return io.EOF
	}
	file, err := os.Open(filepath.Join(j.path, j.files[0].Name()))
	if err != nil {
		return durable.Fault(err)
	}
	if _, err := file.Seek(j.skip, io.SeekStart); err != nil {
		file.Close()
		return err
	}
	j.open, j.files, j.skip = file, j.files[1:], 0
	return nil
}

func (j *joined) Stat() (fs.FileInfo, error) { return whole{j}, nil }

func (j *joined) Close() error {
	if j.open == nil {
		return nil
	}
	return j.open.Close()
}

// whole is what is to be said of all the files together.
type whole struct{ j *joined }

func (w whole) Name() string       { return w.j.name }
func (w whole) Size() int64        { return w.j.size }
func (w whole) Mode() fs.FileMode  { return 0o600 }
func (w whole) ModTime() time.Time { return w.j.time }
func (w whole) IsDir() bool        { return false }
func (w whole) Sys() any           { return nil }
