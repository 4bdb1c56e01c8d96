package server

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// keepCustody is the loop of custody, on the hours that the configuration names.
func (s *Server) keepCustody(ctx context.Context) {
	tick := time.NewTicker(custody.KeepEvery)
	defer tick.Stop()
	from, until := s.Config.Reread.Hours()
	s.Custody.Keep(ctx, tick.C, custody.Hours{From: from, Until: until})
}
