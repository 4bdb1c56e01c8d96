package session

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Living tells which of the sign-ins have not ended, by one question to the store however many they are: for who holds
// connections open. That an officer has left is not seen here; see [Service.Again].
func (s *Service) Living(ctx context.Context, families []string) (map[string]bool, error) {
	ids, err := s.Identities.Living(ctx, families, s.Now())
	living := make(map[string]bool, len(ids))
	for _, id := range ids {
		living[id] = true
	}
	return living, err
}

// Again tells who a caller is now, read from the store: perhaps with other roles. One who would be refused is.
func (s *Service) Again(ctx context.Context, caller people.Caller) (people.Caller, error) {
	_, epoch, _ := s.known.get(caller.Family, s.Now())
	st, err := s.read(ctx, caller.Family)
	if err != nil {
		return people.Caller{}, err
	}
	s.known.put(caller.Family, st, epoch)
	if err := st.refuse(s.Now()); err != nil {
		return people.Caller{}, err
	}
	return st.caller(), nil
}
