package custody

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// How a viewing is cut into records.
const (
	lookIdle  = time.Minute     // without a read, after which it has ended
	lookEvery = 5 * time.Minute // after which what was seen so far is written
	maxRanges = 1000            // of one record: who jumps about more begins a new one
)

// Look is one person's viewing of one recording from one device, for one reason: many requests, one act. That it takes place is written
// before the first octet goes out; what was seen of it is written every five minutes, and when it has ended.
type Look struct {
	s       *Service
	id      string
	key     lookKey
	entry   evidence.Entry
	open    int       // requests that still go out
	last    time.Time // of an octet
	written time.Time
	dirty   bool
	begun   chan struct{} // closed when the act is written, or could not be
	failed  error
}

// lookKey tells viewings apart.
type lookKey struct {
	evidence, actor, device, reason, related string
	act                                      evidence.Act
	day                                      string // in Beijing
}

// Look begins or continues a viewing, or any other act that lasts and has ranges. When it returns nil the act is durable. Close
// what it gives when the request is over.
func (s *Service) Look(ctx context.Context, e evidence.Entry) (*Look, error) {
	key := lookKey{e.Evidence, e.Actor, e.Device, e.Reason, e.Related, e.Act, e.At.In(record.Beijing).Format(time.DateOnly)}
	l, begins := s.join(key, e)
	if begins {
		l.failed = s.Records.ApplyOwn(ctx, []push.ServerOp{Op(l.id, e)})
		if l.failed != nil {
			s.forget(l)
		}
		close(l.begun)
	}
	select {
	case <-l.begun:
		return l, l.failed
	case <-ctx.Done():
		l.Close()
		return nil, ctx.Err()
	}
}

// join finds the viewing that a request belongs to, or begins one: begins is told to one request only.
func (s *Service) join(key lookKey, e evidence.Entry) (l *Look, begins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l = s.current[key]
	if l == nil || l.ended(e.At) || len(l.entry.Ranges) >= maxRanges {
		if s.looks == nil {
			s.looks, s.current = map[*Look]bool{}, map[lookKey]*Look{}
		}
		l, begins = &Look{s: s, id: s.NewID(), key: key, entry: e, written: e.At, begun: make(chan struct{})}, true
		s.looks[l], s.current[key] = true, l
	}
	l.open++
	l.last = e.At
	return l, begins
}

// forget drops a viewing with nothing to write.
func (s *Service) forget(l *Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(l)
}

func (s *Service) drop(l *Look) {
	delete(s.looks, l)
	if s.current[l.key] == l {
		delete(s.current, l.key)
	}
}

func (l *Look) ended(now time.Time) bool { return l.open == 0 && now.Sub(l.last) >= lookIdle }

// Saw notes that octets went out.
func (l *Look) Saw(from, n int64) {
	if n <= 0 {
		return
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.entry.Ranges = evidence.Unite(append(l.entry.Ranges, evidence.Range{From: from, To: from + n})...)
	l.last, l.dirty = l.s.Now(), true
}

// Close ends one request of the viewing.
func (l *Look) Close() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.open--
}

// Through lets what is read pass, and notes it when it is closed. It owns the look.
func (l *Look) Through(from int64, body io.ReadCloser) io.ReadCloser {
	return &passing{ReadCloser: body, look: l, from: from, told: l.s.Now()}
}

type passing struct {
	io.ReadCloser
	look    *Look
	from, n int64
	told    time.Time // when it was noted last what has passed
	closed  bool
}

// Read implements io.Reader.
func (p *passing) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	if p.n >= 1<<20 || err != nil || p.look.s.Now().Sub(p.told) >= lookIdle { // now and then, so that five minutes of a long reply are not lost
		p.tell()
	}
	return n, err
}

func (p *passing) tell() {
	p.look.Saw(p.from, p.n)
	p.from, p.n, p.told = p.from+p.n, 0, p.look.s.Now()
}

// Close implements io.Closer.
func (p *passing) Close() error {
	if !p.closed {
		p.closed = true
		p.tell()
		p.look.Close()
	}
	return p.ReadCloser.Close()
}

// Flush writes what was seen in viewings that have ended or last for five minutes; with all, of every one. What cannot be written
// is kept for the next time.
func (s *Service) Flush(ctx context.Context, all bool) error {
	now := s.Now()
	var due []*Look
	s.mu.Lock()
	for l := range s.looks {
		ended := l.ended(now)
		if l.dirty && isDone(l.begun) && (all || ended || now.Sub(l.written) >= lookEvery) {
			due = append(due, l)
		} else if ended && !l.dirty {
			s.drop(l)
		}
	}
	s.mu.Unlock()
	var errs []error
	for _, l := range due {
		errs = append(errs, s.write(ctx, l))
	}
	return errors.Join(errs...)
}

// write brings what was seen into the record of the act. The id is this look's alone, so nobody else's ranges are overwritten.
func (s *Service) write(ctx context.Context, l *Look) error {
	s.mu.Lock()
	e := l.entry
	e.Until, l.dirty = l.last, false
	s.mu.Unlock()
	body := e.Body()
	patch := record.Object{"until": body["until"], "ranges": body["ranges"]}
	err := s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: evidence.Custodies.Name, Record: l.id, Action: record.Update, Patch: patch}})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		l.dirty = true
		s.Log.WarnContext(ctx, "what was seen of a recording is not written yet", "evidence", e.Evidence, "error", err)
		return err
	}
	l.written = s.Now()
	if l.ended(l.written) && !l.dirty {
		s.drop(l)
	}
	return nil
}

func isDone(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
