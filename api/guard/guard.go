// Package guard is what stands around every handler: request id, log, metrics, panics, security headers, deadline, rate
// limit, the cap on bodies, and the closing of connections whose body was not read to its end.
//
// The rules come from faults that were reproduced with Fiber and fasthttp; each has a test in package api. The package must
// not know any route, nor what is done in one.
package guard

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// local names what guards keep with a request.
type local int

const (
	idLocal local = iota
	patternLocal
	subjectLocal
	bodyLocal
	textLocal
)

// Pattern notes which route a request has matched, for the log and the metrics. Paths themselves are not labels: there is no
// end of them, and they are chosen by whoever asks.
func Pattern(pattern string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Locals(patternLocal, pattern)
		return c.Next()
	}
}

// PatternOf tells the matched route, or "unmatched".
func PatternOf(c *fiber.Ctx) string {
	if p, ok := c.Locals(patternLocal).(string); ok {
		return p
	}
	return "unmatched"
}

// Subject notes who asks, for the log: a device's id and an officer's, which say nothing to an outsider.
func Subject(c *fiber.Ctx, device, officer string) {
	c.Locals(subjectLocal, [2]string{device, officer})
}

// Deadline gives the handler a context that ends after the given time, when the handler is done, or with base. Fiber gives none: a
// client that goes away cancels nothing, and RequestCtx.Done fires at the beginning of a shutdown, when requests may still
// run to their end. A zero time sets no deadline of its own: for bodies and replies that last as long as the network takes.
func Deadline(base context.Context, d time.Duration) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, cancel := within(base, d)
		defer cancel()
		c.SetUserContext(context.WithValue(ctx, idLocal, c.Locals(idLocal)))
		return c.Next()
	}
}

func within(base context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d > 0 {
		return context.WithTimeout(base, d)
	}
	return context.WithCancel(base)
}
