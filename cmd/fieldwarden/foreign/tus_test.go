package foreign

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// recording is a file on the devices, announced.
type recording struct {
	path, id, sum string
	size          int64
}

func (w *world) recording(size int) recording {
	w.t.Helper()
	data := make([]byte, size)
	_, _ = rand.Read(data) // never fails
	sum := sha256.Sum256(data)
	r := recording{filepath.Join(w.t.TempDir(), "video.mp4"), newID(), hex.EncodeToString(sum[:]), int64(size)}
	w.must(os.WriteFile(r.path, data, 0o600))
	w.put("evidence", r.id, record.Object{"unit": street, "kind": "video", "officer": newID(), "mime": "video/mp4", "startedAt": "2026-11-25T01:00:00Z",
		"endedAt": "2026-11-25T01:01:00Z", "length": float64(size), "sha256": r.sum})
	return r
}

// uploaded is what tus-js-client says of an upload.
type uploaded struct {
	URL      string
	Error    string
	Statuses []string
}

func (u uploaded) count(status string) (n int) {
	for _, s := range u.Statuses {
		if s == status {
			n++
		}
	}
	return n
}

// brings has a recording uploaded, and wants it to succeed.
func (c *client) brings(r recording, more ...any) uploaded {
	c.t.Helper()
	c.tell("upload", append([]any{"path", r.path, "evidence", r.id}, more...)...)
	return c.brought()
}

// brought waits until an upload has succeeded.
func (c *client) brought() (out uploaded) {
	c.t.Helper()
	c.hear("upload", &out)
	if out.Error != "" {
		c.t.Fatalf("%s\n%v", out.Error, out.Statuses)
	}
	return out
}

// held waits until the server holds a recording, and compares its bytes.
func (w *world) holdsBytes(r recording) {
	w.t.Helper()
	for range 600 {
		body, err := w.DB.Record(ctx, "evidence", r.id)
		w.must(err)
		custody, _ := w.parsed(string(body.Body))["custody"].(record.Object)
		if custody["state"] == "held" {
			stored, err := w.Blobs.OpenRange(ctx, evidence.Key(evidence.Recordings, r.sum), 0, -1)
			w.must(err)
			defer stored.Close()
			sum := sha256.New()
			_, err = io.Copy(sum, stored)
			if w.must(err); hex.EncodeToString(sum.Sum(nil)) != r.sum {
				w.t.Error("other bytes are held")
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatal("the recording is not held after half a minute")
}

// TestTus: tus-js-client brings recordings over a line that breaks.
func TestTus(t *testing.T) {
	lib, line := laidOut(t, "tus"), newCutting(t)
	w := newWorldAt(t, line.url())
	line.to(w.at)
	officer := w.hire(street, "officer")
	c := w.open(lib, officer, street)

	t.Run("a line that is cut", func(t *testing.T) {
		r, before := w.recording(3<<20), line.total()
		line.breakAfter(300_000, 5, false)
		out := c.brings(r)
		w.holdsBytes(r)
		if asked := out.count("HEAD 200"); asked < 5 {
			t.Errorf("it has asked %d times: %v", asked, out.Statuses)
		}
		if sent := line.total() - before; sent > r.size+64<<10 {
			t.Errorf("%d octets were carried for %d: it does not go on where the line was cut", sent, r.size)
		}
	})
	t.Run("a device that dies", func(t *testing.T) {
		r := w.recording(2 << 20)
		line.breakAfter(900_000, 1, true)
		c.tell("upload", "path", r.path, "evidence", r.id)
		<-line.silent
		c.restart()
		before := line.total()
		c.brings(r)
		w.holdsBytes(r)
		if sent := line.total() - before; sent > r.size-800_000 {
			t.Errorf("%d octets were carried after the restart", sent)
		}
	})
	t.Run("parallel parts", func(t *testing.T) {
		r := w.recording(3 << 20)
		line.breakAfter(400_000, 6, false)
		out := c.brings(r, "parallel", 4)
		w.holdsBytes(r)
		u, err := w.Uploads.Store.Find(ctx, out.URL[strings.LastIndex(out.URL, "/")+1:])
		if err != nil || len(u.Parts) != 4 {
			t.Errorf("joined of %v, %v", u.Parts, err)
		}
	})
	t.Run("a length that is told later", func(t *testing.T) {
		r := w.recording(1 << 20)
		c.brings(r, "deferred", true, "chunkSize", 300_000)
		w.holdsBytes(r)
	})
	t.Run("a checksum that does not fit", func(t *testing.T) {
		for _, algorithm := range []string{"sha1", "sha256"} {
			r := w.recording(1 << 20)
			out := c.brings(r, "checksum", algorithm, "spoilt", 2, "chunkSize", 300_000)
			w.holdsBytes(r)
			if out.count("PATCH 460") != 2 || out.count("PATCH 204") != 4 {
				t.Errorf("%s: %v", algorithm, out.Statuses)
			}
		}
	})
	t.Run("an upload that has expired", func(t *testing.T) {
		r := w.recording(1 << 20)
		line.breakAfter(500_000, 1, true)
		c.tell("upload", "path", r.path, "evidence", r.id)
		<-line.silent
		c.kill()
		live, err := w.Uploads.Store.Live(ctx, r.id)
		w.must(err)
		later := &upload.Service{Store: w.Uploads.Store, Spool: w.Uploads.Spool, Log: w.Log, Now: func() time.Time { return live.ExpiresAt.Add(time.Hour) }}
		for range 100 { // the server may not have noticed yet that the device is gone
			if err = later.ExpireDue(ctx); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		w.must(err)
		c.start()
		out := c.brings(r)
		w.holdsBytes(r)
		if out.count("HEAD 410") != 1 || out.count("POST 201") != 1 {
			t.Errorf("%v", out.Statuses)
		}
	})
	t.Run("two at once", func(t *testing.T) {
		r, second := w.recording(3<<20), w.open(lib, officer, street)
		for _, c := range []*client{c, second} {
			c.tell("upload", "path", r.path, "evidence", r.id, "chunkSize", 200_000)
		}
		one, other := c.brought(), second.brought()
		w.holdsBytes(r)
		if one.URL == "" || one.URL != other.URL {
			t.Errorf("two uploads: %s and %s", one.URL, other.URL)
		}
		t.Logf("one: %v; other: %v", one.Statuses, other.Statuses)
	})
}
