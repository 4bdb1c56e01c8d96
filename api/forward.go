package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// forwardedBy is the header of a request that another replica has passed on: the time in seconds, the client's address, and an HMAC
// over both with method and path, under a key that all replicas have. Nobody else can write it.
const forwardedBy = "Fieldwarden-Forwarded"

// Forward passes requests on to other replicas.
type Forward struct {
	Fleet  *upload.Fleet // nil: there are no others
	Key    []byte        // of all replicas alike
	Client *http.Client  // without a timeout of its own: recordings are long
}

// forwardedWithin is how far the clocks of two replicas may be apart.
const forwardedWithin = time.Minute

func (f Forward) mark(at time.Time, client, method, path string) string {
	said := fmt.Sprintf("%d %s", at.Unix(), client)
	return said + " " + f.mac(said, method, path)
}

func (f Forward) mac(said, method, path string) string {
	mac := hmac.New(sha256.New, f.Key)
	fmt.Fprintf(mac, "fieldwarden/forward/v1\n%s\n%s\n%s\n", said, method, path)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// client is whom a request comes from that a replica has passed on; false of any other.
func (f Forward) client(c *fiber.Ctx, now time.Time) (string, bool) {
	value := c.Get(forwardedBy)
	parts := strings.Split(value, " ")
	if value == "" || f.Fleet.Alone() || len(parts) != 3 {
		return "", false
	}
	want := f.mac(parts[0]+" "+parts[1], c.Method(), c.OriginalURL())
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || !hmac.Equal([]byte(parts[2]), []byte(want)) || time.Unix(at, 0).Sub(now).Abs() > forwardedWithin {
		return "", false
	}
	return parts[1], true
}

// addressOf is where a request comes from.
func (s *server) addressOf(c *fiber.Ctx) string {
	if client, ok := s.Forward.client(c, s.Now()); ok {
		return client
	}
	return guard.Address(c, s.Limits.TrustedProxy)
}

// passedOn has a request done at the replica at url, and gives its answer; "" does nothing and says so. The body goes through as it comes. What is
// passed on is not passed on again: two replicas that disagree tell the client to come back.
func (s *server) passedOn(r *request, url string) (done bool, err error) {
	if url == "" {
		return false, nil
	}
	if _, ok := s.Forward.client(r.Ctx, s.Now()); ok {
		return true, fault.New(fault.TemporarilyDown)
	}
	req, err := s.passing(r, url)
	if err != nil {
		return true, err
	}
	answer, err := s.Forward.Client.Do(req)
	if err != nil {
		return true, fault.New(fault.TemporarilyDown).Because(err)
	}
	defer answer.Body.Close()
	return true, relay(r, answer)
}

// passing is the request as it goes to another replica: with the client's own sign-in and proof, which that replica checks again.
func (s *server) passing(r *request, url string) (*http.Request, error) {
	var body io.Reader = http.NoBody
	in := guard.BodyOf(r.Ctx)
	if in != nil && in.Length() > 0 {
		body = in
	}
	req, err := http.NewRequestWithContext(r.ctx, r.Method(), url+r.OriginalURL(), body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.ContentLength = in.Length()
	}
	for name, values := range r.GetReqHeaders() {
		if !hop[name] {
			req.Header[name] = values
		}
	}
	address := s.addressOf(r.Ctx)
	if _, err := netip.ParseAddr(address); err != nil {
		address = netip.IPv6Unspecified().String()
	}
	req.Header.Set(forwardedBy, s.Forward.mark(s.Now(), address, r.Method(), r.OriginalURL()))
	return req, nil
}

// hop are the headers that are about one connection, or that are written anew.
var hop = map[string]bool{"Connection": true, "Keep-Alive": true, "Transfer-Encoding": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
	"Proxy-Authorization": true, "Proxy-Connection": true, "Content-Length": true, "Host": true, "X-Forwarded-For": true, forwardedBy: true}

// longestAnswer bounds what another replica may answer: a problem is under a thousand octets.
const longestAnswer = 64 << 10

func relay(r *request, answer *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	for name, values := range answer.Header {
		if !hop[name] {
			r.Set(name, strings.Join(values, ", "))
		}
	}
	r.Status(answer.StatusCode)
	if len(text) > 0 {
		return r.Send(text)
	}
	return nil
}
