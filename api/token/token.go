// Package token makes and checks what travels at the edge: access tokens (JWT by RFC 9068) and proofs that a device holds
// its key (DPoP, RFC 9449).
//
// It must not know accounts, sessions or HTTP: whether a family still lives is asked by package session.
package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	// Life is how long an access token is good.
	Life = 10 * time.Minute
	// Leeway is how far the clocks of two replicas may differ when one checks what the other has issued.
	Leeway = 5 * time.Second

	alg        = "ES256" // the only algorithm, for tokens and for proofs
	accessType = "at+jwt"
	maxText    = 4096 // bytes of a token or a proof; real ones are under 800
)

// Access is what an access token says.
type Access struct {
	ID        string // jti
	Officer   string // sub: id of the officer's record
	Family    string // sid
	Device    string // dev
	Key       string // cnf.jkt: thumbprint of the device's key
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Keys is what package keyring gives.
type Keys interface {
	Signer(ctx context.Context, use string) (kid string, key *ecdsa.PrivateKey, err error)
	Verifier(ctx context.Context, use, kid string) (*ecdsa.PublicKey, error)
}

// Issuer issues and checks access tokens. It is safe for concurrent use.
type Issuer struct {
	Keys      Keys
	PublicURL string // without a slash at the end; the "iss"
	Now       func() time.Time

	known known
}

// audience is the one thing tokens are for: this server's interface.
func (i *Issuer) audience() string { return i.PublicURL + "/v1" }

// claims is an access token's payload.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	ID        string `json:"jti"`
	Family    string `json:"sid"`
	Device    string `json:"dev"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	ExpiresAt int64  `json:"exp"`
	Confirm   struct {
		Thumbprint string `json:"jkt"`
	} `json:"cnf"`
}

// Issue signs a token that is good from now for [Life]. IssuedAt and ExpiresAt of the argument are not read.
func (i *Issuer) Issue(ctx context.Context, a Access) (text string, expiresAt time.Time, err error) {
	kid, key, err := i.Keys.Signer(ctx, keyring.Token)
	if err != nil {
		return "", time.Time{}, err
	}
	now := i.Now().Truncate(time.Second)
	expiresAt = now.Add(Life)
	c := &claims{Issuer: i.PublicURL, Audience: i.audience(), Subject: a.Officer, ID: a.ID, Family: a.Family, Device: a.Device,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), ExpiresAt: expiresAt.Unix()}
	c.Confirm.Thumbprint = a.Key
	t := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	t.Header = map[string]any{"typ": accessType, "alg": alg, "kid": kid}
	text, err = t.SignedString(key)
	return text, expiresAt, err
}

// Check accepts a token of ours that is good now. Anything else is fault token.invalid, or token.expired when its age is all
// that is wrong with it. An error that is no fault of the token's is returned as it is.
func (i *Issuer) Check(ctx context.Context, text string) (Access, error) {
	if len(text) > maxText {
		return Access{}, invalid("too long")
	}
	digest := sha256.Sum256([]byte(text))
	if v, ok := i.known.get(digest); ok && v.ageless(i.Now()) {
		if _, err := i.Keys.Verifier(ctx, keyring.Token, v.kid); err == nil {
			return v.access, nil
		}
	}
	access, kid, err := i.look(ctx, text)
	if err == nil {
		i.known.put(digest, verified{access, kid})
	}
	return access, err
}

// look checks a token whole.
func (i *Issuer) look(ctx context.Context, text string) (a Access, kid string, err error) {
	var broken error // of the key store, as against of the token
	c := &claims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithStrictDecoding(), jwt.WithLeeway(Leeway), jwt.WithTimeFunc(i.Now),
		jwt.WithIssuer(i.PublicURL), jwt.WithAudience(i.audience()), jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt())
	_, err = parser.ParseWithClaims(text, c, func(t *jwt.Token) (any, error) {
		var err error
		if kid, err = accessHeader(t.Raw); err != nil {
			return nil, err
		}
		key, err := i.Keys.Verifier(ctx, keyring.Token, kid)
		if err != nil && !errors.Is(err, keyring.ErrUnknown) {
			broken = err
		}
		return key, err
	})
	switch {
	case broken != nil:
		return Access{}, "", broken
	case onlyExpired(err):
		return Access{}, "", fault.New(fault.TokenExpired)
	case err != nil:
		return Access{}, "", invalid(reason(err))
	}
	return Access{ID: c.ID, Officer: c.Subject, Family: c.Family, Device: c.Device, Key: c.Confirm.Thumbprint,
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(c.ExpiresAt, 0).UTC()}, kid, nil
}

// accessHeader reads the header of a token of ours, which has exactly these members: so "crit", "jwk", "jku" and whatever else
// may be invented is refused.
func accessHeader(text string) (kid string, err error) {
	var h struct {
		Typ string `json:"typ"`
		Alg string `json:"alg"`
		Kid string `json:"kid"`
	}
	if err := wire.Decode(segment(text), &h); err != nil {
		return "", errHeader
	}
	if h.Typ != accessType || h.Alg != alg {
		return "", errHeader
	}
	return h.Kid, nil
}

// segment is the decoded first part of a compact JWS; nil where it does not decode.
func segment(text string) []byte {
	head, _, _ := strings.Cut(text, ".")
	raw, err := jwt.NewParser(jwt.WithStrictDecoding()).DecodeSegment(head)
	if err != nil {
		return nil
	}
	return raw
}

var (
	errHeader  = errors.New("the header is not that of a token of ours")
	errPayload = errors.New("the payload is not that of a token of ours")
)

// UnmarshalJSON reads the payload strictly: no unknown, no doubled, no missing members.
func (c *claims) UnmarshalJSON(text []byte) error {
	type plain claims
	if err := wire.Decode(text, (*plain)(c)); err != nil {
		return errPayload
	}
	return nil
}

// MarshalJSON writes the payload in canonical form.
func (c *claims) MarshalJSON() ([]byte, error) {
	type plain claims
	return wire.Canonical((*plain)(c))
}

// Validate is called by the library after its own checks of time, issuer and audience.
func (c *claims) Validate() error {
	for _, required := range []string{c.Subject, c.ID, c.Family, c.Device, c.Confirm.Thumbprint} {
		if required == "" {
			return errPayload
		}
	}
	if c.IssuedAt == 0 || c.ExpiresAt-c.IssuedAt > int64(Life/time.Second) {
		return errPayload
	}
	return nil
}

// The getters of jwt.Claims. A zero time is a missing one.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return numeric(c.ExpiresAt), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return numeric(c.IssuedAt), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return numeric(c.NotBefore), nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{c.Audience}, nil }

func numeric(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}

// flaws are what can be wrong with a token, apart from its age. Their texts are all that is logged: never the token.
var flaws = []error{errHeader, errPayload, keyring.ErrUnknown, jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable,
	jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenUsedBeforeIssued,
	jwt.ErrTokenNotValidYet}

func reason(err error) string {
	for _, flaw := range flaws {
		if errors.Is(err, flaw) {
			return flaw.Error()
		}
	}
	return "unknown"
}

func onlyExpired(err error) bool {
	return errors.Is(err, jwt.ErrTokenExpired) && reason(err) == "unknown"
}

func invalid(why string) error { return fault.New(fault.TokenInvalid).Because(errors.New(why)) }
