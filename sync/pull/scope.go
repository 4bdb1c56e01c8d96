package pull

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Feeds lists the feeds that the caller's device pulls at this moment, sorted. Those of units below exist from their first
// record on, so a unit that has begun to work is seen by the next pull.
func (s *Service) Feeds(ctx context.Context, caller people.Caller) ([]string, error) {
	now := s.Now()
	var written []string
	for _, unit := range caller.PullsBelow(s.District, now) {
		below, err := s.Reader.Written(ctx, "unit/"+unit)
		if err != nil {
			return nil, err
		}
		written = append(written, below...)
	}
	return caller.Feeds(s.District, now, written), nil
}

// MayPull is fault pull.feed_not_found unless the feed is one of the caller's.
func (s *Service) MayPull(ctx context.Context, caller people.Caller, feed string) error {
	feeds, err := s.Feeds(ctx, caller)
	if err == nil && !slices.Contains(feeds, feed) {
		err = fault.New(fault.FeedForbidden).At("feed")
	}
	return err
}
