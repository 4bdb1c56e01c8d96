package session_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const wrong = "wrong horse battery"

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		tokens, err := h.signIn(w.replicas[0], "  "+a.Name+" ", password)
		w.must(err)
		if tokens.ExpiresIn != 10*time.Minute || tokens.Officer != (session.Person{ID: a.Officer, Name: "赵一"}) {
			t.Errorf("%+v", tokens)
		}
		caller, err := h.ask(w.replicas[1], tokens.Access)
		w.must(err)
		if caller.Account != a.ID || caller.Officer != a.Officer || caller.Device != h.id || caller.Unit != street ||
			len(caller.Grants) != 1 || !caller.May("inspections.create", street, w.now()) || caller.May("accounts.create", "", w.now()) {
			t.Errorf("%+v", caller)
		}
		_, err = h.signIn(w.replicas[0], a.Name, wrong)
		w.is(err, fault.SignInFailed)
		_, err = h.signIn(w.replicas[0], "nobody", password)
		w.is(err, fault.SignInFailed)
	})
}

// A password is worth nothing without the key of an enrolled device.
func TestSignInNeedsTheDevice(t *testing.T) {
	w := onSQLite(t)
	s, a, h, other := w.replicas[0], w.account(people.RoleOfficer, street), w.handheld(street), w.handheld(street)
	signIn := func(by *handheld, device string) error {
		_, err := s.SignIn(t.Context(), by.proven(), session.SignIn{Account: a.Name, Password: password, Device: device})
		return err
	}
	foreign, absent := signIn(other, h.id), signIn(other, newID())
	w.is(foreign, fault.DeviceMismatch)
	if absent.Error() != foreign.Error() {
		t.Errorf("another's device: %v; no device: %v", foreign, absent)
	}
	w.is(signIn(w.stranger(), h.id), fault.DeviceMismatch)
	w.is(signIn(h, ""), fault.DeviceMismatch)
	w.must(s.RevokeDevice(t.Context(), w.caller(people.RoleLeader, street), h.id))
	w.is(signIn(h, h.id), fault.DeviceRevoked)
	w.is(signIn(other, h.id), fault.DeviceMismatch) // only its own key learns that it is revoked
}

// That an account is disabled, or its person has left, is told only to who knows the password.
func TestSignInOfDisabledPeople(t *testing.T) {
	w := onSQLite(t)
	h := w.handheld(street)
	for name, end := range map[string]func(people.Account) error{
		"disabled": func(a people.Account) error {
			return w.replicas[0].DisableAccount(t.Context(), w.caller(people.RoleSecAdmin, district), a.ID)
		},
		"left": func(a people.Account) error {
			w.own("officers", a.Officer, record.Update, record.Object{"state": people.Left})
			return nil
		},
		"removed": func(a people.Account) error {
			w.own("officers", a.Officer, record.Remove, nil)
			return nil
		},
	} {
		t.Log(name)
		a := w.account(people.RoleOfficer, street)
		w.must(end(a))
		_, err := h.signIn(w.replicas[0], a.Name, wrong)
		w.is(err, fault.SignInFailed)
		_, err = h.signIn(w.replicas[0], a.Name, password)
		w.is(err, fault.AccountDisabled)
	}
}

// outcome is what somebody who guesses learns from a try.
func outcome(err error) string {
	f := fault.Of(err)
	return fmt.Sprint(f.Code, " ", f.RetryAfter)
}

// Guessing gets slower and slower, in the same way whether or not there is such an account. It never ends: the right password is
// heard after the longest delay at most.
func TestWrongPasswordsSlowDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		var delays []time.Duration
		for i := 0; len(delays) < 11 && i < 100; i++ {
			s := w.replicas[i%2]
			_, known := h.signIn(s, a.Name, wrong)
			_, unknown := h.signIn(s, "nobody", wrong)
			if outcome(known) != outcome(unknown) {
				t.Fatalf("try %d: %s for an account, %s for none", i, outcome(known), outcome(unknown))
			}
			wait := fault.Of(known).RetryAfter
			if wait == 0 {
				w.is(known, fault.SignInFailed)
				continue
			}
			_, right := h.signIn(s, a.Name, password)
			w.is(right, fault.SignInDelayed)
			delays = append(delays, wait)
			w.pass(wait - time.Millisecond)
			_, early := h.signIn(s, a.Name, password)
			w.is(early, fault.SignInDelayed)
			w.pass(time.Millisecond)
		}
		want := "[1s 2s 4s 8s 16s 32s 1m4s 2m8s 4m16s 5m0s 5m0s]"
		if fmt.Sprint(delays) != want {
			t.Errorf("delays %v, want %s", delays, want)
		}
		h.signedIn(a)
		for range 5 { // and the count is clear
			_, err := h.signIn(w.replicas[0], a.Name, wrong)
			w.is(err, fault.SignInFailed)
		}
		h.signedIn(a)
	})
}

// Who has signed in on a device before is not delayed there by what others do elsewhere.
func TestStrangersDelayNobodyAtHome(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, home, abroad := w.account(people.RoleOfficer, street), w.handheld(street), w.handheld(street)
		home.signedIn(a)
		attack := func() {
			for range 100 {
				if _, err := abroad.signIn(w.replicas[1], a.Name, wrong); errors.Is(err, fault.New(fault.SignInDelayed)) {
					return
				}
			}
			t.Fatal("a hundred guesses were heard")
		}
		attack()
		home.signedIn(a)
		_, err := abroad.signIn(w.replicas[0], a.Name, password) // signing in at home does not make strangers welcome
		w.is(err, fault.SignInDelayed)

		for range 6 {
			_, err := home.signIn(w.replicas[0], a.Name, wrong)
			w.is(err, fault.SignInFailed)
		}
		_, err = home.signIn(w.replicas[0], a.Name, password) // whoever guesses at home is slowed at home
		w.is(err, fault.SignInDelayed)
		w.pass(5 * time.Minute)
		home.signedIn(a)
		abroad.signedIn(a)
	})
}

// After a day of rest the count begins anew.
func TestOldFailuresAreForgotten(t *testing.T) {
	w := onSQLite(t)
	a, h := w.account(people.RoleOfficer, street), w.handheld(street)
	for range 6 {
		_, err := h.signIn(w.replicas[0], a.Name, wrong)
		w.is(err, fault.SignInFailed)
	}
	w.pass(25 * time.Hour)
	for range 5 {
		_, err := h.signIn(w.replicas[0], a.Name, wrong)
		w.is(err, fault.SignInFailed)
	}
	h.signedIn(a)
}

// Many guesses at the same moment are heard no oftener than one after another.
func TestSimultaneousGuesses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		heard, delayed := 0, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 24 {
			proof := h.proven()
			all.Go(func() {
				_, err := w.replicas[i%2].SignIn(t.Context(), proof, session.SignIn{Account: a.Name, Password: wrong, Device: h.id})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, fault.New(fault.SignInFailed)):
					heard++
				case errors.Is(err, fault.New(fault.SignInDelayed)):
					delayed++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if heard > 6 || heard+delayed != 24 {
			t.Errorf("%d guesses were heard, %d delayed; want at most 6 of 24 heard", heard, delayed)
		}
	})
}

// Officers who sign in at the same moment on their own devices do not get into each other's way.
func TestSimultaneousSignIns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var all sync.WaitGroup
		for i := range 12 {
			a, h := w.account(people.RoleOfficer, street), w.handheld(street)
			proof := h.proven()
			all.Go(func() {
				in := session.SignIn{Account: a.Name, Password: password, Device: h.id}
				if _, err := w.replicas[i%2].SignIn(t.Context(), proof, in); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestOddSignIns(t *testing.T) {
	w := onSQLite(t)
	h := w.handheld(street)
	for _, name := range []string{"", " ", "\x00", "\xff", strings.Repeat("x", 1<<16), "' OR 1=1 --", "张伟"} {
		for _, secret := range []string{"", "\x00", strings.Repeat("x", 1<<16)} {
			if _, err := h.signIn(w.replicas[0], name, secret); !errors.Is(err, fault.New(fault.SignInFailed)) && !errors.Is(err, fault.New(fault.SignInDelayed)) {
				t.Errorf("name of %d bytes, password of %d: %v", len(name), len(secret), err)
			}
		}
	}
}
