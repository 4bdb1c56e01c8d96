package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// person is somebody with a device, signed in.
type person struct {
	w       *world
	key     *ecdsa.PrivateKey
	officer string
	account string
	device  string
	access  string
	refresh string
	seq     uint64
	head    string
}

// hire makes an officer with a role in a unit, an account, a device, and signs in: over HTTP where a device would.
func (w *world) hire(name, role, unit string) *person {
	w.t.Helper()
	ctx := context.Background()
	p := &person{w: w, key: newKey(w.t), account: "user-" + hex.EncodeToString([]byte(name))}
	p.officer = w.put("officers", record.Object{"name": name, "unit": unit, "state": "active",
		"grants": record.Object{"g": record.Object{"role": role, "unit": unit}}})
	_, err := w.deps.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: p.account, Password: password, Officer: p.officer})
	w.must(err)
	code, err := w.deps.Sessions.CreateCodeByServer(ctx, unit, 0)
	w.must(err)
	jwk, err := token.FromKey(&p.key.PublicKey)
	w.must(err)
	var enrolled struct{ ID string }
	p.send("POST", "/v1/devices", map[string]any{"code": code.Code, "name": name, "publicKey": jwk}).want(201).into(&enrolled)
	p.device = enrolled.ID
	p.signIn()
	return p
}

func (p *person) signIn() {
	p.w.t.Helper()
	var t struct{ AccessToken, RefreshToken string }
	p.access = ""
	p.send("POST", "/v1/sessions", map[string]any{"account": p.account, "password": password, "device": p.device}).want(201).into(&t)
	p.access, p.refresh = t.AccessToken, t.RefreshToken
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// proof makes the DPoP proof of a request.
func (p *person) proof(method, path string) string {
	p.w.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	jwk, err := token.FromKey(&p.key.PublicKey)
	p.w.must(err)
	claims := map[string]any{"jti": newID(), "htm": method, "htu": "http://" + p.w.address + path, "iat": time.Now().Unix()}
	if p.access != "" {
		sum := sha256.Sum256([]byte(p.access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return jws(p.w.t, p.key, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, claims)
}

func jws(t testing.TB, key *ecdsa.PrivateKey, header, claims any) string {
	t.Helper()
	var parts []string
	for _, part := range []any{header, claims} {
		text, err := wire.Canonical(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	signed := strings.Join(parts, ".")
	signature, err := wire.Sign(key, []byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + signature
}

// credentials are the headers that say who asks.
func (p *person) credentials(method, path string) http.Header {
	h := http.Header{"Dpop": {p.proof(method, path)}}
	if p.access != "" {
		h.Set("Authorization", "DPoP "+p.access)
	}
	return h
}

// reply is an answer, read to its end.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
	ends   bool // the connection ends with it
}

// problem is a problem document.
type problem struct {
	Type, Title, TitleEn, Detail, DetailEn, Code, Field, Instance string
	Status                                                        int
	Expected                                                      uint64
}

var client = &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}, Timeout: time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send asks with credentials; a body that is not bytes goes as JSON.
func (p *person) send(method, path string, body any, headers ...string) *reply {
	p.w.t.Helper()
	h := p.credentials(method, path)
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return p.w.send(method, path, body, h)
}

// send asks as anybody.
func (w *world) send(method, path string, body any, h http.Header) *reply {
	w.t.Helper()
	if h == nil {
		h = http.Header{}
	}
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	case io.Reader:
		content = b
	default:
		text, err := json.Marshal(b)
		w.must(err)
		content = bytes.NewReader(text)
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/json")
		}
	}
	req, err := http.NewRequest(method, "http://"+w.address+path, content)
	w.must(err)
	for name, values := range h {
		req.Header[name] = values
	}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: reply: %v", method, path, err)
	}
	return &reply{w.t, method + " " + path, res.StatusCode, res.Header, text, res.Close}
}

func (r *reply) want(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

func (r *reply) into(out any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, out, json.MatchCaseInsensitiveNames(true)); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
}

// fails checks that the answer is the problem document of a code, complete and well told.
func (r *reply) fails(status int, code string) problem {
	r.t.Helper()
	var p problem
	if r.status != status {
		r.t.Errorf("%s: status %d, want %d (%s): %s", r.what, r.status, status, code, r.body)
		return p
	}
	if !strings.HasPrefix(r.what, "HEAD ") {
		r.into(&p)
		if p.Code != code {
			r.t.Errorf("%s: code %q, want %q: %s", r.what, p.Code, code, r.body)
		}
		r.wellTold(p)
	}
	return p
}

func (r *reply) wellTold(p problem) {
	r.t.Helper()
	if r.header.Get("Content-Type") != api.MIMEProblem {
		r.t.Errorf("%s: content type %q", r.what, r.header.Get("Content-Type"))
	}
	if p.Status != r.status || p.Instance == "" || p.Instance != r.header.Get("X-Request-Id") || !strings.HasSuffix(p.Type, "/problems/"+p.Code) {
		r.t.Errorf("%s: problem is not complete: %+v", r.what, p)
	}
	if p.Title == "" || p.TitleEn == "" || !strings.HasPrefix(p.Detail, p.Title) || !strings.HasPrefix(p.DetailEn, p.TitleEn) {
		r.t.Errorf("%s: problem says too little: %+v", r.what, p)
	}
}

// ops makes the next push of the person's device: so many tasks created in a unit.
func (p *person) ops(unit string, n int) wire.Push {
	p.w.t.Helper()
	out := wire.Push{Device: p.device}
	for range n {
		p.seq++
		sealed, err := wire.Seal(wire.Op{ID: newID(), Seq: p.seq, Collection: "subjects", Record: newID(), Action: "create",
			Patch: map[string]any{"name": "某某超市", "unit": unit, "kind": "enterprise"}, OccurredAt: time.Now().UTC().Truncate(time.Microsecond),
			Clock: wire.Clock{Boot: "b", MonotonicMs: 1}, Author: p.officer, Schema: 1, Prev: p.head})
		p.w.must(err)
		out.Ops = append(out.Ops, sealed.Text)
		p.head = sealed.Hash
	}
	out.Head = p.head
	var err error
	out.Signature, err = wire.Sign(p.key, wire.SigningInput(p.device, p.head))
	p.w.must(err)
	return out
}
