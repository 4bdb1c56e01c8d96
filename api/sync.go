package api

import (
	"errors"
	"net/http"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/push"
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
	if errors.Is(err, fault.New(fault.SequenceGap)) {
		// It comes after the signature was found good: ops before these were made and sealed by this device.
		s.Log.WarnContext(r.ctx, "a device has ops that the server lacks: has the database been restored?", "device", r.caller.Device)
	}
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// writeOnline takes the edits of a person who works online. They may be sent again: an op's id says that it is the same.
func (s *server) writeOnline(r *request) error {
	var in wire.Online
	if err := r.decode(&in); err != nil {
		return err
	}
	outcomes, err := s.Push.ApplyOnline(r.ctx, r.caller, in.Ops)
	if err != nil {
		return err
	}
	out := wire.OnlineReply{Outcomes: make([]wire.Outcome, len(outcomes))}
	for i, o := range outcomes {
		out.Outcomes[i] = push.ToWire(o)
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
	s.heardOf(r)
	return r.replyText(http.StatusOK, out.Append)
}

// feedDigest tells what a feed comes to.
func (s *server) feedDigest(r *request) error {
	feed, err := r.feed()
	if err != nil {
		return err
	}
	schemas, err := r.schemas()
	if err != nil {
		return err
	}
	out, err := s.Pull.Digest(r.ctx, r.caller, feed, schemas)
	if err != nil {
		return err
	}
	return r.replyText(http.StatusOK, textOf(out))
}

// recordDigests tells what the records of some buckets come to, each.
func (s *server) recordDigests(r *request) error {
	feed, err := r.feed()
	if err != nil {
		return err
	}
	var in wire.DigestQuery
	if err := r.decode(&in); err != nil {
		return err
	}
	out, err := s.Pull.Differing(r.ctx, r.caller, feed, in)
	if err != nil {
		return err
	}
	return r.replyText(http.StatusOK, textOf(out))
}

// pullRecords gives a device the records that it turned out to lack.
func (s *server) pullRecords(r *request) error {
	var in wire.RecordsQuery
	if err := r.decode(&in); err != nil {
		return err
	}
	out, err := s.Pull.Records(r.ctx, r.caller, in)
	if err != nil {
		return err
	}
	return r.replyText(http.StatusOK, out.Append)
}
