package durable_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// noise is n octets that differ everywhere.
func noise(seed uint64, n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(out)
	return out
}

// TestTail: however long the pieces are that a file grows by, it holds them in their order, and ends where it says.
func TestTail(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		file, err := os.CreateTemp(folder, "tail")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		defer os.Remove(file.Name())
		var want []byte
		lengths := rapid.OneOf(rapid.IntRange(0, 10_000), rapid.SampledFrom([]int{4096, 65536, 1 << 20}), rapid.IntRange(0, 3<<20))
		for _, n := range rapid.SliceOfN(lengths, 1, 4).Draw(t, "lengths") {
			piece := noise(uint64(len(want)), n)
			want = append(want, piece...)
			src := io.Reader(bytes.NewReader(piece))
			if rapid.Bool().Draw(t, "trickles") {
				src = iotest.HalfReader(src)
			}
			tail := &durable.Tail{File: file, End: int64(len(want) - n)}
			if err := durable.Copy(tail, src); err != nil || tail.Failed || tail.End != int64(len(want)) {
				t.Fatalf("%d of %d, %v", tail.End, len(want), err)
			}
		}
		if got, err := os.ReadFile(file.Name()); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d octets where %d other ones are wanted: %v", len(got), len(want), err)
		}
	})
}

// TestTailBeginsBeforeTheSync: of a long recording never more than so much waits for the sync, and the disk is told of each octet once.
func TestTailBeginsBeforeTheSync(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const before, length = 1000, 3*durable.Ahead + 5
	told := int64(before)
	defer durable.OnStart(func(offset, n int64) {
		if offset != told || n > durable.Ahead+durable.BufferSize {
			t.Errorf("told of %d octets from %d, after %d", n, offset, told)
		}
		told = offset + n
	})()
	tail := &durable.Tail{File: file, End: before}
	if err := durable.Copy(tail, io.LimitReader(&endless{}, length)); err != nil || tail.End != before+length {
		t.Errorf("end %d, %v", tail.End, err)
	}
	if left := tail.End - told; left < 0 || left >= durable.Ahead {
		t.Errorf("%d octets are left to the sync", left)
	}
}

// TestTailOfACutLine: what came before the error of a source is in the file, to the octet.
func TestTailOfACutLine(t *testing.T) {
	cut := errors.New("cut")
	for _, n := range []int{0, 1, 4095, 4096, 70_000, 1<<20 + 5} {
		file, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		tail := &durable.Tail{File: file, End: 100}
		err = durable.Copy(tail, io.MultiReader(bytes.NewReader(noise(2, n)), iotest.ErrReader(cut)))
		if !errors.Is(err, cut) || tail.End != int64(100+n) || tail.Failed {
			t.Errorf("%d octets before a cut: end %d, %v", n, tail.End, err)
		}
		got := make([]byte, n)
		if _, err := file.ReadAt(got, 100); err != nil && err != io.EOF || !bytes.Equal(got, noise(2, n)) {
			t.Errorf("%d octets before a cut are not there: %v", n, err)
		}
		file.Close()
	}
}

// endless never ends, and counts what was read of it.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// TestCopyStops: a source that never ends is not read on when there is no room.
func TestCopyStops(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("skipped: this system has no /dev/full")
	}
	defer full.Close()
	src := &endless{}
	if err := durable.Copy(full, src); err == nil || src.read.Load() > 4*durable.BufferSize {
		t.Errorf("%v after %d octets were read", err, src.read.Load())
	}
}

// TestManyCopies: more streams than there are large buffers for do not wait for each other, and each has its own octets.
func TestManyCopies(t *testing.T) {
	var streams sync.WaitGroup
	gate := make(chan struct{})
	var waiting atomic.Int64
	for n := range 100 {
		streams.Go(func() {
			want := noise(uint64(n), 400_000)
			// Half of it, then all wait until every stream holds its buffers.
			wait := readerFunc(func([]byte) (int, error) {
				if waiting.Add(1) == 100 {
					close(gate)
				}
				<-gate
				return 0, io.EOF
			})
			var got bytes.Buffer
			err := durable.Copy(&got, io.MultiReader(bytes.NewReader(want[:200_000]), wait, bytes.NewReader(want[200_000:])))
			if err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("stream %d: %d octets, %v", n, got.Len(), err)
			}
		})
	}
	streams.Wait()
	if lent := durable.Lent(); lent != 0 {
		t.Errorf("%d buffers did not come back", lent)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
