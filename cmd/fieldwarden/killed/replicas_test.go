package killed

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/audit"
)

// balancer sends each request to the next host, whatever it is about: the worst that can be put before several replicas.
type balancer struct {
	*httptest.Server
	hosts []*host
	next  atomic.Int64
	down  sync.Map // hosts that are killed
}

func (b *balancer) rewrite(r *httputil.ProxyRequest) {
	for range b.hosts {
		h := b.hosts[int(b.next.Add(1))%len(b.hosts)]
		if _, down := b.down.Load(h); !down {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", strings.TrimPrefix(h.own, "http://")
			return
		}
	}
}

// replicas are hosts that share database and object store behind a balancer.
func replicas(t *testing.T, n int) *balancer {
	t.Helper()
	database, store := services.Postgres(t), services.MinIO(t)
	b := &balancer{}
	b.Server = httptest.NewServer(&httputil.ReverseProxy{Rewrite: b.rewrite})
	t.Cleanup(b.Close)
	for range n {
		h := newHost(t, database)
		h.url = b.URL
		for name, value := range map[string]string{"PUBLIC_URL": b.URL, "REPLICA_URL": h.own, "REPLICA_SILENCE": "3s", "S3_ENDPOINT": store.Endpoint,
			"S3_ACCESS_KEY": store.AccessKey, "S3_SECRET_KEY": store.SecretKey, "S3_TLS": "false", "S3_BUCKET": "replicas"} {
			h.environment["FIELDWARDEN_"+name] = value
		}
		b.hosts = append(b.hosts, h)
	}
	return b
}

// owner is the host that has bytes of an upload in its spool.
func (b *balancer) owner() *host {
	for _, h := range b.hosts {
		if len(h.spooled()) > 0 {
			return h
		}
	}
	return nil
}

func (h *host) spooled() []os.DirEntry {
	files, _ := os.ReadDir(filepath.Join(h.environment["FIELDWARDEN_DATA"], "spool", "receiving"))
	return files
}

// Three real servers share PostgreSQL and MinIO. Every request of a handheld comes to another of them, and each chunk still finds the spool
// that has the others. The one that has them is killed: the bytes come again to another, and are held. When the dead one is back it forgets what
// it had.
func TestUploadsFindTheirReplica(t *testing.T) {
	b := replicas(t, 3)
	var killed atomic.Pointer[host]
	var most atomic.Int64
	line := roundTrip(func(req *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil || req.Method != http.MethodPatch {
			return res, err
		}
		offset, _ := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
		if most.Store(max(offset, most.Load())); offset >= 4<<20 && killed.Load() == nil {
			if h := b.owner(); h != nil {
				b.down.Store(h, true)
				h.kill()
				killed.Store(h)
			}
		}
		return res, err
	})
	for _, h := range b.hosts[1:] {
		h.start()
	}
	d := b.hosts[0].handhelds(1, func() http.RoundTripper { return line })[0]
	recording := recorded(t, d, 12<<20)
	ended := make(chan error, 1)
	go func() { ended <- untilFreed(d) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(4 * time.Minute):
		t.Fatal("the recording does not arrive")
	}
	if _, err := os.Stat(recording); !os.IsNotExist(err) {
		t.Errorf("the handheld still has its copy: %v", err)
	}
	dead := killed.Load()
	if dead == nil || most.Load() < 4<<20 {
		t.Fatalf("the owner was never killed; %d octets at most", most.Load())
	}
	if len(dead.spooled()) == 0 {
		t.Fatal("the dead replica has nothing to forget")
	}
	dead.start()
	for range 600 {
		if len(dead.spooled()) == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if left := dead.spooled(); len(left) != 0 {
		t.Errorf("the dead replica keeps %v", left)
	}
	for _, h := range b.hosts {
		h.kill()
	}
	b.hosts[0].core(func(core *server.Core) {
		report, err := (&audit.Auditor{Reader: core.DB, Catalogue: core.Catalogue, Bytes: core.Blobs}).Run(ctx)
		if err != nil || !report.Sound() || report.Files != 1 {
			t.Errorf("the audit finds %v in %d files, %v", report.Problems, report.Files, err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
