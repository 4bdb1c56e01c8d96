package pull

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// refuseAhead finds a cursor that stands beyond the head of one of its feeds. Cursors are signed here and heads never go back, so
// such a cursor proves that this database was restored from a backup and that nobody has said so: a new epoch is begun, and the
// device is told what it would have been told anyway. Heads that are ahead of the cursor prove nothing: what was lost may
// have been overtaken by new changes. So restoring is announced; this is the net below.
func (s *Service) refuseAhead(ctx context.Context, at position, heads map[string]uint64) error {
	ahead := beyond(at.Feeds, heads)
	if len(ahead) == 0 {
		return nil
	}
	now, err := s.Reader.Heads(ctx, ahead) // heads may have been read from a memory that lags
	if err != nil || len(beyond(at.Feeds, now)) == 0 {
		return err
	}
	if s.Behind != nil {
		if err := s.Behind(ctx, at.Epoch); err != nil {
			return err
		}
	}
	return fault.New(fault.EpochChanged)
}

// beyond lists the feeds in which a position is ahead of the head.
func beyond(at, heads map[string]uint64) (ahead []string) {
	for feed, head := range heads {
		if at[feed] > head {
			ahead = append(ahead, feed)
		}
	}
	return ahead
}
