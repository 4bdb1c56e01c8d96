// Package storagetest holds one conformance suite per port. A suite tests the contract, so every adapter runs the same one.
package storagetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Blobs tests what evidence.Blobs promises on a store that holds nothing of the test's yet.
func Blobs(t *testing.T, store evidence.Blobs) {
	for name, test := range map[string]func(*testing.T, evidence.Blobs){
		"round trip":                      blobsRoundTrip,
		"ranges at the edges":             blobsRanges,
		"the same bytes again":            blobsAgain,
		"other bytes are refused":         blobsOther,
		"a wrong body leaves nothing":     blobsWrongBody,
		"a cut body leaves nothing":       blobsCutBody,
		"many at once":                    blobsConcurrent,
		"what is not there":               blobsAbsent,
		"retention forbids removal":       blobsRetention,
		"retention only extends":          blobsExtends,
		"a hold forbids removal":          blobsHold,
		"a cancelled context is honoured": blobsCancelled,
	} {
		t.Run(name, func(t *testing.T) { test(t, store) })
	}
}

// sample makes n bytes that no other test has, with their digest and key.
func sample(n int) (data []byte, want evidence.Digest, key string) {
	data = make([]byte, n)
	_, _ = rand.Read(data) // never fails
	sum := sha256.Sum256(data)
	want = evidence.Digest{Length: int64(n), SHA256: hex.EncodeToString(sum[:])}
	return data, want, evidence.Key(evidence.Recordings, want.SHA256)
}

// unknown makes a sample that the store does not hold: of one byte there are only 256, and some are there already.
func unknown(store evidence.Blobs, n int) (data []byte, want evidence.Digest, key string) {
	for {
		data, want, key = sample(n)
		if _, err := store.Stat(context.Background(), key); err != nil {
			return data, want, key
		}
	}
}

func put(t *testing.T, store evidence.Blobs, n int) ([]byte, evidence.Digest, string) {
	t.Helper()
	data, want, key := sample(n)
	if err := store.Put(context.Background(), key, want, bytes.NewReader(data)); err != nil {
		t.Fatalf("put of %d bytes: %v", n, err)
	}
	return data, want, key
}

func read(store evidence.Blobs, key string, from, n int64) ([]byte, error) {
	body, err := store.OpenRange(context.Background(), key, from, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// wantFault fails the test unless err is a fault of the code.
func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("got %v, want fault %s", err, code)
	}
}

func wantAbsent(t *testing.T, store evidence.Blobs, key string) {
	t.Helper()
	_, err := store.Stat(context.Background(), key)
	wantFault(t, err, fault.NotFound)
	_, err = read(store, key, 0, -1)
	wantFault(t, err, fault.NotFound)
}

func blobsRoundTrip(t *testing.T, store evidence.Blobs) {
	// The empty object is one for all tests and runs: its key can exist already.
	for _, n := range []int{0, 1, 4096, 8<<20 + 1} {
		data, want, key := put(t, store, n)
		stored, err := store.Stat(context.Background(), key)
		if err != nil || stored.Length != want.Length || stored.Held || !stored.RetainedUntil.IsZero() {
			t.Errorf("stat of %d bytes: %+v, %v", n, stored, err)
		}
		got, err := read(store, key, 0, -1)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d others: %v", n, len(got), err)
		}
	}
}

func blobsRanges(t *testing.T, store evidence.Blobs) {
	data, _, key := put(t, store, 1000)
	for _, r := range []struct{ from, n, end int64 }{
		{0, 1, 1}, {0, 1000, 1000}, {0, 5000, 1000}, {999, 1, 1000}, {999, 50, 1000}, {1000, 10, 1000}, {1000, -1, 1000},
		{1, -1, 1000}, {500, 0, 500}, {1, 998, 999},
	} {
		got, err := read(store, key, r.from, r.n)
		if err != nil || !bytes.Equal(got, data[r.from:r.end]) {
			t.Errorf("range %d+%d: %d bytes, %v", r.from, r.n, len(got), err)
		}
	}
	for _, from := range []int64{1001, 1 << 40, -1} {
		_, err := read(store, key, from, 1)
		wantFault(t, err, fault.RangeInvalid)
	}
}

func blobsAgain(t *testing.T, store evidence.Blobs) {
	data, want, key := put(t, store, 5000)
	if err := store.Put(context.Background(), key, want, bytes.NewReader(data)); err != nil {
		t.Errorf("the same bytes again: %v", err)
	}
	if err := store.Retain(context.Background(), key, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := store.Put(context.Background(), key, want, bytes.NewReader(data)); err != nil {
		t.Errorf("the same bytes again, retained: %v", err)
	}
	if got, err := read(store, key, 0, -1); err != nil || !bytes.Equal(got, data) {
		t.Errorf("changed: %d bytes, %v", len(got), err)
	}
}

func blobsOther(t *testing.T, store evidence.Blobs) {
	data, _, key := put(t, store, 5000)
	other, want, _ := sample(5000)
	wantFault(t, store.Put(context.Background(), key, want, bytes.NewReader(other)), fault.StoreDiffers)
	if got, err := read(store, key, 0, -1); err != nil || !bytes.Equal(got, data) {
		t.Errorf("changed: %d bytes, %v", len(got), err)
	}
}

func blobsWrongBody(t *testing.T, store evidence.Blobs) {
	for _, n := range []int{0, 100, 6 << 20} {
		data, want, key := unknown(store, n+1)
		wrong := bytes.Clone(data)
		wrong[n] ^= 1
		for name, body := range map[string][]byte{"another byte": wrong, "too long": append(bytes.Clone(data), 0), "too short": data[:n]} {
			err := store.Put(context.Background(), key, want, bytes.NewReader(body))
			if !errors.Is(err, fault.New(fault.DigestMismatch)) {
				t.Errorf("%d bytes, %s: %v", n, name, err)
			}
			wantAbsent(t, store, key)
		}
		if err := store.Put(context.Background(), key, want, bytes.NewReader(data)); err != nil {
			t.Errorf("the right body after wrong ones: %v", err)
		}
	}
}

func blobsCutBody(t *testing.T, store evidence.Blobs) {
	for _, n := range []int{100, 6 << 20} {
		data, want, key := sample(n)
		cut := errors.New("the line is cut")
		body := io.MultiReader(bytes.NewReader(data[:n-1]), iotest.ErrReader(cut))
		if err := store.Put(context.Background(), key, want, body); err == nil {
			t.Errorf("a body of %d bytes that breaks was taken", n)
		}
		wantAbsent(t, store, key)
	}
}

func blobsConcurrent(t *testing.T, store evidence.Blobs) {
	data, want, key := sample(300_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := store.Put(context.Background(), key, want, bytes.NewReader(data)); err != nil {
				t.Errorf("one of many puts: %v", err)
			}
			if got, err := read(store, key, 0, -1); err != nil || !bytes.Equal(got, data) {
				t.Errorf("read after put: %d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}

func blobsAbsent(t *testing.T, store evidence.Blobs) {
	_, _, key := sample(10)
	wantAbsent(t, store, key)
	ctx := context.Background()
	wantFault(t, store.Retain(ctx, key, time.Now().Add(time.Hour)), fault.NotFound)
	wantFault(t, store.Hold(ctx, key, true), fault.NotFound)
	if err := store.Remove(ctx, key); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	_, _, key = put(t, store, 10)
	for range 2 {
		if err := store.Remove(ctx, key); err != nil {
			t.Errorf("removing: %v", err)
		}
		wantAbsent(t, store, key)
	}
}

func blobsRetention(t *testing.T, store evidence.Blobs) {
	ctx := context.Background()
	data, want, key := put(t, store, 10)
	until := time.Now().Add(4 * time.Second)
	if err := store.Retain(ctx, key, until); err != nil {
		t.Fatal(err)
	}
	if stored, err := store.Stat(ctx, key); err != nil || stored.RetainedUntil.Before(until) || stored.RetainedUntil.After(until.Add(time.Second)) {
		t.Errorf("retained until %v, want %v: %v", stored.RetainedUntil, until, err)
	}
	for {
		err := store.Remove(ctx, key)
		if err == nil {
			break
		}
		wantFault(t, err, fault.Retained)
		if t.Failed() || time.Now().After(until.Add(time.Minute)) {
			t.Fatal("the retention does not end")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if time.Now().Before(until) {
		t.Error("removed before the retention's end")
	}
	wantAbsent(t, store, key)
	if err := store.Put(ctx, key, want, bytes.NewReader(data)); err != nil {
		t.Errorf("put after removal: %v", err)
	}
	if stored, err := store.Stat(ctx, key); err != nil || stored.RetainedUntil.After(time.Now()) {
		t.Errorf("a new object has the retention of the old: %+v, %v", stored, err)
	}
}

func blobsExtends(t *testing.T, store evidence.Blobs) {
	ctx := context.Background()
	_, _, key := put(t, store, 10)
	late := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	for _, until := range []time.Time{late.Add(-time.Hour), late, late.Add(-time.Minute), late} {
		if err := store.Retain(ctx, key, until); err != nil {
			t.Fatal(err)
		}
	}
	if stored, err := store.Stat(ctx, key); err != nil || !stored.RetainedUntil.Equal(late) {
		t.Errorf("retained until %v, want %v: %v", stored.RetainedUntil, late, err)
	}
	wantFault(t, store.Remove(ctx, key), fault.Retained)
}

func blobsHold(t *testing.T, store evidence.Blobs) {
	ctx := context.Background()
	_, _, key := put(t, store, 10)
	for _, on := range []bool{true, true, false, false, true} {
		if err := store.Hold(ctx, key, on); err != nil {
			t.Fatal(err)
		}
		if stored, err := store.Stat(ctx, key); err != nil || stored.Held != on {
			t.Errorf("held %v, want %v: %v", stored.Held, on, err)
		}
	}
	wantFault(t, store.Remove(ctx, key), fault.OnHold)
	if err := store.Hold(ctx, key, false); err != nil {
		t.Fatal(err)
	}
	if err := store.Remove(ctx, key); err != nil {
		t.Errorf("removing after the hold: %v", err)
	}
}

func blobsCancelled(t *testing.T, store evidence.Blobs) {
	data, want, key := sample(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	half := io.MultiReader(bytes.NewReader(data[:1<<19]), &cancelling{cancel: cancel}, bytes.NewReader(data[1<<19:]))
	if err := store.Put(ctx, key, want, half); !errors.Is(err, context.Canceled) {
		t.Errorf("put under a cancelled context: %v", err)
	}
	wantAbsent(t, store, key)
	if err := store.Put(ctx, key, want, bytes.NewReader(data)); !errors.Is(err, context.Canceled) {
		t.Errorf("put that begins cancelled: %v", err)
	}
	wantAbsent(t, store, key)
}

// cancelling is an empty body that cancels a context when it is first read.
type cancelling struct {
	cancel context.CancelFunc
	read   bool
}

func (c *cancelling) Read([]byte) (int, error) {
	if c.read {
		return 0, io.EOF
	}
	c.cancel()
	c.read = true
	return 0, nil
}
