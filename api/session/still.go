package session

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Still tells who a caller is now, as known no longer than [Freshness] ago, perhaps with other roles: for who holds a connection open.
// One who would be refused is.
func (s *Service) Still(ctx context.Context, caller people.Caller) (people.Caller, error) {
	st, err := s.standing(ctx, caller.Family)
	if err != nil {
		return people.Caller{}, err
	}
	if err := st.refuse(s.Now()); err != nil {
		return people.Caller{}, err
	}
	caller.Grants = st.officer.grants
	return caller, nil
}
