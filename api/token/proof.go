package token

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	// Window is how far a proof's iat may be from this server's clock, to either side.
	Window = 60 * time.Second

	proofType = "dpop+jwt"
	maxID     = 128 // bytes of a proof's jti
)

// Proof is what a good DPoP proof shows: that whoever made this request holds the key.
type Proof struct {
	Key        *ecdsa.PublicKey
	Thumbprint string // RFC 7638

	id string // jti
}

// Proofs checks DPoP proofs. It is safe for concurrent use.
//
// A proof is good once in each process: used ones are remembered for longer than they are good. The memory is not shared among
// replicas. What a proof that was caught on the wire could do at another replica is to repeat one request whole, within its
// window, over TLS that was broken already; requests that change something can be repeated by design.
type Proofs struct {
	publicURL string
	now       func() time.Time
	bound     *replays // proofs that came with an access token: only enrolled devices fill it
	free      *replays // proofs alone: anybody can make them
	headers   headers
}

// NewProofs makes a checker for requests to the server that is reached under the URL.
func NewProofs(publicURL string, now func() time.Time) *Proofs {
	return &Proofs{publicURL: publicURL, now: now, bound: newReplays(maxRemembered, maxPerKey, false), free: newReplays(maxFree, maxFree, true)}
}

// proofClaims is the payload of a proof. Members that we do not know are the client's own affair.
type proofClaims struct {
	id, method, url, access string
	issuedAt                time.Time
}

// Check accepts a proof made for this method and path (as it was requested, with or without query) and, if access is not
// empty, for that access token and by the key with the thumbprint that the token names. Anything else is fault
// token.proof_invalid; the flood of one key is fault request.rate_limited. An accepted proof is used up.
func (p *Proofs) Check(text, method, path, access, thumbprint string) (Proof, error) {
	proof, c, err := p.headers.parse(text)
	if err != nil {
		return Proof{}, refused(err)
	}
	now := p.now()
	switch {
	case c.method != method:
		err = errors.New("htm is another method")
	case !sameURL(c.url, p.publicURL+path):
		err = errors.New("htu is another address")
	case c.issuedAt.Before(now.Add(-Window)) || c.issuedAt.After(now.Add(Window)):
		err = errors.New("iat is out of the window")
	case access != "" && subtle.ConstantTimeCompare([]byte(c.access), []byte(digestOf(access))) == 0:
		err = errors.New("ath is of another token, or missing")
	case access != "" && proof.Thumbprint != thumbprint:
		err = errors.New("the token is bound to another key")
	}
	if err != nil {
		return Proof{}, refused(err)
	}
	seen := p.free
	if access != "" {
		seen = p.bound
	}
	return proof, seen.use(proof.Thumbprint, c.id, now)
}

func refused(why error) error { return fault.New(fault.ProofInvalid).Because(why) }

// digestOf is the "ath" of a token.
func digestOf(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var (
	errReplayed    = errors.New("it was used before")
	errProofForm   = errors.New("it is not a DPoP proof by ES256 with a P-256 public key in its header")
	errProofClaims = errors.New("it lacks jti, htm, htu or iat")
)

// parseProof checks form and signature. Errors name what is wrong and quote nothing.
func parseProof(text string) (Proof, proofClaims, error) {
	var c proofClaims
	if text == "" || len(text) > maxText {
		return Proof{}, c, errProofForm
	}
	var key *ecdsa.PublicKey
	parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		var err error
		key, err = proofHeader(t.Raw)
		return key, err
	})
	switch {
	case errors.Is(err, errProofClaims):
		return Proof{}, c, errProofClaims
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return Proof{}, c, jwt.ErrTokenSignatureInvalid
	case err != nil:
		return Proof{}, c, errProofForm
	}
	return Proof{Key: key, Thumbprint: keyring.Thumbprint(key), id: c.id}, c, nil
}

// proofHeader reads typ, alg and jwk. "crit" would change what the rest means, and a private key in a header is out for good:
// both are refused. Other members are ignored, as RFC 7515 §4 asks.
func proofHeader(text string) (*ecdsa.PublicKey, error) {
	h, err := wire.Object(segment(text))
	if err != nil {
		return nil, errProofForm
	}
	shape, _ := h["jwk"].(map[string]any)
	_, critical := h["crit"]
	_, private := shape["d"]
	if h["typ"] != proofType || h["alg"] != alg || critical || private {
		return nil, errProofForm
	}
	member := func(name string) string {
		value, _ := shape[name].(string)
		return value
	}
	return JWK{Kty: member("kty"), Crv: member("crv"), X: member("x"), Y: member("y"), Alg: member("alg")}.Key()
}

// UnmarshalJSON reads the payload.
func (c *proofClaims) UnmarshalJSON(text []byte) error {
	o, err := wire.Object(text)
	if err != nil {
		return errProofClaims
	}
	c.id, _ = o["jti"].(string)
	c.method, _ = o["htm"].(string)
	c.url, _ = o["htu"].(string)
	c.access, _ = o["ath"].(string)
	at, ok := o["iat"].(float64)
	if !ok || at < 1 || at > 1<<40 || c.id == "" || len(c.id) > maxID || c.method == "" || c.url == "" {
		return errProofClaims
	}
	c.issuedAt = time.UnixMilli(int64(at * 1000))
	return nil
}

// The getters of jwt.Claims; the library validates none of them for proofs.

func (c *proofClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (c *proofClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (c *proofClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *proofClaims) GetIssuer() (string, error)                   { return "", nil }
func (c *proofClaims) GetSubject() (string, error)                  { return "", nil }
func (c *proofClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }
