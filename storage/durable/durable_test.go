package durable_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// TestFull writes to a device that is always full.
func TestFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		if runtime.GOOS == "linux" {
			t.Fatal(err)
		}
		t.Skip("skipped: this system has no /dev/full")
	}
	defer full.Close()
	if err := durable.Copy(full, strings.NewReader("x")); !errors.Is(err, fault.New(fault.StorageFull)) {
		t.Errorf("got %v", err)
	}
}

// TestCopy: what came before an error of the source is written, in full buffers, however the source trickles.
func TestCopy(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), durable.BufferSize/8)
	cut := errors.New("cut")
	for name, src := range map[string]io.Reader{
		"smooth":      bytes.NewReader(data),
		"halves":      iotest.HalfReader(bytes.NewReader(data)),
		"end at once": iotest.DataErrReader(bytes.NewReader(data)),
		"cut":         io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cut)),
	} {
		var dst sizes
		err := durable.Copy(&dst, src)
		if name == "cut" && !errors.Is(err, cut) || name != "cut" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(dst.all, data) || dst.writes > 3 {
			t.Errorf("%s: %d bytes in %d writes", name, len(dst.all), dst.writes)
		}
	}
}

type sizes struct {
	all    []byte
	writes int
}

func (s *sizes) Write(p []byte) (int, error) {
	s.all = append(s.all, p...)
	s.writes++
	return len(p), nil
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "c")
	for _, text := range []string{"first", "second", ""} {
		if err := durable.Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, want %q: %v", got, text, err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	for range 2 {
		if err := durable.Remove(path); err != nil {
			t.Error(err)
		}
	}
	if err := durable.Folder(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
	if err := durable.Sync(path); !errors.Is(err, fault.New(fault.NotFound)) {
		t.Errorf("sync of what is not there: %v", err)
	}
}
