package upload

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// patience is how long a new connection waits for the old one to let go, and nudge how often it asks.
const (
	patience = time.Second
	nudge    = 20 * time.Millisecond
)

// session is what this process knows of one upload: whose turn it is to write, and the hash of the bytes so far. It is a
// few hundred bytes, and lives while somebody works on the upload or while there is a hash to go on with.
type session struct {
	users int           // who has entered and not left; guarded by Service.mu
	over  bool          // the upload receives no more; guarded by Service.mu
	turn  chan struct{} // holds one token while somebody works on the upload

	mu     sync.Mutex
	newest uint64  // tickets are given out in order of arrival; guarded by mu
	holder uint64  // ticket of who has the turn, 0 for nobody; guarded by mu
	writer *intake // what the holder reads, nil if nothing; guarded by mu

	// The rest is owned by who has the turn.
	hash   hash.Hash // of the first hashed bytes
	hashed int64
	before []byte // state of hash when the running Append began, nil if none runs or it is not hashed
}

// enter returns the session of an upload. The caller must leave it.
func (s *Service) enter(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, ok := s.sessions[id]
	if !ok {
		if s.sessions == nil {
			s.sessions = map[string]*session{}
		}
		sess = &session{turn: make(chan struct{}, 1), hash: sha256.New()}
		s.sessions[id] = sess
	}
	sess.users++
	return sess
}

// leave drops the session when its last user goes and there is nothing in it to go on with.
func (s *Service) leave(id string, sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess.users--; sess.users == 0 && (sess.over || sess.hashed == 0) {
		delete(s.sessions, id)
	}
}

// forget notes that an upload receives no more. Who still waits for a turn finds that out in the store.
func (s *Service) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess, ok := s.sessions[id]; ok {
		if sess.over = true; sess.users == 0 {
			delete(s.sessions, id)
		}
	}
}

// seize takes the turn on an upload, from an older holder if need be. The caller must release it.
func (s *Service) seize(ctx context.Context, id string, writer *intake) (*session, func(), error) {
	sess := s.enter(id)
	if err := sess.await(ctx, writer); err != nil {
		s.leave(id, sess)
		return nil, nil, err
	}
	return sess, func() { sess.release(); s.leave(id, sess) }, nil
}

// seizeFree takes the turn only if nobody has it.
func (s *Service) seizeFree(id string) (sess *session, release func(), free bool) {
	sess = s.enter(id)
	select {
	case sess.turn <- struct{}{}:
		sess.hold(sess.ticket(), nil)
		return sess, func() { sess.release(); s.leave(id, sess) }, true
	default:
		s.leave(id, sess)
		return nil, nil, false
	}
}

// await waits for the turn, asking the holder to let go, again and again: the next holder may be an older caller too.
func (n *session) await(ctx context.Context, writer *intake) error {
	ticket := n.ticket()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(nudge)
	defer again.Stop()
	for {
		if !n.ask(ticket) {
			return fault.New(fault.UploadTakenOver)
		}
		select {
		case n.turn <- struct{}{}:
			n.hold(ticket, writer)
			return nil
		case <-again.C:
		case <-deadline.C:
			return fault.New(fault.UploadBusy)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *session) ticket() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.newest++
	return n.newest
}

func (n *session) hold(ticket uint64, writer *intake) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holder, n.writer = ticket, writer
}

// ask tells the holder to let go; false if the holder came later, and so is the live connection.
func (n *session) ask(ticket uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.holder > ticket {
		return false
	}
	if n.writer != nil {
		n.writer.letGo()
	}
	return true
}

func (n *session) release() {
	n.hold(0, nil)
	<-n.turn
}

// begin returns the running hash for bytes that come at the offset, or nil if what lies before was not hashed here.
func (n *session) begin(offset int64) hash.Hash {
	if n.hashed != offset {
		return nil
	}
	n.before, _ = n.hash.(encoding.BinaryMarshaler).MarshalBinary() // of sha256 it never fails
	return n.hash
}

// end notes how many bytes were hashed since begin and how many are durable now. Where they differ, for the chunk was thrown
// away or the disk took less, the hash goes back to where it was.
func (n *session) end(hashed, durable int64) {
	if n.before == nil {
		return
	}
	if hashed == durable {
		n.hashed = durable
	} else if n.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(n.before) != nil {
		n.hash, n.hashed = sha256.New(), 0
	}
	n.before = nil
}

// sum returns the SHA-256 of all bytes of an upload. What did not pass through this process is read from the spool: after a
// restart, or behind a chunk that was thrown away. It goes on where an earlier call was cut off by its deadline.
func (n *session) sum(ctx context.Context, spool evidence.Spool, u Upload) (string, error) {
	if n.hashed < u.Length {
		file, err := spool.Open(ctx, u.ID, n.hashed)
		if err != nil {
			return "", err
		}
		defer file.Close()
		buffer := make([]byte, 128<<10)
		for n.hashed < u.Length {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			read, err := file.Read(buffer[:min(int64(len(buffer)), u.Length-n.hashed)])
			n.hash.Write(buffer[:read])
			n.hashed += int64(read)
			if err == io.EOF && n.hashed < u.Length {
				err = io.ErrUnexpectedEOF
			}
			if err != nil && err != io.EOF {
				return "", err
			}
		}
	}
	return hex.EncodeToString(n.hash.Sum(nil)), nil
}
