package session

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Authenticate tells who makes a request: the access token must be ours and good, the proof made for this very request by the
// key that the token is bound to, and the sign-in, its device, account and officer must stand, as known no longer than
// [Freshness] ago. The path is as it was requested, with or without query.
func (s *Service) Authenticate(ctx context.Context, method, path, authorization, dpop string) (people.Caller, error) {
	text, err := dpopToken(authorization)
	if err != nil {
		return people.Caller{}, err
	}
	access, err := s.tokens.Check(ctx, text)
	if err != nil {
		return people.Caller{}, err
	}
	if _, err := s.proofs.Check(dpop, method, path, text, access.Key); err != nil {
		return people.Caller{}, err
	}
	st, err := s.standing(ctx, access.Family)
	if err != nil {
		return people.Caller{}, err
	}
	if st.family.Device != access.Device || st.family.Officer != access.Officer || st.device.Thumbprint != access.Key {
		return people.Caller{}, fault.New(fault.TokenInvalid)
	}
	if err := st.refuse(s.Now()); err != nil {
		return people.Caller{}, err
	}
	return st.caller(), nil
}

// dpopToken takes the token out of an Authorization header (RFC 9449 §7.1). A bearer's is refused: it would be a token without
// its key.
func dpopToken(authorization string) (string, error) {
	scheme, text, _ := strings.Cut(authorization, " ")
	switch {
	case authorization == "":
		return "", fault.New(fault.TokenMissing)
	case !strings.EqualFold(scheme, "DPoP") || text == "":
		return "", fault.New(fault.TokenInvalid)
	}
	return text, nil
}

// standing is what is known of a sign-in.
type standing struct {
	family  people.Family
	device  people.Device
	account people.Account
	officer officer
	readAt  time.Time
}

func (st *standing) caller() people.Caller {
	return people.Caller{Account: st.account.ID, Officer: st.officer.id, Device: st.device.ID, Family: st.family.ID, Unit: st.device.Unit,
		Grants: st.officer.grants, Aside: !st.device.SetAsideAt.IsZero()}
}

// refuse says why a sign-in does not stand, if it does not.
func (st *standing) refuse(now time.Time) error {
	switch {
	case !st.device.RevokedAt.IsZero():
		return fault.New(fault.DeviceRevoked)
	case !st.account.DisabledAt.IsZero(), !st.officer.active:
		return fault.New(fault.AccountDisabled)
	case st.family.EndReason == people.EndReuse:
		return fault.New(fault.RefreshReused)
	case !st.family.EndedAt.IsZero(), !now.Before(st.family.ExpiresAt):
		return fault.New(fault.SessionEnded)
	}
	return nil
}

// standing answers from memory what was read within [Freshness].
func (s *Service) standing(ctx context.Context, family string) (standing, error) {
	st, epoch, ok := s.known.get(family, s.Now())
	if ok {
		return st, nil
	}
	st, err := s.read(ctx, family)
	if err == nil {
		s.known.put(family, st, epoch)
	}
	return st, err
}

// read asks the store. A family that is not there, as after a restore, has ended.
func (s *Service) read(ctx context.Context, family string) (st standing, err error) {
	st.readAt = s.Now()
	if st.family, err = s.Identities.Family(ctx, family); err != nil {
		return st, ended(err)
	}
	if st.device, err = s.Identities.Device(ctx, st.family.Device); err != nil {
		return st, ended(err)
	}
	if st.account, err = s.Identities.Account(ctx, st.family.Account); err != nil {
		return st, ended(err)
	}
	st.officer, err = s.officer(ctx, st.family.Officer)
	return st, ended(err)
}

func ended(err error) error {
	if absent(err) {
		return fault.New(fault.SessionEnded)
	}
	return err
}

// maxStandings bounds the memory of standings, in each of two generations.
const maxStandings = 10_000

// standings remembers standings for a moment. Old generations are dropped whole.
type standings struct {
	max int

	mu              sync.Mutex
	epoch           int // counts clears: what was read before one is not kept after it
	current, before map[string]standing
}

func newStandings(max int) *standings {
	return &standings{max: max, current: map[string]standing{}}
}

// get returns what is known and fresh, and the epoch to put under what is read instead.
func (k *standings) get(family string, now time.Time) (st standing, epoch int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	st, ok = k.current[family]
	if !ok {
		st, ok = k.before[family]
	}
	age := now.Sub(st.readAt)
	return st, k.epoch, ok && age >= 0 && age < Freshness
}

func (k *standings) put(family string, st standing, epoch int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if epoch != k.epoch {
		return
	}
	if len(k.current) >= k.max {
		k.before, k.current = k.current, map[string]standing{}
	}
	k.current[family] = st
}

// clear forgets everything: on this replica, what was just ended is out at once.
func (k *standings) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epoch++
	k.current, k.before = map[string]standing{}, nil
}
