package killed

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// A recording is brought while the server is killed again and again. No offset that was acknowledged is ever taken back, the
// handheld frees its copy only on a receipt, and at the end the server holds the bytes.
func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *host) {
		line := &acknowledged{t: t, told: map[string]int64{}, progress: make(chan struct{}, 1)}
		d := h.handhelds(1, func() http.RoundTripper { return line })[0]
		recording := recorded(t, d, 12<<20)
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

// recorded leaves a recording on the handheld and announces it.
func recorded(t *testing.T, d *client.Device, size int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "video.mp4")
	data := make([]byte, size)
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

// untilSent does the round of a handheld until the server has all bytes of a recording, and returns its evidence.
func (h *host) untilSent(d *client.Device, recording string) string {
	h.t.Helper()
	for range 500 {
		for _, step := range []func() error{func() error { return d.Sync(ctx) }, func() error { return d.Upload(ctx) }} {
			if err := step(); err != nil && !passing(err) {
				h.t.Fatal(err)
			}
		}
		all, err := d.Uploads(ctx)
		n := slices.IndexFunc(all, func(u client.Upload) bool { return u.Path == recording && u.State != client.UploadWaiting })
		if err == nil && n >= 0 {
			return all[n].Evidence
		}
	}
	h.t.Fatal("the recording is not sent")
	return ""
}

// untilFreed does the usual round of a handheld until its copies are gone.
func untilFreed(d *client.Device) error {
	for {
		for _, step := range []func() error{func() error { return d.Sync(ctx) }, func() error { return d.Upload(ctx) }} {
			if err := step(); err != nil && !passing(err) {
				return err
			}
		}
		all, err := d.Uploads(ctx)
		if err != nil || !slices.ContainsFunc(all, func(u client.Upload) bool { return u.State != client.UploadFreed }) {
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
		report, err := core.Audit(ctx)
		if err != nil || !report.Sound() {
			h.t.Errorf("the audit finds %v, %v", report.Problems, err)
		}
	})
}

// The server is killed after the last byte of a recording was acknowledged and before its receipt has come: while it is brought to the blob store,
// while the receipt is signed and written, while the spool is emptied. Whoever asks next walks the same path to its end.
func TestKilledBetweenTheLastByteAndTheReceipt(t *testing.T) {
	h := newHost(t, "")
	d := h.handhelds(1, func() http.RoundTripper { return http.DefaultTransport })[0]
	states, recordings := map[string]int{}, []string{}
	for _, after := range []time.Duration{0, 10, 80} {
		recording := recorded(t, d, 8<<20)
		recordings = append(recordings, recording)
		evidence := h.untilSent(d, recording)
		time.Sleep(after * time.Millisecond)
		h.kill()
		h.core(func(core *server.Core) {
			u, err := core.Uploads.Store.Live(ctx, evidence)
			if err != nil {
				t.Fatal(err)
			}
			states[string(u.State)]++
		})
		h.start()
	}
	h.kill()
	h.afterLeases()
	h.start()
	if err := untilFreed(d); err != nil {
		t.Fatal(err)
	}
	for _, recording := range recordings {
		if _, err := os.Stat(recording); !os.IsNotExist(err) {
			t.Errorf("the handheld still has its copy: %v", err)
		}
	}
	t.Logf("killed in states %v", states)
	h.kill()
	h.core(func(core *server.Core) {
		report, err := core.Audit(ctx)
		if err != nil || !report.Sound() {
			t.Errorf("the audit finds %v, %v", report.Problems, err)
		}
		left, err := os.ReadDir(filepath.Join(core.Config.Data, "spool", "receiving"))
		if err != nil || len(left) > 0 {
			t.Errorf("left in the spool: %v, %v", left, err)
		}
	})
}

// afterLeases does the jobs that are left, as the next replica would once what the dead one had leased is free again: in two minutes.
func (h *host) afterLeases() {
	h.t.Helper()
	cfg, err := config.From(h.environment)
	if err != nil {
		h.t.Fatal(err)
	}
	later := server.Machine{Now: func() time.Time { return time.Now().Add(3 * time.Minute) }}
	core, err := server.OpenOn(ctx, cfg, slog.New(slog.DiscardHandler), later)
	if err != nil {
		h.t.Fatal(err)
	}
	defer core.Close()
	running, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() { core.Jobs.Run(running) })
	defer ended.Wait()
	defer stop()
	for range 1000 {
		if left, err := os.ReadDir(filepath.Join(core.Config.Data, "spool", "receiving")); err == nil && len(left) == 0 {
			return // jobs of other kinds, which have a queue of their own, may wait
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Error("recordings are left in the spool")
}
