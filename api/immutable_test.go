package api

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// keep serves an app with a route that keeps strings of its requests, and asks it with other words on the same connection. It returns
// how many of the kept strings have changed.
func keep(t *testing.T, app *fiber.App) (changed int) {
	t.Helper()
	var mu sync.Mutex
	var kept [][2]string // as kept, and a copy made at once
	app.Get("/keep/:word", func(c *fiber.Ctx) error {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range []string{c.Params("word"), c.Query("q"), c.Get("X-Word"), c.Path(), c.OriginalURL()} {
			kept = append(kept, [2]string{s, strings.Clone(s)})
		}
		return nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- Serve(app, l) }()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	for i := range 50 {
		word := fmt.Sprintf("word-%03d", i)
		req, err := http.NewRequest("GET", fmt.Sprintf("http://%s/keep/%s?q=%s", l.Addr(), word, word), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Word", word)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	client.CloseIdleConnections()
	if err := app.ShutdownWithTimeout(20 * time.Second); err != nil {
		t.Error(err)
	}
	<-served
	for _, pair := range kept {
		if pair[0] != pair[1] {
			changed++
		}
	}
	return changed
}

func TestStringsOfARequestDoNotChangeLater(t *testing.T) {
	if n := keep(t, bareApp(t)); n != 0 {
		t.Errorf("%d strings changed", n)
	}
	if n := keep(t, fiber.New(fiber.Config{DisableStartupMessage: true})); n == 0 {
		t.Error("without Immutable no string changed: this test sees nothing")
	}
}
