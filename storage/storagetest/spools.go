package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Spools tests what evidence.Spool promises. reopen opens the same spool anew, as after a restart.
func Spools(t *testing.T, open func(t *testing.T) (spool evidence.Spool, reopen func() evidence.Spool)) {
	for name, test := range map[string]func(*testing.T, evidence.Spool){
		"grows at the end":                 spoolsGrow,
		"another offset is refused":        spoolsOffset,
		"a body that breaks keeps its own": spoolsBroken,
		"a body can be taken back":         spoolsDiscard,
		"appends exclude each other":       spoolsExclude,
		"a cancelled context is honoured":  spoolsCancelled,
		"what is not there":                spoolsAbsent,
		"set aside":                        spoolsAside,
		"joined from others":               spoolsJoin,
		"many uploads at once":             spoolsMany,
		"what waits is listed":             spoolsWaiting,
	} {
		t.Run(name, func(t *testing.T) {
			spool, _ := open(t)
			test(t, spool)
		})
	}
	t.Run("a restart keeps all", func(t *testing.T) {
		spool, reopen := open(t)
		id, data := fresh(t, spool), []byte("0123456789")
		add(t, spool, id, 0, data)
		again := reopen()
		if err := again.Create(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		wantSpooled(t, again, id, data)
		add(t, again, id, 10, data)
		wantSpooled(t, again, id, append(data, data...))
		whole := uuid.Must(uuid.NewV7()).String()
		joinOf(t, again, whole, 40, id, id)
		wantSpooled(t, reopen(), whole, bytes.Repeat(data, 4))
	})
}

// spoolsWaiting: every upload is listed, with and without bytes, joined or not; what was set aside or removed is not.
func spoolsWaiting(t *testing.T, spool evidence.Spool) {
	ctx := context.Background()
	before := time.Now().Add(-time.Minute)
	empty, some, aside, gone, whole := fresh(t, spool), fresh(t, spool), fresh(t, spool), fresh(t, spool), uuid.Must(uuid.NewV7()).String()
	add(t, spool, some, 0, []byte("0123456789"))
	joinOf(t, spool, whole, 10, some)
	if err := errors.Join(spool.SetAside(ctx, aside), spool.Remove(ctx, gone)); err != nil {
		t.Fatal(err)
	}
	all, err := spool.Waiting(ctx)
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, w := range all {
		if w.ID != empty && w.ID != some && w.ID != whole || w.Changed.Before(before) || w.Changed.After(time.Now().Add(time.Minute)) {
			t.Errorf("%+v", w)
		}
	}
}

func fresh(t *testing.T, spool evidence.Spool) string {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	if err := spool.Create(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func add(t *testing.T, spool evidence.Spool, id string, offset int64, data []byte) {
	t.Helper()
	end, err := spool.Append(context.Background(), id, offset, bytes.NewReader(data))
	if err != nil || end != offset+int64(len(data)) {
		t.Fatalf("append of %d bytes at %d: %d, %v", len(data), offset, end, err)
	}
}

func wantSpooled(t *testing.T, spool evidence.Spool, id string, data []byte) {
	t.Helper()
	ctx := context.Background()
	if n, err := spool.Offset(ctx, id); err != nil || n != int64(len(data)) {
		t.Errorf("offset %d, want %d: %v", n, len(data), err)
	}
	from := int64(len(data) / 3)
	file, err := spool.Open(ctx, id, from)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() != int64(len(data)) || info.ModTime().IsZero() {
		t.Errorf("stat: %v, %v", info, err)
	}
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, data[from:]) {
		t.Errorf("from %d there are %d bytes, want %d: %v", from, len(got), len(data[from:]), err)
	}
}

func spoolsGrow(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	var all []byte
	for _, n := range []int{1, 0, 100, 128 << 10, 128<<10 + 1, 1 << 20} {
		data, _, _ := sample(n)
		// A body may trickle: half of what is asked for, and its end together with the last bytes.
		body := iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(data)))
		end, err := spool.Append(context.Background(), id, int64(len(all)), body)
		all = append(all, data...)
		if err != nil || end != int64(len(all)) {
			t.Fatalf("append: %d, %v", end, err)
		}
	}
	wantSpooled(t, spool, id, all)
	if err := spool.Create(context.Background(), id); err != nil {
		t.Errorf("create again: %v", err)
	}
	wantSpooled(t, spool, id, all)
}

func spoolsOffset(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	add(t, spool, id, 0, []byte("abc"))
	for _, offset := range []int64{0, 2, 4, -1} {
		body := bytes.NewReader([]byte("xyz"))
		end, err := spool.Append(context.Background(), id, offset, body)
		wantFault(t, err, fault.UploadOffset)
		if end != 3 || body.Len() != 3 {
			t.Errorf("at %d: offset %d, and %d bytes were read", offset, end, 3-body.Len())
		}
	}
	wantSpooled(t, spool, id, []byte("abc"))
}

func spoolsBroken(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	cut := errors.New("the line is cut")
	var all []byte
	for _, n := range []int{0, 10, 200 << 10} {
		data, _, _ := sample(n)
		end, err := spool.Append(context.Background(), id, int64(len(all)), io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cut)))
		all = append(all, data...)
		if !errors.Is(err, cut) || end != int64(len(all)) {
			t.Errorf("offset %d, want %d: %v", end, len(all), err)
		}
		wantSpooled(t, spool, id, all)
	}
}

func spoolsDiscard(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	add(t, spool, id, 0, []byte("abc"))
	why := fmt.Errorf("wrong checksum: %w", evidence.ErrDiscard)
	for _, n := range []int{0, 10, 200 << 10} {
		data, _, _ := sample(n)
		end, err := spool.Append(context.Background(), id, 3, io.MultiReader(bytes.NewReader(data), iotest.ErrReader(why)))
		if !errors.Is(err, why) || end != 3 {
			t.Errorf("offset %d: %v", end, err)
		}
		wantSpooled(t, spool, id, []byte("abc"))
	}
	add(t, spool, id, 3, []byte("def"))
	wantSpooled(t, spool, id, []byte("abcdef"))
}

func spoolsExclude(t *testing.T, spool evidence.Spool) {
	ctx := context.Background()
	id := fresh(t, spool)
	add(t, spool, id, 0, []byte("abc"))
	out, in := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := spool.Append(ctx, id, 3, out)
		done <- err
	}()
	if _, err := in.Write([]byte("de")); err != nil { // returns when it has been read: the append runs
		t.Fatal(err)
	}
	_, err := spool.Append(ctx, id, 3, bytes.NewReader([]byte("x")))
	wantFault(t, err, fault.UploadBusy)
	wantFault(t, spool.Remove(ctx, id), fault.UploadBusy)
	wantFault(t, spool.SetAside(ctx, id), fault.UploadBusy)
	if n, err := spool.Offset(ctx, id); err != nil || n != 3 {
		t.Errorf("offset during an append: %d, %v", n, err)
	}
	in.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	wantSpooled(t, spool, id, []byte("abcde"))
}

func spoolsCancelled(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	ctx, cancel := context.WithCancel(context.Background())
	body := io.MultiReader(bytes.NewReader([]byte("abc")), &cancelling{cancel: cancel}, bytes.NewReader([]byte("def")))
	end, err := spool.Append(ctx, id, 0, body)
	if !errors.Is(err, context.Canceled) || end != 3 {
		t.Errorf("offset %d: %v", end, err)
	}
	wantSpooled(t, spool, id, []byte("abc"))
}

func wantGone(t *testing.T, spool evidence.Spool, id string) {
	t.Helper()
	ctx := context.Background()
	_, err := spool.Offset(ctx, id)
	wantFault(t, err, fault.NotFound)
	_, err = spool.Append(ctx, id, 0, bytes.NewReader([]byte("x")))
	wantFault(t, err, fault.NotFound)
	_, err = spool.Open(ctx, id, 0)
	wantFault(t, err, fault.NotFound)
}

func spoolsAbsent(t *testing.T, spool evidence.Spool) {
	ctx := context.Background()
	absent := uuid.Must(uuid.NewV7()).String()
	for _, id := range []string{absent, "", ".", "..", "../receiving", "a/b"} {
		wantGone(t, spool, id)
		wantFault(t, spool.SetAside(ctx, id), fault.NotFound)
	}
	if err := spool.Remove(ctx, absent); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	id := fresh(t, spool)
	add(t, spool, id, 0, []byte("abc"))
	for range 2 {
		if err := spool.Remove(ctx, id); err != nil {
			t.Errorf("remove: %v", err)
		}
		wantGone(t, spool, id)
	}
	if err := spool.Create(ctx, id); err != nil {
		t.Fatal(err)
	}
	wantSpooled(t, spool, id, nil)
}

func spoolsAside(t *testing.T, spool evidence.Spool) {
	id := fresh(t, spool)
	add(t, spool, id, 0, []byte("abc"))
	for range 2 {
		if err := spool.SetAside(context.Background(), id); err != nil {
			t.Errorf("set aside: %v", err)
		}
		wantGone(t, spool, id)
	}
}

func spoolsMany(t *testing.T, spool evidence.Spool) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			id, data := uuid.Must(uuid.NewV7()).String(), []byte("0123456789")
			if err := spool.Create(context.Background(), id); err != nil {
				t.Error(err)
			}
			for i := range 5 {
				if end, err := spool.Append(context.Background(), id, int64(i*10), bytes.NewReader(data)); err != nil || end != int64(i*10+10) {
					t.Errorf("append: %d, %v", end, err)
				}
			}
			if n, err := spool.Offset(context.Background(), id); err != nil || n != 50 {
				t.Errorf("offset %d: %v", n, err)
			}
		})
	}
	wg.Wait()
}
