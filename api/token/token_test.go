package token_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const publicURL = "https://enforcement.example.cn"

// now is when the tests happen.
var now = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

// shelf is a store of keys in memory.
type shelf struct{ keys []people.SigningKey }

func (s *shelf) CreateKey(_ context.Context, k people.SigningKey) error {
	s.keys = append([]people.SigningKey{k}, s.keys...)
	return nil
}

func (s *shelf) Keys(_ context.Context, use string) (out []people.SigningKey, _ error) {
	for _, k := range s.keys {
		if k.Use == use {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *shelf) RetireKeys(_ context.Context, use, except string, at time.Time) error {
	for i, k := range s.keys {
		if k.Use == use && k.ID != except {
			s.keys[i].RetiredAt = at
		}
	}
	return nil
}

// bench is an issuer whose clock is set by hand, with what is needed to forge.
type bench struct {
	*testing.T
	*token.Issuer
	at   time.Time
	keys *keyring.Keyring
	kid  string
	key  *ecdsa.PrivateKey
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, at: now}
	clock := func() time.Time { return b.at }
	var err error
	if b.keys, err = keyring.New(&shelf{}, bytes.Repeat([]byte{7}, 32), clock); err != nil {
		t.Fatal(err)
	}
	if b.kid, b.key, err = b.keys.Signer(t.Context(), keyring.Token); err != nil {
		t.Fatal(err)
	}
	b.Issuer = &token.Issuer{Keys: b.keys, PublicURL: publicURL, Now: clock}
	return b
}

// header and payload are those of a good token.
func (b *bench) header() map[string]any {
	return map[string]any{"typ": "at+jwt", "alg": "ES256", "kid": b.kid}
}

func (b *bench) payload() map[string]any {
	return map[string]any{"iss": publicURL, "aud": publicURL + "/v1", "sub": "officer-1", "jti": "token-1", "sid": "family-1",
		"dev": "device-1", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(token.Life).Unix(),
		"cnf": map[string]any{"jkt": "thumbprint-1"}}
}

// compact makes a JWS out of two texts.
func (b *bench) compact(key *ecdsa.PrivateKey, header, payload string) string {
	b.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := wire.Sign(key, []byte(input))
	if err != nil {
		b.Fatal(err)
	}
	return input + "." + signature
}

func (b *bench) text(value any) string {
	b.Helper()
	text, err := wire.Canonical(value)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

func (b *bench) sign(header, payload map[string]any) string {
	return b.compact(b.key, b.text(header), b.text(payload))
}

// refused fails unless the token is refused with the code, and the error quotes nothing of it.
func (b *bench) refused(text string, code fault.Code) {
	b.Helper()
	got, err := b.Check(b.Context(), text)
	if !errors.Is(err, fault.New(code)) || got != (token.Access{}) {
		b.Fatalf("got %+v, %v; want %s", got, err, code)
	}
	for part := range strings.SplitSeq(text, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part) {
			b.Errorf("the error quotes the token: %v", err)
		}
	}
}

func TestIssuedTokenIsAccepted(t *testing.T) {
	b := newBench(t)
	want := token.Access{ID: "t", Officer: "o", Family: "f", Device: "d", Key: "k", IssuedAt: now, ExpiresAt: now.Add(token.Life)}
	text, expiresAt, err := b.Issue(t.Context(), token.Access{ID: "t", Officer: "o", Family: "f", Device: "d", Key: "k"})
	if err != nil || !expiresAt.Equal(want.ExpiresAt) {
		t.Fatal(expiresAt, err)
	}
	if got, err := b.Check(t.Context(), text); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// The forger of this test makes good tokens when asked to: otherwise the refusals below would prove nothing.
func TestForgedTokenIsGoodWhenNothingIsWrong(t *testing.T) {
	b := newBench(t)
	if _, err := b.Check(t.Context(), b.sign(b.header(), b.payload())); err != nil {
		t.Fatal(err)
	}
}

func TestEveryClaimIsChecked(t *testing.T) {
	wrong := map[string][]any{
		"iss": {"https://other.example.cn", "", 1, nil, publicURL + "/"},
		"aud": {"https://other.example.cn/v1", publicURL, "", []any{publicURL + "/v1"}, nil},
		"sub": {"", 7, nil},
		"jti": {"", 7, nil},
		"sid": {"", 7, nil},
		"dev": {"", 7, nil},
		"iat": {now.Add(token.Leeway + time.Second).Unix(), now.Add(-time.Hour).Unix(), 0, "now", 1.5, nil},
		"nbf": {now.Add(token.Leeway + time.Second).Unix(), 0, "now", nil},
		"exp": {now.Add(token.Life + time.Second).Unix(), now.Add(time.Hour).Unix(), 0, "later", nil},
		"cnf": {map[string]any{}, map[string]any{"jkt": ""}, map[string]any{"jkt": 1}, map[string]any{"jkt": "thumbprint-1", "x": 1}, "thumbprint-1", nil},
	}
	for claim, values := range wrong {
		t.Run(claim, func(t *testing.T) {
			b := newBench(t)
			missing := b.payload()
			delete(missing, claim)
			b.refused(b.sign(b.header(), missing), fault.TokenInvalid)
			for _, value := range values {
				p := b.payload()
				p[claim] = value
				b.refused(b.sign(b.header(), p), fault.TokenInvalid)
			}
		})
	}
	b := newBench(t)
	more := b.payload()
	more["scope"] = "admin"
	b.refused(b.sign(b.header(), more), fault.TokenInvalid)
	b.refused(b.compact(b.key, b.text(b.header()), "null"), fault.TokenInvalid)
	b.refused(b.compact(b.key, b.text(b.header()), "[]"), fault.TokenInvalid)
	doubled := strings.Replace(b.text(b.payload()), `"sub":`, `"sub":"another","sub":`, 1)
	b.refused(b.compact(b.key, b.text(b.header()), doubled), fault.TokenInvalid)
}

func TestTimesOfAToken(t *testing.T) {
	b := newBench(t)
	text := b.sign(b.header(), b.payload())
	for _, c := range []struct {
		at   time.Duration
		code fault.Code // "" where it is good
	}{
		{-token.Leeway - time.Second, fault.TokenInvalid},
		{-token.Leeway, ""},
		{0, ""},
		{token.Life + token.Leeway - time.Second, ""},
		{token.Life + token.Leeway, fault.TokenExpired},
		{24 * time.Hour, fault.TokenExpired},
	} {
		b.at = now.Add(c.at)
		_, err := b.Check(t.Context(), text)
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, fault.New(c.code)) {
			t.Errorf("at %v: %v, want %q", c.at, err, c.code)
		}
	}
	// Old and wrong is wrong: a client must not be told to refresh its way out of that.
	b.at = now.Add(time.Hour)
	p := b.payload()
	p["aud"] = "https://other.example.cn/v1"
	b.refused(b.sign(b.header(), p), fault.TokenInvalid)
	stranger := newBench(t)
	b.refused(b.compact(stranger.key, b.text(b.header()), b.text(b.payload())), fault.TokenInvalid)
}

func TestHeaderIsExactlyOurs(t *testing.T) {
	b := newBench(t)
	for name, change := range map[string]map[string]any{
		"typ missing":        {"typ": nil},
		"typ JWT":            {"typ": "JWT"},
		"typ of a proof":     {"typ": "dpop+jwt"},
		"typ of a receipt":   {"typ": "fieldwarden-receipt+jws"},
		"kid missing":        {"kid": nil},
		"kid empty":          {"kid": ""},
		"kid foreign":        {"kid": "another"},
		"kid a path":         {"kid": "../../" + b.kid},
		"crit":               {"crit": []any{"exp"}},
		"crit with its name": {"crit": []any{"b64"}, "b64": false},
		"jwk":                {"jwk": map[string]any{"kty": "EC"}},
		"jku":                {"jku": "https://evil.example/jwks.json"},
		"x5u":                {"x5u": "https://evil.example/cert.pem"},
		"zip":                {"zip": "DEF"},
		"alg ES384":          {"alg": "ES384"},
		"alg in lower case":  {"alg": "es256"},
		"alg missing":        {"alg": nil},
		"alg a number":       {"alg": 256},
	} {
		t.Run(name, func(t *testing.T) {
			h := b.header()
			maps.Copy(h, change)
			maps.DeleteFunc(h, func(_ string, v any) bool { return v == nil })
			here := *b
			here.T = t
			here.refused(b.sign(h, b.payload()), fault.TokenInvalid)
		})
	}
	doubled := strings.Replace(b.text(b.header()), `"alg":"ES256"`, `"alg":"none","alg":"ES256"`, 1)
	b.refused(b.compact(b.key, doubled, b.text(b.payload())), fault.TokenInvalid)
}

// The classic forgeries: no signature, the public key as an HMAC secret, a key of the forger's own.
func TestForgeries(t *testing.T) {
	b := newBench(t)
	input := func(alg string) string {
		h := b.header()
		h["alg"] = alg
		return base64.RawURLEncoding.EncodeToString([]byte(b.text(h))) + "." + base64.RawURLEncoding.EncodeToString([]byte(b.text(b.payload())))
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE"} {
		b.refused(input(alg)+".", fault.TokenInvalid)
		b.refused(input(alg)+"."+strings.SplitN(b.sign(b.header(), b.payload()), ".", 3)[2], fault.TokenInvalid)
	}
	der, err := x509.MarshalPKIXPublicKey(&b.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	point, err := b.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{der, point, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), {}} {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input("HS256")))
		b.refused(input("HS256")+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), fault.TokenInvalid)
	}
	stranger := newBench(t)
	b.refused(stranger.sign(b.header(), b.payload()), fault.TokenInvalid)        // our kid, their key
	b.refused(stranger.sign(stranger.header(), b.payload()), fault.TokenInvalid) // their kid, their key
	kid, receiptKey, err := b.keys.Signer(t.Context(), keyring.Receipt)
	if err != nil {
		t.Fatal(err)
	}
	h := b.header()
	h["kid"] = kid
	b.refused(b.compact(receiptKey, b.text(h), b.text(b.payload())), fault.TokenInvalid) // our key, for another use
}

func TestBrokenTokens(t *testing.T) {
	b := newBench(t)
	good := b.sign(b.header(), b.payload())
	parts := strings.Split(good, ".")
	for _, text := range []string{"", ".", "..", "...", "x", good + ".", good + "." + parts[2], parts[0] + "." + parts[1], "." + good,
		parts[0] + "." + parts[1] + ".", parts[0] + "=." + parts[1] + "." + parts[2], good + "=", good[:len(good)-4], " " + good,
		parts[0] + "." + parts[1][:len(parts[1])-2] + "." + parts[2], strings.Repeat("a", 1<<16), "{}.{}.{}", "e30.e30.e30", "\xff\xfe." + parts[1] + "." + parts[2]} {
		b.refused(text, fault.TokenInvalid)
	}
	for i := range parts[1] { // every character of the payload is under the signature
		other := byte('A')
		if parts[1][i] == other {
			other = 'B'
		}
		changed := parts[1][:i] + string(other) + parts[1][i+1:]
		if _, err := b.Check(t.Context(), parts[0]+"."+changed+"."+parts[2]); err == nil {
			t.Fatalf("character %d of the payload was changed and nobody saw", i)
		}
	}
}

// One text, one token: the last characters of base64url have bits to spare, and they must be zero.
func TestSignatureHasOneText(t *testing.T) {
	b := newBench(t)
	good := b.sign(b.header(), b.payload())
	accepted := 0
	for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if _, err := b.Check(t.Context(), good[:len(good)-1]+string(last)); err == nil {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("%d texts of one signature are accepted", accepted)
	}
}

func TestTokensLiveThroughARotation(t *testing.T) {
	b := newBench(t)
	old, _, err := b.Issue(t.Context(), token.Access{ID: "t", Officer: "o", Family: "f", Device: "d", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	b.at = b.at.Add(time.Minute)
	if err := b.keys.Rotate(t.Context(), keyring.Token); err != nil {
		t.Fatal(err)
	}
	young, _, err := b.Issue(t.Context(), token.Access{ID: "t2", Officer: "o", Family: "f", Device: "d", Key: "k"})
	if err != nil || strings.Split(young, ".")[0] == strings.Split(old, ".")[0] {
		t.Fatalf("the new key does not sign: %v", err)
	}
	for _, text := range []string{old, young} {
		if _, err := b.Check(t.Context(), text); err != nil {
			t.Error(err)
		}
	}
	b.at = b.at.Add(keyring.TokenGrace)
	b.refused(b.sign(b.header(), b.payload()), fault.TokenInvalid) // what a thief of the old key signs now
}

// A store that is down is not the token's fault: the client must keep it.
func TestKeysUnavailable(t *testing.T) {
	b := newBench(t)
	down := errors.New("the database is down")
	b.Keys = broken{down}
	if _, err := b.Check(t.Context(), b.sign(b.header(), b.payload())); !errors.Is(err, down) || errors.Is(err, fault.New(fault.TokenInvalid)) {
		t.Error(err)
	}
	if _, _, err := b.Issue(t.Context(), token.Access{}); !errors.Is(err, down) {
		t.Error(err)
	}
}

type broken struct{ err error }

func (b broken) Signer(context.Context, string) (string, *ecdsa.PrivateKey, error) {
	return "", nil, b.err
}
func (b broken) Verifier(context.Context, string, string) (*ecdsa.PublicKey, error) {
	return nil, b.err
}

func TestPublishedKeys(t *testing.T) {
	b := newBench(t)
	if err := b.keys.Rotate(t.Context(), keyring.Token); err != nil {
		t.Fatal(err)
	}
	set, err := token.Published(t.Context(), b.keys)
	if err != nil || len(set.Keys) != 3 {
		t.Fatalf("%+v, %v", set, err)
	}
	uses := map[string]int{}
	for _, k := range set.Keys {
		uses[k.For]++
		key, err := k.Key()
		if err != nil || k.Kid != keyring.Thumbprint(key) || k.Use != "sig" || k.Alg != "ES256" {
			t.Errorf("%+v, %v", k, err)
		}
	}
	if uses["token"] != 2 || uses["receipt"] != 1 {
		t.Errorf("published: %v", uses)
	}
	if text := b.text(set); strings.Contains(text, `"d"`) || !strings.Contains(text, `"fieldwarden:use":"receipt"`) {
		t.Error(text)
	}
}

func TestJWK(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, err := token.FromKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := good.Key(); err != nil || !back.Equal(&key.PublicKey) {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*token.JWK){
		"off the curve":      func(k *token.JWK) { k.Y = k.X },
		"the zero point":     func(k *token.JWK) { k.X, k.Y = strings.Repeat("A", 43), strings.Repeat("A", 43) },
		"short":              func(k *token.JWK) { k.X = k.X[:40] },
		"long":               func(k *token.JWK) { k.X += "AAAA" },
		"padded":             func(k *token.JWK) { k.X += "=" },
		"missing":            func(k *token.JWK) { k.Y = "" },
		"another curve":      func(k *token.JWK) { k.Crv = "P-384" },
		"another type":       func(k *token.JWK) { k.Kty = "RSA" },
		"for another alg":    func(k *token.JWK) { k.Alg = "ES384" },
		"the modulus itself": func(k *token.JWK) { k.X = base64.RawURLEncoding.EncodeToString(elliptic.P256().Params().P.Bytes()) },
	} {
		bad := good
		change(&bad)
		if _, err := bad.Key(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.FromKey(&p384.PublicKey); err == nil {
		t.Error("a P-384 key has a P-256 shape")
	}
	var decoded token.JWK
	if wire.Decode([]byte(`{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}`), &decoded) == nil {
		t.Error("a private key is taken where a public one belongs")
	}
}
