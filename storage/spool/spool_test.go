package spool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest"
)

func open(t testing.TB, root string) *spool.Folder {
	t.Helper()
	f, err := spool.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFolder(t *testing.T) {
	storagetest.Spools(t, func(t *testing.T) (evidence.Spool, func() evidence.Spool) {
		root := t.TempDir()
		return open(t, root), func() evidence.Spool { return open(t, root) }
	})
}

// TestCrash: the process dies with bytes in the file that were never acknowledged. After the restart they count, the next
// append goes on behind them, and an append at the last acknowledged offset is told where the file ends.
func TestCrash(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	id := uuid.Must(uuid.NewV7()).String()
	before := open(t, root)
	if err := before.Create(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := before.Append(ctx, id, 0, bytes.NewReader([]byte("acknowledged"))); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(filepath.Join(root, "receiving", id), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(", and not"); err != nil {
		t.Fatal(err)
	}
	file.Close()

	after := open(t, root)
	if end, err := after.Append(ctx, id, 12, bytes.NewReader([]byte("x"))); !errors.Is(err, fault.New(fault.UploadOffset)) || end != 21 {
		t.Errorf("append at the acknowledged offset: %d, %v", end, err)
	}
	if end, err := after.Append(ctx, id, 21, bytes.NewReader([]byte("."))); err != nil || end != 22 {
		t.Errorf("append behind what was there: %d, %v", end, err)
	}
	text, err := os.ReadFile(filepath.Join(root, "receiving", id))
	if err != nil || string(text) != "acknowledged, and not." {
		t.Errorf("%q, %v", text, err)
	}
}

// TestNoRoom: the file may not grow beyond a limit, as on a full disk. Nothing of the call counts, what was there stays, and
// the same bytes fit once there is room.
func TestNoRoom(t *testing.T) {
	ctx := context.Background()
	f := open(t, t.TempDir())
	id := uuid.Must(uuid.NewV7()).String()
	if err := f.Create(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Append(ctx, id, 0, bytes.NewReader(make([]byte, 1000))); err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 1<<20)
	var end int64
	var err error
	limited(t, 600_000, func() { end, err = f.Append(ctx, id, 1000, bytes.NewReader(big)) })
	if err == nil || end != 1000 {
		t.Errorf("append to a full disk: %d, %v", end, err)
	}
	if n, err := f.Offset(ctx, id); err != nil || n != 1000 {
		t.Errorf("offset %d: %v", n, err)
	}
	if end, err := f.Append(ctx, id, 1000, bytes.NewReader(big)); err != nil || end != 1000+1<<20 {
		t.Errorf("append with room again: %d, %v", end, err)
	}
}

// limited runs fn while no file of this process may be longer than limit.
func limited(t *testing.T, limit uint64, fn func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	fn()
}

// TestMemory: an append of any length takes less than 256 KiB beside the buffers that the process has once for all, which the first one makes.
func TestMemory(t *testing.T) {
	ctx := context.Background()
	f := open(t, t.TempDir())
	id := uuid.Must(uuid.NewV7()).String()
	if err := f.Create(ctx, id); err != nil {
		t.Fatal(err)
	}
	spent := func(offset, n int64) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := f.Append(ctx, id, offset, io.LimitReader(zeros{}, n)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	spent(0, 32<<20)
	if got := spent(32<<20, 32<<20); got > 256<<10 {
		t.Errorf("an append of 32 MiB allocates %d bytes", got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestRoomIsGivenBack: what was removed keeps its room for a moment and no longer, and more at once than are let go of behind are let go of too.
func TestRoomIsGivenBack(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	f := open(t, root)
	var all []string
	for range 12 {
		id := uuid.Must(uuid.NewV7()).String()
		if err := f.Create(ctx, id); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Append(ctx, id, 0, bytes.NewReader([]byte("recorded"))); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	joined := uuid.Must(uuid.NewV7()).String()
	if _, err := f.Join(ctx, joined, all[:2]); err != nil {
		t.Fatal(err)
	}
	if file, err := os.Open(filepath.Join(root, "receiving", all[0])); err != nil || len(openBelow(root)) != 1 {
		t.Fatalf("%v: a file that is open is not seen among %q", err, openBelow(root))
	} else {
		file.Close()
	}
	var removing sync.WaitGroup
	for _, id := range append(all, joined) {
		removing.Go(func() {
			if err := f.Remove(ctx, id); err != nil {
				t.Error(err)
			}
		})
	}
	removing.Wait()
	if left, err := f.Waiting(ctx); err != nil || len(left) != 0 {
		t.Errorf("%v is there, %v", left, err)
	}
	for end := time.Now().Add(10 * time.Second); len(openBelow(root)) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still held: %q", openBelow(root))
		}
	}
}

// openBelow lists the files in a folder, and those that were, which this process has open.
func openBelow(root string) (names []string) {
	descriptors, _ := filepath.Glob("/proc/self/fd/*")
	for _, d := range descriptors {
		if name, err := os.Readlink(d); err == nil && strings.HasPrefix(name, root) {
			names = append(names, name)
		}
	}
	return names
}
