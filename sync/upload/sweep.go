package upload

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Sweep takes bytes away that no row names: of uploads that have ended, where the process died before their bytes went, and of uploads that the
// database does not know, as after a restore from a backup. Those stay as long as an unfinished upload does, from their last byte on: the database may be
// one that is behind, and know them tomorrow. Of nobody's bytes was a receipt given, so their device has them.
//
// What a row names in any other state is never touched: bytes that are whole, or held and not yet discarded, or not what was announced, are their own
// steps' to take away. It is done in the same order as everywhere, row before bytes, so dying in it, or doing it twice at once, changes nothing.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	waiting, err := s.Spool.Waiting(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, w := range waiting {
		gone, err := s.sweep(ctx, w)
		errs = append(errs, err)
		if gone {
			removed++
		}
		if ctx.Err() != nil {
			break
		}
	}
	return removed, errors.Join(errs...)
}

func (s *Service) sweep(ctx context.Context, w evidence.Waiting) (bool, error) {
	_, release, free := s.seizeFree(w.ID)
	if !free {
		return false, nil // somebody is at work on it
	}
	defer release()
	u, err := s.Store.Find(ctx, w.ID)
	unknown := errors.Is(err, fault.New(fault.NotFound))
	switch {
	case err != nil && !unknown:
		return false, err
	case unknown && s.Now().Sub(w.Changed) < s.TTL:
		return false, nil
	case !unknown && u.State != Ended:
		return false, nil
	}
	s.forget(w.ID)
	if err := s.Spool.Remove(ctx, w.ID); err != nil {
		return false, err
	}
	s.Log.InfoContext(ctx, "bytes that no upload names were taken away", "upload", w.ID, "ended", !unknown, "changed", w.Changed)
	return true, nil
}
