package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Service takes in the bytes of evidence and gives them out again. It is safe for concurrent use. All replicas share Store
// and Blobs; the Spool, and so the upload, belongs to one.
type Service struct {
	Store   Store
	Spool   evidence.Spool
	Blobs   evidence.Blobs
	Records Records
	Keys    ReceiptSigner
	Issuer  string        // public address of the server, in receipts
	TTL     time.Duration // how long an unfinished upload is kept
	Now     func() time.Time
	NewID   func() string // UUIDv7
	Queued  func()        // called when a promotion was queued; may be nil
	Log     *slog.Logger

	mu       sync.Mutex
	sessions map[string]*session // by upload; guarded by mu
}

// Records is the write path, for what the server itself says of an evidence; push.Service is one.
type Records interface {
	ApplyOwn(ctx context.Context, ops []push.ServerOp) error
}

// Status is how far an upload is.
type Status struct {
	Upload
	Offset int64 // bytes that are durable here
}

// Checksum is what a client says of one chunk (tus: Upload-Checksum).
type Checksum struct {
	Algorithm string // sha256 or sha1
	Digest    []byte
}

// ChecksumAlgorithms lists the algorithms that a [Checksum] may name, in tus' order of preference.
var ChecksumAlgorithms = []string{"sha256", "sha1"}

// Interrupter is a body whose blocked Read can be made to return at once. When the phone changes from a dead network to a
// live one, only the phone knows: the server still waits for the old connection. A body that implements Interrupter lets
// the new connection take over without that wait; with any other, the new one is told fault upload.busy after a second.
//
// Interrupt may be called from any goroutine, more than once, and also after the last Read.
type Interrupter interface{ Interrupt() }

// Create begins the upload of an announced evidence. The length must be the manifest's. If the evidence has a live upload,
// one that receives or whose bytes are complete, that is returned and created is false. An evidence that is absent and one
// that is not the caller's to upload are alike fault request.not_found.
func (s *Service) Create(ctx context.Context, caller people.Caller, evidenceID string, length int64) (Status, bool, error) {
	m, _, err := s.manifest(ctx, caller, evidenceID, "evidence.upload")
	if err != nil {
		return Status{}, false, err
	}
	if length != m.Digest.Length {
		return Status{}, false, fault.New(fault.UploadLength).At("length")
	}
	now := s.Now()
	kept, created, err := s.Store.Create(ctx, Upload{ID: s.NewID(), Evidence: evidenceID, Device: caller.Device, Unit: m.Unit,
		Length: length, SHA256: m.Digest.SHA256, State: Receiving, CreatedAt: now, ExpiresAt: now.Add(s.TTL)})
	if err != nil {
		return Status{}, false, err
	}
	offset, err := s.offset(ctx, kept)
	return Status{kept, offset}, created, err
}

// Status tells how far an upload is, and takes it over: an Append that still runs is asked to let go and is waited for, at
// most a second, so that the offset is not overtaken (else fault upload.busy). An upload whose last byte had come but that
// could not be sealed then is sealed now.
//
// A mismatch is told as fault evidence.digest_mismatch and an ended upload as fault upload.ended, beside the status.
func (s *Service) Status(ctx context.Context, caller people.Caller, id string) (Status, error) {
	if _, err := s.find(ctx, caller, id); err != nil {
		return Status{}, err
	}
	sess, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return Status{}, err
	}
	defer release()
	u, err := s.find(ctx, caller, id)
	if err != nil {
		return Status{}, err
	}
	offset, err := s.offset(ctx, u)
	if err != nil {
		return Status{u, offset}, err
	}
	return s.settle(ctx, sess, u, offset)
}

// Append adds a chunk behind the bytes that are there. Nothing is told to be there before it is durable. The status beside
// an error tells the durable offset too, if it is known (Upload.ID is not empty).
//
//   - offset must be the upload's, or it is fault upload.offset_mismatch;
//   - bytes beyond the length throw the chunk away: fault upload.too_long;
//   - a body that breaks keeps what had arrived, and its error is returned as the cause of fault request.body_cut;
//   - with a checksum the chunk counts whole or not at all: fault upload.checksum_mismatch, or request.body_cut;
//   - an Append that runs on the same upload is taken over from, as by Status; it returns fault upload.taken_over.
//
// With the last byte the whole is verified against the manifest: it becomes [Whole] and its promotion is queued, or it
// becomes [Mismatch], which is fault evidence.digest_mismatch.
func (s *Service) Append(ctx context.Context, caller people.Caller, id string, offset int64, sum *Checksum, body io.Reader) (Status, error) {
	if _, err := s.find(ctx, caller, id); err != nil {
		return Status{}, err
	}
	in, err := newIntake(body, sum)
	if err != nil {
		return Status{}, err
	}
	sess, release, err := s.seize(ctx, id, in)
	if err != nil {
		return Status{}, err
	}
	defer release()
	defer context.AfterFunc(ctx, in.interrupt)()
	u, err := s.find(ctx, caller, id)
	if err != nil {
		return Status{}, err
	}
	have, err := s.offset(ctx, u)
	if err != nil {
		return Status{u, have}, err
	}
	if have != offset {
		return Status{u, have}, fault.New(fault.UploadOffset).At("offset")
	}
	if u.State == Receiving {
		if have, err = s.take(ctx, sess, u, offset, in); err != nil {
			return Status{u, have}, err
		}
	}
	return s.settle(ctx, sess, u, have)
}

// take moves what the intake gives into the spool, hashing on the way.
func (s *Service) take(ctx context.Context, sess *session, u Upload, offset int64, in *intake) (int64, error) {
	in.left, in.running = u.Length-offset, sess.begin(offset)
	durable, err := s.Spool.Append(ctx, u.ID, offset, in)
	sess.end(offset+in.passed, durable)
	return durable, err
}

// settle seals an upload that has its last byte. Recovery comes this way too: whoever asks next finds it unsealed.
func (s *Service) settle(ctx context.Context, sess *session, u Upload, offset int64) (Status, error) {
	if u.State == Receiving && offset == u.Length {
		var err error
		if u, err = s.seal(ctx, sess, u); err != nil {
			return Status{u, offset}, err
		}
	}
	return Status{u, offset}, nil
}

// End gives an upload up and its bytes away. Bytes that are complete are evidence and stay: fault upload.sealed.
func (s *Service) End(ctx context.Context, caller people.Caller, id string) error {
	if _, err := s.find(ctx, caller, id); err != nil {
		return err
	}
	_, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return err
	}
	defer release()
	return s.drop(ctx, id)
}

// drop ends a receiving upload. Its row is ended before its bytes go, so that no offset is ever told of bytes that are gone.
func (s *Service) drop(ctx context.Context, id string) error {
	ended, err := s.Store.Advance(ctx, id, Receiving, Ended)
	if err != nil {
		return err
	}
	if !ended {
		return fault.New(fault.UploadSealed)
	}
	s.forget(id)
	return s.Spool.Remove(ctx, id)
}

// ExpireDue ends the uploads whose time is over. One that is being written is left for the next round; one whose bytes are
// complete is sealed instead.
func (s *Service) ExpireDue(ctx context.Context) error {
	due, err := s.Store.Expired(ctx, s.Now())
	if err != nil {
		return err
	}
	var errs []error
	for _, u := range due {
		sess, release, free := s.seizeFree(u.ID)
		if !free {
			continue
		}
		errs = append(errs, s.expire(ctx, sess, u))
		release()
	}
	return errors.Join(errs...)
}

func (s *Service) expire(ctx context.Context, sess *session, u Upload) error {
	offset, err := s.offset(ctx, u)
	if err != nil {
		return err
	}
	if offset == u.Length {
		_, err = s.seal(ctx, sess, u)
		return err
	}
	return s.drop(ctx, u.ID)
}

// find returns an upload that is the caller's to work on. An ended one and a mismatch are faults beside it.
func (s *Service) find(ctx context.Context, caller people.Caller, id string) (Upload, error) {
	if !record.IsID(id) {
		return Upload{}, fault.New(fault.NotFound)
	}
	u, err := s.Store.Find(ctx, id)
	if err != nil {
		return Upload{}, err
	}
	if !caller.May("evidence.upload", u.Unit, s.Now()) {
		// It may be his by partnership, or have moved to his unit since.
		if _, _, err := s.manifest(ctx, caller, u.Evidence, "evidence.upload"); err != nil {
			return Upload{}, err
		}
	}
	switch u.State {
	case Ended:
		return u, fault.New(fault.UploadEnded)
	case Mismatch:
		return u, fault.New(fault.DigestMismatch)
	}
	return u, nil
}

// offset is how many bytes of the upload are durable. Of a receiving upload that the spool has lost, with its disk, there
// are none: the device is told so and sends again, for it has no receipt.
func (s *Service) offset(ctx context.Context, u Upload) (int64, error) {
	if u.State != Receiving {
		return u.Length, nil
	}
	offset, err := s.Spool.Offset(ctx, u.ID)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return 0, s.Spool.Create(ctx, u.ID)
	}
	return offset, err
}

// manifest reads the manifest of an evidence that the caller has the right over, with the record it is in.
func (s *Service) manifest(ctx context.Context, caller people.Caller, id string, right people.Right) (evidence.Manifest, record.Object, error) {
	if !record.IsID(id) {
		return evidence.Manifest{}, nil, fault.New(fault.NotFound)
	}
	body, err := s.Store.Evidence(ctx, id)
	if err != nil {
		return evidence.Manifest{}, nil, err
	}
	if !caller.MayAny(right, evidence.Evidence.UnitsOf(body), s.Now()) {
		return evidence.Manifest{}, nil, fault.New(fault.NotFound)
	}
	m, err := evidence.ManifestOf(body)
	return m, body, err
}
