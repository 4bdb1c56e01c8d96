// Package api is HTTP, and nothing else: it reads requests, asks the use cases, and writes answers. One table of routes
// (routes.go) says of each what it asks of its caller, how much it takes and what it gives; guards (package guard) stand around every
// handler; one file (problem.go) says which HTTP status a fault is.
//
// It must not know SQL, how records merge, or what the law says. Handlers get from the URL, the headers and the body to one call of
// a service and back.
package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/adapt"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/share"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// Deps is what the routes need. All of it must be set but where it says what not setting it means; no Limits are generous ones.
type Deps struct {
	Base      context.Context // ends when requests must end; a graceful stop ends it last
	Now       func() time.Time
	NewID     func() string // UUIDv7
	Log       *slog.Logger
	Metrics   *prometheus.Registry
	Ready     func(context.Context) error // of what the server depends on
	PublicURL string                      // how clients reach the server, without a slash at the end; the only source of URLs
	District  string
	Version   string
	Limits    Limits

	Sessions  *session.Service
	Keys      *keyring.Keyring
	Push      *push.Service
	Pull      *pull.Service
	Live      *live.Hub     // nil: there are no events, and clients look by themselves
	Heartbeat time.Duration // of events; 0: 15 seconds
	History   pull.History
	Forks     push.Forks
	Health    people.Healths
	// SkewBoundary is from where on a device's clock is called skewed; zero: two minutes.
	SkewBoundary time.Duration
	Foreign      *adapt.Service
	Uploads      *upload.Service
	Forward      Forward // to other replicas; zero: there are none
	Custody      *custody.Service
	Ledger       ledger.Log
	Bundles      *bundle.Maker
	Papers       *papers.Service
	Derive       *derive.Service
	Shares       *share.Service
	Blobs        evidence.Blobs
	Catalogue    record.Catalogue
}

// Limits is how much the clients of the server may ask, and whom to believe about where they are.
type Limits struct {
	Device       guard.Rate // of one device
	Address      guard.Rate // of one address, before it is known who asks
	SignIn       guard.Rate // of one address, for routes that ask for a proof only: each may cost a password's hash
	Render       guard.Rate // of one device, for routes that render a page for it
	TrustedProxy string     // the address of the proxy whose X-Forwarded-For is believed; "": none
}

// generous are the limits where none are given. Many handhelds share one address behind a carrier's or an office's gateway.
var generous = Limits{
	Device:  guard.Rate{PerSecond: 200, Burst: 2000},
	Address: guard.Rate{PerSecond: 2000, Burst: 20000},
	SignIn:  guard.Rate{PerSecond: 20, Burst: 400},
	Render:  guard.Rate{PerSecond: 2, Burst: 40},
}

// knownKeys is how many devices, and how many addresses, the limiters remember.
const knownKeys = 1 << 16

// How long a connection may wait, and how much a request's head may hold. Bodies and replies that stream have a deadline that rolls
// with each read and write instead, see guard.Idle.
const (
	headTime   = 15 * time.Second // for a request's headers
	idleTime   = 90 * time.Second // between two requests
	replyTime  = 2 * time.Minute  // for a reply that does not stream
	headOctets = 16 << 10         // a token and a proof are under two thousand
)

type server struct {
	Deps
	contacts  contacts
	identity  guard.Identity
	observer  *guard.Observer
	devices   *guard.Limiter
	addresses *guard.Limiter
	signIns   *guard.Limiter
	renders   *guard.Limiter
	streams   *streams
	rxStreams rxStreams
	openapi   []byte
}

// New builds the app. Serve it with [Serve].
func New(d Deps) (*fiber.App, error) {
	d.Log = slog.New(guard.Named(d.Log.Handler()))
	s := &server{Deps: d, identity: guard.Identity{Sessions: d.Sessions, Now: d.Now}}
	s.observer = &guard.Observer{Log: d.Log, NewID: d.NewID, HTTPS: s.https(), Render: s.fail}
	s.limit()
	s.streams = newStreams(d)
	app := fiber.New(fiber.Config{
		Immutable:                    true, // else strings alias the request's buffer and change when it is used again
		StreamRequestBody:            true, // makes BodyLimit mean nothing: guard.Stream caps each route instead
		BodyLimit:                    1,    // octets read before the handler runs
		DisablePreParseMultipartForm: true, // a form would be read whole, whatever its size
		CaseSensitive:                true,
		StrictRouting:                true,
		DisableStartupMessage:        true,
		ReadTimeout:                  headTime,
		IdleTimeout:                  idleTime,
		WriteTimeout:                 replyTime,
		ReadBufferSize:               headOctets,
		ErrorHandler:                 s.unheard,
	})
	if err := errors.Join(s.observer.Register(d.Metrics), s.streams.register(d.Metrics)); err != nil {
		return nil, err
	}
	app.Use(s.observer.Handle)
	table := Routes()
	for i := range table {
		if err := table[i].check(); err != nil {
			return nil, err
		}
		s.register(app, &table[i])
	}
	var err error
	if s.openapi, err = describeInterface(table, d.PublicURL, d.Version); err != nil {
		return nil, fmt.Errorf("describe the interface: %w", err)
	}
	s.front(app)
	return app, nil
}

// Serve answers requests from the listener until the app is shut down or the listener fails.
func Serve(app *fiber.App, l net.Listener) error { return app.Listener(guard.Listener(l)) }

// limit makes the limiters.
func (s *server) limit() {
	for _, l := range []struct{ given, otherwise *guard.Rate }{{&s.Limits.Device, &generous.Device},
		{&s.Limits.Address, &generous.Address}, {&s.Limits.SignIn, &generous.SignIn}, {&s.Limits.Render, &generous.Render}} {
		if l.given.PerSecond == 0 {
			*l.given = *l.otherwise
		}
	}
	s.devices = guard.NewLimiter(s.Limits.Device, knownKeys, s.Now)
	s.addresses = guard.NewLimiter(s.Limits.Address, knownKeys, s.Now)
	s.signIns = guard.NewLimiter(s.Limits.SignIn, knownKeys, s.Now)
	s.renders = guard.NewLimiter(s.Limits.Render, knownKeys, s.Now)
}

func (s *server) https() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// front stands before Fiber: what it would answer by plain text, or read otherwise than a proxy before it, is refused as a
// problem, and a method that tus clients must hide in a header is put in its place.
func (s *server) front(app *fiber.App) {
	inner := app.Server().Handler
	app.Server().CloseOnShutdown = true
	app.Server().SecureErrorLogMessage = true // else its errors quote the request, with its tokens
	app.Server().Handler = func(rc *fasthttp.RequestCtx) {
		if path := string(rc.URI().PathOriginal()); path == "/v1/uploads" || strings.HasPrefix(path, "/v1/uploads/") {
			rc.Response.Header.Set(tusResumable, tusOne) // tus wants it in every answer, also where no handler is reached
		}
		if f := suspicious(rc); f != nil {
			c := app.AcquireCtx(rc)
			defer app.ReleaseCtx(c)
			rc.SetConnectionClose()
			c.Set(fiber.HeaderAllow, "DELETE, GET, HEAD, OPTIONS, PATCH, POST")
			_ = s.unheard(c, f) // never fails
			return
		}
		override := string(rc.Request.Header.Peek(tusOverride))
		hidden := override == fiber.MethodPatch || override == fiber.MethodDelete || override == fiber.MethodHead
		if rc.IsPost() && hidden && strings.HasPrefix(string(rc.URI().PathOriginal()), "/v1/uploads/") {
			rc.Request.Header.SetMethod(override)
		}
		inner(rc)
	}
}

// unheard answers a request that no route has heard: it could not be parsed, or is refused before.
func (s *server) unheard(c *fiber.Ctx, err error) error {
	s.fail(c, err)
	s.observer.Note(c, 0)
	return nil
}

// suspicious finds methods that Fiber does not know, and headers folded over lines: the line that goes on may be a Content-Length to
// the proxy before us (RFC 9112 §5.2 lets us refuse it).
func suspicious(rc *fasthttp.RequestCtx) *fault.Error {
	if !slices.Contains(fiber.DefaultMethods, string(rc.Method())) {
		return fault.New(fault.MethodNotAllowed)
	}
	if raw := rc.Request.Header.RawHeaders(); bytes.Contains(raw, []byte("\n ")) || bytes.Contains(raw, []byte("\n\t")) {
		return fault.New(fault.HeaderInvalid)
	}
	return nil
}

// check refuses a route that leaves open what must be decided.
func (r *Route) check() error {
	switch {
	case r.Access == undecided, (r.Access == signedIn) != (r.Right != ""):
		return fmt.Errorf("route %s %s: who may call it is not decided", r.Method, r.Path)
	case (r.Body == noBody) != (r.Limit == 0), (r.Body == jsonBody) != (r.In != nil):
		return fmt.Errorf("route %s %s: what it takes is not decided", r.Method, r.Path)
	case r.Zh == "" || r.En == "" || r.Name == "" || r.Status == 0 || r.Serve == nil:
		return fmt.Errorf("route %s %s: the entry is not complete", r.Method, r.Path)
	}
	return nil
}
