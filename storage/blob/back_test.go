package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/blob"
)

// TestReadBackAtEveryEdge: whatever the length, one octet that has changed, is missing or is too much is found, wherever it is, and what is right is believed.
func TestReadBackAtEveryEdge(t *testing.T) {
	ctx := context.Background()
	f, _ := openFolder(t)
	flip := func(b []byte, at int) []byte { b[at] ^= 1; return b }
	cut := func(b []byte, at int) []byte { return append(b[:at], b[at+1:]...) }
	more := func(b []byte, at int) []byte { return append(b[:at+1], b[at:]...) }
	for _, n := range []int64{1, 2, 128<<10 - 1, 128 << 10, 128<<10 + 1, 4<<20 - 1, 4 << 20, 4<<20 + 1, 16<<20 + 128<<10 + 1} {
		data := make([]byte, n)
		_, _ = rand.Read(data)
		want, key := digest(data)
		if err := blob.Verified(f).Put(ctx, key, want, bytes.NewReader(data)); err != nil {
			t.Errorf("%d octets: %v", n, err)
		}
		for what, change := range map[string]func([]byte, int) []byte{"changed": flip, "missing": cut, "too much": more} {
			for _, at := range []int64{0, n / 2, n - 1} {
				if err := f.Remove(ctx, key); err != nil {
					t.Fatal(err)
				}
				err := blob.Verified(damaged{f, at, change}).Put(ctx, key, want, bytes.NewReader(data))
				if !errors.Is(err, fault.New(fault.StoreDiffers)) {
					t.Errorf("of %d octets the one at %d is %s: %v", n, at, what, err)
				}
			}
		}
	}
	want, key := digest(nil)
	if err := blob.Verified(swapped{f, someKey(t, f)}).Put(ctx, key, want, bytes.NewReader(nil)); !errors.Is(err, fault.New(fault.StoreDiffers)) {
		t.Errorf("octets in the place of none: %v", err)
	}
}

// TestReadBackOfAnother: an object that ends before a line begins.
func TestReadBackOfAnother(t *testing.T) {
	f, _ := openFolder(t)
	data := large()
	want, key := digest(data)
	err := blob.Verified(swapped{f, someKey(t, f)}).Put(context.Background(), key, want, bytes.NewReader(data))
	if !errors.Is(err, fault.New(fault.StoreDiffers)) || errors.Is(err, fault.New(fault.RangeInvalid)) {
		t.Errorf("a shorter object: %v", err)
	}
}

func someKey(t *testing.T, store evidence.Blobs) string {
	t.Helper()
	want, key := digest([]byte("something"))
	if err := store.Put(context.Background(), key, want, bytes.NewReader([]byte("something"))); err != nil {
		t.Fatal(err)
	}
	return key
}

// exchanging gives the stretches of 128 KiB in another order than they were stored.
type exchanging struct{ evidence.Blobs }

func (e exchanging) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	body, err := e.Blobs.OpenRange(ctx, key, from, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	const stretch = 128 << 10
	if len(data) > 2*stretch {
		first := bytes.Clone(data[:stretch])
		copy(data, data[stretch:2*stretch])
		copy(data[stretch:], first)
	}
	return io.NopCloser(bytes.NewReader(data)), err
}

// TestReadBackKnowsThePlace: the right octets in the wrong order are not what was announced.
func TestReadBackKnowsThePlace(t *testing.T) {
	f, _ := openFolder(t)
	data := large()
	want, key := digest(data)
	err := blob.Verified(exchanging{f}).Put(context.Background(), key, want, bytes.NewReader(data))
	if !errors.Is(err, fault.New(fault.StoreDiffers)) {
		t.Errorf("exchanged stretches were believed: %v", err)
	}
}

// breaking ends the reading of what lies behind an offset, as a line that is cut does.
type breaking struct {
	evidence.Blobs
	from int64
	with func() error
}

func (b breaking) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	body, err := b.Blobs.OpenRange(ctx, key, from, n)
	if err != nil || from < b.from {
		return body, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, 1000), readerFunc(func([]byte) (int, error) { return 0, b.with() })), body}, nil
}

// TestReadBackBreaks: one line of several that breaks is an error of the whole, and no word on what is stored; so is a caller that gives up.
func TestReadBackBreaks(t *testing.T) {
	data := large()
	want, key := digest(data)
	cut := errors.New("the line is cut")
	for name, test := range map[string]struct {
		with func(cancel func()) error
		want error
	}{
		"cut":      {func(func()) error { return cut }, cut},
		"given up": {func(cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		for _, from := range []int64{0, 5 << 20, 15 << 20} {
			t.Run(fmt.Sprint(name, from), func(t *testing.T) {
				f, _ := openFolder(t)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				err := blob.Verified(breaking{f, from, func() error { return test.with(cancel) }}).Put(ctx, key, want, bytes.NewReader(data))
				if !errors.Is(err, test.want) || errors.Is(err, fault.New(fault.StoreDiffers)) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}
