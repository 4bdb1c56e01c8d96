package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
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
	Berths  evidence.Dock // nil: the store takes nothing from docking stations
	Records Records
	Keys    ReceiptSigner
	Second  algorithm.Digest // of the bytes, beside SHA-256; zero: none
	Issuer  string           // public address of the server, in receipts
	Owner   string           // this replica, whose spool it is; "" where there is no other
	TTL     time.Duration    // how long an unfinished upload is kept
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

// New is what an upload is begun with.
type New struct {
	Evidence string
	Length   int64    // octets; of an upload that is joined from parts it follows from them
	Deferred bool     // the length is declared later, see Chunk
	Part     bool     // it brings a part of the evidence
	Parts    []string // the uploads it is joined from
	Note     Note
}

// Create begins the upload of an announced evidence. The length must be the manifest's. If the evidence has a live upload,
// one that receives or whose bytes are complete, that is returned and created is false. An evidence that is absent and one
// that is not the caller's to upload are alike fault request.not_found.
//
// A part is always new, and may be as long as the whole. An upload that is joined from parts has all its bytes at once, and is sealed: see
// Service.join.
func (s *Service) Create(ctx context.Context, caller people.Caller, n New) (Status, bool, error) {
	m, body, err := s.manifest(ctx, caller, n.Evidence, "evidence.upload")
	if err != nil {
		return Status{}, false, err
	}
	if evidence.StateOf(body).Disposed() {
		return Status{}, false, fault.New(fault.Disposed)
	}
	now := s.Now()
	u := Upload{ID: s.NewID(), Evidence: n.Evidence, Device: caller.Device, Unit: m.Unit, Length: m.Digest.Length, SHA256: m.Digest.SHA256,
		State: Receiving, CreatedAt: now, ExpiresAt: now.Add(s.TTL), Part: n.Part, Parts: n.Parts, Note: n.Note, Owner: s.Owner}
	switch {
	case len(n.Parts) > 0:
		return s.join(ctx, caller, u)
	case n.Part && n.Deferred:
		u.Length = Unknown
	case n.Part && n.Length <= m.Digest.Length:
		u.Length = n.Length
	case !n.Deferred && n.Length != m.Digest.Length:
		return Status{}, false, fault.New(fault.UploadLength).At("length")
	}
	kept, created, err := s.Store.Create(ctx, u)
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

// Chunk is what is said of the bytes of one Append.
type Chunk struct {
	Offset int64
	Sum    *Checksum // nil if none is given
	Length *int64    // of the whole upload, where it is declared now
}

// Append adds a chunk behind the bytes that are there. Nothing is told to be there before it is durable. The status beside
// an error tells the durable offset too, if it is known (Upload.ID is not empty).
//
//   - the offset must be the upload's, or it is fault upload.offset_mismatch;
//   - a length that is declared must be the one that is known, and of a part at most the manifest's: fault upload.length_mismatch;
//   - bytes beyond the length throw the chunk away: fault upload.too_long;
//   - a body that breaks keeps what had arrived, and its error is returned as the cause of fault request.body_cut;
//   - with a checksum the chunk counts whole or not at all: fault upload.checksum_mismatch, or request.body_cut;
//   - an Append that runs on the same upload is taken over from, as by Status; it returns fault upload.taken_over;
//   - an upload that is joined from others takes no bytes: fault upload.joined.
//
// With the last byte the whole, unless it is a part, is verified against the manifest: it becomes [Whole] and its promotion is queued, or it
// becomes [Mismatch], which is fault evidence.digest_mismatch.
func (s *Service) Append(ctx context.Context, caller people.Caller, id string, chunk Chunk, body io.Reader) (Status, error) {
	if u, err := s.find(ctx, caller, id); err != nil {
		return Status{}, err
	} else if len(u.Parts) > 0 {
		return Status{}, fault.New(fault.UploadJoined)
	} else if u.Docked {
		return Status{}, fault.New(fault.UploadDocked)
	}
	in, err := newIntake(body, chunk.Sum)
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
	if have != chunk.Offset {
		return Status{u, have}, fault.New(fault.UploadOffset).At("offset")
	}
	room, err := s.room(ctx, &u, have, chunk.Length)
	if err != nil {
		return Status{u, have}, err
	}
	if u.State == Receiving {
		in.left = room
		if have, err = s.take(ctx, sess, u, have, in); err != nil {
			return Status{u, have}, err
		}
	}
	return s.settle(ctx, sess, u, have)
}

// take moves what the intake gives into the spool, hashing on the way.
func (s *Service) take(ctx context.Context, sess *session, u Upload, offset int64, in *intake) (int64, error) {
	if !u.Part {
		in.running = sess.begin(offset)
	}
	durable, err := s.Spool.Append(ctx, u.ID, offset, in)
	sess.end(offset+in.passed, durable)
	return durable, err
}

// settle seals an upload that has its last byte. Recovery comes this way too: whoever asks next finds it unsealed.
func (s *Service) settle(ctx context.Context, sess *session, u Upload, offset int64) (Status, error) {
	if u.Part || u.State != Receiving || offset != u.Length {
		return Status{u, offset}, nil
	}
	if err := s.endParts(ctx, u); err != nil {
		return Status{u, offset}, err
	}
	u, err := s.seal(ctx, sess, u)
	return Status{u, offset}, err
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
	if len(u.Parts) > 0 {
		return s.joined(ctx, u)
	}
	if u.Docked {
		return 0, nil // what has come is the dock's to tell
	}
	offset, err := s.Spool.Offset(ctx, u.ID)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return 0, s.Spool.Create(ctx, u.ID)
	}
	return offset, err
}

// manifest reads the manifest of an evidence that the caller has the right over, with the record it is in. The device that has announced it may
// always bring it: nobody else has the bytes, whatever roles its person has by now.
func (s *Service) manifest(ctx context.Context, caller people.Caller, id string, right people.Right) (evidence.Manifest, record.Object, error) {
	if !record.IsID(id) {
		return evidence.Manifest{}, nil, fault.New(fault.NotFound)
	}
	body, err := s.Store.Evidence(ctx, id)
	if err != nil {
		return evidence.Manifest{}, nil, err
	}
	if !caller.MayAny(right, evidence.Evidence.UnitsOf(body), s.Now()) {
		by, err := s.Store.AnnouncedBy(ctx, id)
		if err != nil {
			return evidence.Manifest{}, nil, err
		}
		if right != "evidence.upload" || by == "" || by != caller.Device {
			return evidence.Manifest{}, nil, fault.New(fault.NotFound)
		}
	}
	m, err := evidence.ManifestOf(body)
	return m, body, err
}
