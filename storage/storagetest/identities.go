package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Identities is what every store of identities must do. open gives an empty one.
func Identities(t *testing.T, open func(t *testing.T) people.Identities) {
	for _, c := range []struct {
		name string
		run  func(*identities)
	}{
		{"accounts have one name each", (*identities).accounts},
		{"a new password and disabling end the account's families", (*identities).endByAccount},
		{"tries are compared and set", (*identities).tries},
		{"of simultaneous tries one is counted", (*identities).tryRace},
		{"a code enrols one device, again and again", (*identities).enrol},
		{"a code expires", (*identities).expiry},
		{"of two devices with one code one is enrolled", (*identities).enrolRace},
		{"devices are listed with the units below", (*identities).devices},
		{"revoking ends the device's families", (*identities).revoke},
		{"a family begins with its first token", (*identities).family},
		{"those that live are told from those that do not", (*identities).living},
		{"exchange happens once", (*identities).exchange},
		{"the first reason of an end stands", (*identities).end},
		{"what is over is forgotten, history is not", (*identities).forget},
		{"keys are listed newest first and retire", (*identities).keys},
		{"what is not there is absent", (*identities).absent},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(&identities{t, open(t), t.Context()}) })
	}
}

// identities is one run of one case.
type identities struct {
	*testing.T
	people.Identities
	ctx context.Context
}

// at is when everything here happens; stores keep microseconds.
var at = time.Date(2026, 11, 25, 8, 0, 0, 123456000, time.UTC)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// must fails unless err is nil.
func (s *identities) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// is fails unless err is the fault of the code.
func (s *identities) is(err error, code fault.Code) {
	s.Helper()
	if !errors.Is(err, fault.New(code)) {
		s.Fatalf("got %v, want %s", err, code)
	}
}

func same[T comparable](s *identities, got, want T) {
	s.Helper()
	if got != want {
		s.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func (s *identities) newAccount(name string) people.Account {
	a := people.Account{ID: newID(), Name: name, Officer: newID(), PasswordHash: "hash of " + name}
	s.must(s.CreateAccount(s.ctx, a, "officer"))
	return a
}

func (s *identities) newDevice(unit string) people.Device {
	code := newID()
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: code, Unit: unit, CreatedBy: "server", ExpiresAt: at.Add(time.Hour)}))
	d, err := s.Enrol(s.ctx, code, deviceOf("handheld"), at)
	s.must(err)
	return d
}

func deviceOf(name string) people.Device {
	return people.Device{ID: newID(), Name: name, PublicKey: []byte("key of " + newID()), Thumbprint: newID(), EnrolledAt: at}
}

func (s *identities) newFamily(account, device string) people.Family {
	f := people.Family{ID: newID(), Account: account, Officer: newID(), Device: device, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	s.must(s.BeginFamily(s.ctx, f, people.RefreshToken{Digest: "first of " + f.ID, Family: f.ID, ExpiresAt: f.ExpiresAt}))
	return f
}

// ended reads why a family has ended.
func (s *identities) ended(id string) string {
	s.Helper()
	f, err := s.Family(s.ctx, id)
	s.must(err)
	if f.EndedAt.IsZero() != (f.EndReason == "") {
		s.Fatalf("family ended at %v for reason %q", f.EndedAt, f.EndReason)
	}
	return f.EndReason
}

func (s *identities) accounts() {
	n, err := s.Accounts(s.ctx)
	s.must(err)
	same(s, n, 0)
	a := s.newAccount("zhang.wei")
	got, err := s.AccountByName(s.ctx, "zhang.wei")
	s.must(err)
	same(s, got, a)
	s.is(s.CreateAccount(s.ctx, people.Account{ID: newID(), Name: "zhang.wei"}, "officer"), fault.AccountExists)
	got, err = s.Account(s.ctx, a.ID)
	s.must(err)
	same(s, got, a)
	n, err = s.Accounts(s.ctx)
	s.must(err)
	same(s, n, 1)
}

func (s *identities) endByAccount() {
	a, other := s.newAccount("a"), s.newAccount("b")
	f, untouched := s.newFamily(a.ID, "d1"), s.newFamily(other.ID, "d1")
	s.must(s.SetPassword(s.ctx, a.ID, "new hash", "officer", at))
	same(s, s.ended(f.ID), people.EndPasswordChanged)
	second := s.newFamily(a.ID, "d1")
	s.must(s.DisableAccount(s.ctx, a.ID, "officer", at))
	s.must(s.DisableAccount(s.ctx, a.ID, "officer", at.Add(time.Hour)))
	same(s, s.ended(f.ID), people.EndPasswordChanged)
	same(s, s.ended(second.ID), people.EndDisabled)
	same(s, s.ended(untouched.ID), "")
	got, err := s.Account(s.ctx, a.ID)
	s.must(err)
	a.PasswordHash, a.DisabledAt = "new hash", at
	same(s, got, a)
}

func (s *identities) tries() {
	first, second := people.Tries{Failures: 1, NextTryAt: at}, people.Tries{Failures: 2, NextTryAt: at.Add(time.Minute)}
	s.must(s.CountTry(s.ctx, people.Try{Name: "n", Device: "", Now: first}))
	s.is(s.CountTry(s.ctx, people.Try{Name: "n", Device: "", Now: second}), fault.PreconditionLost)
	s.must(s.CountTry(s.ctx, people.Try{Name: "n", Device: "", Seen: first, Now: second}))
	s.is(s.CountTry(s.ctx, people.Try{Name: "n", Device: "", Seen: first, Now: second}), fault.PreconditionLost)
	s.must(s.CountTry(s.ctx, people.Try{Name: "n", Device: "d", Now: first}))
	for device, want := range map[string]people.Tries{"": second, "d": first, "other": {}} {
		got, err := s.Tries(s.ctx, "n", device)
		s.must(err)
		same(s, got, want)
	}
	s.must(s.ClearTries(s.ctx, "n", ""))
	s.must(s.ClearTries(s.ctx, "n", "")) // nothing to clear is fine
	got, err := s.Tries(s.ctx, "n", "")
	s.must(err)
	same(s, got, people.Tries{})
}

func (s *identities) tryRace() {
	won := race(8, func(i int) error {
		return s.CountTry(s.ctx, people.Try{Name: "n", Now: people.Tries{Failures: i + 1, NextTryAt: at}})
	})
	got, err := s.Tries(s.ctx, "n", "")
	s.must(err)
	if len(won) != 1 || got.Failures != won[0]+1 {
		s.Fatalf("counted %v, stored %+v; want one winner, whose count is stored", won, got)
	}
}

// race runs fn n times at once and lists those without an error.
func race(n int, fn func(i int) error) (won []int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			if fn(i) == nil {
				mu.Lock()
				won = append(won, i)
				mu.Unlock()
			}
		})
	}
	close(start)
	all.Wait()
	return won
}

func (s *identities) enrol() {
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: "c", Unit: "120102001", CreatedBy: "server", ExpiresAt: at.Add(time.Minute)}))
	wanted := deviceOf("handheld")
	got, err := s.Enrol(s.ctx, "c", wanted, at)
	s.must(err)
	wanted.Unit = "120102001"
	same(s, fmt.Sprint(got), fmt.Sprint(wanted))

	again := wanted
	again.ID, again.Name = newID(), "another name"
	got, err = s.Enrol(s.ctx, "c", again, at.Add(time.Hour)) // expired by now, but it was used in time
	s.must(err)
	same(s, fmt.Sprint(got), fmt.Sprint(wanted))
	got, err = s.Device(s.ctx, wanted.ID)
	s.must(err)
	same(s, fmt.Sprint(got), fmt.Sprint(wanted))
	_, err = s.Device(s.ctx, again.ID)
	s.is(err, fault.NotFound)

	_, err = s.Enrol(s.ctx, "c", deviceOf("another"), at)
	s.is(err, fault.EnrolmentUsed)
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: "c2", Unit: "120102001", ExpiresAt: at.Add(time.Minute)}))
	_, err = s.Enrol(s.ctx, "c2", again, at)
	s.is(err, fault.KeyTaken)
	_, err = s.Enrol(s.ctx, "c2", deviceOf("another"), at) // the refused one has not used the code up
	s.must(err)
}

func (s *identities) expiry() {
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: "c", Unit: "u", ExpiresAt: at}))
	_, err := s.Enrol(s.ctx, "c", deviceOf("late"), at.Add(time.Second))
	s.is(err, fault.EnrolmentExpired)
	_, err = s.Enrol(s.ctx, "c", deviceOf("in time"), at)
	s.must(err)
	_, err = s.Enrol(s.ctx, "nothing", deviceOf("x"), at)
	s.is(err, fault.EnrolmentUnknown)
}

func (s *identities) enrolRace() {
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: "c", Unit: "u", ExpiresAt: at.Add(time.Minute)}))
	devices := make([]people.Device, 8)
	for i := range devices {
		devices[i] = deviceOf("handheld")
	}
	won := race(len(devices), func(i int) error {
		_, err := s.Enrol(s.ctx, "c", devices[i], at)
		if err != nil && !errors.Is(err, fault.New(fault.EnrolmentUsed)) {
			s.Errorf("device %d: %v", i, err)
		}
		return err
	})
	enrolled, err := s.Devices(s.ctx, "u", "", 100)
	s.must(err)
	if len(won) != 1 || len(enrolled) != 1 || enrolled[0].ID != devices[won[0]].ID {
		s.Fatalf("told enrolled: %v, stored: %v", won, enrolled)
	}
}

func (s *identities) devices() {
	district, street, team := s.newDevice("120102"), s.newDevice("120102001"), s.newDevice("120102001003")
	s.newDevice("120103001")
	for unit, want := range map[string][]people.Device{"120102": {district, street, team}, "120102001": {street, team}, "120102002": {}, "%": {}} {
		var got []people.Device
		for after := ""; ; after = got[len(got)-1].ID {
			page, err := s.Devices(s.ctx, unit, after, 2)
			s.must(err)
			if len(page) > 2 {
				s.Fatalf("a page of 2 has %d", len(page))
			}
			got = append(got, page...)
			if len(page) < 2 {
				break
			}
		}
		slices.SortFunc(want, func(a, b people.Device) int { return cmpText(a.ID, b.ID) })
		if got == nil {
			got = []people.Device{}
		}
		same(s, fmt.Sprint(got), fmt.Sprint(want))
	}
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (s *identities) revoke() {
	d, other := s.newDevice("u"), s.newDevice("u")
	f, untouched := s.newFamily("a", d.ID), s.newFamily("a", other.ID)
	s.must(s.EndFamily(s.ctx, s.newFamily("a", d.ID).ID, people.EndSignedOut, at))
	s.must(s.RevokeDevice(s.ctx, d.ID, "officer", at))
	s.must(s.RevokeDevice(s.ctx, d.ID, "officer", at.Add(time.Hour)))
	got, err := s.Device(s.ctx, d.ID)
	s.must(err)
	same(s, got.RevokedAt, at)
	same(s, s.ended(f.ID), people.EndRevoked)
	same(s, s.ended(untouched.ID), "")
}

func (s *identities) family() {
	f := s.newFamily("a", "d")
	got, err := s.Family(s.ctx, f.ID)
	s.must(err)
	same(s, got, f)
	token, err := s.Token(s.ctx, "first of "+f.ID)
	s.must(err)
	same(s, token, people.RefreshToken{Digest: "first of " + f.ID, Family: f.ID, ExpiresAt: f.ExpiresAt})
	second := f
	second.ID = newID() // the same officer on the same device again
	s.must(s.BeginFamily(s.ctx, second, people.RefreshToken{Digest: "other", Family: second.ID}))
	for device, want := range map[string]bool{"d": true, "elsewhere": false} {
		signedIn, err := s.SignedIn(s.ctx, device, f.Officer)
		s.must(err)
		same(s, signedIn, want)
	}
}

func (s *identities) living() {
	account, device := s.newAccount("zhao"), s.newDevice("120102001")
	lives, out, gone := s.newFamily(account.ID, device.ID), s.newFamily(account.ID, device.ID), s.newFamily(account.ID, "another device")
	s.must(s.EndFamily(s.ctx, out.ID, people.EndSignedOut, at))
	ids := []string{lives.ID, out.ID, newID(), gone.ID}
	got, err := s.Living(s.ctx, ids, at)
	s.must(err)
	slices.Sort(got)
	want := []string{lives.ID, gone.ID}
	slices.Sort(want)
	same(s, fmt.Sprint(got), fmt.Sprint(want))
	for when, n := range map[time.Time]int{lives.ExpiresAt.Add(-time.Microsecond): 2, lives.ExpiresAt: 0} {
		got, err = s.Living(s.ctx, ids, when)
		s.must(err)
		same(s, len(got), n)
	}
	s.must(s.RevokeDevice(s.ctx, device.ID, "officer", at))
	got, err = s.Living(s.ctx, ids, at)
	s.must(err)
	same(s, fmt.Sprint(got), fmt.Sprint([]string{gone.ID}))
	got, err = s.Living(s.ctx, nil, at)
	s.must(err)
	same(s, len(got), 0)
}

func (s *identities) exchange() {
	f := s.newFamily("a", "d")
	successor := people.RefreshToken{Digest: "second", Family: f.ID, ExpiresAt: at.Add(time.Minute)}
	won := race(4, func(int) error { return s.Exchange(s.ctx, "first of "+f.ID, successor, at) })
	same(s, len(won), 4)
	later := successor
	later.ExpiresAt = at.Add(time.Hour)
	s.must(s.Exchange(s.ctx, "first of "+f.ID, later, at.Add(time.Hour)))
	used, err := s.Token(s.ctx, "first of "+f.ID)
	s.must(err)
	same(s, used.UsedAt, at)
	same(s, used.Successor, "second")
	got, err := s.Token(s.ctx, "second")
	s.must(err)
	same(s, got, successor)
	s.is(s.Exchange(s.ctx, "nothing", people.RefreshToken{Digest: "x"}, at), fault.NotFound)
	_, err = s.Token(s.ctx, "x")
	s.is(err, fault.NotFound)
}

func (s *identities) end() {
	f := s.newFamily("a", "d")
	s.must(s.EndFamily(s.ctx, f.ID, people.EndReuse, at))
	s.must(s.EndFamily(s.ctx, f.ID, people.EndSignedOut, at.Add(time.Hour)))
	got, err := s.Family(s.ctx, f.ID)
	s.must(err)
	same(s, got.EndedAt, at)
	same(s, got.EndReason, people.EndReuse)
}

func (s *identities) forget() {
	now := at.Add(24 * time.Hour)
	living := people.Family{ID: newID(), Account: "a", Officer: "o", Device: "d", CreatedAt: at, ExpiresAt: now.Add(time.Hour)}
	s.must(s.BeginFamily(s.ctx, living, people.RefreshToken{Digest: "t0", Family: living.ID, ExpiresAt: living.ExpiresAt}))
	for i, usedAt := range []time.Time{at, at.Add(time.Minute), now} {
		s.must(s.Exchange(s.ctx, fmt.Sprint("t", i), people.RefreshToken{Digest: fmt.Sprint("t", i+1), Family: living.ID}, usedAt))
	}
	over := s.newFamily("a", "d") // expires an hour after at
	endedLately := living
	endedLately.ID = newID()
	s.must(s.BeginFamily(s.ctx, endedLately, people.RefreshToken{Digest: "lately", Family: endedLately.ID}))
	s.must(s.EndFamily(s.ctx, endedLately.ID, people.EndSignedOut, now))
	s.must(s.CountTry(s.ctx, people.Try{Name: "old", Now: people.Tries{Failures: 9, NextTryAt: at}}))
	s.must(s.CountTry(s.ctx, people.Try{Name: "new", Now: people.Tries{Failures: 9, NextTryAt: now}}))
	used := s.newDevice("u") // its code expires an hour after at
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: "unused", Unit: "u", ExpiresAt: at}))

	s.must(s.Forget(s.ctx, at.Add(2*time.Hour)))
	for digest, kept := range map[string]bool{"t0": false, "t1": true, "t2": true, "t3": true, "lately": true, "first of " + over.ID: false} {
		_, err := s.Token(s.ctx, digest)
		if kept != (err == nil) {
			s.Errorf("token %s: %v, want kept: %v", digest, err, kept)
		}
	}
	for name, want := range map[string]int{"old": 0, "new": 9} {
		got, err := s.Tries(s.ctx, name, "")
		s.must(err)
		same(s, got.Failures, want)
	}
	_, err := s.Enrol(s.ctx, "unused", deviceOf("x"), at)
	s.is(err, fault.EnrolmentUnknown)
	_, err = s.Device(s.ctx, used.ID)
	s.must(err)
	_, err = s.Family(s.ctx, over.ID)
	s.must(err)
}

func (s *identities) keys() {
	none, err := s.Keys(s.ctx, "token")
	s.must(err)
	same(s, len(none), 0)
	key := func(id, use string, created time.Time) people.SigningKey {
		k := people.SigningKey{ID: id, Use: use, Public: []byte{1, 2}, Sealed: []byte{0, 3}, CreatedAt: created}
		s.must(s.CreateKey(s.ctx, k))
		return k
	}
	older, newer := key("k1", "token", at), key("k2", "token", at.Add(time.Second))
	key("r1", "receipt", at)
	s.must(s.RetireKeys(s.ctx, "token", "k2", at.Add(time.Minute)))
	s.must(s.RetireKeys(s.ctx, "token", "k2", at.Add(time.Hour)))
	older.RetiredAt = at.Add(time.Minute)
	got, err := s.Keys(s.ctx, "token")
	s.must(err)
	same(s, fmt.Sprint(got), fmt.Sprint([]people.SigningKey{newer, older}))
	receipts, err := s.Keys(s.ctx, "receipt")
	s.must(err)
	same(s, len(receipts), 1)
	same(s, receipts[0].RetiredAt.IsZero(), true)
	if s.CreateKey(s.ctx, newer) == nil {
		s.Error("a second key of the same id was stored")
	}
}

func (s *identities) absent() {
	for name, call := range map[string]func() error{
		"AccountByName":  func() error { _, err := s.AccountByName(s.ctx, "x"); return err },
		"Account":        func() error { _, err := s.Account(s.ctx, "x"); return err },
		"SetPassword":    func() error { return s.SetPassword(s.ctx, "x", "h", "officer", at) },
		"DisableAccount": func() error { return s.DisableAccount(s.ctx, "x", "officer", at) },
		"Device":         func() error { _, err := s.Device(s.ctx, "x"); return err },
		"RevokeDevice":   func() error { return s.RevokeDevice(s.ctx, "x", "officer", at) },
		"Family":         func() error { _, err := s.Family(s.ctx, "x"); return err },
		"Token":          func() error { _, err := s.Token(s.ctx, "x"); return err },
		"EndFamily":      func() error { return s.EndFamily(s.ctx, "x", people.EndReuse, at) },
	} {
		if err := call(); !errors.Is(err, fault.New(fault.NotFound)) {
			s.Errorf("%s: %v, want request.not_found", name, err)
		}
	}
}
