package session_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil { // each is some thirty requests on a real database; the command line may ask for more
		panic(err)
	}
	services.Main(m)
}

const (
	publicURL = "https://enforcement.example.cn"
	district  = "120102"
	street    = "120102001"
	elsewhere = "120102002"
	password  = "correct horse battery"
)

// cheap hashes in no time; what a password costs in earnest is tested apart.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// world is two replicas over one database, a clock that is set by hand, and the people of two streets.
type world struct {
	*testing.T
	db       *db.DB
	replicas [2]*session.Service
	keys     *keyring.Keyring // of the first replica
	push     *push.Service
	log      *logbook

	mu sync.Mutex
	at time.Time
}

// logbook is what the replicas log, whole.
type logbook struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// each runs a test in a fresh world on each database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	databases.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d, cheap)) })
}

// onSQLite runs a test for which the database does not matter.
func onSQLite(t *testing.T) *world {
	t.Helper()
	return newWorld(t, databases.SQLite(t, time.Now), cheap)
}

func newWorld(t *testing.T, d *db.DB, params argon2id.Params) *world {
	t.Helper()
	w := &world{T: t, db: d, log: &logbook{}, at: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	catalogue, err := collections.Catalogue()
	w.must(err)
	w.push = &push.Service{Store: d, Catalogue: catalogue, District: district, Now: w.now, NewID: newID}
	for i := range w.replicas {
		keys, err := keyring.New(d, bytes.Repeat([]byte{1}, 32), w.now)
		w.must(err)
		passwords, err := session.NewPasswords(params)
		w.must(err)
		w.replicas[i], err = session.New(session.Config{Identities: d, History: d, Keys: keys, Secret: bytes.Repeat([]byte{2}, 32),
			PublicURL: publicURL, Now: w.now, NewID: newID, Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Passwords: passwords})
		w.must(err)
		if i == 0 {
			w.keys = keys
		}
	}
	for _, code := range []string{district, street, elsewhere} {
		w.own("units", newID(), record.Create, record.Object{"code": code, "name": "单位" + code, "kind": "street"})
	}
	return w
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// is fails unless err is the fault of the code.
func (w *world) is(err error, code fault.Code) {
	w.Helper()
	if !errors.Is(err, fault.New(code)) {
		w.Fatalf("got %v, want %s", err, code)
	}
}

func (w *world) own(collection, id string, action record.Action, patch record.Object) {
	w.Helper()
	w.must(w.push.ApplyOwn(context.Background(), []push.ServerOp{{Collection: collection, Record: id, Action: action, Patch: patch}}))
}

// officer makes an officer's record with one role in a unit.
func (w *world) officer(role people.Role, unit string) string {
	w.Helper()
	id := newID()
	w.own("officers", id, record.Create, record.Object{"name": "赵一", "unit": unit, "state": people.Active,
		"grants": record.Object{"g": record.Object{"role": string(role), "unit": unit}}})
	return id
}

var names = struct {
	sync.Mutex
	n int
}{}

// account makes an officer with an account and [password].
func (w *world) account(role people.Role, unit string) people.Account {
	w.Helper()
	names.Lock()
	names.n++
	name := fmt.Sprint("officer.", names.n)
	names.Unlock()
	a, err := w.replicas[0].CreateAccountByServer(w.Context(), session.NewAccount{Name: name, Password: password, Officer: w.officer(role, unit)})
	w.must(err)
	return a
}

// caller is somebody with one role in a unit, as Authenticate would tell.
func (w *world) caller(role people.Role, unit string) people.Caller {
	return people.Caller{Account: newID(), Officer: newID(), Device: newID(), Family: newID(), Unit: unit,
		Grants: []people.Grant{{Role: role, Unit: unit}}}
}

// handheld is a device with its key.
type handheld struct {
	w   *world
	id  string
	key *ecdsa.PrivateKey
	jwk token.JWK
}

// stranger is a device that is not enrolled.
func (w *world) stranger() *handheld {
	w.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	jwk, err := token.FromKey(&key.PublicKey)
	w.must(err)
	return &handheld{w: w, key: key, jwk: jwk}
}

// handheld is an enrolled device.
func (w *world) handheld(unit string) *handheld {
	w.Helper()
	h := w.stranger()
	code, err := w.replicas[0].CreateCodeByServer(w.Context(), unit, 0)
	w.must(err)
	d, err := w.replicas[0].Enrol(w.Context(), h.proven(), session.Enrolment{Code: code.Code, Name: "终端", Key: h.jwk})
	w.must(err)
	h.id = d.ID
	return h
}

// proven is what a good proof by the device's key shows.
func (h *handheld) proven() token.Proof {
	h.w.Helper()
	proof, err := h.w.replicas[0].Prove("POST", "/v1/devices", h.proof("POST", "/v1/devices", ""))
	h.w.must(err)
	return proof
}

// proof makes a DPoP proof.
func (h *handheld) proof(method, path, access string) string {
	h.w.Helper()
	claims := map[string]any{"jti": newID(), "htm": method, "htu": publicURL + path, "iat": h.w.now().Unix()}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	part := func(value any) string {
		text, err := wire.Canonical(value)
		h.w.must(err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": h.jwk}) + "." + part(claims)
	signature, err := wire.Sign(h.key, []byte(input))
	h.w.must(err)
	return input + "." + signature
}

func (h *handheld) signIn(s *session.Service, name, password string) (session.Tokens, error) {
	h.w.Helper()
	return s.SignIn(h.w.Context(), h.proven(), session.SignIn{Account: name, Password: password, Device: h.id})
}

// signedIn is a sign-in that must succeed.
func (h *handheld) signedIn(a people.Account) session.Tokens {
	h.w.Helper()
	tokens, err := h.signIn(h.w.replicas[0], a.Name, password)
	h.w.must(err)
	return tokens
}

// ask makes one request with an access token and a proof of its own.
func (h *handheld) ask(s *session.Service, access string) (people.Caller, error) {
	h.w.Helper()
	return s.Authenticate(h.w.Context(), "GET", "/v1/time", "DPoP "+access, h.proof("GET", "/v1/time", access))
}
