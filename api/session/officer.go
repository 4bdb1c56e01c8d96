package session

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// officer is what matters here of an officer's record.
type officer struct {
	id, name, unit string
	active         bool
	grants         []people.Grant
}

// officer reads an officer's record as it stands. One who has left, or whose record was removed, is not active.
func (s *Service) officer(ctx context.Context, id string) (officer, error) {
	r, err := s.History.Record(ctx, people.Officers.Name, id)
	if err != nil {
		return officer{}, err
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		return officer{}, err
	}
	o := officer{id: id, grants: people.GrantsOf(body)}
	o.name, _ = body["name"].(string)
	o.unit, _ = body["unit"].(string)
	state, _ := body["state"].(string)
	o.active = state == people.Active && !r.Removed
	return o, nil
}

// unitExists refuses codes of units that are not there.
func (s *Service) unitExists(ctx context.Context, code string) error {
	found, err := s.History.Lookup(ctx, people.Units.Name, "code", code)
	if err == nil && (code == "" || len(found) == 0) {
		err = fault.New(fault.NotFound).At("unit")
	}
	return err
}

// reaches asks the table of rights about one unit. No unit is nobody's: people.May would take it for "anywhere".
func (s *Service) reaches(caller people.Caller, right people.Right, unit string) bool {
	return unit != "" && caller.May(right, unit, s.Now())
}
