package api

import (
	"reflect"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// access is what a route asks of whoever calls it.
type access int

const (
	undecided access = iota // a route that does not say is not registered
	public                  // anybody
	proof                   // the key of a device (DPoP), which the handler checks against the device meant
	signedIn                // an access token, bound to its device, whose person has the route's right somewhere
)

// bodyKind is how a route takes a request's body.
type bodyKind int

const (
	noBody   bodyKind = iota // none; any body is too large
	jsonBody                 // JSON, read whole before the handler
	rawBody                  // bytes, as they stream in
)

// Route is everything there is to say about one route: what it asks, what it takes, what it gives. It is registered from here,
// limited from here and documented from here; so none of these can be forgotten or differ.
type Route struct {
	Method string
	Path   string // as in OpenAPI: parameters in braces; {tile...} at the end takes the rest
	Name   string // operationId
	Zh, En string // what it does
	Access access
	Right  people.Right // with signedIn; the handler checks it again for the unit at hand
	Body   bodyKind
	Limit  int64         // octets of the body
	Within time.Duration // deadline; zero: as long as the network takes
	Params []Param       // query and headers; path parameters follow from Path
	In     any           // a value of the type of the body, of routes with jsonBody
	Out    any           // a value of the type of the answer; nil: none, or not JSON
	Media  string        // media type of an answer that is not JSON
	Status int           // of success
	Page   bool          // people see it in a browser: errors are pages too
	Serve  func(*server, *request) error
}

// Param is a parameter in the query or a header.
type Param struct {
	Name     string
	In       string // query or header
	Zh, En   string
	Required bool
	Schema   any // a value of its type
}

// pattern is the path as Fiber wants it. A last parameter with dots takes the rest of the path, slashes and all.
func (r *Route) pattern() string {
	path, _, rest := strings.Cut(r.Path, "{tile...}")
	path = strings.NewReplacer("{", ":", "}", "").Replace(path)
	if rest {
		path += "+"
	}
	return path
}

// described is the path as OpenAPI wants it, which knows no such parameters.
func (r *Route) described() string { return strings.Replace(r.Path, "...}", "}", 1) }

// methods are the methods a route is registered under: whoever may GET may HEAD.
func (r *Route) methods() []string {
	if r.Method == fiber.MethodGet {
		return []string{fiber.MethodGet, fiber.MethodHead}
	}
	return []string{r.Method}
}

// register puts a route behind its guards. The order matters: a rate limit costs least, who asks is known before a byte of the
// body is read, and the body is whole before the handler runs.
func (s *server) register(app *fiber.App, r *Route) {
	chain := []fiber.Handler{guard.Pattern(r.Path), s.limitAddress, guard.Deadline(s.Base, r.Within)}
	if r.Page {
		chain = append(chain, markPage)
	}
	switch r.Access {
	case signedIn:
		chain = append(chain, s.identity.SignedIn(r.Right), s.limitDevice)
	case proof:
		chain = append(chain, s.limitSignIn, s.identity.DeviceProof)
	}
	chain = append(chain, guard.Stream(r.Limit))
	if r.Body == jsonBody {
		chain = append(chain, guard.JSON)
	}
	chain = append(chain, func(c *fiber.Ctx) error {
		return r.Serve(s, &request{Ctx: c, ctx: c.UserContext(), caller: guard.Caller(c)})
	})
	for _, method := range r.methods() {
		app.Add(method, r.pattern(), chain...)
	}
}

func (s *server) limitAddress(c *fiber.Ctx) error {
	return pass(c, s.addresses, s.addressOf(c))
}

func (s *server) limitSignIn(c *fiber.Ctx) error {
	return pass(c, s.signIns, s.addressOf(c))
}

func (s *server) limitDevice(c *fiber.Ctx) error {
	return pass(c, s.devices, guard.Caller(c).Device)
}

func pass(c *fiber.Ctx, l *guard.Limiter, key string) error {
	if wait, ok := l.Take(key); !ok {
		return fault.New(fault.RateLimited).After(wait)
	}
	return c.Next()
}

func typeOf(value any) reflect.Type { return reflect.TypeOf(value) }
