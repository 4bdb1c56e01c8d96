package services

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// memoryWanted is how many octets must be free in memory before temporary folders are put there.
const memoryWanted = 4 << 30

// MemoryFolder returns a folder of this process that costs no disk, if the machine has a folder in memory. It goes with the process; those of
// processes that were killed go with the next one.
var MemoryFolder = sync.OnceValues(func() (string, error) {
	root := "/dev/shm"
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		root = ""
	}
	sweep(root)
	dir, err := os.MkdirTemp(root, "fieldwarden.")
	if err != nil {
		return "", err
	}
	OnExit(func() { _ = os.RemoveAll(dir) })
	owned, err = os.Create(filepath.Join(dir, lockName))
	if err != nil {
		return "", err
	}
	// PostgreSQL runs as somebody else, and has to pass through.
	return dir, errors.Join(syscall.Flock(int(owned.Fd()), syscall.LOCK_EX), os.Chmod(dir, 0o711))
})

// lockName is a file in a folder in memory that its process holds locked. The kernel lets go of it, whatever ends the process.
const lockName = "owned"

// owned is the file of this process: it stays open as long as the process lives.
var owned *os.File

// sweep removes the folders of processes that are no more: those whose lock can be had.
func sweep(root string) {
	left, _ := filepath.Glob(filepath.Join(root, "fieldwarden.*", lockName))
	for _, path := range left {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		if info, err := file.Stat(); err == nil && time.Since(info.ModTime()) > time.Minute && syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		file.Close()
	}
}

// inMemory lets every temporary folder of the process be in memory: waiting for a disk is most of the time of tests with databases, and none of
// them sees whether a disk would have kept what was written. Benchmarks measure the disk, so they are left on it; so is who has too little memory.
func inMemory() error {
	var room syscall.Statfs_t
	if flag.Lookup("test.bench").Value.String() != "" || syscall.Statfs("/dev/shm", &room) != nil || room.Bavail*uint64(room.Bsize) < memoryWanted {
		return nil
	}
	dir, err := MemoryFolder()
	if err != nil {
		return err
	}
	return os.Setenv("TMPDIR", dir)
}
