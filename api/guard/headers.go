package guard

import "github.com/gofiber/fiber/v2"

// Secure sets the headers that every answer carries: nothing is sniffed, framed, cached or referred, unless a handler says
// otherwise. With https the browser is told to stay with it.
func Secure(c *fiber.Ctx, https bool) {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderCacheControl, "no-store")
	if https {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}
