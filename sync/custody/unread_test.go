package custody_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// refusing is a store that does not give some objects.
type refusing struct {
	evidence.Blobs
	keys map[string]bool
	give func(ctx context.Context) (io.ReadCloser, error)
}

func (r *refusing) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if r.keys[key] {
		return r.give(ctx)
	}
	return r.Blobs.OpenRange(ctx, key, from, n)
}

// breaking is what a store gives that fails in the middle.
type breaking struct{ err error }

func (b breaking) Read(p []byte) (int, error) { return copy(p, "half"), b.err }
func (breaking) Close() error                 { return nil }

// stuck is what a store gives that says nothing more until the reader gives up.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (stuck) Close() error               { return nil }

// refuse lets a world's store refuse what it holds of some bytes; nil gives everything again.
func (w *world) refuse(data []byte, give func(context.Context) (io.ReadCloser, error)) {
	whole := w.blobs
	if r, ok := whole.(*refusing); ok {
		whole = r.Blobs
	}
	w.blobs = whole
	if give != nil {
		w.blobs = &refusing{whole, map[string]bool{keyOf(data): true}, give}
	}
	w.restart()
}

// nights lets nights pass.
func (w *world) nights(n int) (last custody.Checked) {
	w.t.Helper()
	for range n {
		w.now = w.now.Add(24 * time.Hour)
		var err error
		last, err = w.Night(ctx)
		w.must(err)
	}
	return last
}

// results are what the acts of reading again have said of a recording.
func (w *world) results(id string) (all []string) {
	for _, a := range w.acts(id) {
		if a.Act == evidence.ActVerify {
			result, _ := a.Detail["result"].(string)
			all = append(all, result)
		}
	}
	return all
}

func (w *world) wantsDesk(what, id string, unreadable, damaged int, results ...string) {
	w.t.Helper()
	if u, d := w.findings(id, custody.UnreadFinding), w.findings(id, custody.BytesFinding); u != unreadable || d != damaged {
		w.t.Errorf("%s: %d findings that it is not readable, %d that it is damaged; want %d, %d", what, u, d, unreadable, damaged)
	}
	if got := w.results(id); !slices.Equal(got, results) {
		w.t.Errorf("%s: acts %q, want %q", what, got, results)
	}
}

// However a store fails to give one recording: two nights are nobody's matter, the third is told, once; it is no damage; the others have their turn
// meanwhile. When it is read again the server takes back what it has said, and says what it has found.
func TestWhatCannotBeReadIsTold(t *testing.T) {
	for name, why := range map[string]error{"down": errDown, "refused": fs.ErrPermission, "timed out": context.DeadlineExceeded} {
		for how, give := range map[string]func(context.Context) (io.ReadCloser, error){
			"at once":       func(context.Context) (io.ReadCloser, error) { return nil, why },
			"in the middle": func(context.Context) (io.ReadCloser, error) { return breaking{why}, nil },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				each(t, func(t *testing.T, w *world) {
					data := []byte("not given " + t.Name())
					id, other := w.hold(data), w.hold([]byte("another "+t.Name()))
					w.refuse(data, give)
					begun := w.now.Add(24 * time.Hour)
					for range 2 {
						w.nights(1)
						w.wantsDesk("too early", id, 0, 0)
					}
					w.nights(1)
					w.wantsDesk("the third night", id, 1, 0, "unread")
					w.nights(2)
					w.wantsDesk("later", id, 1, 0, "unread")
					c, _, err := w.db.LastCheck(ctx, custody.Recording(id))
					if err != nil || c.Unread != 5 || !c.UnreadSince.Equal(begun) || !c.Sound {
						t.Errorf("%+v, %v; not readable since %v", c, err, begun)
					}
					if c, _, err := w.db.LastCheck(ctx, custody.Recording(other)); err != nil || !c.At.After(begun) {
						t.Errorf("the other was not read: %+v, %v", c, err)
					}
					trail, err := w.Trail(ctx, w.leader, id)
					if err != nil || !slices.ContainsFunc(trail.Unknown, func(g custody.Gap) bool {
						return strings.Contains(g.En, "could not be read since "+begun.Format(time.RFC3339))
					}) {
						t.Errorf("the trail does not say so: %+v, %v", trail.Unknown, err)
					}
					w.refuse(data, nil)
					w.nights(1)
					w.wantsDesk("mended", id, 0, 0, "unread", "sound")
					w.nights(5)
					w.wantsDesk("as ever", id, 0, 0, "unread", "sound")
					if c, _, err := w.db.LastCheck(ctx, custody.Recording(id)); err != nil || c.Unread != 0 || !c.UnreadSince.IsZero() {
						t.Errorf("%+v, %v", c, err)
					}
				})
			})
		}
	}
}

// A finding that people have closed without mending anything comes back; two nights in a row that end with a good one leave nothing.
func TestNotReadableIsToldAgainWhenItWasClosedTooEarly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("closed too early")
		id := w.hold(data)
		down := func(context.Context) (io.ReadCloser, error) { return nil, errDown }
		w.refuse(data, down)
		w.nights(2)
		w.refuse(data, nil)
		w.nights(1)
		w.refuse(data, down)
		w.nights(2)
		w.wantsDesk("twice two nights", id, 0, 0)
		w.nights(1)
		found, err := w.history.Lookup(ctx, "findings", "record", id)
		w.must(err)
		w.stands(w.leader, "findings", found[0].ID, "update", map[string]any{"state": "closed", "explanation": "已联系存储管理员"})
		w.wantsDesk("closed", id, 0, 0, "unread")
		w.nights(1)
		w.wantsDesk("still not readable", id, 1, 0, "unread", "unread")
	})
}

// What could not be read for long and is then read as other bytes, or is gone, is damage; the two findings are not mixed up.
func TestNotReadableAndThenDamaged(t *testing.T) {
	for what, put := range map[string]func(s shelf, data []byte) error{
		"differs": func(s shelf, data []byte) error { return s.put(keyOf(data), []byte(strings.Repeat("x", len(data)))) },
		"missing": func(s shelf, data []byte) error { return s.remove(keyOf(data)) },
	} {
		each(t, func(t *testing.T, w *world) {
			at := stores["folder"](t, w)
			w.restart()
			data := []byte("first hidden, then " + what)
			id := w.hold(data)
			w.refuse(data, func(context.Context) (io.ReadCloser, error) { return nil, errDown })
			w.nights(3)
			w.must(put(at, data))
			w.refuse(data, nil)
			w.nights(2)
			w.wantsDesk(what, id, 0, 1, "unread", what)
		})
	}
}

// ending is a context that ends when the test wants it to, and as it wants.
type ending struct {
	context.Context
	over chan struct{}
	err  error
}

func (e *ending) Done() <-chan struct{} { return e.over }

func (e *ending) Err() error {
	select {
	case <-e.over:
		return e.err
	default:
		return nil
	}
}

// A recording that the night ends before is the first of the next; if night after night is not enough for it, that is told, and the others have their
// turn. That the server stops does not count.
func TestANightThatIsTooShort(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("endless " + t.Name())
		id := w.hold(data)
		w.now = w.now.Add(time.Minute)
		other := w.hold([]byte("short " + t.Name()))
		w.Nights = 1
		short := func(stop bool) {
			t.Helper()
			w.now = w.now.Add(24 * time.Hour)
			night := &ending{Context: ctx, over: make(chan struct{}), err: context.DeadlineExceeded}
			if stop {
				night.err = context.Canceled
			}
			w.refuse(data, func(ctx context.Context) (io.ReadCloser, error) {
				close(night.over) // it ends while the recording is read, however fast the machine is
				return stuck{ctx}, nil
			})
			w.Nights = 1
			if _, err := w.Night(night); !errors.Is(err, night.Err()) || err == nil {
				t.Errorf("the night ended with %v", err)
			}
		}
		for range 5 {
			short(true)
		}
		if c, _, err := w.db.LastCheck(ctx, custody.Recording(id)); err != nil || c.Unread != 0 {
			t.Errorf("that the server stops counts: %+v, %v", c, err)
		}
		for range 2 {
			short(false)
			w.wantsDesk("too early", id, 0, 0)
		}
		short(false)
		w.wantsDesk("the third night", id, 1, 0, "unread")
		short(false) // now it is its turn after the other's
		if c, _, err := w.db.LastCheck(ctx, custody.Recording(other)); err != nil || !c.At.Equal(w.now) {
			t.Errorf("the other was not read: %+v, %v", c, err)
		}
	})
}
