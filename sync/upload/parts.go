package upload

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// join makes an upload of parts that are complete, all of one evidence and of the caller's device. Their lengths must come to the
// manifest's. No byte is copied; all are read once, for the digest. The parts end with it.
//
// An evidence whose live upload is complete, or is itself joined, has its bytes: that upload is gone on with and returned, so asking again after a
// lost answer changes nothing. One that still receives bytes is ended: what is complete goes before what is not.
func (s *Service) join(ctx context.Context, caller people.Caller, u Upload) (Status, bool, error) {
	live, err := s.Store.Live(ctx, u.Evidence)
	if err == nil && (live.State != Receiving || len(live.Parts) > 0) {
		st, err := s.finish(ctx, live.ID)
		return st, false, err
	}
	if err != nil && !errors.Is(err, fault.New(fault.NotFound)) {
		return Status{}, false, err
	}
	if err := s.measure(ctx, u); err != nil {
		return Status{}, false, err
	}
	if live.ID != "" {
		if err := s.supersede(ctx, live.ID); err != nil {
			return Status{}, false, err
		}
	}
	kept, created, err := s.Store.Create(ctx, u)
	if err != nil {
		return Status{}, false, err
	}
	st, err := s.finish(ctx, kept.ID)
	return st, created, err
}

// measure checks that the parts of an upload are whole, belong together and are as long as it.
func (s *Service) measure(ctx context.Context, u Upload) error {
	if len(u.Parts) > MaxParts {
		return fault.New(fault.UploadParts)
	}
	var sum int64
	for _, id := range u.Parts {
		p, err := s.Store.Find(ctx, id)
		switch {
		case err != nil:
			return err
		case !p.Part, p.Evidence != u.Evidence, p.Device != u.Device:
			return fault.New(fault.NotFound)
		case p.State != Receiving:
			return fault.New(fault.UploadEnded)
		}
		offset, err := s.offset(ctx, p)
		if err != nil {
			return err
		}
		if offset != p.Length {
			return fault.New(fault.UploadPartOpen)
		}
		sum += offset
	}
	if sum != u.Length {
		return fault.New(fault.UploadLength)
	}
	return nil
}

// supersede ends an upload that receives, or seals it if it turns out to be complete.
func (s *Service) supersede(ctx context.Context, id string) error {
	sess, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return err
	}
	defer release()
	u, err := s.Store.Find(ctx, id)
	if err != nil || u.State != Receiving {
		return err
	}
	return s.expire(ctx, sess, u)
}

// finish seals an upload that has all its bytes.
func (s *Service) finish(ctx context.Context, id string) (Status, error) {
	sess, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return Status{}, err
	}
	defer release()
	u, err := s.Store.Find(ctx, id)
	if err != nil {
		return Status{}, err
	}
	offset, err := s.offset(ctx, u)
	if err != nil {
		return Status{u, offset}, err
	}
	return s.settle(ctx, sess, u, offset)
}

// joined brings the bytes of the parts together, unless that is done. Parts that are gone, with the spool's disk, are gone for good: their
// device brings them again.
func (s *Service) joined(ctx context.Context, u Upload) (int64, error) {
	n, err := s.Spool.Join(ctx, u.ID, u.Parts)
	if errors.Is(err, fault.New(fault.NotFound)) {
		if _, err := s.Store.Advance(ctx, u.ID, Receiving, Ended); err != nil {
			return 0, err
		}
		s.forget(u.ID)
		return 0, fault.New(fault.UploadEnded)
	}
	return n, err
}

// endParts gives the parts of a joined upload up: the joined one has their bytes.
func (s *Service) endParts(ctx context.Context, u Upload) error {
	for _, id := range u.Parts {
		if err := s.endPart(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) endPart(ctx context.Context, id string) error {
	_, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return err
	}
	defer release()
	if _, err := s.Store.Advance(ctx, id, Receiving, Ended); err != nil {
		return err
	}
	s.forget(id)
	return s.Spool.Remove(ctx, id)
}

// room is how many bytes an upload may still take behind the offset, once a length that is declared is noted.
func (s *Service) room(ctx context.Context, u *Upload, offset int64, declared *int64) (int64, error) {
	if u.Length != Unknown {
		if declared != nil && *declared != u.Length {
			return 0, fault.New(fault.UploadLength).At("length")
		}
		return u.Length - offset, nil
	}
	body, err := s.Store.Evidence(ctx, u.Evidence)
	if err != nil {
		return 0, err
	}
	m, err := evidence.ManifestOf(body)
	if err != nil || declared == nil {
		return m.Digest.Length - offset, err
	}
	if *declared < offset || *declared > m.Digest.Length {
		return 0, fault.New(fault.UploadLength).At("length")
	}
	if _, err := s.Store.Declare(ctx, u.ID, *declared); err != nil { // whoever has the turn is alone
		return 0, err
	}
	u.Length = *declared
	return u.Length - offset, nil
}
