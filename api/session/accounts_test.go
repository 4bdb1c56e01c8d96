package session_test

import (
	"errors"
	"testing"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

func TestCreateAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, officer := w.replicas[0], w.officer(people.RoleOfficer, street)
		admin := w.caller(people.RoleSecAdmin, district)
		a, err := s.CreateAccount(t.Context(), admin, session.NewAccount{Name: " Zhang.Wei ", Password: password, Officer: officer})
		w.must(err)
		if a.Name != "zhang.wei" || a.Officer != officer {
			t.Errorf("%+v", a)
		}
		_, err = w.handheld(street).signIn(w.replicas[1], "ZHANG.wei", password)
		w.must(err)
		_, err = s.CreateAccount(t.Context(), admin, session.NewAccount{Name: "zhang.WEI", Password: password, Officer: officer})
		w.is(err, fault.AccountExists)
	})
}

func TestAccountsAreRefused(t *testing.T) {
	w := onSQLite(t)
	s, officer, admin := w.replicas[0], w.officer(people.RoleOfficer, street), w.caller(people.RoleSecAdmin, street)
	good := session.NewAccount{Name: "zhang.wei", Password: password, Officer: officer}
	gone := w.officer(people.RoleOfficer, street)
	w.own("officers", gone, record.Update, record.Object{"state": people.Left})
	for name, c := range map[string]struct {
		caller people.Caller
		change func(*session.NewAccount)
		code   fault.Code
		field  string
	}{
		"without the right":     {w.caller(people.RoleSysAdmin, district), func(*session.NewAccount) {}, fault.NotFound, "officer"},
		"for another street":    {w.caller(people.RoleSecAdmin, elsewhere), func(*session.NewAccount) {}, fault.NotFound, "officer"},
		"for nobody":            {admin, func(a *session.NewAccount) { a.Officer = newID() }, fault.NotFound, "officer"},
		"for one who has left":  {admin, func(a *session.NewAccount) { a.Officer = gone }, fault.FieldInvalid, "officer"},
		"without a name":        {admin, func(a *session.NewAccount) { a.Name = "" }, fault.FieldInvalid, "name"},
		"with a name of two":    {admin, func(a *session.NewAccount) { a.Name = "a b" }, fault.FieldInvalid, "name"},
		"with a name of lines":  {admin, func(a *session.NewAccount) { a.Name = "a\nb" }, fault.FieldInvalid, "name"},
		"with a short password": {admin, func(a *session.NewAccount) { a.Password = "short" }, fault.PasswordWeak, "password"},
		"with the name as such": {admin, func(a *session.NewAccount) { a.Name, a.Password = "a.very.long.name", "A.Very.Long.Name" }, fault.PasswordWeak, "password"},
		"without a password":    {admin, func(a *session.NewAccount) { a.Password = "" }, fault.PasswordWeak, "password"},
	} {
		in := good
		c.change(&in)
		_, err := s.CreateAccount(t.Context(), c.caller, in)
		if f := fault.Of(err); err == nil || f.Code != c.code || f.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	n, err := w.db.Accounts(t.Context())
	w.must(err)
	if n != 0 {
		t.Errorf("%d accounts were made", n)
	}
}

func TestDisableAccountWithinReach(t *testing.T) {
	w := onSQLite(t)
	s, a := w.replicas[0], w.account(people.RoleOfficer, street)
	disable := func(c people.Caller, id string) error { return s.DisableAccount(t.Context(), c, id) }
	for _, err := range []error{disable(w.caller(people.RoleSecAdmin, elsewhere), a.ID), disable(w.caller(people.RoleLeader, street), a.ID),
		disable(w.caller(people.RoleSecAdmin, street), newID())} {
		if f := fault.Of(err); f.Code != fault.NotFound || f.Zh != fault.New(fault.NotFound).Zh || f.Field != "" {
			t.Error(err)
		}
	}
	w.must(disable(w.caller(people.RoleSecAdmin, street), a.ID))
	w.must(disable(w.caller(people.RoleSecAdmin, street), a.ID)) // again: as it was
}

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		tokens := h.signedIn(a)
		caller, err := h.ask(w.replicas[0], tokens.Access)
		w.must(err)
		change := func(from, to string) error { return w.replicas[0].ChangePassword(t.Context(), caller, from, to) }
		w.is(change(password, "short"), fault.PasswordWeak)
		w.is(change(wrong, "another good password"), fault.SignInFailed)
		_, err = h.ask(w.replicas[0], tokens.Access)
		w.must(err)
		w.must(change(password, "another good password"))
		_, err = h.signIn(w.replicas[0], a.Name, password)
		w.is(err, fault.SignInFailed)
		_, err = h.signIn(w.replicas[1], a.Name, "another good password")
		w.must(err)
	})
}

// A stolen session must not be a place to guess the password without delay.
func TestChangePasswordIsSlowedToo(t *testing.T) {
	w := onSQLite(t)
	a, h := w.account(people.RoleOfficer, street), w.handheld(street)
	caller, err := h.ask(w.replicas[0], h.signedIn(a).Access)
	w.must(err)
	for range 100 {
		err = w.replicas[0].ChangePassword(t.Context(), caller, wrong, "another good password")
		if errors.Is(err, fault.New(fault.SignInDelayed)) {
			return
		}
	}
	t.Errorf("a hundred guesses, and the last one: %v", err)
}
