package upload_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// trouble is a way to a real object store on which things go wrong.
type trouble struct {
	kind  atomic.Value // string
	store services.ObjectStore
	way   *httputil.ReverseProxy
}

func (b *trouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := b.kind.Load().(string)
	switch {
	case kind == "down":
		panic(http.ErrAbortHandler) // the connection ends without an answer
	case kind == "silent":
		<-r.Context().Done()
	case kind == "full" && (r.Method == http.MethodPut || r.Method == http.MethodPost):
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusInsufficientStorage)
		_, _ = io.WriteString(w, `<Error><Code>XMinioStorageFull</Code><Message>full</Message></Error>`)
	case kind == "slow":
		r.Body = slowly{r.Body}
		fallthrough
	default:
		b.way.ServeHTTP(w, r)
	}
}

// slowly is a body on a bad line.
type slowly struct{ io.ReadCloser }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return s.ReadCloser.Read(p[:min(len(p), 32<<10)])
}

// TestTroubleWithTheStoreOnlyDelays: whatever goes wrong on the way to the object store, or in it, recordings are taken in all the same, stay in
// the spool, and are promoted when it is over.
func TestTroubleWithTheStoreOnlyDelays(t *testing.T) {
	store := services.MinIO(t)
	to := &url.URL{Scheme: "http", Host: store.Endpoint}
	way := &trouble{store: store, way: httputil.NewSingleHostReverseProxy(to)}
	way.kind.Store("none")
	line := httptest.NewServer(way)
	t.Cleanup(line.Close)
	here, err := url.Parse(line.URL)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.OpenS3(ctx, blob.S3Config{Endpoint: here.Host, AccessKey: store.AccessKey, SecretKey: store.SecretKey, Bucket: "trouble",
		Region: "us-east-1", Mode: "governance", Stall: 700 * time.Millisecond, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	d := databases.SQLite(t, time.Now)
	for kind, want := range map[string]fault.Code{"down": fault.TemporarilyDown, "silent": fault.TemporarilyDown, "frozen": fault.TemporarilyDown,
		"full": fault.StorageFull, "slow": ""} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, d)
			s := w.start()
			s.Blobs = blob.Verified(blobs)
			before, first := w.whole(s)
			way.begin(t, kind)
			promoted := make(chan error, 1)
			go func() { promoted <- s.Promote(ctx, first.id) }()
			during, second := w.whole(s) // while the promotion is under way
			if err := <-promoted; want == "" && err != nil {
				t.Error(err)
			} else if want != "" {
				wantFault(t, err, want)
				wantFault(t, s.Promote(ctx, second.id), want)
				w.wantSpooled(2)
				if st, err := s.Status(ctx, w.caller, first.id); err != nil || st.State != upload.Whole || w.custody(before)["state"] == "held" {
					t.Errorf("%+v, %v", st, err)
				}
			}
			way.end(t, kind)
			for _, id := range []string{first.id, second.id} {
				if err := s.Promote(ctx, id); err != nil {
					t.Fatal(err)
				}
			}
			w.wantHeld(s, before, first.data)
			w.wantHeld(s, during, second.data)
		})
	}
}

func (b *trouble) begin(t *testing.T, kind string) {
	t.Helper()
	if b.kind.Store(kind); kind == "frozen" {
		if err := b.store.Freeze(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.store.Thaw() }) // also if the test ends early
	}
}

func (b *trouble) end(t *testing.T, kind string) {
	t.Helper()
	if b.kind.Store("none"); kind == "frozen" {
		if err := b.store.Thaw(); err != nil {
			t.Fatal(err)
		}
	}
}

// brought is an upload that is complete, with its bytes.
type brought struct {
	id   string
	data []byte
}

func (w *world) whole(s *upload.Service) (evidenceID string, b brought) {
	w.t.Helper()
	b.data = random(1 << 20)
	evidenceID, b.id = w.begin(s, b.data)
	if st := w.send(s, b.id, b.data, 0); st.State != upload.Whole {
		w.t.Fatalf("%+v", st)
	}
	return evidenceID, b
}
