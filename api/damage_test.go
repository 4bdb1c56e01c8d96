package api_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// altered is a store whose objects somebody has altered behind its back, once alter is set.
type altered struct {
	evidence.Blobs
	alter func([]byte) []byte // nil result: the object is gone
}

func (a *altered) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if a.alter == nil || !strings.HasPrefix(key, "evidence/") && !strings.HasPrefix(key, "papers/") {
		return a.Blobs.OpenRange(ctx, key, from, n)
	}
	whole, err := a.Blobs.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	data, err := io.ReadAll(whole)
	if err != nil {
		return nil, err
	}
	if data = a.alter(data); data == nil {
		return nil, fault.New(fault.NotFound)
	}
	data = data[min(from, int64(len(data))):]
	if n >= 0 {
		data = data[:min(n, int64(len(data)))]
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Whoever asks for a recording that was altered in the store does not get it for a whole one, is told so and not that there is none, and his running into it is a
// finding at once, and not when its night comes.
func TestAnAlteredRecordingIsNotGivenOutAndIsTold(t *testing.T) {
	flip := func(b []byte) []byte { b[len(b)-5] ^= 1; return b }
	cut := func(b []byte) []byte { return b[:len(b)-7] }
	gone := func([]byte) []byte { return nil }
	for _, c := range []struct {
		name   string
		size   int
		alter  func([]byte) []byte
		ranges string
		broken bool // the reply breaks off; else it is a problem
	}{
		{"gone", 9_000, gone, "", false},
		{"gone, a range", 300_000, gone, "bytes=5-9", false},
		{"flipped", 9_000, flip, "", false},
		{"flipped, large", 300_000, flip, "", true},
		{"cut", 9_000, cut, "", false},
		{"cut, large", 300_000, cut, "", true},
		{"cut, its last octets", 300_000, cut, "bytes=-100", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &altered{}
			w := newWorld(t, func(d *api.Deps) {
				store.Blobs = d.Blobs
				d.Uploads.Blobs, d.Custody.Blobs = store, store
			})
			content := noise(c.size)
			id := w.hold(street, content)
			store.alter = c.alter
			path := "/v1/evidence/" + id + "/content?reason=test"
			if c.broken {
				req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
				w.must(err)
				req.Header = w.officer.credentials("GET", path)
				res, err := client.Do(req)
				w.must(err)
				defer res.Body.Close()
				if text, err := io.ReadAll(res.Body); err == nil || len(text) >= c.size {
					t.Errorf("%d of %d octets came, %v", len(text), c.size, err)
				}
			} else {
				var h []string
				if c.ranges != "" {
					h = []string{"Range", c.ranges}
				}
				w.officer.send("GET", path, nil, h...).fails(409, "evidence.store_differs")
			}
			w.soonOnTheDesk("evidence.bytes", id)
		})
	}
}

// soonOnTheDesk waits for a finding about a record.
func (w *world) soonOnTheDesk(code, id string) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text := string(w.leader.send("GET", "/v1/desk/findings", nil).want(200).body)
		if strings.Contains(text, code) && strings.Contains(text, id) {
			return
		}
	}
	w.t.Errorf("%s is on no desk", code)
}

// So it is with a paper.
func TestAnAlteredPaperIsNotGivenOutAndIsTold(t *testing.T) {
	for name, alter := range map[string]func([]byte) []byte{
		"gone":    func([]byte) []byte { return nil },
		"flipped": func(b []byte) []byte { b[len(b)-5] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			store := &altered{}
			w := newWorld(t, func(d *api.Deps) {
				store.Blobs = d.Blobs
				d.Blobs, d.Papers.Blobs, d.Custody.Blobs = store, store, store
			})
			id := w.paper("issued", noise(9_000))
			path := "/v1/documents/" + id + "/pdf"
			w.officer.send("GET", path, nil).want(200)
			store.alter = alter
			w.officer.send("GET", path, nil).fails(409, "evidence.store_differs")
			w.soonOnTheDesk("paper.bytes", id)
		})
	}
}

// A bundle of a recording that was altered in the store is none: whoever takes it to a court must not hear it from the court.
func TestABundleOfAnAlteredRecordingIsNotGivenOut(t *testing.T) {
	store := &altered{}
	w := newWorld(t, func(d *api.Deps) {
		store.Blobs = d.Blobs
		d.Uploads.Blobs, d.Custody.Blobs = store, store
	})
	small, large := w.hold(street, noise(9_000)), w.hold(street, noise(300_000))
	w.integrate()
	store.alter = func(b []byte) []byte { b[len(b)-5] ^= 1; return b }
	w.leader.send("GET", "/v1/evidence/"+small+"/bundle?reason=court", nil).fails(409, "evidence.store_differs")
	path := "/v1/evidence/" + large + "/bundle?reason=court"
	req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
	w.must(err)
	req.Header = w.leader.credentials("GET", path)
	res, err := client.Do(req)
	w.must(err)
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d octets came as a whole archive", len(text))
	}
	w.soonOnTheDesk("evidence.bytes", large)
}
