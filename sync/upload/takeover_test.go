package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// line is a connection as the server sees it: bytes come, and then silence. Its Read can be interrupted, as one of a socket.
type line struct{ *io.PipeReader }

func (l line) Interrupt() { l.CloseWithError(os.ErrDeadlineExceeded) }

// call is an Append that runs.
type call struct {
	in   *io.PipeWriter
	done chan struct{}
	st   upload.Status
	err  error
}

// open begins an Append whose body gives some bytes and then is silent.
func (w *world) open(s *upload.Service, id string, offset int64, data []byte, body func(*io.PipeReader) io.Reader) *call {
	w.t.Helper()
	out, in := io.Pipe()
	c := &call{in: in, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.st, c.err = s.Append(ctx, w.caller, id, upload.Chunk{Offset: offset}, body(out))
		out.CloseWithError(errors.New("nobody reads"))
	}()
	if _, err := in.Write(data); err != nil { // returns when all has been read
		<-c.done
		w.t.Fatalf("the append does not run: %v, %v", err, c.err)
	}
	return c
}

func interruptible(r *io.PipeReader) io.Reader { return line{r} }

// TestTakeOver: the phone has changed to a live network; the server still waits for the dead connection.
func TestTakeOver(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(1000)
		evidenceID, id := w.begin(s, data)

		dead := w.open(s, id, 0, data[:300], interruptible)
		st, err := s.Status(ctx, w.caller, id)
		if err != nil || st.Offset != 300 {
			t.Fatalf("status: %+v, %v", st, err)
		}
		<-dead.done
		wantFault(t, dead.err, fault.UploadTakenOver)
		if dead.st.Offset != 300 {
			t.Errorf("the old append was told %+v", dead.st)
		}

		dead = w.open(s, id, 300, data[300:500], interruptible)
		st, err = s.Append(ctx, w.caller, id, upload.Chunk{Offset: 300}, bytes.NewReader(data[300:])) // it has not heard of those bytes
		wantFault(t, err, fault.UploadOffset)
		if st.Offset != 500 {
			t.Errorf("%+v", st)
		}
		<-dead.done
		wantFault(t, dead.err, fault.UploadTakenOver)
		w.send(s, id, data, 500)
		if err := s.Promote(ctx, id); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(s, evidenceID, data)
	})
}

// TestTakeOverOfStubborn: a body that cannot be interrupted keeps the upload while it is silent, and lets go with its next byte.
func TestTakeOverOfStubborn(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	_, id := w.begin(s, data)
	reads := make(chan struct{}, 10)
	stubborn := w.open(s, id, 0, data[:300], func(r *io.PipeReader) io.Reader { return silent{r, reads} })
	<-reads
	<-reads // it waits for what does not come
	_, err := s.Status(ctx, w.caller, id)
	wantFault(t, err, fault.UploadBusy)
	if _, err := stubborn.in.Write(data[300:301]); err != nil {
		t.Fatal(err)
	}
	<-stubborn.done
	wantFault(t, stubborn.err, fault.UploadTakenOver)
	if st, err := s.Status(ctx, w.caller, id); err != nil || st.Offset != 301 {
		t.Errorf("%+v, %v", st, err)
	}
}

// silent is a body that cannot be interrupted, and tells when it is read.
type silent struct {
	body  io.Reader
	reads chan<- struct{}
}

func (s silent) Read(p []byte) (int, error) {
	s.reads <- struct{}{}
	return s.body.Read(p)
}

// TestEndTakesOver: giving up ends the connection that still sends.
func TestEndTakesOver(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	_, id := w.begin(s, data)
	old := w.open(s, id, 0, data[:300], interruptible)
	if err := s.End(ctx, w.caller, id); err != nil {
		t.Fatal(err)
	}
	<-old.done
	wantFault(t, old.err, fault.UploadTakenOver)
	w.wantSpooled(0)
}

// TestCancelledRequest: the edge gives a request up; what came is kept.
func TestCancelledRequest(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	_, id := w.begin(s, data)
	out, in := io.Pipe()
	cancelled, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := s.Append(cancelled, w.caller, id, upload.Chunk{}, line{out})
		done <- err
	}()
	if _, err := in.Write(data[:300]); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("a cancelled append succeeded")
	}
	if st, err := s.Status(ctx, w.caller, id); err != nil || st.Offset != 300 {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestManyConnections: a device gone wild opens many connections for one upload, all with the same chunk. One byte more or
// less would be found by the digest.
func TestManyConnections(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(400_000)
		evidenceID, id := w.begin(s, data)
		for {
			st, err := s.Status(ctx, w.caller, id)
			if err != nil {
				t.Fatal(err)
			}
			if st.State == upload.Whole {
				break
			}
			end := min(st.Offset+90_000, int64(len(data)))
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					_, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: st.Offset}, bytes.NewReader(data[st.Offset:end]))
					for _, code := range []fault.Code{fault.UploadOffset, fault.UploadTakenOver, fault.UploadBusy} {
						if errors.Is(err, fault.New(code)) {
							return
						}
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if err := s.Promote(ctx, id); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(s, evidenceID, data)
	})
}

// TestNothingIsRemembered: of uploads that are over, or that nobody has sent bytes to, nothing stays in memory.
func TestNothingIsRemembered(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	_, whole := w.begin(s, data)
	_, ended := w.begin(s, data)
	_, empty := w.begin(s, data)
	w.send(s, whole, data[:500], 0)
	w.send(s, ended, data[:500], 0)
	if n := s.Sessions(); n != 2 {
		t.Errorf("%d sessions while two receive", n)
	}
	w.send(s, whole, data, 500)
	if err := s.End(ctx, w.caller, ended); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking does not bring it back
		for _, id := range []string{whole, empty} {
			if _, err := s.Status(ctx, w.caller, id); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.Status(ctx, w.caller, ended)
		wantFault(t, err, fault.UploadEnded)
		_, err = s.Append(ctx, w.caller, whole, upload.Chunk{}, bytes.NewReader(data))
		wantFault(t, err, fault.UploadOffset)
	}
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}
