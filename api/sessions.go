package api

import (
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// NewCode asks for an enrolment code.
type NewCode struct {
	Unit       string `json:"unit"`
	TTLSeconds int64  `json:"ttlSeconds,omitzero" doc:"default a day, at most seven"`
}

// EnrolmentCode lets one device enrol once; it is shown this once.
type EnrolmentCode struct {
	Code      string    `json:"code"`
	Unit      string    `json:"unit"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Enrolment enrols a device by its own key.
type Enrolment struct {
	Code      string    `json:"code"`
	Name      string    `json:"name"`
	PublicKey token.JWK `json:"publicKey"`
}

// Enrolled is the device that an enrolment made.
type Enrolled struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	District string `json:"district"`
}

// NewAccount asks for an account of an officer.
type NewAccount struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Officer  string `json:"officer"`
}

// Account is how a person signs in.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// SignIn begins a session on a device.
type SignIn struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Device   string `json:"device"`
}

// Renewal exchanges a refresh token.
type Renewal struct {
	RefreshToken string `json:"refreshToken"`
}

// Tokens is what a sign-in and its renewals give.
type Tokens struct {
	AccessToken  string `json:"accessToken"`
	ExpiresIn    int64  `json:"expiresIn" doc:"seconds"`
	RefreshToken string `json:"refreshToken"`
	Officer      Person `json:"officer"`
}

// Person is an officer by name.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Session is the caller's own sign-in.
type Session struct {
	Officer   string    `json:"officer"`
	Name      string    `json:"name"`
	Account   string    `json:"account"`
	Device    string    `json:"device"`
	Unit      string    `json:"unit"`
	Grants    []Grant   `json:"grants"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Grant is a role in a unit.
type Grant struct {
	Role people.Role `json:"role"`
	Unit string      `json:"unit"`
	From *time.Time  `json:"from,omitempty"`
	To   *time.Time  `json:"to,omitempty"`
}

func (s *server) createCode(r *request) error {
	var in NewCode
	if err := r.decode(&in); err != nil {
		return err
	}
	life, err := seconds("ttlSeconds", in.TTLSeconds)
	if err != nil {
		return err
	}
	c, err := s.Sessions.CreateCode(r.ctx, r.caller, in.Unit, life)
	if err != nil {
		return err
	}
	return r.reply(http.StatusCreated, EnrolmentCode{c.Code, c.Unit, c.ExpiresAt})
}

func (s *server) enrol(r *request) error {
	var in Enrolment
	if err := r.decode(&in); err != nil {
		return err
	}
	d, err := s.Sessions.Enrol(r.ctx, guard.Proof(r.Ctx), session.Enrolment{Code: in.Code, Name: in.Name, Key: in.PublicKey})
	if err != nil {
		return err
	}
	return r.reply(http.StatusCreated, Enrolled{d.ID, d.Name, d.Unit, s.District})
}

func (s *server) revokeDevice(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return s.Sessions.RevokeDevice(r.ctx, r.caller, id)
}

func (s *server) createAccount(r *request) error {
	var in NewAccount
	if err := r.decode(&in); err != nil {
		return err
	}
	a, err := s.Sessions.CreateAccount(r.ctx, r.caller, session.NewAccount(in))
	if err != nil {
		return err
	}
	return r.reply(http.StatusCreated, Account{a.ID, a.Name})
}

func (s *server) disableAccount(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return s.Sessions.DisableAccount(r.ctx, r.caller, id)
}

func (s *server) signIn(r *request) error {
	var in SignIn
	if err := r.decode(&in); err != nil {
		return err
	}
	t, err := s.Sessions.SignIn(r.ctx, guard.Proof(r.Ctx), session.SignIn(in))
	if err != nil {
		return err
	}
	return r.reply(http.StatusCreated, tokensOf(t))
}

func (s *server) renew(r *request) error {
	var in Renewal
	if err := r.decode(&in); err != nil {
		return err
	}
	t, err := s.Sessions.Refresh(r.ctx, guard.Proof(r.Ctx), in.RefreshToken)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, tokensOf(t))
}

func tokensOf(t session.Tokens) Tokens {
	return Tokens{t.Access, int64(t.ExpiresIn / time.Second), t.Refresh, Person(t.Officer)}
}

func (s *server) current(r *request) error {
	c, err := s.Sessions.Current(r.ctx, r.caller)
	if err != nil {
		return err
	}
	out := Session{c.Officer.ID, c.Officer.Name, c.Account, c.Device, c.Unit, []Grant{}, c.ExpiresAt}
	for _, g := range c.Grants {
		out.Grants = append(out.Grants, Grant{g.Role, g.Unit, unlessZero(g.From), unlessZero(g.To)})
	}
	return r.reply(http.StatusOK, out)
}

func (s *server) signOut(r *request) error {
	r.Status(http.StatusNoContent)
	return s.Sessions.SignOut(r.ctx, r.caller)
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
