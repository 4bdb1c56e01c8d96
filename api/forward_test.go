package api

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// Only a replica that has the key can say on whose behalf it asks, for a minute, and for that one request.
func TestWhoPassesRequestsOn(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	several := Forward{Fleet: &upload.Fleet{Self: upload.Replica{ID: "one", URL: "http://one"}}, Key: []byte("key")}
	other := Forward{Fleet: several.Fleet, Key: []byte("another")}
	good := several.mark(now, "203.0.113.9", "PATCH", "/v1/uploads/x")
	for name, c := range map[string]struct {
		f      Forward
		mark   string
		method string
		path   string
		want   string // "" is not believed
	}{
		"as it was signed":   {several, good, "PATCH", "/v1/uploads/x", "203.0.113.9"},
		"of another upload":  {several, good, "PATCH", "/v1/uploads/y", ""},
		"of another method":  {several, good, "HEAD", "/v1/uploads/x", ""},
		"of another key":     {several, other.mark(now, "203.0.113.9", "PATCH", "/v1/uploads/x"), "PATCH", "/v1/uploads/x", ""},
		"too old":            {several, several.mark(now.Add(-2*time.Minute), "203.0.113.9", "PATCH", "/v1/uploads/x"), "PATCH", "/v1/uploads/x", ""},
		"of the future":      {several, several.mark(now.Add(2*time.Minute), "203.0.113.9", "PATCH", "/v1/uploads/x"), "PATCH", "/v1/uploads/x", ""},
		"of another client":  {several, "1795867200 203.0.113.8" + good[len("1795867200 203.0.113.9"):], "PATCH", "/v1/uploads/x", ""},
		"of no form":         {several, "a b c", "PATCH", "/v1/uploads/x", ""},
		"where there is one": {Forward{Key: []byte("key")}, good, "PATCH", "/v1/uploads/x", ""},
		"none":               {several, "", "PATCH", "/v1/uploads/x", ""},
	} {
		s := &server{Deps: Deps{Forward: c.f, Now: func() time.Time { return now }}}
		app := fiber.New()
		got := ""
		app.All("/*", func(r *fiber.Ctx) error {
			if client, ok := s.Forward.client(r, now); ok {
				got = client
			}
			return nil
		})
		req := httptest.NewRequest(c.method, c.path, nil)
		if c.mark != "" {
			req.Header.Set(forwardedBy, c.mark)
		}
		if _, err := app.Test(req); err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
