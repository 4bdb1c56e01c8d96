package killed

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// A recording is brought while the server is killed again and again. No offset that was acknowledged is ever taken back, the
// handheld frees its copy only on a receipt, and at the end the server holds the bytes.
func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *host) {
		line := &acknowledged{t: t, told: map[string]int64{}, progress: make(chan struct{}, 1)}
		d := h.handhelds(1, func() http.RoundTripper { return line })[0]
		recording := record12MiB(t, d)
		ended := make(chan error, 1)
		go func() { ended <- untilFreed(d) }()
		for killed := 0; ; {
			select {
			case err := <-ended:
				if err != nil || killed == 0 {
					t.Fatalf("after %d kills: %v", killed, err)
				}
				t.Logf("killed %d times", killed)
				h.checkFreed(d, recording)
				return
			case <-line.progress:
				if killed < kills {
					h.kill()
					killed++
					h.start()
				}
			}
		}
	})
}

// acknowledged watches the offsets that the server tells, and wakes whoever kills it after each chunk that was taken.
type acknowledged struct {
	t        *testing.T
	mu       sync.Mutex
	told     map[string]int64
	progress chan struct{}
}

func (a *acknowledged) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || !strings.Contains(req.URL.Path, "/v1/uploads/") {
		return res, err
	}
	offset, parseErr := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	if parseErr != nil {
		return res, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if offset < a.told[req.URL.Path] {
		a.t.Errorf("%s %s: offset %d, acknowledged was %d", req.Method, req.URL.Path, offset, a.told[req.URL.Path])
	}
	a.told[req.URL.Path] = max(offset, a.told[req.URL.Path])
	if req.Method == http.MethodPatch {
		select {
		case a.progress <- struct{}{}:
		default:
		}
	}
	return res, err
}

// record12MiB leaves a recording on the handheld and announces it.
func record12MiB(t *testing.T, d *client.Device) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "video.mp4")
	data := make([]byte, 12<<20)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	_, err := d.AddEvidence(ctx, client.Recording{Path: path, Kind: "video", MIME: "video/mp4", StartedAt: now.Add(-time.Minute), EndedAt: now})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// untilFreed does the usual round of a handheld until its copy is gone.
func untilFreed(d *client.Device) error {
	for {
		for _, step := range []func() error{func() error { return d.Sync(ctx) }, func() error { return d.Upload(ctx) }} {
			if err := step(); err != nil && !passing(err) {
				return err
			}
		}
		all, err := d.Uploads(ctx)
		if err != nil || all[0].State == client.UploadFreed {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (h *host) checkFreed(d *client.Device, recording string) {
	h.t.Helper()
	if _, err := os.Stat(recording); !os.IsNotExist(err) {
		h.t.Errorf("the handheld still has its copy: %v", err)
	}
	all, err := d.Uploads(ctx)
	if err != nil || len(all) != 1 || all[0].Receipt == "" {
		h.t.Fatalf("uploads %+v, %v", all, err)
	}
	h.kill()
	h.core(func(core *server.Core) {
		r, err := core.DB.Record(ctx, "evidence", all[0].Evidence)
		if err != nil || !strings.Contains(string(r.Body), `"state":"held"`) {
			h.t.Errorf("the evidence is %s, %v", r.Body, err)
		}
		report, err := (&audit.Auditor{Reader: core.DB, Bytes: core.Blobs}).Run(ctx)
		if err != nil || !report.Sound() {
			h.t.Errorf("the audit finds %v, %v", report.Problems, err)
		}
	})
}
