package guard

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Sessions is what the guard asks; package session answers.
type Sessions interface {
	Authenticate(ctx context.Context, method, path, authorization, dpop string) (people.Caller, error)
	Prove(method, path, dpop string) (token.Proof, error)
}

// Identity finds out who makes a request, before a byte of its body is read.
type Identity struct {
	Sessions Sessions
	Now      func() time.Time
}

// identityLocal names what this guard keeps with a request.
type identityLocal int

const (
	callerLocal identityLocal = iota
	proofLocal
)

// SignedIn lets through who is signed in on an enrolled device, proves its key for this very request, and has the right
// somewhere. Whether it reaches the unit at hand is for the handler to ask: only it knows the unit.
func (i Identity) SignedIn(right people.Right) fiber.Handler {
	return func(c *fiber.Ctx) error {
		authorization, err := only(c, fiber.HeaderAuthorization, fault.TokenInvalid)
		if err != nil {
			return err
		}
		dpop, err := only(c, headerDPoP, fault.ProofInvalid)
		if err != nil {
			return err
		}
		caller, err := i.Sessions.Authenticate(c.UserContext(), c.Method(), requested(c), authorization, dpop)
		if err != nil {
			return err
		}
		Subject(c, caller.Device, caller.Officer)
		if !caller.May(right, "", i.Now()) {
			return fault.New(fault.RoleInsufficient)
		}
		c.Locals(callerLocal, caller)
		return c.Next()
	}
}

// DeviceProof lets through who proves a device key for this very request, whichever it is: the handler compares it with the
// key it expects.
func (i Identity) DeviceProof(c *fiber.Ctx) error {
	dpop, err := only(c, headerDPoP, fault.ProofInvalid)
	if err != nil {
		return err
	}
	proof, err := i.Sessions.Prove(c.Method(), requested(c), dpop)
	if err != nil {
		return err
	}
	c.Locals(proofLocal, proof)
	return c.Next()
}

// Caller is who makes a request behind [Identity.SignedIn]. Elsewhere it is nobody, with no rights.
func Caller(c *fiber.Ctx) people.Caller {
	caller, _ := c.Locals(callerLocal).(people.Caller)
	return caller
}

// Proof is the key that a request behind [Identity.DeviceProof] has shown. Elsewhere it is none, which equals no key.
func Proof(c *fiber.Ctx) token.Proof {
	proof, _ := c.Locals(proofLocal).(token.Proof)
	return proof
}

const headerDPoP = "DPoP"

// only returns the header's one value, "" where it is missing. Two are refused: the next server might read the other one.
func only(c *fiber.Ctx, header string, doubled fault.Code) (string, error) {
	values := c.Request().Header.PeekAll(header)
	if len(values) > 1 {
		return "", fault.New(doubled)
	}
	return c.Get(header), nil
}

// requested is the path as it stands in the request line. A client may send an absolute address there, whose host is its own
// choice: only the path counts.
func requested(c *fiber.Ctx) string { return string(c.Request().URI().PathOriginal()) }
