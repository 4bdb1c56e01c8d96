package guard

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Address tells whose address a request comes from. Only a trusted proxy's X-Forwarded-For is believed, and of it only the
// last entry, which that proxy itself has written.
func Address(c *fiber.Ctx, trusted string) string {
	peer, _, err := net.SplitHostPort(c.Context().RemoteAddr().String())
	if err != nil {
		return c.Context().RemoteAddr().String()
	}
	if trusted == "" || peer != trusted {
		return peer
	}
	list := c.Get(fiber.HeaderXForwardedFor)
	last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
	if a, err := netip.ParseAddr(last); err == nil {
		return a.Unmap().String()
	}
	return peer
}
