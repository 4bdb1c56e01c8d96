package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// promote does the jobs that uploads have queued, as the server's runner would.
func (w *world) promote() {
	w.t.Helper()
	for {
		leased, err := w.db.Lease(ctx, []string{upload.PromoteJob}, 10, time.Now().Add(time.Minute))
		w.must(err)
		if len(leased) == 0 {
			return
		}
		for _, job := range leased {
			w.must(w.deps.Uploads.Promote(ctx, job.Key))
			w.must(w.db.Done(ctx, job))
		}
	}
}

// film makes a file of n octets that are its own.
func film(t testing.TB, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	text := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = source.Read(text)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (h *handheld) record(path string) string {
	h.t.Helper()
	end := time.Now()
	id, err := h.AddEvidence(ctx, client.Recording{Path: path, Kind: "video", MIME: "video/mp4", StartedAt: end.Add(-time.Minute), EndedAt: end,
		Step: "亮证", Note: "测试", Place: record.Object{"lat": 39.12, "lng": 117.25}})
	h.must(err)
	return id
}

// upload reads how far a recording is.
func (h *handheld) upload(id string) client.Upload {
	h.t.Helper()
	all, err := h.Uploads(ctx)
	h.must(err)
	for _, u := range all {
		if u.Evidence == id {
			return u
		}
	}
	h.t.Fatalf("no upload of %s", id)
	return client.Upload{}
}

// held reads what the server holds of a recording.
func (w *world) held(id string) []byte {
	w.t.Helper()
	custody, _ := w.body("evidence", id)["custody"].(record.Object)
	key, _ := custody["key"].(string)
	body, err := w.deps.Blobs.OpenRange(ctx, key, 0, -1)
	w.must(err)
	defer body.Close()
	text, err := io.ReadAll(body)
	w.must(err)
	return text
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// The round of a recording: announced, sent, receipted, freed. Nothing is freed before the receipt.
func TestARecordingTravels(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street(), func(cfg *client.Config) { cfg.Chunk = 10 << 10 })
	path := film(t, 100_000)
	text, _ := os.ReadFile(path)
	a.line.cut(true)
	id := a.record(path)
	a.must(a.Upload(ctx)) // its announcement has not gone out: there is nothing to do yet
	a.line.cut(false)
	a.sync()
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadSent || u.Sent != 100_000 {
		t.Errorf("sent: %+v", u)
	}
	a.sync()
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadSent || !exists(path) {
		t.Errorf("before the receipt: %+v", u)
	}
	w.promote()
	a.sync()
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadFreed || u.Receipt == "" || exists(path) {
		t.Errorf("after the receipt: %+v, file there: %v", u, exists(path))
	}
	if !bytes.Equal(w.held(id), text) {
		t.Error("the server holds other bytes")
	}
	before := a.line.count("", "")
	a.must(a.Upload(ctx))
	if a.line.count("", "") != before {
		t.Error("a freed recording is asked about again")
	}
}

// A device that is told to keep its files keeps them, and frees them when it is told otherwise.
func TestKeepFiles(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street(), func(cfg *client.Config) { cfg.KeepFiles = true })
	path := film(t, 1000)
	id := a.record(path)
	a.sync()
	a.must(a.Upload(ctx))
	w.promote()
	a.sync()
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadReceipted || !exists(path) {
		t.Errorf("%+v, file there: %v", u, exists(path))
	}
	a.cfg.KeepFiles = false
	a.restart()
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadFreed || exists(path) {
		t.Errorf("%+v, file there: %v", u, exists(path))
	}
}

// scissors cut the bodies of uploads: each PATCH breaks off after so many octets, or passes when the number is negative.
type scissors struct {
	next http.RoundTripper
	n    []int64
}

func (s *scissors) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPatch || len(s.n) == 0 {
		return s.next.RoundTrip(r)
	}
	n := s.n[0]
	if s.n = s.n[1:]; n < 0 || n >= r.ContentLength {
		return s.next.RoundTrip(r)
	}
	c := r.Clone(r.Context())
	c.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(r.Body, n), broken{}), r.Body}
	return s.next.RoundTrip(c)
}

// Uploads cut at random octets, with replies lost and batteries pulled out: the server ends up with the very bytes, and the
// device frees its own only then.
func TestUploadsCutAnywhere(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 300_000).Draw(rt, "size")
		a := w.handheld(street, func(cfg *client.Config) { cfg.Chunk = int64(rapid.IntRange(1000, 200_000).Draw(rt, "chunk")) })
		cuts := &scissors{next: a.line.next}
		a.line.next = cuts
		path := film(t, size)
		text, _ := os.ReadFile(path)
		id := a.record(path)
		a.sync()
		for range rapid.IntRange(0, 4).Draw(rt, "rounds") {
			cuts.n = rapid.SliceOfN(rapid.Int64Range(-1, 200_000), 0, 8).Draw(rt, "cuts")
			a.line.set(rapid.SliceOfN(rapid.SampledFrom([]fate{passes, passes, requestLost, replyLost, doubled}), 0, 10).Draw(rt, "plan")...)
			_ = a.Upload(ctx)
			if !exists(path) {
				rt.Fatal("the file is gone without a receipt")
			}
			if rapid.Bool().Draw(rt, "restart") {
				a.restart()
			}
		}
		cuts.n = nil
		a.line.set()
		for range 2 {
			if err := errors.Join(a.Upload(ctx), a.Sync(ctx)); err != nil {
				rt.Fatal(err)
			}
			w.promote()
		}
		if err := errors.Join(a.Sync(ctx), a.Upload(ctx)); err != nil {
			rt.Fatal(err)
		}
		if u := a.upload(id); u.State != client.UploadFreed || exists(path) {
			rt.Fatalf("%+v, file there: %v", u, exists(path))
		}
		if !bytes.Equal(w.held(id), text) {
			rt.Fatal("the server holds other bytes")
		}
	})
}

// A recording that has changed since it was announced is not sent, and says so; one that was only touched is.
func TestFileChanged(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	changed, missing, touched, grown := film(t, 1001), film(t, 1002), film(t, 1003), film(t, 1004)
	for _, path := range []string{changed, missing, touched, grown} {
		a.record(path)
	}
	a.sync()
	a.must(os.WriteFile(changed, make([]byte, 1001), 0o600))
	a.must(os.Remove(missing))
	a.must(os.Chtimes(touched, time.Now(), time.Now().Add(-time.Hour)))
	a.must(os.WriteFile(grown, make([]byte, 2000), 0o600))
	err := a.Upload(ctx)
	want(t, err, fault.FileChanged)
	if n := strings.Count(err.Error(), string(fault.FileChanged)); n != 3 {
		t.Errorf("%d recordings are reported, want 3: %v", n, err)
	}
	all, err := a.Uploads(ctx)
	a.must(err)
	for _, u := range all {
		if sent := u.State == client.UploadSent; sent != (u.Path == touched) {
			t.Errorf("%+v", u)
		}
	}
	if _, err := a.AddEvidence(ctx, client.Recording{Path: missing}); err == nil {
		t.Error("a file that is not there was announced")
	}
	if _, err := a.AddEvidence(ctx, client.Recording{Path: t.TempDir()}); err == nil {
		t.Error("a folder was announced")
	}
}

// Other bytes that have come to lie under the name of a receipted recording are nobody's but the device's: they stay.
func TestOtherBytesUnderTheName(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	path := film(t, 1000)
	id := a.record(path)
	a.sync()
	a.must(a.Upload(ctx))
	w.promote()
	a.sync()
	a.must(os.WriteFile(path, []byte("the next recording"), 0o600))
	want(t, a.Upload(ctx), fault.FileChanged)
	if u := a.upload(id); u.State != client.UploadReceipted || !exists(path) {
		t.Errorf("%+v, file there: %v", u, exists(path))
	}
	a.must(os.Remove(path)) // somebody has seen to it
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadFreed {
		t.Errorf("%+v", u)
	}
}

// tampering is a line that changes an octet of each of the next n chunks, and mends the checksum if it is thorough.
type tampering struct {
	next     http.RoundTripper
	n        int
	thorough bool
}

func (f *tampering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPatch || f.n == 0 {
		return f.next.RoundTrip(r)
	}
	f.n--
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body.Close()
	text[len(text)/2] ^= 1
	c := r.Clone(r.Context())
	c.Body = io.NopCloser(bytes.NewReader(text))
	if f.thorough {
		c.Header.Del("Upload-Checksum")
	}
	return f.next.RoundTrip(c)
}

// Octets that change on the way are caught: by the chunk's checksum, or else by the digest of the whole; then everything is sent
// once more. The device frees nothing on a mismatch.
func TestBytesChangedOnTheWay(t *testing.T) {
	w := newWorld(t)
	for name, f := range map[string]*tampering{"checksum": {n: 3}, "digest": {n: 1, thorough: true}} {
		a := w.handheld(w.street())
		f.next, a.line.next = a.line.next, f
		path := film(t, 5000)
		text, _ := os.ReadFile(path)
		id := a.record(path)
		a.sync()
		a.must(a.Upload(ctx))
		w.promote()
		a.sync()
		a.must(a.Upload(ctx))
		if u := a.upload(id); u.State != client.UploadFreed || !bytes.Equal(w.held(id), text) {
			t.Errorf("%s: %+v", name, u)
		}
	}
	always := &tampering{n: 1 << 30, thorough: true}
	a := w.handheld(w.street())
	always.next, a.line.next = a.line.next, always
	path := film(t, 6000)
	id := a.record(path)
	a.sync()
	want(t, a.Upload(ctx), fault.DigestMismatch)
	a.sync()
	if u := a.upload(id); u.State != client.UploadWaiting || !exists(path) {
		t.Errorf("a line that always tampers: %+v", u)
	}
}

// An upload that the server has ended is begun anew.
func TestUploadThatHasExpired(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street(), func(cfg *client.Config) { cfg.Chunk = 1000 })
	path := film(t, 5000)
	id := a.record(path)
	a.sync()
	a.line.next = &scissors{next: a.line.next, n: []int64{-1, 1, 1, 1, 1, 1, 1}}
	want(t, a.Upload(ctx), fault.Unreachable)
	if u := a.upload(id); u.Sent != 1000 || u.State != client.UploadWaiting {
		t.Fatalf("cut: %+v", u)
	}
	var url string
	a.must(a.file().QueryRow("SELECT url FROM uploads").Scan(&url))
	_, err := a.Call(ctx, http.MethodDelete, url, nil, http.Header{"Tus-Resumable": {"1.0.0"}}, nil)
	a.must(err)
	a.must(a.Upload(ctx))
	if u := a.upload(id); u.State != client.UploadSent {
		t.Errorf("%+v", u)
	}
}

// A receipt that does not verify, or speaks of something else, frees nothing, and says so.
func TestForgedReceipts(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	path := film(t, 1000)
	id := a.record(path)
	other := a.record(film(t, 1001))
	a.sync()
	a.must(a.Upload(ctx))
	w.promote()
	good := w.body("evidence", id)["custody"].(record.Object)["receipt"].(string)
	foreign := w.body("evidence", other)["custody"].(record.Object)["receipt"].(string)
	kid, key, err := w.deps.Keys.Signer(ctx, "token")
	w.must(err)
	u := a.upload(id)
	byToken, err := upload.SignReceipt(kid, key, evidence.Receipt{Issuer: public, Evidence: id, Digest: evidence.Digest{Length: u.Length, SHA256: u.SHA256}})
	w.must(err)
	for name, token := range map[string]string{"of another recording": foreign, "changed": good[:len(good)-4] + "AAAA", "by a key for tokens": byToken} {
		w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{"receipt": token}}})
		a.sync()
		err := a.Upload(ctx)
		if err == nil || !errors.Is(err, fault.New(fault.ReceiptInvalid)) || !exists(path) {
			t.Errorf("%s: %v, file there: %v", name, err, exists(path))
		}
	}
	if u := a.upload(other); u.State != client.UploadFreed {
		t.Errorf("a bad receipt holds up another recording: %+v", u)
	}
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{"receipt": good}}})
	a.sync()
	a.must(a.Upload(ctx))
	if exists(path) {
		t.Error("the true receipt does not free the file")
	}
}

// Keys are kept once seen: a receipt signed before the server's keys changed still frees, and one after it too.
func TestReceiptsOverARotation(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	for i := range 2 {
		path := film(t, 1000+i)
		a.record(path)
		a.sync()
		a.must(a.Upload(ctx))
		w.promote()
		a.sync()
		a.must(a.Upload(ctx))
		w.must(w.deps.Keys.Rotate(ctx, "receipt"))
		if exists(path) {
			t.Errorf("recording %d is not freed", i)
		}
	}
	if n := a.line.count("GET", "/.well-known/jwks.json"); n != 2 {
		t.Errorf("the keys were asked for %d times, want once for each key", n)
	}
}

// What the server refuses to announce is not uploaded; and credentials never follow a location to another server.
func TestUploadsThatAreNotMade(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	end := time.Now()
	_, err := a.AddEvidence(ctx, client.Recording{Path: film(t, 100), Unit: w.street(), Kind: "video", MIME: "video/mp4", StartedAt: end, EndedAt: end})
	a.must(err)
	a.sync()
	a.must(a.Upload(ctx))
	if n := a.line.count("POST", "/v1/uploads"); n != 0 {
		t.Errorf("%d uploads of a recording that was rejected", n)
	}
	id := a.record(film(t, 100))
	a.sync()
	for _, place := range []string{"https://elsewhere.example/v1/uploads/" + id, "//elsewhere.example/x", "http://fw.test:81/v1/uploads/" + id, "", ":"} {
		a.line.next = &misleading{a.line.next, place}
		want(t, a.Upload(ctx), fault.Unexpected)
		a.line.next = a.line.next.(*misleading).next
	}
}

type misleading struct {
	next  http.RoundTripper
	place string
}

func (m *misleading) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "fw.test" {
		return nil, fmt.Errorf("a request went to %s", r.URL.Host)
	}
	reply, err := m.next.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost {
		reply.Header.Set("Location", m.place)
	}
	return reply, err
}

// Memory does not grow with the file: device and server together, which share this process, allocate a small part of it.
func TestUploadsInFlatMemory(t *testing.T) {
	w := newWorld(t)
	a := w.handheld(w.street())
	const size = 64 << 20
	id := a.record(film(t, size))
	a.sync()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a.must(a.Upload(ctx))
	runtime.ReadMemStats(&after)
	if u := a.upload(id); u.State != client.UploadSent {
		t.Fatalf("%+v", u)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > size/8 {
		t.Errorf("%d octets were allocated for %d", grown, size)
	}
}
