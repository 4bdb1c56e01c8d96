package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// handheld makes proofs, good and bad, for a server whose clock is set by hand.
type handheld struct {
	*testing.T
	*token.Proofs
	at  time.Time
	key *ecdsa.PrivateKey
	jwk token.JWK
	n   int
}

func newHandheld(t *testing.T) *handheld {
	t.Helper()
	h := &handheld{T: t, at: now}
	h.Proofs = token.NewProofs(publicURL, func() time.Time { return h.at })
	h.newKey()
	return h
}

func (h *handheld) newKey() {
	h.Helper()
	var err error
	if h.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		h.Fatal(err)
	}
	if h.jwk, err = token.FromKey(&h.key.PublicKey); err != nil {
		h.Fatal(err)
	}
}

func (h *handheld) thumbprint() string { return keyring.Thumbprint(&h.key.PublicKey) }

// changes overwrite members of a good proof; nil takes a member out.
type changes = map[string]any

const (
	method = "POST"
	path   = "/v1/sync/push"
	access = "an.access.token"
)

func athOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proof makes a proof for the request above with the token above.
func (h *handheld) proof(header, claims changes) string {
	h.Helper()
	h.n++
	head := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": h.jwk}
	payload := map[string]any{"jti": fmt.Sprint("proof-", h.n), "htm": method, "htu": publicURL + path, "iat": h.at.Unix(), "ath": athOf(access)}
	maps.Copy(head, header)
	maps.Copy(payload, claims)
	gone := func(_ string, v any) bool { return v == nil }
	maps.DeleteFunc(head, gone)
	maps.DeleteFunc(payload, gone)
	return h.compact(h.text(head), h.text(payload))
}

func (h *handheld) text(value any) string {
	h.Helper()
	text, err := wire.Canonical(value)
	if err != nil {
		h.Fatal(err)
	}
	return string(text)
}

func (h *handheld) compact(head, payload string) string {
	h.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := wire.Sign(h.key, []byte(input))
	if err != nil {
		h.Fatal(err)
	}
	return input + "." + signature
}

// check presents a proof with the request and the token it should be for.
func (h *handheld) check(text string) error {
	got, err := h.Check(text, method, path, access, h.thumbprint())
	if err == nil && !got.Key.Equal(&h.key.PublicKey) {
		h.Errorf("the proof shows another key than its own")
	}
	return err
}

func (h *handheld) accepted(text string) {
	h.Helper()
	if err := h.check(text); err != nil {
		h.Fatal(err)
	}
}

func (h *handheld) refused(text string) {
	h.Helper()
	err := h.check(text)
	if !errors.Is(err, fault.New(fault.ProofInvalid)) {
		h.Fatalf("got %v, want %s", err, fault.ProofInvalid)
	}
	for part := range strings.SplitSeq(text, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part) {
			h.Errorf("the error quotes the proof: %v", err)
		}
	}
}

func TestProofIsGoodOnce(t *testing.T) {
	h := newHandheld(t)
	text := h.proof(nil, nil)
	h.accepted(text)
	h.refused(text)
	h.at = h.at.Add(30 * time.Second)
	h.refused(text)
	h.accepted(h.proof(nil, nil))
	// The id is the key's own: another device may use the same.
	same := changes{"jti": "the same"}
	h.accepted(h.proof(nil, same))
	h.refused(h.proof(nil, same))
	h.newKey()
	h.accepted(h.proof(nil, same))
}

// However the memory turns over, a proof is never good twice while its iat is in the window.
func TestReplaysAreRememberedForAsLongAsTheyAreGood(t *testing.T) {
	for ahead := -token.Window; ahead <= token.Window; ahead += 15 * time.Second {
		for quiet := time.Duration(0); quiet <= 260*time.Second; quiet += 20 * time.Second {
			h := newHandheld(t)
			h.accepted(h.proof(nil, nil)) // begins a generation
			h.at = h.at.Add(quiet)
			text := h.proof(nil, changes{"iat": h.at.Add(ahead).Unix()})
			h.accepted(text)
			for range 30 {
				h.at = h.at.Add(5 * time.Second)
				h.accepted(h.proof(nil, nil)) // keeps the memory moving
				h.refused(text)
			}
		}
	}
}

func TestProofIsForOneRequest(t *testing.T) {
	h := newHandheld(t)
	for name, claims := range map[string]changes{
		"another method":           {"htm": "GET"},
		"method in lower case":     {"htm": "post"},
		"no method":                {"htm": nil},
		"another path":             {"htu": publicURL + "/v1/sync/pull"},
		"another host":             {"htu": "https://evil.example.cn" + path},
		"a host that begins alike": {"htu": publicURL + ".evil.example.cn" + path},
		"another scheme":           {"htu": strings.Replace(publicURL, "https", "http", 1) + path},
		"another port":             {"htu": publicURL + ":8443" + path},
		"a path alone":             {"htu": path},
		"user information":         {"htu": "https://a:b@enforcement.example.cn" + path},
		"a slash escaped":          {"htu": publicURL + "/v1/sync%2Fpush"},
		"a slash more":             {"htu": publicURL + path + "/"},
		"another case of path":     {"htu": publicURL + "/v1/SYNC/push"},
		"dots":                     {"htu": publicURL + "/v1/x/../sync/push"},
		"nothing":                  {"htu": ""},
		"no address":               {"htu": nil},
		"not an address":           {"htu": "::"},
		"a number":                 {"htu": 1},
		"another token":            {"ath": athOf("another.access.token")},
		"the token itself":         {"ath": access},
		"no token":                 {"ath": nil},
		"an empty token":           {"ath": ""},
		"no id":                    {"jti": nil},
		"an empty id":              {"jti": ""},
		"an id without end":        {"jti": strings.Repeat("x", 200)},
		"an id that is no text":    {"jti": 5},
		"no time":                  {"iat": nil},
		"time as text":             {"iat": fmt.Sprint(now.Unix())},
		"time long ago":            {"iat": now.Add(-token.Window - time.Second).Unix()},
		"time far ahead":           {"iat": now.Add(token.Window + time.Second).Unix()},
		"time in milliseconds":     {"iat": now.UnixMilli()},
		"time beyond all":          {"iat": 1e300},
		"time before all":          {"iat": -1e300},
	} {
		t.Run(name, func(t *testing.T) {
			h.T = t
			h.refused(h.proof(nil, claims))
		})
	}
	h.T = t
	h.accepted(h.proof(nil, changes{"iat": now.Add(-token.Window).Unix()}))
	h.accepted(h.proof(nil, changes{"iat": now.Add(token.Window).Unix()}))
	h.accepted(h.proof(nil, changes{"nonce": "x", "exp": 1, "nbf": now.Add(time.Hour).Unix()})) // not ours to judge
}

// RFC 9449 §4.3: compare after normalisation, without query and fragment.
func TestAddressIsNormalised(t *testing.T) {
	for _, c := range []struct{ public, path, htu string }{
		{"https://a.example.cn", "/v1/x", "HTTPS://A.EXAMPLE.CN/v1/x"},
		{"https://a.example.cn", "/v1/x", "https://a.example.cn:443/v1/x"},
		{"https://a.example.cn:443", "/v1/x", "https://a.example.cn/v1/x"},
		{"http://127.0.0.1:8080", "/v1/x", "http://127.0.0.1:8080/v1/x"},
		{"http://[::1]:80", "/v1/x", "http://[::1]/v1/x"},
		{"https://a.example.cn", "/v1/x?after=1", "https://a.example.cn/v1/x"},
		{"https://a.example.cn", "/v1/x", "https://a.example.cn/v1/x?after=1#top"},
		{"https://a.example.cn", "/v1/%7euser", "https://a.example.cn/v1/~user"},
		{"https://a.example.cn", "/v1/a%2fb", "https://a.example.cn/v1/a%2Fb"},
		{"https://a.example.cn", "/v1/%E6%89%A7", "https://a.example.cn/v1/%e6%89%a7"},
		{"https://a.example.cn", "/v1/执", "https://a.example.cn/v1/%E6%89%A7"},
		{"https://a.example.cn", "/", "https://a.example.cn"},
		{"https://a.example.cn/fw", "/v1/x", "https://a.example.cn/fw/v1/x"},
	} {
		h := newHandheld(t)
		h.Proofs = token.NewProofs(c.public, func() time.Time { return now })
		if _, err := h.Check(h.proof(nil, changes{"htu": c.htu}), method, c.path, access, h.thumbprint()); err != nil {
			t.Errorf("%s for %s%s: %v", c.htu, c.public, c.path, err)
		}
	}
}

func TestProofHeader(t *testing.T) {
	h := newHandheld(t)
	jwk := func(change changes) map[string]any {
		shape := map[string]any{"kty": h.jwk.Kty, "crv": h.jwk.Crv, "x": h.jwk.X, "y": h.jwk.Y}
		maps.Copy(shape, change)
		return shape
	}
	private, err := h.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	other := newHandheld(t)
	for name, header := range map[string]changes{
		"no typ":                  {"typ": nil},
		"typ of a token":          {"typ": "at+jwt"},
		"typ JWT":                 {"typ": "JWT"},
		"no alg":                  {"alg": nil},
		"alg none":                {"alg": "none"},
		"alg HS256":               {"alg": "HS256"},
		"alg ES384":               {"alg": "ES384"},
		"alg EdDSA":               {"alg": "EdDSA"},
		"no key":                  {"jwk": nil},
		"a key that is no object": {"jwk": "key"},
		"a private key":           {"jwk": jwk(changes{"d": base64.RawURLEncoding.EncodeToString(private)})},
		"an RSA key":              {"jwk": map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
		"a shared secret":         {"jwk": map[string]any{"kty": "oct", "k": "AQAB"}},
		"a P-384 key":             {"jwk": jwk(changes{"crv": "P-384"})},
		"a point off the curve":   {"jwk": jwk(changes{"y": h.jwk.X})},
		"somebody else's key":     {"jwk": other.jwk},
		"crit":                    {"crit": []any{"exp"}, "exp": 1},
		"empty crit":              {"crit": []any{}},
	} {
		t.Run(name, func(t *testing.T) {
			h.T = t
			h.refused(h.proof(header, nil))
		})
	}
	h.T = t
	h.accepted(h.proof(changes{"kid": "mine"}, nil)) // members that mean nothing here are ignored
	h.accepted(h.proof(changes{"jwk": jwk(changes{"kid": "mine", "use": "sig"})}, nil))
}

func TestForgedProofs(t *testing.T) {
	h := newHandheld(t)
	good := h.proof(nil, nil)
	parts := strings.Split(good, ".")
	mac := hmac.New(sha256.New, []byte(h.jwk.X))
	hs := base64.RawURLEncoding.EncodeToString([]byte(h.text(map[string]any{"typ": "dpop+jwt", "alg": "HS256", "jwk": h.jwk}))) + "." + parts[1]
	mac.Write([]byte(hs))
	doubled := strings.Replace(h.text(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": h.jwk}), `"alg":`, `"alg":"none","alg":`, 1)
	for _, text := range []string{"", ".", "..", "x.y.z", parts[0] + "." + parts[1] + ".", good + ".", good + "." + good, parts[0] + "." + parts[1],
		hs + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), h.compact(doubled, `{"jti":"1"}`),
		h.compact(h.text(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": h.jwk}), "null"),
		parts[0] + "." + strings.Split(h.proof(nil, nil), ".")[1] + "." + parts[2], strings.Repeat("a", 1<<16), good + ", " + good} {
		h.refused(text)
	}
	h.accepted(good) // none of those has used it up
}

// The proof must be by the key that the token names.
func TestProofByAnotherKeyThanTheTokens(t *testing.T) {
	h := newHandheld(t)
	text := h.proof(nil, nil)
	if _, err := h.Check(text, method, path, access, "another thumbprint"); !errors.Is(err, fault.New(fault.ProofInvalid)) {
		t.Fatal(err)
	}
	if _, err := h.Check(text, method, path, access, ""); !errors.Is(err, fault.New(fault.ProofInvalid)) {
		t.Fatal(err)
	}
	h.accepted(text)
}

func TestProofWithoutToken(t *testing.T) {
	h := newHandheld(t)
	text := h.proof(nil, changes{"ath": nil})
	got, err := h.Check(text, method, path, "", "")
	if err != nil || got.Thumbprint != h.thumbprint() || !got.Key.Equal(&h.key.PublicKey) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := h.Check(text, method, path, "", ""); !errors.Is(err, fault.New(fault.ProofInvalid)) {
		t.Errorf("a replay: %v", err)
	}
}

// Who has no token can flood the memory of proofs without one, and so make nothing be forgotten that came with one.
func TestFloodWithoutTokens(t *testing.T) {
	h := newHandheld(t)
	h.Shrink(10)
	text := h.proof(nil, nil)
	h.accepted(text)
	flood := newHandheld(t)
	for range 50 {
		if _, err := h.Check(flood.proof(nil, changes{"ath": nil}), method, path, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	h.refused(text)
	h.accepted(h.proof(nil, nil))
}

// Of many that present the same proof at once one gets through.
func TestReplayRace(t *testing.T) {
	h := newHandheld(t)
	text := h.proof(nil, nil)
	var through atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := h.Check(text, method, path, access, h.thumbprint()); err == nil {
				through.Add(1)
			}
		})
	}
	all.Wait()
	if through.Load() != 1 {
		t.Errorf("%d got through", through.Load())
	}
}
