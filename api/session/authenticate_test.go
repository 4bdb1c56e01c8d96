package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestAuthenticate(t *testing.T) {
	w := onSQLite(t)
	s, h, other := w.replicas[0], w.handheld(street), w.handheld(street)
	a := w.account(people.RoleOfficer, street)
	tokens := h.signedIn(a)
	const path = "/v1/records/tasks/1"
	for name, c := range map[string]struct {
		authorization, dpop string
		code                fault.Code
	}{
		"nothing":                    {"", "", fault.TokenMissing},
		"a proof alone":              {"", h.proof("GET", path, ""), fault.TokenMissing},
		"a token as a bearer's":      {"Bearer " + tokens.Access, h.proof("GET", path, tokens.Access), fault.TokenInvalid},
		"a token without scheme":     {tokens.Access, h.proof("GET", path, tokens.Access), fault.TokenInvalid},
		"a scheme without token":     {"DPoP ", h.proof("GET", path, ""), fault.TokenInvalid},
		"a refresh token":            {"DPoP " + tokens.Refresh, h.proof("GET", path, tokens.Refresh), fault.TokenInvalid},
		"a token without proof":      {"DPoP " + tokens.Access, "", fault.ProofInvalid},
		"a proof without ath":        {"DPoP " + tokens.Access, h.proof("GET", path, ""), fault.ProofInvalid},
		"a proof for another token":  {"DPoP " + tokens.Access, h.proof("GET", path, "x"), fault.ProofInvalid},
		"a proof by another device":  {"DPoP " + tokens.Access, other.proof("GET", path, tokens.Access), fault.ProofInvalid},
		"a proof for another method": {"DPoP " + tokens.Access, h.proof("POST", path, tokens.Access), fault.ProofInvalid},
		"a proof for another path":   {"DPoP " + tokens.Access, h.proof("GET", path+"1", tokens.Access), fault.ProofInvalid},
		"a proof where the token is": {"DPoP " + h.proof("GET", path, ""), h.proof("GET", path, ""), fault.TokenInvalid},
	} {
		caller, err := s.Authenticate(t.Context(), "GET", path, c.authorization, c.dpop)
		if !errors.Is(err, fault.New(c.code)) || caller.Officer != "" {
			t.Errorf("%s: %+v, %v; want %s", name, caller, err, c.code)
		}
	}
	for _, good := range []struct{ scheme, path string }{{"DPoP ", path}, {"dpop ", path}, {"DPoP ", path + "?at=2026-11-25"}} {
		if _, err := s.Authenticate(t.Context(), "GET", good.path, good.scheme+tokens.Access, h.proof("GET", path, tokens.Access)); err != nil {
			t.Errorf("%q %q: %v", good.scheme, good.path, err)
		}
	}
	w.pass(10*time.Minute + 5*time.Second)
	_, err := h.ask(s, tokens.Access)
	w.is(err, fault.TokenExpired)
}

// What ends a sign-in ends it at once on the replica where it happens, and everywhere within the promised time.
func TestEndsAreSeenInTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.caller(people.RoleSecAdmin, district)
		for name, c := range map[string]struct {
			end  func(*handheld, people.Account, people.Caller) error
			code fault.Code
		}{
			"signed out": {func(_ *handheld, _ people.Account, c people.Caller) error {
				return w.replicas[0].SignOut(t.Context(), c)
			}, fault.SessionEnded},
			"device revoked": {func(h *handheld, _ people.Account, _ people.Caller) error {
				return w.replicas[0].RevokeDevice(t.Context(), admin, h.id)
			}, fault.DeviceRevoked},
			"account disabled": {func(_ *handheld, a people.Account, _ people.Caller) error {
				return w.replicas[0].DisableAccount(t.Context(), admin, a.ID)
			}, fault.AccountDisabled},
			"password changed": {func(_ *handheld, _ people.Account, c people.Caller) error {
				return w.replicas[0].ChangePassword(t.Context(), c, password, "another good password")
			}, fault.SessionEnded},
			"password reset": {func(_ *handheld, a people.Account, _ people.Caller) error {
				return w.replicas[0].ResetPasswordByServer(t.Context(), a.Name, "another good password")
			}, fault.SessionEnded},
		} {
			a, h := w.account(people.RoleOfficer, street), w.handheld(street)
			tokens := h.signedIn(a)
			var caller people.Caller
			for _, s := range w.replicas { // both know the sign-in now
				var err error
				caller, err = h.ask(s, tokens.Access)
				w.must(err)
			}
			w.must(c.end(h, a, caller))
			if _, err := h.ask(w.replicas[0], tokens.Access); !errors.Is(err, fault.New(c.code)) {
				t.Errorf("%s: at once: %v, want %s", name, err, c.code)
			}
			w.pass(session.Freshness)
			if _, err := h.ask(w.replicas[1], tokens.Access); !errors.Is(err, fault.New(c.code)) {
				t.Errorf("%s: on the other replica: %v, want %s", name, err, c.code)
			}
		}
		if session.Freshness > 5*time.Second {
			t.Errorf("Freshness is %v, the promise is 5 s", session.Freshness)
		}
	})
}

// Roles and the officer's state are those of the record as it stands, not as it stood at sign-in.
func TestChangesOfTheOfficerAreSeenInTime(t *testing.T) {
	w := onSQLite(t)
	a, h := w.account(people.RoleOfficer, street), w.handheld(street)
	tokens := h.signedIn(a)
	caller, err := h.ask(w.replicas[0], tokens.Access)
	w.must(err)
	if caller.May("tasks.create", street, w.now()) {
		t.Fatal("an officer may give out tasks")
	}
	change := func(patch record.Object) (people.Caller, error) {
		w.own("officers", a.Officer, record.Update, patch)
		w.pass(session.Freshness)
		return h.ask(w.replicas[0], tokens.Access)
	}
	caller, err = change(record.Object{"grants": record.Object{"l": record.Object{"role": "leader", "unit": street}}})
	w.must(err)
	if !caller.May("tasks.create", street, w.now()) {
		t.Error("promoted, and the new right is not there")
	}
	caller, err = change(record.Object{"grants": record.Object{"g": nil, "l": nil}})
	w.must(err)
	if caller.May("tasks.update", "", w.now()) || len(caller.Feeds(district, w.now(), nil)) > 0 {
		t.Error("without any role, and still with rights")
	}
	_, err = change(record.Object{"state": people.Left})
	w.is(err, fault.AccountDisabled)
	_, err = change(record.Object{"state": people.Active})
	w.must(err)
	w.own("officers", a.Officer, record.Remove, nil)
	w.pass(session.Freshness)
	_, err = h.ask(w.replicas[0], tokens.Access)
	w.is(err, fault.AccountDisabled)
}

// Tokens live on when the key that signed them is rotated, on all replicas.
func TestSignInsLiveThroughARotation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		old := h.signedIn(a)
		for _, s := range w.replicas {
			_, err := h.ask(s, old.Access)
			w.must(err)
		}
		w.pass(time.Second)
		w.must(w.keys.Rotate(t.Context(), keyring.Token))
		young, err := h.refresh(w.replicas[0], old.Refresh)
		w.must(err)
		for _, access := range []string{old.Access, young.Access} {
			for _, s := range w.replicas {
				if _, err := h.ask(s, access); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestCurrent(t *testing.T) {
	w := onSQLite(t)
	a, h := w.account(people.RoleOfficer, street), w.handheld(street)
	w.own("officers", a.Officer, record.Update, record.Object{"grants": record.Object{
		"past": record.Object{"role": "leader", "unit": street, "to": "2026-01-01T00:00:00Z"}}})
	tokens := h.signedIn(a)
	caller, err := h.ask(w.replicas[0], tokens.Access)
	w.must(err)
	got, err := w.replicas[0].Current(t.Context(), caller)
	w.must(err)
	if got.Officer.Name != "赵一" || got.Account != a.Name || got.Device != h.id || got.Unit != street || len(got.Grants) != 1 ||
		got.Grants[0].Role != people.RoleOfficer || !got.ExpiresAt.Equal(w.now().Add(session.FamilyLife)) {
		t.Errorf("%+v", got)
	}
}

// A sign-in that is read while it is being ended must not be remembered as standing.
func TestEndRace(t *testing.T) {
	w := onSQLite(t)
	a, h := w.account(people.RoleOfficer, street), w.handheld(street)
	for range 20 {
		tokens := h.signedIn(a)
		caller, err := h.ask(w.replicas[0], tokens.Access)
		w.must(err)
		w.pass(session.Freshness)
		var all sync.WaitGroup
		for range 4 {
			proof := h.proof("GET", "/v1/time", tokens.Access)
			all.Go(func() {
				_, _ = w.replicas[0].Authenticate(t.Context(), "GET", "/v1/time", "DPoP "+tokens.Access, proof)
			})
		}
		all.Go(func() {
			if err := w.replicas[0].SignOut(t.Context(), caller); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if _, err := h.ask(w.replicas[0], tokens.Access); !errors.Is(err, fault.New(fault.SessionEnded)) {
			t.Fatalf("after signing out: %v", err)
		}
	}
}

// That a device is set aside is known wherever it asks, within [session.Freshness].
func TestADeviceThatIsSetAside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, h := w.account(people.RoleOfficer, street), w.handheld(street)
		tokens := h.signedIn(a)
		for _, aside := range []bool{false, true} {
			if aside {
				w.must(w.db.InTx(t.Context(), func(ctx context.Context, tx push.Tx) error { return tx.SetAside(ctx, h.id, w.now()) }))
				w.pass(session.Freshness)
			}
			for i, replica := range w.replicas {
				caller, err := h.ask(replica, tokens.Access)
				w.must(err)
				if caller.Aside != aside {
					t.Errorf("replica %d: aside %v, want %v", i, caller.Aside, aside)
				}
			}
		}
	})
}
