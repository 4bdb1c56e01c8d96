package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

func TestMain(m *testing.M) { services.MainOnDisk(m) }

func openFolder(t testing.TB) (*blob.Folder, string) {
	t.Helper()
	root := t.TempDir()
	f, err := blob.OpenFolder(root, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return f, root
}

func config(s services.ObjectStore) blob.S3Config {
	return blob.S3Config{Endpoint: s.Endpoint, AccessKey: s.AccessKey, SecretKey: s.SecretKey, Bucket: "evidence", Region: "us-east-1",
		Mode: "governance", PartSize: 5 << 20, Now: time.Now}
}

func openS3(t testing.TB, cfg blob.S3Config) *blob.S3 {
	t.Helper()
	s, err := blob.OpenS3(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFolder(t *testing.T) {
	f, _ := openFolder(t)
	storagetest.Blobs(t, blob.Verified(f))
}

func TestMinIO(t *testing.T) {
	storagetest.Blobs(t, blob.Verified(openS3(t, config(services.MinIO(t)))))
}

func TestVersityGW(t *testing.T) {
	storagetest.Blobs(t, blob.Verified(openS3(t, config(services.VersityGW(t)))))
}

func digest(data []byte) (evidence.Digest, string) {
	sum := sha256.Sum256(data)
	d := evidence.Digest{Length: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	return d, evidence.Key(evidence.Recordings, d.SHA256)
}

// TestStoreRefusesByItself takes the adapter's own look-up away: the store alone must keep what is retained or held.
func TestStoreRefusesByItself(t *testing.T) {
	for name, get := range map[string]func(testing.TB) services.ObjectStore{"minio": services.MinIO, "versitygw": services.VersityGW} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			cfg := config(get(t))
			store := openS3(t, cfg)
			raw, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, "")})
			if err != nil {
				t.Fatal(err)
			}
			for what, lock := range map[string]func(key string) error{
				"retained": func(key string) error { return store.Retain(ctx, key, time.Now().Add(time.Hour)) },
				"held":     func(key string) error { return store.Hold(ctx, key, true) },
			} {
				data := []byte(name + what + t.Name())
				want, key := digest(data)
				if err := store.Put(ctx, key, want, bytes.NewReader(data)); err != nil {
					t.Fatal(err)
				}
				if err := lock(key); err != nil {
					t.Fatal(err)
				}
				info, err := raw.StatObject(ctx, cfg.Bucket, key, minio.StatObjectOptions{})
				if err != nil || info.VersionID == "" {
					t.Fatalf("no version: %+v, %v", info, err)
				}
				if err := raw.RemoveObject(ctx, cfg.Bucket, key, minio.RemoveObjectOptions{VersionID: info.VersionID}); err == nil {
					t.Errorf("the store removed an object that is %s", what)
				}
				if err := blob.Check(ctx, store, key, want); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// TestBucketWithoutLock: a promise of retention that the store would not keep is refused at the start.
func TestBucketWithoutLock(t *testing.T) {
	cfg := config(services.MinIO(t))
	cfg.Bucket = "plain"
	raw, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.MakeBucket(context.Background(), cfg.Bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.OpenS3(context.Background(), cfg); err == nil {
		t.Error("a bucket without object lock was taken")
	}
}

// TestStoreDown: nobody listens. That does not keep the server from starting; each use says that it is worth another try.
func TestStoreDown(t *testing.T) {
	cfg := config(services.ObjectStore{Endpoint: "127.0.0.1:1", AccessKey: "a", SecretKey: "secret-key"})
	store := openS3(t, cfg)
	data := []byte("evidence")
	want, key := digest(data)
	_, err := store.Stat(context.Background(), key)
	for _, err := range []error{err, store.Ready(context.Background()), store.Put(context.Background(), key, want, bytes.NewReader(data))} {
		if !errors.Is(err, fault.New(fault.TemporarilyDown)) {
			t.Errorf("got %v", err)
		}
	}
}

// TestStoreStalls: the store takes the connection and a part of the bytes, or gives a part, and then does nothing.
func TestStoreStalls(t *testing.T) {
	ctx := context.Background()
	real := config(services.MinIO(t))
	data := make([]byte, 4<<20)
	want, key := digest(data)
	if err := openS3(t, real).Put(ctx, key, want, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	stalling := real
	stalling.Endpoint, stalling.Stall = stallAfter(t, real.Endpoint, 1<<20), 300*time.Millisecond
	store := openS3(t, stalling)
	err := blob.Check(ctx, store, key, want)
	if !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		t.Errorf("read: %v", err)
	}
	other := append(data, 1)
	want, key = digest(other)
	err = store.Put(ctx, key, want, bytes.NewReader(other))
	if !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		t.Errorf("put: %v", err)
	}
}

// stallAfter is a line to a server that carries n bytes each way per connection, and then nothing more.
func stallAfter(t *testing.T, server string, n int64) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	carry := func(to, from net.Conn) {
		_, _ = io.CopyN(to, from, n)
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				in.Close()
				return
			}
			t.Cleanup(func() { in.Close(); out.Close() })
			go carry(out, in)
			go carry(in, out)
		}
	}()
	return l.Addr().String()
}

// lying stores something else than it is given, and says yes.
type lying struct{ evidence.Blobs }

func (l lying) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	data[len(data)/2] ^= 1
	return l.Blobs.Put(ctx, key, want, bytes.NewReader(data))
}

func TestVerifiedReadsBack(t *testing.T) {
	f, _ := openFolder(t)
	data := []byte("what the officer recorded")
	want, key := digest(data)
	err := blob.Verified(lying{f}).Put(context.Background(), key, want, bytes.NewReader(data))
	if !errors.Is(err, fault.New(fault.StoreDiffers)) {
		t.Errorf("a store that damages bytes was believed: %v", err)
	}
}

// TestFolderLeavesNoScraps: files are read-only, an aborted put leaves nothing, and what a crash left is cleaned up.
func TestFolderLeavesNoScraps(t *testing.T) {
	ctx := context.Background()
	f, root := openFolder(t)
	data := []byte("evidence")
	want, key := digest(data)
	if err := f.Put(ctx, key, want, bytes.NewReader(data[:4])); err == nil {
		t.Error("a short body was taken")
	}
	if err := f.Put(ctx, key, want, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, "objects", key)); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("%v, %v", info, err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "incoming")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(filepath.Join(root, "incoming", "put-1"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := blob.OpenFolder(root, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "incoming")); len(left) != 1 {
		t.Errorf("opening has taken away what another process may be writing: %v are left", left)
	}
	if err := again.Clear(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "incoming")); len(left) != 0 {
		t.Errorf("left behind after a restart: %v", left)
	}
	if err := blob.Check(ctx, again, key, want); err != nil {
		t.Error(err)
	}
}

// TestFolderKeepsLocks: a restart forgets no retention, and a lock that cannot be read still forbids removal.
func TestFolderKeepsLocks(t *testing.T) {
	ctx := context.Background()
	f, root := openFolder(t)
	data := []byte("evidence")
	want, key := digest(data)
	until := time.Now().Add(time.Hour)
	if err := errors.Join(f.Put(ctx, key, want, bytes.NewReader(data)), f.Retain(ctx, key, until), f.Hold(ctx, key, true)); err != nil {
		t.Fatal(err)
	}
	f, err := blob.OpenFolder(root, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := f.Stat(ctx, key)
	if err != nil || !stored.Held || !stored.RetainedUntil.Equal(until) {
		t.Errorf("%+v, %v", stored, err)
	}
	if err := os.WriteFile(filepath.Join(root, "locks", key), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(ctx, key); err == nil {
		t.Error("removed under a lock that cannot be read")
	}
}

func TestFolderKeys(t *testing.T) {
	f, _ := openFolder(t)
	for _, key := range []string{"", "/a", "a/", "../a", "a/../b", "a//b", "a/./b", "A", "a\\b", "a\x00"} {
		if _, err := f.Stat(context.Background(), key); err == nil || errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// early is a store that answers before it has read the body, and goes on reading: so does an HTTP client whose server says at once that the key is taken.
type early struct {
	evidence.Blobs
	reading chan struct{} // closed once the body is being read
	read    chan int      // how often it was read in the end
}

func (s *early) Put(_ context.Context, _ string, _ evidence.Digest, body io.Reader) error {
	go func() {
		for n, p := 1, make([]byte, 10); ; n++ {
			if _, err := body.Read(p); err != nil {
				s.read <- n
				return
			}
		}
	}()
	<-s.reading
	return fault.New(fault.TemporarilyDown)
}

// slow is a body whose first read waits.
type slow struct {
	reading, free chan struct{}
	reads         atomic.Int32
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reads.Add(1) == 1 {
		close(s.reading)
		<-s.free
	}
	return copy(p, "0123456789"), nil
}

// Once a put has returned its body is the caller's again: a read that is under way ends, and no other begins. What has come of the reading is asked while
// it goes on, which the race detector sees.
func TestVerifiedLetsGoOfTheBody(t *testing.T) {
	body := &slow{reading: make(chan struct{}), free: make(chan struct{})}
	store := &early{reading: body.reading, read: make(chan int, 1)}
	want := evidence.Digest{Length: 1000, SHA256: strings.Repeat("0", 64)}
	if err := blob.Verified(store).Put(context.Background(), "k", want, body); !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		t.Fatal(err)
	}
	close(body.free)
	if tried := <-store.read; body.reads.Load() != 1 || tried != 2 {
		t.Errorf("the body was read %d times, of %d tries", body.reads.Load(), tried)
	}
}
