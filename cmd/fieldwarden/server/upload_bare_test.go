package server_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// bareSpool is a server that does with a body what the floor does with zeros, and nothing else: nobody signs in, and nothing is noted.
type bareSpool struct {
	b      *testing.B
	folder string
	begun  atomic.Int64
}

func (s *bareSpool) serve(rc *fasthttp.RequestCtx) {
	if rc.IsPost() {
		rc.Response.Header.Set("Location", fmt.Sprintf("%s/v1/uploads/%d", public, s.begun.Add(1)))
		rc.SetStatusCode(fasthttp.StatusCreated)
		return
	}
	out, err := os.OpenFile(filepath.Join(s.folder, filepath.Base(string(rc.Path()))), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		s.b.Error(err)
		return
	}
	defer out.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, sha256.New())}, rc.RequestBodyStream(), make([]byte, 128<<10))
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		s.b.Error(err)
	}
	rc.SetStatusCode(fasthttp.StatusNoContent)
}

// bareUploads measures what HTTP alone costs of [uploads]: the same devices before a server that receives, hashes, writes and syncs.
func bareUploads(b *testing.B, callers int, length, chunk int64) {
	s := &bareSpool{b: b, folder: b.TempDir()}
	address := bareServer(b, &fasthttp.Server{Handler: s.serve, StreamRequestBody: true, MaxRequestBodySize: 1, ReadBufferSize: 16 << 10})
	w := newBench(b, "")
	all := make([]*caller, callers)
	for i := range all {
		all[i] = w.caller(i)
	}
	digestOf(length)
	b.SetBytes(length * int64(callers))
	var spent time.Duration
	for b.Loop() {
		b.StopTimer()
		d := send(b, w.errands(all, address, length, chunk))
		runtime.GC()
		before := used(b)
		b.StartTimer()
		d.bring()
		b.StopTimer()
		spent += used(b) - before
		d.home()
		w.must(os.RemoveAll(s.folder))
		w.must(os.Mkdir(s.folder, 0o700))
		b.StartTimer()
	}
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
}

func BenchmarkBringLongBareFloor(b *testing.B)   { bareUploads(b, 1, long, long) }
func BenchmarkBringPiecesBareFloor(b *testing.B) { bareUploads(b, 1, long, piece) }
func BenchmarkBringManyBareFloor(b *testing.B)   { bareUploads(b, manyAtOne, short, short) }
