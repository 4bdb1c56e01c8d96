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
	out, err := os.Create(filepath.Join(s.folder, filepath.Base(string(rc.Path()))))
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

// BenchmarkBareMany is what HTTP alone costs of [BenchmarkBringMany]: the same devices before a server that receives, hashes, writes and syncs.
func BenchmarkBareMany(b *testing.B) {
	s := &bareSpool{b: b, folder: b.TempDir()}
	address := bareServer(b, &fasthttp.Server{Handler: s.serve, StreamRequestBody: true, MaxRequestBodySize: 1, ReadBufferSize: 16 << 10})
	w := newBench(b, "")
	all := make([]*caller, manyAtOne)
	for i := range all {
		all[i] = w.caller(i)
	}
	b.SetBytes(short * manyAtOne)
	var spent time.Duration
	for b.Loop() {
		b.StopTimer()
		d := send(b, w.errands(all, address, short, short))
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
