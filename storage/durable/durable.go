// Package durable writes files so that they are still there after a power cut: what it returns from has been synced, names
// as well as bytes. Blob store and spool share it.
//
// It must not know what the files are.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Folder makes a folder and those above it that are missing.
func Folder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := Folder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return Fault(err)
	}
	return Sync(parent)
}

// Sync makes the names in a folder durable.
func Sync(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return Fault(err)
	}
	defer f.Close()
	return Fault(f.Sync())
}

// Replace writes a small file, whole or not at all. It must be called by one goroutine at a time for one path.
func Replace(path string, text []byte) error {
	if err := Folder(filepath.Dir(path)); err != nil {
		return err
	}
	next := path + ".next"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return Fault(err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return Fault(err)
	}
	return Sync(filepath.Dir(path))
}

// Remove removes a file; one that is not there is fine.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return Fault(err)
	}
	return Sync(filepath.Dir(path))
}

// Fault says by a code what callers can act on: no room, or not there.
func Fault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.StorageFull).Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound).Because(err)
	}
	return err
}
