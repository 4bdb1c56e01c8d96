package foreign

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// fleet are servers that share database and object store, behind a balancer that sends each request to the next of them, whatever it is about.
type fleet struct {
	t      *testing.T
	worlds []*world
	url    string

	mu    sync.Mutex
	next  int            // guarded by mu
	down  *world         // that is stopped; guarded by mu
	asked map[*world]int // how many requests each has had; guarded by mu
	after int64          // octets of a part, behind which the owner of the parts is told; guarded by mu
	owner chan *world    // who that is
}

// newFleet starts n servers that clients reach by a name.
func newFleet(t *testing.T, n int, name string) *fleet {
	t.Helper()
	store := services.MinIO(t)
	f := &fleet{t: t, asked: map[*world]int{}, owner: make(chan *world, 1)}
	more := map[string]string{"DATABASE_URL": services.Postgres(t), "SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32)), "REPLICA_SILENCE": "3s",
		"S3_ENDPOINT": store.Endpoint, "S3_ACCESS_KEY": store.AccessKey, "S3_SECRET_KEY": store.SecretKey, "S3_TLS": "false", "S3_BUCKET": "tus-replicas"}
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, data: t.TempDir(), at: l.Addr().String(), name: name, more: map[string]string{"FIELDWARDEN_REPLICA_URL": "http://" + l.Addr().String()}}
		for key, value := range more {
			w.more["FIELDWARDEN_"+key] = value
		}
		l.Close()
		w.start()
		t.Cleanup(w.stop)
		f.worlds = append(f.worlds, w)
	}
	f.worlds[0].put("units", newID(), record.Object{"code": street, "name": "街道", "kind": "street"})
	balancer := httptest.NewServer(&httputil.ReverseProxy{Rewrite: f.rewrite, ModifyResponse: f.answered})
	t.Cleanup(balancer.Close)
	f.url = balancer.Listener.Addr().String()
	return f
}

func (f *fleet) rewrite(r *httputil.ProxyRequest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		f.next++
		if w := f.worlds[f.next%len(f.worlds)]; w != f.down {
			f.asked[w]++
			r.Out.URL.Scheme, r.Out.URL.Host = "http", w.at
			return
		}
	}
}

// answered tells who has the parts once one of them has come far enough.
func (f *fleet) answered(res *http.Response) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	offset, _ := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	if f.after == 0 || res.Request.Method != http.MethodPatch || offset < f.after {
		return nil
	}
	for _, w := range f.worlds {
		if len(w.spooled()) > 0 {
			f.after = 0
			f.owner <- w
			break
		}
	}
	return nil
}

// tellOwner has the owner of the parts told once so many octets of one have come.
func (f *fleet) tellOwner(after int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = after
}

// lose stops a server.
func (f *fleet) lose(w *world) {
	f.mu.Lock()
	f.down = w
	f.mu.Unlock()
	w.stop()
}

// back lets a server that was stopped run again.
func (f *fleet) back(w *world) {
	w.start()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = nil
}

func (w *world) spooled() []os.DirEntry {
	files, _ := os.ReadDir(filepath.Join(w.data, "spool", "receiving"))
	return files
}

// TestTusOverReplicas: tus-js-client brings a recording in parts, each request to another of three servers, over a line that breaks; then the
// server that has the parts is lost in the middle, and comes back.
func TestTusOverReplicas(t *testing.T) {
	lib, line := laidOut(t, "tus"), newCutting(t)
	f := newFleet(t, 3, line.url())
	line.to(f.url)
	w := f.worlds[0]
	officer := w.hire(street, "officer")
	c := w.open(lib, officer, street)

	t.Run("parallel parts", func(t *testing.T) {
		r := w.recording(3 << 20)
		line.breakAfter(400_000, 6, false)
		c.brings(r, "parallel", 4, "chunkSize", 150_000)
		w.holdsBytes(r)
		for _, w := range f.worlds {
			if f.asked[w] < 5 {
				t.Errorf("a server was asked %d times", f.asked[w])
			}
		}
	})
	t.Run("the server that has the parts is lost", func(t *testing.T) {
		r := w.recording(6 << 20)
		f.tellOwner(600_000)
		c.tell("upload", "path", r.path, "evidence", r.id, "parallel", 4, "chunkSize", 150_000)
		lost := <-f.owner
		f.lose(lost)
		out := c.brought()
		t.Logf("%v", out.Statuses)
		f.back(lost)
		w.holdsBytes(r)
	})
	// The parts are asked for at once by the addresses that the device has kept, each at another server, and none of them has any.
	t.Run("device and server are lost", func(t *testing.T) {
		r := w.recording(6 << 20)
		f.tellOwner(600_000)
		c.tell("upload", "path", r.path, "evidence", r.id, "parallel", 4, "chunkSize", 150_000)
		lost := <-f.owner
		for kept := ""; !strings.Contains(kept, r.id); { // it keeps the addresses when it has them all
			text, _ := os.ReadFile(filepath.Join(c.folder, "uploads.json"))
			kept = string(text)
			time.Sleep(5 * time.Millisecond)
		}
		c.kill()
		f.lose(lost)
		time.Sleep(4 * time.Second) // longer than a server may be silent
		c.start()
		out := c.brings(r, "parallel", 4, "chunkSize", 150_000)
		t.Logf("%v", out.Statuses)
		if n := out.count("POST 201"); n != 1 {
			t.Errorf("%d uploads are made: the parts were not found again, %v", n, out.Statuses)
		}
		f.back(lost)
		w.holdsBytes(r)
	})
}
