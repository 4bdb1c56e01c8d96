package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// large is a recording of five parts of 5 MiB, the last of them short.
func large() []byte {
	data := make([]byte, 20<<20+12345)
	_, _ = rand.Read(data)
	return data
}

// damaged gives other bytes back than are stored: those at an offset are changed, cut off behind it, or followed by more.
type damaged struct {
	evidence.Blobs
	at     int64
	change func(b []byte, at int) []byte
}

func (d damaged) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	body, err := d.Blobs.OpenRange(ctx, key, from, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if at := d.at - from; at >= 0 && at < int64(len(data)) {
		data = d.change(data, int(at))
	}
	return io.NopCloser(bytes.NewReader(data)), err
}

// TestLargeIsReadBack: a recording that goes to the store in parts is believed only where every part comes back as it was.
func TestLargeIsReadBack(t *testing.T) {
	ctx := context.Background()
	store := openS3(t, config(services.MinIO(t)))
	data := large()
	want, key := digest(data)
	if err := blob.Verified(store).Put(ctx, key, want, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if err := blob.Check(ctx, store, key, want); err != nil {
		t.Errorf("what is stored: %v", err)
	}
	last := int64(len(data)) - 1
	for name, change := range map[string]func(b []byte, at int) []byte{
		"changed":  func(b []byte, at int) []byte { b[at] ^= 1; return b },
		"cut":      func(b []byte, at int) []byte { return b[:at] },
		"inserted": func(b []byte, at int) []byte { return slices.Insert(b, at+1, 7) },
	} {
		for _, at := range []int64{5<<20 - 1, 12 << 20, last} {
			t.Run(fmt.Sprint(name, at), func(t *testing.T) {
				data[0]++ // another object each time: what is there is not sent again
				want, key := digest(data)
				err := blob.Verified(damaged{store, at, change}).Put(ctx, key, want, bytes.NewReader(data))
				if !errors.Is(err, fault.New(fault.StoreDiffers)) {
					t.Errorf("a store that damages bytes was believed: %v", err)
				}
			})
		}
	}
}

// swapped reads another object than it has stored.
type swapped struct {
	evidence.Blobs
	key string
}

func (s swapped) OpenRange(ctx context.Context, _ string, from, n int64) (io.ReadCloser, error) {
	return s.Blobs.OpenRange(ctx, s.key, from, n)
}

// TestLargeIsNotLonger: what is stored must end where the recording does.
func TestLargeIsNotLonger(t *testing.T) {
	ctx := context.Background()
	store := openS3(t, config(services.MinIO(t)))
	data := large()
	want, key := digest(data)
	longer := append(slices.Clone(data), 0)
	wantLonger, keyLonger := digest(longer)
	if err := store.Put(ctx, keyLonger, wantLonger, bytes.NewReader(longer)); err != nil {
		t.Fatal(err)
	}
	err := blob.Verified(swapped{store, keyLonger}).Put(ctx, key, want, bytes.NewReader(data))
	if !errors.Is(err, fault.New(fault.StoreDiffers)) {
		t.Errorf("a longer object was believed: %v", err)
	}
}

// shifting is a body whose bytes are others when they are read again.
type shifting struct {
	io.Reader
	again []byte
}

func (s shifting) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(s.again).ReadAt(p, at)
}

// TestLargeThatChanges: bytes that change where they wait, between the pass that hashes them and the one that sends them, are refused, and so are bytes
// of another digest. Nothing of them is ever to be seen, and the right ones can come afterwards.
func TestLargeThatChanges(t *testing.T) {
	for name, open := range map[string]func(testing.TB) services.ObjectStore{"minio": services.MinIO, "versitygw": services.VersityGW} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			store := openS3(t, config(open(t)))
			data := large()
			want, key := digest(data)
			other := slices.Clone(data)
			other[11<<20] ^= 1
			if err := blob.Verified(store).Put(ctx, key, want, shifting{bytes.NewReader(data), other}); err == nil {
				t.Error("bytes that were not hashed are stored")
			}
			if err := blob.Verified(store).Put(ctx, key, want, bytes.NewReader(other)); !errors.Is(err, fault.New(fault.DigestMismatch)) {
				t.Errorf("bytes of another digest: %v", err)
			}
			if _, err := store.Stat(ctx, key); !errors.Is(err, fault.New(fault.NotFound)) {
				t.Errorf("something is to be seen: %v", err)
			}
			if err := blob.Verified(store).Put(ctx, key, want, shifting{bytes.NewReader(data), data}); err != nil {
				t.Errorf("the right bytes: %v", err)
			}
		})
	}
}

// TestLargeStalls: the store takes a part of the parts, and then does nothing.
func TestLargeStalls(t *testing.T) {
	stalling := config(services.MinIO(t))
	stalling.Endpoint, stalling.Stall = stallAfter(t, stalling.Endpoint, 1<<20), 300*time.Millisecond
	data := large()
	want, key := digest(data)
	err := blob.Verified(openS3(t, stalling)).Put(context.Background(), key, want, bytes.NewReader(data))
	if !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		t.Errorf("got %v", err)
	}
}

// TestLargeEndsWithItsCaller: whoever asks may give up at any time.
func TestLargeEndsWithItsCaller(t *testing.T) {
	store := openS3(t, config(services.MinIO(t)))
	data := large()
	want, key := digest(data)
	ctx, cancel := context.WithCancel(context.Background())
	body := shifting{io.MultiReader(bytes.NewReader(data[:11<<20]), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	})), data}
	if err := blob.Verified(store).Put(ctx, key, want, body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
