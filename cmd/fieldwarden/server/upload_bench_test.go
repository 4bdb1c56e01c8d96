package server_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The recordings of these benchmarks. What they hold does not matter: hashing and writing take the same time for all octets.
const (
	long      = 1 << 30 // one recording
	piece     = 16 << 20
	short     = 8 << 20 // each of
	manyAtOne = 50
)

var digests sync.Map

// digestOf is the SHA-256 of so many zeros.
func digestOf(length int64) string {
	sum, ok := digests.Load(length)
	if !ok {
		h := sha256.New()
		_, _ = io.Copy(h, io.LimitReader(zeros{}, length))
		sum, _ = digests.LoadOrStore(length, hex.EncodeToString(h.Sum(nil)))
	}
	return sum.(string)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// announce makes the record of a recording of so many zeros.
func (c *caller) announce(length int64) string {
	return c.w.put("evidence", record.Object{"unit": street, "kind": "video", "officer": c.officer, "startedAt": "2026-11-25T01:00:00Z",
		"endedAt": "2026-11-25T02:00:00Z", "mime": "video/mp4", "length": float64(length), "sha256": digestOf(length)})
}

// peak watches the memory that Go uses for heap and stacks, in MiB, until it is asked.
func peak() func() float64 {
	return watch(func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	})
}

// watch asks for an amount of octets every few milliseconds, and tells the highest in MiB.
func watch(amount func() uint64) func() float64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var highest uint64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			highest = max(highest, amount())
			select {
			case <-tick.C:
			case <-stop:
				most <- highest
				return
			}
		}
	}()
	return func() float64 {
		close(stop)
		return float64(<-most) / (1 << 20)
	}
}

// anonymous watches the memory that is the process's own, in MiB, until it is asked: what Linux counts of it but for the pages of files that it
// maps, the program's above all, which the kernel drops and reads again as it likes.
func anonymous() func() float64 {
	return watch(func() uint64 {
		text, _ := os.ReadFile("/proc/self/status")
		_, after, _ := strings.Cut(string(text), "RssAnon:")
		var kib uint64
		_, _ = fmt.Sscan(after, &kib)
		return kib << 10
	})
}

// resident tells the most memory that the process has held since it was called, in MiB, as Linux counts it: with the program itself, what the
// collector has not given back yet and all that benchmarks before this one have left.
func resident() func() float64 {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // what it cannot reset it shows too high
	return func() (most float64) {
		text, _ := os.ReadFile("/proc/self/status")
		if _, after, ok := strings.Cut(string(text), "VmHWM:"); ok {
			_, _ = fmt.Sscan(after, &most)
		}
		return most / 1024
	}
}

// uploads measures recordings that all callers bring at once.
func uploads(b *testing.B, callers int, length, chunk int64) {
	w := newBench(b, "")
	all := make([]*caller, callers)
	for i := range all {
		all[i] = w.caller(i)
	}
	digestOf(length)
	b.SetBytes(length * int64(callers))
	var spent time.Duration
	var most, own, rss float64
	for b.Loop() {
		b.StopTimer()
		d := send(b, w.errands(all, w.address, length, chunk))
		debug.FreeOSMemory() // of what was before
		before, held, private, whole := used(b), peak(), anonymous(), resident()
		b.StartTimer()
		d.bring()
		b.StopTimer()
		most, own, rss = max(most, held()), max(own, private()), max(rss, whole())
		spent += used(b) - before
		d.home()
		w.must(os.RemoveAll(filepath.Join(w.Config.Data, "spool", "receiving")))
		w.must(os.Mkdir(filepath.Join(w.Config.Data, "spool", "receiving"), 0o700))
		b.StartTimer()
	}
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(most, "MiB-peak")
	b.ReportMetric(own, "MiB-own")
	b.ReportMetric(rss, "MiB-rss")
}

// errands announces a recording of each caller's, to be brought to an address.
func (w *bench) errands(all []*caller, address string, length, chunk int64) (out []errand) {
	w.b.Helper()
	for i, c := range all {
		key, err := x509.MarshalECPrivateKey(c.key)
		w.must(err)
		out = append(out, errand{address, c.header, c.access, c.announce(length), i, key, length, chunk})
	}
	return out
}

// floors copies, hashes and syncs the same octets: what no upload can be faster than.
func floors(b *testing.B, files int, length, chunk int64) {
	folder := b.TempDir()
	b.SetBytes(length * int64(files))
	var spent time.Duration
	for b.Loop() {
		before := used(b)
		var done sync.WaitGroup
		for i := range files {
			done.Go(func() {
				out, err := os.Create(filepath.Join(folder, strconv.Itoa(i)))
				if err != nil {
					b.Error(err)
					return
				}
				defer out.Close()
				hash, buffer := sha256.New(), make([]byte, 128<<10)
				for at := int64(0); at < length; at += chunk {
					_, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, hash)}, io.LimitReader(zeros{}, min(chunk, length-at)), buffer)
					if err == nil {
						err = out.Sync()
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		done.Wait()
		b.StopTimer()
		spent += used(b) - before
		w, err := os.ReadDir(folder)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range w {
			os.Remove(filepath.Join(folder, f.Name()))
		}
		b.StartTimer()
	}
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
}

// BenchmarkBringLong is one recording of 1 GiB over HTTP in one request.
func BenchmarkBringLong(b *testing.B)      { uploads(b, 1, long, long) }
func BenchmarkBringLongFloor(b *testing.B) { floors(b, 1, long, long) }

// BenchmarkBringPieces is the same in requests of 16 MiB, each synced.
func BenchmarkBringPieces(b *testing.B)      { uploads(b, 1, long, piece) }
func BenchmarkBringPiecesFloor(b *testing.B) { floors(b, 1, long, piece) }

// BenchmarkBringMany is fifty recordings of 8 MiB at once.
func BenchmarkBringMany(b *testing.B)      { uploads(b, manyAtOne, short, short) }
func BenchmarkBringManyFloor(b *testing.B) { floors(b, manyAtOne, short, short) }
