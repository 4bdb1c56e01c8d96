package papers

import (
	"context"
	"maps"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Effects does the job document.EffectsJob: it works out how the paper of that record id was served, which last days run from that and from its
// issue, and which paper corrects it, and says so in the paper's fields "service" and "correctedBy". It begins anew each time, so it does not
// matter in which order papers and receipts came. A paper that is not on record yet is left: its own issue queues the job again. A year without a
// calendar leaves those last days open and is the job's error, so that they are worked out when it is imported.
func (s *Service) Effects(ctx context.Context, id string) error {
	body, err := s.optional(ctx, document.Documents.Name, id)
	if err != nil || body == nil {
		return err
	}
	next, pending, err := s.effects(ctx, id, body)
	if err != nil {
		return err
	}
	if patch := record.Diff(body, next); len(patch) > 0 {
		op := push.ServerOp{Collection: document.Documents.Name, Record: id, Action: record.Update, Patch: patch}
		if err := s.Records.ApplyOwn(ctx, []push.ServerOp{op}); err != nil {
			return err
		}
	}
	return pending
}

// effects is the paper with what follows from the other papers; pending is the calendar's error about last days.
func (s *Service) effects(ctx context.Context, id string, body record.Object) (next record.Object, pending, err error) {
	in, known := document.ReadInstance(body), facts{s.History}
	due := collections.Calendar(ctx, known)
	next = maps.Clone(body)
	set := func(field string, value record.Object) {
		if next[field] = value; value == nil {
			delete(next, field)
		}
	}
	if in.State == document.Issued || in.State == document.Voided {
		served, is, err := document.ServiceOf(ctx, known, id, body, due)
		if err != nil {
			return nil, nil, err
		}
		var deadlines []document.Deadline
		if in.State == document.Issued { // nothing runs from a paper that is void
			deadlines, pending = document.Deadlines(in, served.On, due)
		}
		set("service", document.ServiceBody(served, is, deadlines))
	}
	by, err := document.CorrectedBy(ctx, known, id, in)
	set("correctedBy", by)
	return next, pending, err
}
