package adapt

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// own reads what was written through the caller's device, by whomever: all who sign in on it look at the same copy. It is the ops that stand on
// records, each record's behind a version and in their order.
func (s *Service) own(ctx context.Context, caller people.Caller, since map[string]uint64) (map[string][]wire.Op, error) {
	refs := make([]push.Version, 0, len(since))
	for id, version := range since {
		refs = append(refs, push.Version{Record: id, Version: version})
	}
	if len(refs) == 0 {
		return nil, nil
	}
	found, err := s.Reader.OnlineSince(ctx, caller.Device, "", refs)
	own := make(map[string][]wire.Op, len(found))
	for id, ops := range found {
		for _, op := range ops {
			first, err := wire.Open(op.Text)
			if err != nil {
				return nil, fmt.Errorf("own op on %s as stored: %w", id, err)
			}
			own[id] = append(own[id], first.Op)
		}
	}
	return own, err
}

// version is a version of a record in the client's form; nil if there is no such version.
func version(speaks forms.Spoken, past []pull.Revision, number uint64) (record.Object, error) {
	for _, rev := range past {
		if rev.Version == number {
			return speaks.Object(rev.Collection, rev.Schema, rev.Body)
		}
	}
	return nil, nil
}

// seen is what the caller had before him when he edited a record on top of a version, in the client's form: that version with the edits
// since on top that were made there, of which the client had not pulled the versions yet. It is nil if the record has no such version.
func (s *Service) seen(ctx context.Context, caller people.Caller, speaks forms.Spoken, past []pull.Revision, id string, base uint64) (record.Object, error) {
	own, err := s.own(ctx, caller, map[string]uint64{id: base})
	if err != nil {
		return nil, err
	}
	if len(own[id]) == 0 {
		return version(speaks, past, base)
	}
	body, err := version(forms.Newest(s.Catalogue), past, base)
	if err != nil || body == nil {
		return nil, err
	}
	for _, op := range own[id] {
		c := s.Catalogue[op.Collection]
		body = record.Apply(body, c.LiftPatch(op.Patch, op.Schema, c.Schema))
	}
	text, err := wire.Canonical(body)
	if err != nil {
		return nil, err
	}
	collection := own[id][0].Collection
	return speaks.Object(collection, s.Catalogue[collection].Schema, text)
}
