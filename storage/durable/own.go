package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// ErrOwned is that another process has a folder to itself.
var ErrOwned = errors.New("another process is at work in it")

// Own takes a folder for this process alone, until what it returns is closed or the process ends, however it ends: [ErrOwned] where another has it. It binds
// those who ask for it (flock), and nobody else.
func Own(folder string) (io.Closer, error) {
	if err := Folder(folder); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "owned"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, Fault(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrOwned
		}
		return nil, err
	}
	return f, nil
}
