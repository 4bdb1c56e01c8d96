// Package session knows who asks: it enrols devices, signs people in on them, keeps their sign-in alive by rotating refresh
// tokens, and turns the access token and key proof of a request into a [people.Caller].
//
// It must not know HTTP: package guard reads headers, package api renders faults. What a caller may do is decided by the table
// in domain/people; here it is only asked. Whoever asks about something outside of their reach gets the answer that it does
// not exist.
package session

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

const (
	// FamilyLife is how long one sign-in lasts at most; then the password is asked for again.
	FamilyLife = 30 * 24 * time.Hour
	// RefreshLife is how long a refresh token waits to be used: a handheld that was off for longer needs a new sign-in.
	RefreshLife = 14 * 24 * time.Hour
	// Freshness is how old the knowledge about a sign-in, its device, account and officer may be when a request is judged.
	Freshness = 2 * time.Second

	keepTries = 24 * time.Hour // counts of tries, and tokens that are over, are forgotten after this
	sweeping  = time.Hour      // how often that is done
)

// Config is what a service is made from. All of it is required.
type Config struct {
	Identities people.Identities
	History    pull.History // officers and units are records
	Keys       token.Keys
	Secret     []byte // 32 bytes out of the master secret, the same for all replicas
	PublicURL  string // without a slash at the end
	Now        func() time.Time
	NewID      func() string // UUIDv7
	Log        *slog.Logger
	Passwords  *Passwords // nil: [NewPasswords] with [OWASP]
}

// Service is safe for concurrent use, and any number of them may work over one store.
type Service struct {
	Config
	tokens *token.Issuer
	proofs *token.Proofs
	known  *standings
	swept  atomic.Int64 // unix seconds of the last sweep

	refreshKey, codeKey, nameKey []byte
}

// New makes a service.
func New(c Config) (*Service, error) {
	if c.Passwords == nil {
		var err error
		if c.Passwords, err = NewPasswords(OWASP); err != nil {
			return nil, err
		}
	}
	s := &Service{Config: c, known: newStandings(maxStandings),
		tokens: &token.Issuer{Keys: c.Keys, PublicURL: c.PublicURL, Now: c.Now},
		proofs: token.NewProofs(c.PublicURL, c.Now)}
	s.swept.Store(c.Now().Unix())
	for purpose, key := range map[string]*[]byte{"refresh": &s.refreshKey, "code": &s.codeKey, "name": &s.nameKey} {
		var err error
		if *key, err = hkdf.Key(sha256.New, c.Secret, nil, "fieldwarden/session/"+purpose, 32); err != nil {
			return nil, err
		}
	}
	if len(c.Secret) != 32 {
		return nil, fmt.Errorf("the sessions' secret has %d bytes, want 32", len(c.Secret))
	}
	return s, nil
}

// Tokens is what a sign-in and a refresh give.
type Tokens struct {
	Access    string
	ExpiresIn time.Duration
	Refresh   string
	Officer   Person
}

// Person is an officer by name.
type Person struct{ ID, Name string }

// Prove checks the proof of a request that comes without an access token: that its sender holds the key in it. Which key that
// should be is for Enrol, SignIn and Refresh to know. The path is as it was requested, with or without query.
func (s *Service) Prove(method, path, dpop string) (token.Proof, error) {
	return s.proofs.Check(dpop, method, path, "", "")
}

// issue makes the tokens of a family; refresh is the one its device is to use next.
func (s *Service) issue(ctx context.Context, f people.Family, thumbprint, refresh string, o officer) (Tokens, error) {
	access, expiresAt, err := s.tokens.Issue(ctx, token.Access{ID: s.NewID(), Officer: f.Officer, Family: f.ID, Device: f.Device, Key: thumbprint})
	return Tokens{Access: access, ExpiresIn: expiresAt.Sub(s.Now()).Truncate(time.Second), Refresh: refresh, Officer: Person{o.id, o.name}}, err
}

// SignOut ends the caller's sign-in.
func (s *Service) SignOut(ctx context.Context, caller people.Caller) error {
	err := s.Identities.EndFamily(ctx, caller.Family, people.EndSignedOut, s.Now())
	s.known.clear()
	if err == nil {
		s.Log.InfoContext(ctx, "signed out", "account", caller.Account, "device", caller.Device)
	}
	return err
}

// Current is what a person can read about their own sign-in.
type Current struct {
	Officer   Person
	Account   string // its name
	Device    string
	Unit      string
	Grants    []people.Grant // live now
	ExpiresAt time.Time      // of the sign-in as a whole
}

// Current describes the caller's sign-in.
func (s *Service) Current(ctx context.Context, caller people.Caller) (Current, error) {
	st, err := s.standing(ctx, caller.Family)
	if err != nil {
		return Current{}, err
	}
	c := Current{Officer: Person{st.officer.id, st.officer.name}, Account: st.account.Name, Device: caller.Device, Unit: caller.Unit,
		ExpiresAt: st.family.ExpiresAt}
	for _, g := range caller.Grants {
		if g.Live(s.Now()) {
			c.Grants = append(c.Grants, g)
		}
	}
	return c, nil
}

// sweep forgets what is over, now and then, on the way of a sign-in. It never fails the sign-in.
func (s *Service) sweep(ctx context.Context) {
	now, last := s.Now(), s.swept.Load()
	if now.Unix()-last < int64(sweeping/time.Second) || !s.swept.CompareAndSwap(last, now.Unix()) {
		return
	}
	if err := s.Identities.Forget(ctx, now.Add(-keepTries)); err != nil {
		s.Log.WarnContext(ctx, "what is over could not be forgotten", "error", err)
	}
}

// absent reports whether an error says that there is no such thing.
func absent(err error) bool { return errors.Is(err, fault.New(fault.NotFound)) }
