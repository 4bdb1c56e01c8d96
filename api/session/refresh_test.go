package session_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

func (h *handheld) refresh(s *session.Service, refresh string) (session.Tokens, error) {
	h.w.Helper()
	return s.Refresh(h.w.Context(), h.proven(), refresh)
}

// rule is the oracle: what the retry rule says in the fewest words. tokens are all that were ever given out, in order; those
// up to and including used were exchanged.
type rule struct {
	tokens []string
	used   int
	ended  bool
}

// present says whether presenting the i-th token is granted, and what that does.
func (r *rule) present(i int, byOwner bool) (granted bool) {
	switch {
	case r.ended:
		return false
	case !byOwner || i < r.used:
		r.ended = true
		return false
	}
	r.used = i
	return true
}

// campaign is one random interleaving: a device whose replies get lost and whose requests get doubled and delayed, and a thief,
// with and without the device's key, at two replicas.
type campaign struct {
	*world
	rt     *rapid.T
	owner  *handheld
	thief  *handheld
	rule   rule
	holds  int // which token the device holds
	last   int // which token its last request had
	honest bool
}

// present sends the i-th token and compares what comes with the rule.
func (c *campaign) present(i int, by *handheld) (granted bool) {
	s := c.replicas[rapid.IntRange(0, 1).Draw(c.rt, "replica")]
	tokens, err := by.refresh(s, c.rule.tokens[i])
	granted = c.rule.present(i, by == c.owner)
	if granted != (err == nil) || err != nil && !errors.Is(err, fault.New(fault.RefreshReused)) {
		c.rt.Fatalf("token %d of %d (used %d) by owner: %v: got %v, want granted: %v", i, len(c.rule.tokens), c.rule.used, by == c.owner, err, granted)
	}
	if !granted {
		return false
	}
	if i+1 == len(c.rule.tokens) {
		c.rule.tokens = append(c.rule.tokens, tokens.Refresh)
	}
	if tokens.Refresh != c.rule.tokens[i+1] {
		c.rt.Fatalf("token %d has two successors", i)
	}
	if _, err := by.ask(s, tokens.Access); err != nil {
		c.rt.Fatalf("the access token that came with it: %v", err)
	}
	return true
}

func (c *campaign) actions() map[string]func(*rapid.T) {
	upTo := func(last int) int { return rapid.IntRange(0, last).Draw(c.rt, "token") }
	return map[string]func(*rapid.T){
		"exchange": func(*rapid.T) {
			c.last = c.holds
			if c.present(c.holds, c.owner) {
				c.holds++
			}
		},
		"exchange, and the reply is lost": func(*rapid.T) {
			c.last = c.holds
			c.present(c.holds, c.owner)
		},
		"the last request comes again": func(*rapid.T) { c.present(c.last, c.owner) }, // doubled on the way
		"an older request comes late": func(*rapid.T) {
			i := upTo(c.last)
			c.honest = c.honest && i >= c.rule.used // which cannot happen to a client that waits for its replies
			c.present(i, c.owner)
		},
		"theft without the key": func(*rapid.T) { c.steal(upTo(len(c.rule.tokens)-1), c.thief) },
		"theft with the key":    func(*rapid.T) { c.steal(upTo(len(c.rule.tokens)-1), c.owner) },
		"an invented token": func(*rapid.T) {
			if _, err := c.thief.refresh(c.replicas[0], "invented"); !errors.Is(err, fault.New(fault.RefreshInvalid)) {
				c.rt.Fatal(err)
			}
		},
		"": func(*rapid.T) {
			if c.honest && c.rule.ended {
				c.rt.Fatal("a device that only lost replies is locked out")
			}
		},
	}
}

func (c *campaign) steal(i int, by *handheld) {
	c.honest = false
	c.present(i, by)
}

// Whatever is lost, doubled, delayed or stolen, and at whichever replica: the service does what the rule says. And a device that
// only lost replies is never locked out.
func TestRefreshRule(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, owner, thief := w.account(people.RoleOfficer, street), w.handheld(street), w.handheld(street)
		rapid.Check(t, func(rt *rapid.T) {
			first := owner.signedIn(a)
			c := &campaign{world: w, rt: rt, owner: owner, thief: thief, honest: true, rule: rule{tokens: []string{first.Refresh}, used: -1}}
			rt.Repeat(c.actions())
		})
	})
}

// The same token at the same moment, at two replicas: everybody gets the same successor.
func TestSimultaneousRefreshes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.handheld(street)
		token := h.signedIn(w.account(people.RoleOfficer, street)).Refresh
		for range 4 {
			successors := make([]string, 8)
			var all sync.WaitGroup
			for i := range successors {
				proof := h.proven()
				all.Go(func() {
					got, err := w.replicas[i%2].Refresh(t.Context(), proof, token)
					if err != nil {
						t.Error(err)
					}
					successors[i] = got.Refresh
				})
			}
			all.Wait()
			slices.Sort(successors)
			if got := slices.Compact(successors); len(got) != 1 || got[0] == token {
				t.Fatalf("%d successors", len(got))
			}
			token = successors[0]
		}
	})
}

func TestRefreshEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h, admin := w.handheld(street), w.caller(people.RoleSecAdmin, district)
		for name, c := range map[string]struct {
			end  func(people.Account, people.Caller) error
			code fault.Code
		}{
			"signed out": {func(_ people.Account, c people.Caller) error { return w.replicas[0].SignOut(t.Context(), c) }, fault.SessionEnded},
			"disabled": {func(a people.Account, _ people.Caller) error {
				return w.replicas[0].DisableAccount(t.Context(), admin, a.ID)
			}, fault.AccountDisabled},
			"password changed": {func(_ people.Account, c people.Caller) error {
				return w.replicas[0].ChangePassword(t.Context(), c, password, "another good password")
			}, fault.SessionEnded},
			"not used for too long": {func(people.Account, people.Caller) error { w.pass(session.RefreshLife); return nil }, fault.RefreshInvalid},
		} {
			a := w.account(people.RoleOfficer, street)
			tokens := h.signedIn(a)
			caller, err := h.ask(w.replicas[0], tokens.Access)
			w.must(err)
			w.must(c.end(a, caller))
			if _, err := h.refresh(w.replicas[1], tokens.Refresh); !errors.Is(err, fault.New(c.code)) {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		a := w.account(people.RoleOfficer, street)
		tokens := h.signedIn(a)
		w.must(w.replicas[0].RevokeDevice(t.Context(), admin, h.id))
		_, err := h.refresh(w.replicas[1], tokens.Refresh)
		w.is(err, fault.DeviceRevoked)
	})
}

// However diligently it is refreshed, a sign-in ends.
func TestFamiliesEnd(t *testing.T) {
	w := onSQLite(t)
	h := w.handheld(street)
	tokens := h.signedIn(w.account(people.RoleOfficer, street))
	begin := w.now()
	for range 10 {
		next, err := h.refresh(w.replicas[0], tokens.Refresh)
		if err != nil {
			w.is(err, fault.SessionEnded)
			break
		}
		tokens = next
		w.pass(7 * 24 * time.Hour)
	}
	if lived := w.now().Sub(begin); lived < session.FamilyLife || lived > session.FamilyLife+7*24*time.Hour {
		t.Errorf("the sign-in lived %v", lived)
	}
}

// What is over is swept away with later sign-ins; what is in use is not.
func TestSweep(t *testing.T) {
	w := onSQLite(t)
	h, a := w.handheld(street), w.account(people.RoleOfficer, street)
	first := h.signedIn(a)
	second, err := h.refresh(w.replicas[0], first.Refresh)
	w.must(err)
	third, err := h.refresh(w.replicas[0], second.Refresh)
	w.must(err)
	w.pass(25 * time.Hour)
	h.signedIn(a)
	_, err = h.refresh(w.replicas[0], first.Refresh) // forgotten: worth as much as an invented one
	w.is(err, fault.RefreshInvalid)
	_, err = h.refresh(w.replicas[0], third.Refresh)
	w.must(err)
}
