package services

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What processes that were killed have left is removed; what somebody still holds, or has just begun, is not.
func TestFoldersInMemoryAreSwept(t *testing.T) {
	root := t.TempDir()
	leave := func(name string, age time.Duration) *os.File {
		dir := filepath.Join(root, "fieldwarden."+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(dir, lockName))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(file.Name(), at, at); err != nil {
			t.Fatal(err)
		}
		return file
	}
	leave("dead", time.Hour).Close()
	leave("fresh", 0).Close()
	held := leave("held", time.Hour)
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	sweep(root)
	for name, want := range map[string]bool{"dead": false, "fresh": true, "held": true} {
		if _, err := os.Stat(filepath.Join(root, "fieldwarden."+name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
