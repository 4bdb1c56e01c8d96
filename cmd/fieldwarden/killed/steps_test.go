package killed

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// The server is killed at every step between the last byte of a recording and its receipt, and after it. The handheld keeps its copy as long as there is
// no receipt; the next server goes on by itself, or when the handheld asks; at the end the bytes are held, there is one receipt, and the spool is empty.
func TestKilledAtEveryStepBetweenTheLastByteAndTheReceipt(t *testing.T) {
	h := newHost(t, "")
	d := h.handhelds(1, func() http.RoundTripper { return http.DefaultTransport })[0]
	h.kill()
	died := 0
	for _, at := range deaths {
		t.Run(at, func(t *testing.T) {
			h.t = t
			died++
			recording := recorded(t, d, 200<<10)
			text, err := os.ReadFile(recording)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(text)
			digest := hex.EncodeToString(sum[:])
			h.program, h.environment[dyingAt] = []string{os.Args[0]}, at
			h.start()
			h.untilDead(t, d, at == "promotion")
			h.program = nil
			delete(h.environment, dyingAt)
			h.core(func(core *server.Core) { h.keepsWhatHasNoReceipt(t, core, d, recording, digest) })
			h.start()
			// A job that the dead server had leased is free in two minutes; what nobody had leased goes at once.
			deadline := time.Now().Add(time.Second)
			for h.round(t, d); !freed(t, d) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				h.round(t, d)
			}
			h.kill()
			h.afterLeases()
			h.start()
			deadline = time.Now().Add(30 * time.Second)
			for h.round(t, d); !freed(t, d); h.round(t, d) {
				if time.Now().After(deadline) {
					t.Fatal("there is no receipt")
				}
				time.Sleep(20 * time.Millisecond)
			}
			h.kill()
			h.core(func(core *server.Core) { h.isHeldOnce(t, core, recording, digest) })
		})
		if t.Failed() {
			return
		}
	}
	h.t = t
	h.core(func(core *server.Core) {
		report, err := core.Audit(ctx)
		if err != nil || !report.Sound() || report.Files != died {
			t.Errorf("the audit reads %d files and finds %v, %v", report.Files, report.Problems, err)
		}
	})
}

// round is what a handheld does now and then; that there is no server is no matter.
func (h *host) round(t *testing.T, d *client.Device) {
	t.Helper()
	for _, step := range []func() error{func() error { return d.Sync(ctx) }, func() error { return d.Upload(ctx) }} {
		if err := step(); err != nil && !passing(err) {
			t.Fatal(err)
		}
	}
}

func freed(t *testing.T, d *client.Device) bool {
	t.Helper()
	all, err := d.Uploads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all {
		if u.State != client.UploadFreed {
			return false
		}
	}
	return true
}

// untilDead goes round until the server has died, or, with sent, until the handheld has heard that all bytes are there, and kills it then.
func (h *host) untilDead(t *testing.T, d *client.Device, sent bool) {
	t.Helper()
	for range 1000 {
		select {
		case <-h.gone:
			h.running = nil
			return
		default:
		}
		h.round(t, d)
		all, err := d.Uploads(ctx)
		if err != nil {
			t.Fatal(err)
		}
		waiting := 0
		for _, u := range all {
			if u.State == client.UploadWaiting {
				waiting++
			}
		}
		if sent && waiting == 0 {
			h.kill()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the server does not die")
}

// keepsWhatHasNoReceipt: what the dead server has left is one of two: a receipt, or a copy on the handheld. And nothing is under a key that is not whole.
func (h *host) keepsWhatHasNoReceipt(t *testing.T, core *server.Core, d *client.Device, recording, digest string) {
	t.Helper()
	same, err := core.DB.Lookup(ctx, "evidence", "sha256", digest)
	if err != nil || len(same) != 1 {
		t.Fatalf("%d records, %v", len(same), err)
	}
	receipted := strings.Contains(string(same[0].Body), `"receipt":`)
	if _, err := os.Stat(recording); os.IsNotExist(err) && !receipted {
		t.Error("the handheld has freed its copy without a receipt")
	}
	held, err := core.Blobs.Stat(ctx, evidence.Key(evidence.Recordings, digest))
	if receipted && err != nil || err == nil && held.Length != 200<<10 {
		t.Errorf("receipted: %v; the store has %+v, %v", receipted, held, err)
	}
}

// isHeldOnce: the copy is freed, the bytes are there, by one receipt, and nothing is left in the spool.
func (h *host) isHeldOnce(t *testing.T, core *server.Core, recording, digest string) {
	t.Helper()
	if _, err := os.Stat(recording); !os.IsNotExist(err) {
		t.Errorf("the handheld still has its copy: %v", err)
	}
	same, err := core.DB.Lookup(ctx, "evidence", "sha256", digest)
	if err != nil || len(same) != 1 || !strings.Contains(string(same[0].Body), `"state":"held"`) {
		t.Fatalf("%v, %v", same, err)
	}
	past, err := core.DB.Revisions(ctx, same[0].ID)
	receipts := map[string]bool{}
	for _, v := range past {
		if _, after, ok := strings.Cut(string(v.Body), `"receipt":"`); ok {
			receipts[after[:strings.Index(after, `"`)]] = true
		}
	}
	if err != nil || len(receipts) != 1 {
		t.Errorf("%d receipts in %d versions, %v", len(receipts), len(past), err)
	}
	acts, err := core.DB.Lookup(ctx, "custody", "evidence", same[0].ID)
	if err != nil || len(acts) != 1 {
		t.Errorf("%d acts of receiving, %v", len(acts), err)
	}
	for _, sub := range []string{"receiving", "apart"} {
		if left, err := os.ReadDir(filepath.Join(core.Config.Data, "spool", sub)); err != nil || len(left) > 0 {
			t.Errorf("left in the spool: %v, %v", left, err)
		}
	}
}
