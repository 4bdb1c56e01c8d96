package server

import (
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// buildLive builds what tells devices and other replicas that something was committed. It knows nothing until it runs: who only
// administers asks the database.
func (c *Core) buildLive() {
	config := live.Config{Heads: c.DB, Compare: c.Config.LiveCompare, Now: c.machine.Now, Log: c.Log}
	if bus, ok := c.DB.Bus(); ok {
		config.Bus = bus
	}
	c.Live = live.NewHub(config)
}

// committed is called after each commit.
func (c *Core) committed(n push.News) {
	c.Live.Note(live.News(n))
	c.Jobs.Wake()
	c.Slow.Wake()
}
