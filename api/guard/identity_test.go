package guard_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// sessions answers as told and notes what it was asked. The real one is proven in package session.
type sessions struct {
	caller people.Caller
	proof  token.Proof
	err    error
	asked  []string
}

func (s *sessions) Authenticate(_ context.Context, method, path, authorization, dpop string) (people.Caller, error) {
	s.asked = append(s.asked, method, path, authorization, dpop)
	return s.caller, s.err
}

func (s *sessions) Prove(method, path, dpop string) (token.Proof, error) {
	s.asked = append(s.asked, method, path, dpop)
	return s.proof, s.err
}

var identityAt = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

// gate is an app with one signed-in route and one that asks for a proof. It answers with the caller's officer, the proof's
// thumbprint, or the code of the fault.
func gate(t *testing.T, s *sessions) (send func(request string) string) {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, ErrorHandler: func(c *fiber.Ctx, err error) error {
		return c.SendString(string(fault.Of(err).Code))
	}})
	identity := guard.Identity{Sessions: s, Now: func() time.Time { return identityAt }}
	app.Get("/v1/records/:id", identity.SignedIn("records.read"), func(c *fiber.Ctx) error { return c.SendString("caller " + guard.Caller(c).Officer) })
	app.Post("/v1/sessions", identity.DeviceProof, func(c *fiber.Ctx) error { return c.SendString("key " + guard.Proof(c).Thumbprint) })
	app.Get("/open", func(c *fiber.Ctx) error {
		return c.SendString("caller " + guard.Caller(c).Officer + " key " + guard.Proof(c).Thumbprint)
	})
	line := fasthttputil.NewInmemoryListener()
	go func() { _ = app.Listener(line) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	return func(request string) string {
		conn, err := line.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		method, _, _ := strings.Cut(request, " ")
		res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
}

func officer(role people.Role) people.Caller {
	return people.Caller{Officer: "o", Device: "d", Grants: []people.Grant{{Role: role, Unit: "120102001", To: identityAt.Add(time.Hour)}}}
}

func TestSignedIn(t *testing.T) {
	for name, c := range map[string]struct {
		headers string
		caller  people.Caller
		err     error
		want    string
		asked   bool
	}{
		"with the right":       {"Authorization: DPoP a\r\nDPoP: b\r\n", officer(people.RoleOfficer), nil, "caller o", true},
		"without the right":    {"Authorization: DPoP a\r\nDPoP: b\r\n", officer(people.RoleSysAdmin), nil, "access.denied", true},
		"with no grant":        {"Authorization: DPoP a\r\nDPoP: b\r\n", people.Caller{Officer: "o"}, nil, "access.denied", true},
		"refused":              {"Authorization: DPoP a\r\nDPoP: b\r\n", people.Caller{}, fault.New(fault.SessionEnded), "session.ended", true},
		"store down":           {"Authorization: DPoP a\r\nDPoP: b\r\n", people.Caller{}, errors.New("down"), "internal", true},
		"two authorizations":   {"Authorization: DPoP a\r\nAuthorization: DPoP c\r\nDPoP: b\r\n", officer(people.RoleOfficer), nil, "token.invalid", false},
		"two proofs":           {"Authorization: DPoP a\r\nDPoP: b\r\nDPoP: c\r\n", officer(people.RoleOfficer), nil, "token.proof_invalid", false},
		"two, in another case": {"Authorization: DPoP a\r\nDPoP: b\r\ndpop: c\r\n", officer(people.RoleOfficer), nil, "token.proof_invalid", false},
	} {
		s := &sessions{caller: c.caller, err: c.err}
		got := gate(t, s)("GET /v1/records/1 HTTP/1.1\r\nHost: h\r\n" + c.headers + "\r\n")
		if got != c.want || c.asked != (len(s.asked) > 0) {
			t.Errorf("%s: %q, asked %q; want %q", name, got, s.asked, c.want)
		}
	}
}

// A role that has ended gives no right, whatever the session says.
func TestSignedInAfterTheRoleHasEnded(t *testing.T) {
	c := officer(people.RoleOfficer)
	c.Grants[0].To = identityAt
	if got := gate(t, &sessions{caller: c})("GET /v1/records/1 HTTP/1.1\r\nHost: h\r\n\r\n"); got != "access.denied" {
		t.Error(got)
	}
}

// What is proven is the path as it stands in the request, whatever host the client names.
func TestWhatIsProven(t *testing.T) {
	for request, want := range map[string]string{
		"GET /v1/records/1?at=2 HTTP/1.1\r\nHost: evil.example\r\n":        "/v1/records/1",
		"GET http://evil.example/v1/records/1 HTTP/1.1\r\nHost: other\r\n": "/v1/records/1",
		"GET /v1/records/a%2fb HTTP/1.1\r\nHost: h\r\n":                    "/v1/records/a%2fb",
		"GET /v1/records/%E6%89%A7 HTTP/1.1\r\nHost: h\r\n":                "/v1/records/%E6%89%A7",
		"HEAD /v1/records/1 HTTP/1.1\r\nHost: h\r\n":                       "/v1/records/1",
	} {
		s := &sessions{caller: officer(people.RoleOfficer)}
		gate(t, s)(request + "Connection: close\r\nAuthorization: DPoP a\r\nDPoP: b\r\n\r\n")
		if len(s.asked) != 4 || s.asked[0] != request[:len(s.asked[0])] || s.asked[1] != want || s.asked[2] != "DPoP a" || s.asked[3] != "b" {
			t.Errorf("%.60q: asked %q, want %s", request, s.asked, want)
		}
	}
}

func TestDeviceProof(t *testing.T) {
	send := "POST /v1/sessions HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
	s := &sessions{proof: token.Proof{Thumbprint: "t"}}
	if got := gate(t, s)(send + "DPoP: b\r\n\r\n"); got != "key t" || len(s.asked) != 3 || s.asked[1] != "/v1/sessions" {
		t.Errorf("%q, asked %q", got, s.asked)
	}
	if got := gate(t, &sessions{err: fault.New(fault.ProofInvalid)})(send + "\r\n"); got != "token.proof_invalid" {
		t.Error(got)
	}
	if got := gate(t, s)(send + "DPoP: b\r\nDPoP: c\r\n\r\n"); got != "token.proof_invalid" {
		t.Error(got)
	}
}

// A handler that forgot its guard finds nobody there.
func TestNobody(t *testing.T) {
	if got := gate(t, &sessions{caller: officer(people.RoleOfficer), proof: token.Proof{Thumbprint: "t"}})("GET /open HTTP/1.1\r\nHost: h\r\nAuthorization: DPoP a\r\nDPoP: b\r\n\r\n"); got != "caller  key " {
		t.Error(got)
	}
}
