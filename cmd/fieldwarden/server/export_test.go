package server

import "context"

// TidyFeeds runs the loop that tidies feeds as a server does, until ctx ends.
func (c *Core) TidyFeeds(ctx context.Context) { (&Server{Core: c}).tidyFeeds(ctx) }
