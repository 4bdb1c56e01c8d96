package api

import (
	"net/http"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// push takes a device's next operations. Once begun it is finished, whether or not the device still listens: it will send
// the same again, and get the same outcomes.
func (s *server) push(r *request) error {
	var in wire.Push
	if err := r.decode(&in); err != nil {
		return err
	}
	out, err := s.Push.Apply(r.ctx, r.caller, in)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// pull gives a device what has changed since its cursor.
func (s *server) pull(r *request) error {
	var in wire.Pull
	if err := r.decode(&in); err != nil {
		return err
	}
	out, err := s.Pull.Pull(r.ctx, r.caller, in)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}
