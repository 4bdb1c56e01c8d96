package upload_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// spooled lists what is in the spool's folder for uploads that receive.
func (w *world) spooled() (names []string) {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.root, "spool", "receiving"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// The sweep takes away what no row names and what has ended, and nothing else: not what a row names in any other state, not what was written
// lately, and nothing that is not an upload's.
func TestTheSweepTakesOnlyWhatNoRowNames(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(3000)
		other := bytes.Clone(data)
		other[0] ^= 1
		_, receiving := w.begin(s, data)
		w.send(s, receiving, data[:100], 0)
		_, whole := w.begin(s, data)
		w.send(s, whole, data, 0)
		part := w.part(s, w.announce(data), data[:1000])

		_, held := w.begin(s, data)
		w.send(s, held, data, 0)
		s.Spool = &stuck{s.Spool}
		if err := s.Promote(ctx, held); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if u, err := s.Store.Find(ctx, held); err != nil || u.State != upload.Held {
			t.Fatalf("%+v, %v", u, err)
		}
		_, mismatch := w.begin(s, data)
		_, err := s.Append(ctx, w.caller, mismatch, upload.Chunk{}, bytes.NewReader(other))
		wantFault(t, err, fault.DigestMismatch)

		s = w.start()
		_, ended := w.begin(s, data)
		w.send(s, ended, data[:100], 0)
		if _, err := s.Store.Advance(ctx, ended, upload.Receiving, upload.Ended); err != nil {
			t.Fatal(err)
		}
		young, old := newID(), newID()
		for _, id := range []string{young, old} {
			if err := s.Spool.Create(ctx, id); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Spool.Append(ctx, id, 0, bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
		}
		long := time.Now().Add(-s.TTL - time.Minute)
		for _, id := range []string{old, receiving, whole, held, mismatch, part} { // age does not matter where a row is
			if err := os.Chtimes(filepath.Join(w.root, "spool", "receiving", id), long, long); err != nil {
				t.Fatal(err)
			}
		}
		foreign := filepath.Join(w.root, "spool", "receiving", "lost+found")
		if err := os.Mkdir(foreign, 0o700); err != nil {
			t.Fatal(err)
		}
		s = w.start()
		if n, err := s.Sweep(ctx); err != nil || n != 2 {
			t.Errorf("%d were taken away, %v", n, err)
		}
		want := []string{receiving, whole, part, held, mismatch, young, "lost+found"}
		slices.Sort(want)
		if got := w.spooled(); !slices.Equal(got, want) {
			t.Errorf("left are %v, want %v", got, want)
		}
		w.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
		if n, err := w.start().Sweep(ctx); err != nil || n != 1 {
			t.Errorf("a day later %d were taken away, %v", n, err)
		}
		if n, err := w.start().Sweep(ctx); err != nil || n != 0 {
			t.Errorf("then %d were taken away, %v", n, err)
		}
		if !w.kept(mismatch, other) || !w.kept(whole, data) || !w.kept(held, data) || !w.kept(receiving, data[:100]) {
			t.Error("bytes that a row names are not what they were")
		}
	})
}

// Somebody who is at work on an upload keeps it, whatever the sweep thinks.
func TestTheSweepLeavesWhatIsBeingWritten(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(3000)
	_, id := w.begin(s, data)
	reached, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		_, err := s.Append(ctx, w.caller, id, upload.Chunk{}, &waiting{data: bytes.NewReader(data[:100]), reached: reached, goOn: goOn})
		ended <- err
	}()
	<-reached
	if _, err := s.Store.Advance(ctx, id, upload.Receiving, upload.Ended); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(ctx); err != nil || n != 0 {
		t.Errorf("%d were taken away under a writer, %v", n, err)
	}
	close(goOn)
	<-ended
	if n, err := s.Sweep(ctx); err != nil || n != 1 {
		t.Errorf("afterwards %d, %v", n, err)
	}
}

// waiting is a body that tells when it is read, and waits.
type waiting struct {
	data          *bytes.Reader
	reached, goOn chan struct{}
	told          bool
}

func (w *waiting) Read(p []byte) (int, error) {
	if !w.told {
		w.told = true
		close(w.reached)
		<-w.goOn
	}
	return w.data.Read(p)
}

// The process dies at each call of a life of uploads, done or not done: of one that is given up, of a part whose creation nobody has heard of, of those
// whose time is over, and of the sweep itself. Whatever is left without a name is swept by a process that comes later, and what is alive is whole.
func TestTheSweepAfterEveryDeath(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	everyCall(t, func(t *testing.T, b *breaker) {
		w := newWorld(t, d)
		later := func() time.Time { return time.Now().Add(25 * time.Hour) }
		data := random(3000)
		w.now = func() time.Time { return time.Now().Add(20 * time.Hour) }
		first := w.start()
		_, alive := w.begin(first, data)
		w.send(first, alive, data[:1500], 0)
		w.now = time.Now
		evidenceID := w.announce(data)
		s := w.startBroken(b)
		var given, part upload.Status
		steps := []func() error{
			func() (err error) {
				given, _, err = s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 3000})
				return err
			},
			func() (err error) {
				_, err = s.Append(ctx, w.caller, given.ID, upload.Chunk{}, bytes.NewReader(data[:1000]))
				return err
			},
			func() (err error) {
				part, _, err = s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Part: true, Length: 1000})
				return err
			},
			func() (err error) {
				_, err = s.Append(ctx, w.caller, part.ID, upload.Chunk{}, bytes.NewReader(data[:1000]))
				return err
			},
			func() error { return s.End(ctx, w.caller, given.ID) },
			func() error { _, err := s.Sweep(ctx); return err },
			func() error { s.Now = later; return s.ExpireDue(ctx) },
			func() error { _, err := s.Sweep(ctx); return err },
		}
		for i, step := range steps {
			err := step()
			if errors.Is(err, errBroken) {
				s = w.start() // the process is dead, and another begins; the device has not heard the answer
			} else if err != nil && !errors.Is(err, fault.New(fault.NotFound)) && !errors.Is(err, fault.New(fault.UploadEnded)) && !errors.Is(err, fault.New(fault.UploadOffset)) {
				t.Fatalf("step %d: %v", i, err)
			}
		}
		w.now = later
		s = w.start()
		if err := s.ExpireDue(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if left := w.spooled(); !slices.Equal(left, []string{alive}) {
			t.Errorf("left are %v, alive is %s", left, alive)
		}
		if !w.kept(alive, data[:1500]) {
			t.Error("what is alive is not what it was")
		}
		w.send(s, alive, data, 1500)
	})
}

// stuck is a spool in which bytes stay where they are.
type stuck struct{ evidence.Spool }

func (stuck) SetAside(context.Context, string) error { return errBroken }
func (stuck) Remove(context.Context, string) error   { return errBroken }
