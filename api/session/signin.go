package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

const (
	freeTries = 5               // wrong passwords before tries are slowed
	maxDelay  = 5 * time.Minute // the longest delay: never a lock-out for good
	maxRaces  = 10              // how often an admitted try begins again because others were counted meanwhile
)

// SignIn is a request to sign in.
type SignIn struct {
	Account  string // its name
	Password string
	Device   string // id
}

// SignIn begins a sign-in of a person on a device. The device must be enrolled and in use, and the proof by its key.
//
// Wrong passwords slow further tries down, whether there is such an account or not: those of a device on which the person has signed
// in before count for this device alone; those of all other devices count together. So strangers delay strangers, and nobody
// at their own handheld.
func (s *Service) SignIn(ctx context.Context, proof token.Proof, in SignIn) (Tokens, error) {
	device, err := s.provenDevice(ctx, in.Device, proof)
	if err != nil {
		return Tokens{}, err
	}
	if len(in.Password) > maxPassword {
		return Tokens{}, fault.New(fault.SignInFailed)
	}
	name := fold(in.Account)
	account, err := s.Identities.AccountByName(ctx, name)
	if err != nil && !absent(err) {
		return Tokens{}, err
	}
	right, err := s.try(ctx, name, account, device.ID, in.Password)
	if err != nil {
		return Tokens{}, err
	}
	if !right {
		s.Log.WarnContext(ctx, "sign-in failed", "account", account.ID, "device", device.ID) // the name may be a password
		return Tokens{}, fault.New(fault.SignInFailed)
	}
	o, err := s.person(ctx, account)
	if err != nil {
		return Tokens{}, err
	}
	return s.begin(ctx, account, device, o)
}

// provenDevice finds a device that is in use and whose key made the proof. An unknown device and a foreign one are told alike.
func (s *Service) provenDevice(ctx context.Context, id string, proof token.Proof) (people.Device, error) {
	device, err := s.Identities.Device(ctx, id)
	if absent(err) || err == nil && device.Thumbprint != proof.Thumbprint {
		return people.Device{}, fault.New(fault.DeviceMismatch)
	}
	if err == nil && !device.RevokedAt.IsZero() {
		err = fault.New(fault.DeviceRevoked)
	}
	return device, err
}

// try admits and counts a try before it looks at the password, so that many at once are no more than one after another. A right
// one clears the count. account is zero where there is none: the same is done for it.
func (s *Service) try(ctx context.Context, name string, account people.Account, device, password string) (bool, error) {
	at := ""
	own, err := s.Identities.SignedIn(ctx, device, account.Officer)
	if err != nil {
		return false, err
	}
	if own {
		at = device
	}
	digest := s.nameDigest(name)
	if _, err := s.admitted(ctx, digest, at); err != nil {
		return false, err // before waiting for a slot
	}
	leave, err := s.Passwords.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if err := s.count(ctx, digest, at); err != nil {
		return false, err
	}
	right, err := s.Passwords.matches(password, account.PasswordHash)
	if err != nil || !right {
		return false, err
	}
	return true, s.Identities.ClearTries(ctx, digest, at)
}

// admitted returns the count so far, or fault session.sign_in_delayed.
func (s *Service) admitted(ctx context.Context, digest, at string) (people.Tries, error) {
	seen, err := s.Identities.Tries(ctx, digest, at)
	if wait := seen.NextTryAt.Sub(s.Now()); err == nil && wait > 0 {
		err = fault.New(fault.SignInDelayed).After(wait)
	}
	return seen, err
}

// count counts one try. Of those that raced, each is counted; who loses too often is told to come back.
func (s *Service) count(ctx context.Context, digest, at string) error {
	for range maxRaces {
		seen, err := s.admitted(ctx, digest, at)
		if err != nil {
			return err
		}
		err = s.Identities.CountTry(ctx, people.Try{Name: digest, Device: at, Seen: seen, Now: next(seen, s.Now())})
		if !errors.Is(err, fault.New(fault.PreconditionLost)) {
			return err
		}
	}
	return fault.New(fault.SignInDelayed).After(time.Second)
}

// next is the count with one more try: after a day of rest it begins anew, and beyond the free ones each doubles the delay.
func next(seen people.Tries, now time.Time) people.Tries {
	failures := seen.Failures + 1
	if now.Sub(seen.NextTryAt) > keepTries {
		failures = 1
	}
	delay := time.Duration(0)
	if failures > freeTries {
		delay = min(time.Second<<min(failures-freeTries-1, 16), maxDelay)
	}
	return people.Tries{Failures: failures, NextTryAt: now.Add(delay)}
}

// person finds the officer of an account that may be used.
func (s *Service) person(ctx context.Context, account people.Account) (officer, error) {
	o, err := s.officer(ctx, account.Officer)
	if err != nil && !absent(err) {
		return officer{}, err
	}
	if !o.active || !account.DisabledAt.IsZero() {
		return officer{}, fault.New(fault.AccountDisabled)
	}
	return o, nil
}

// begin stores a new family and gives its first tokens.
func (s *Service) begin(ctx context.Context, account people.Account, device people.Device, o officer) (Tokens, error) {
	now := s.Now()
	f := people.Family{ID: s.NewID(), Account: account.ID, Officer: o.id, Device: device.ID, CreatedAt: now, ExpiresAt: now.Add(FamilyLife)}
	refresh := newRefreshToken()
	if err := s.Identities.BeginFamily(ctx, f, link(f, refresh, now)); err != nil {
		return Tokens{}, err
	}
	s.Log.InfoContext(ctx, "signed in", "account", account.ID, "officer", o.id, "device", device.ID, "family", f.ID)
	s.sweep(ctx)
	return s.issue(ctx, f, device.Thumbprint, refresh, o)
}

// fold gives a sign-in name its one form.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// nameDigest stands for a name where tries are counted.
func (s *Service) nameDigest(name string) string {
	h := hmac.New(sha256.New, s.nameKey)
	h.Write([]byte(name))
	return hex.EncodeToString(h.Sum(nil))
}
