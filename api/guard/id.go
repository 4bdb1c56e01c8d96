package guard

import (
	"github.com/gofiber/fiber/v2"
)

// RequestIDHeader carries a request's id both ways.
const RequestIDHeader = "X-Request-Id"

// maxID is how long an id of a client's or a proxy's choosing may be.
const maxID = 64

// ID returns the id of a request: the one that came with it if that is sane, else a new one.
func ID(c *fiber.Ctx, newID func() string) string {
	if id, ok := c.Locals(idLocal).(string); ok {
		return id
	}
	id := c.Get(RequestIDHeader)
	if !saneID(id) {
		id = newID()
	}
	c.Locals(idLocal, id)
	c.Set(RequestIDHeader, id)
	return id
}

// saneID keeps ids out of the log that would break its lines or flood it.
func saneID(id string) bool {
	if len(id) < 8 || len(id) > maxID {
		return false
	}
	for _, r := range id {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && r != '-' && r != '_' && r != '.' {
			return false
		}
	}
	return true
}
