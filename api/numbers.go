package api

import (
	"net/http"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Lease asks for a block of numbers.
type Lease struct {
	Kind  string `json:"kind"`
	Count int    `json:"count,omitzero"`
	Year  int    `json:"year,omitzero" doc:"default this year, in Beijing; the next from 17 December on"`
}

// idempotencyKey is the header by which a client repeats a request without repeating what it does.
const idempotencyKey = "Idempotency-Key"

// leaseNumbers gives the device a block of numbers for papers that it will issue without a network. The same Idempotency-Key gets the same
// block again: a lost reply costs no numbers.
func (s *server) leaseNumbers(r *request) error {
	var in Lease
	if err := r.decode(&in); err != nil {
		return err
	}
	key := r.Get(idempotencyKey)
	if len(key) > 128 {
		return fault.New(fault.HeaderInvalid).At(idempotencyKey)
	}
	id, block, err := s.Papers.LeaseOf(r.ctx, r.caller, in.Kind, in.Count, in.Year, key)
	if err != nil {
		return err
	}
	return r.reply(http.StatusCreated, withID(id, block))
}
