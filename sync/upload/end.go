package upload

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// End gives an upload up and its bytes away. Bytes that are complete are evidence and stay: fault upload.sealed.
func (s *Service) End(ctx context.Context, caller people.Caller, id string) error {
	u, err := s.find(ctx, caller, id)
	if err != nil {
		return err
	}
	_, release, err := s.seize(ctx, id, nil)
	if err != nil {
		return err
	}
	defer release()
	return s.drop(ctx, u)
}

// drop ends a receiving upload. Its row is ended before its bytes go, so that no offset is ever told of bytes that are gone.
func (s *Service) drop(ctx context.Context, u Upload) error {
	ended, err := s.Store.Advance(ctx, u.ID, Receiving, Ended)
	if err != nil {
		return err
	}
	if !ended {
		return fault.New(fault.UploadSealed)
	}
	s.forget(u.ID)
	return s.discard(ctx, u)
}

// ExpireDue ends the uploads of this replica whose time is over. One that is being written is left for the next round; one whose bytes are
// complete is sealed instead.
func (s *Service) ExpireDue(ctx context.Context) error {
	due, err := s.Store.Expired(ctx, s.Now(), s.Owner)
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
	if errors.Is(err, fault.New(fault.UploadEnded)) {
		return nil // its parts were gone
	}
	if err != nil {
		return err
	}
	if offset == u.Length && !u.Part {
		_, err = s.settle(ctx, sess, u, offset)
		return err
	}
	return s.drop(ctx, u)
}
