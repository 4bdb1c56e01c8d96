package server

import (
	"context"
	"time"
)

// windowRound is how often closed records are looked for whose time on the handhelds is over.
const windowRound = time.Hour

// setAside takes records that were closed long ago out of their feeds, again and again. Every replica may do it.
func (s *Server) setAside(ctx context.Context) {
	if s.Config.Window <= 0 {
		return
	}
	tick := time.NewTicker(windowRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n, err := s.Push.SetAside(ctx, s.machine.Now().Add(-s.Config.Window))
			if err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "closed records could not be set aside", "error", err)
			} else if n > 0 {
				s.Log.InfoContext(ctx, "closed records have left the feeds", "records", n)
			}
		}
	}
}
