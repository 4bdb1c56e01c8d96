package session

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// NewAccount is a request for an account.
type NewAccount struct {
	Name     string // sign-in name; kept in lower case
	Password string
	Officer  string // id of the officer's record
}

// CreateAccount makes an account for an officer within the caller's reach.
func (s *Service) CreateAccount(ctx context.Context, caller people.Caller, in NewAccount) (people.Account, error) {
	o, err := s.officer(ctx, in.Officer)
	if err == nil && !s.reaches(caller, "accounts.create", o.unit) || absent(err) {
		err = fault.New(fault.NotFound).At("officer")
	}
	if err != nil {
		return people.Account{}, err
	}
	return s.createAccount(ctx, caller.Officer, in, o)
}

// CreateAccountByServer is [Service.CreateAccount] for whoever runs the server: the command line, seeds.
func (s *Service) CreateAccountByServer(ctx context.Context, in NewAccount) (people.Account, error) {
	o, err := s.officer(ctx, in.Officer)
	if absent(err) {
		err = fault.New(fault.NotFound).At("officer")
	}
	if err != nil {
		return people.Account{}, err
	}
	return s.createAccount(ctx, record.ServerAuthor, in, o)
}

func (s *Service) createAccount(ctx context.Context, by string, in NewAccount, o officer) (people.Account, error) {
	name := fold(in.Name)
	if !signInName(name) {
		return people.Account{}, fault.New(fault.FieldInvalid).At("name").
			Detail("应为二至六十四个字母、数字或 . _ -", "want 2 to 64 letters, digits or . _ -")
	}
	if !o.active {
		return people.Account{}, fault.New(fault.FieldInvalid).At("officer").Detail("该人员不在岗", "the officer has left")
	}
	if err := strong(in.Password, name); err != nil {
		return people.Account{}, err
	}
	hash, err := s.Passwords.hash(ctx, in.Password)
	if err != nil {
		return people.Account{}, err
	}
	a := people.Account{ID: s.NewID(), Name: name, Officer: o.id, PasswordHash: hash}
	if err := s.Identities.CreateAccount(ctx, a, by); err != nil {
		return people.Account{}, err
	}
	s.Log.InfoContext(ctx, "account made", "account", a.ID, "officer", o.id, "by", by)
	return a, nil
}

// signInName reports whether a folded name can be one.
func signInName(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 2 && n <= 64 && strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	}) < 0
}

// DisableAccount takes an account out of use, with every sign-in of it: here at once, on other replicas within [Freshness].
func (s *Service) DisableAccount(ctx context.Context, caller people.Caller, id string) error {
	account, err := s.Identities.Account(ctx, id)
	if err != nil {
		return err
	}
	o, err := s.officer(ctx, account.Officer)
	if err != nil {
		return err
	}
	if !s.reaches(caller, "accounts.disable", o.unit) {
		return fault.New(fault.NotFound)
	}
	err = s.Identities.DisableAccount(ctx, id, caller.Officer, s.Now())
	s.known.clear()
	if err == nil {
		s.Log.InfoContext(ctx, "account disabled", "account", id, "by", caller.Officer)
	}
	return err
}

// ChangePassword sets the caller's own password and ends all their sign-ins, this one too. A wrong current password counts as a
// try to sign in from this device.
func (s *Service) ChangePassword(ctx context.Context, caller people.Caller, current, changed string) error {
	account, err := s.Identities.Account(ctx, caller.Account)
	if err != nil {
		return err
	}
	if err := strong(changed, account.Name); err != nil {
		return err
	}
	right, err := s.try(ctx, account.Name, account, caller.Device, current)
	if err == nil && !right {
		err = fault.New(fault.SignInFailed)
	}
	if err != nil {
		return err
	}
	return s.setPassword(ctx, account, changed, caller.Officer)
}

// ResetPasswordByServer sets a forgotten password: for the command line.
func (s *Service) ResetPasswordByServer(ctx context.Context, name, changed string) error {
	account, err := s.Identities.AccountByName(ctx, fold(name))
	if err != nil {
		return err
	}
	if err := strong(changed, account.Name); err != nil {
		return err
	}
	return s.setPassword(ctx, account, changed, record.ServerAuthor)
}

func (s *Service) setPassword(ctx context.Context, account people.Account, password, by string) error {
	hash, err := s.Passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.Identities.SetPassword(ctx, account.ID, hash, by, s.Now())
	s.known.clear()
	if err == nil {
		s.Log.InfoContext(ctx, "password changed", "account", account.ID, "by", by)
	}
	return err
}
