package server

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// windowRound is how often it is looked for what has been in the feeds for long enough.
const windowRound = time.Hour

// tidyFeeds takes records that were closed long ago out of their feeds, and drops old departures, again and again. Every replica may do it.
func (s *Server) tidyFeeds(ctx context.Context) {
	tick := time.NewTicker(windowRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.tidyOnce(ctx)
		}
	}
}

func (c *Core) tidyOnce(ctx context.Context) {
	if c.Config.Window > 0 {
		n, err := c.Push.SetAside(ctx, c.machine.Now().Add(-c.Config.Window))
		c.tidied(ctx, "closed records have left the feeds", n, err)
	}
	if c.Config.Departures > 0 {
		n, err := c.DB.TrimDepartures(ctx, c.machine.Now().Add(-c.Config.Departures), pull.TrimWait)
		c.tidied(ctx, "old departures were dropped", n, err)
	}
}

func (c *Core) tidied(ctx context.Context, what string, n int, err error) {
	if err != nil && ctx.Err() == nil {
		c.Log.ErrorContext(ctx, "feeds could not be tidied", "so that", what, "error", err)
	} else if n > 0 {
		c.Log.InfoContext(ctx, what, "number", n)
	}
}
