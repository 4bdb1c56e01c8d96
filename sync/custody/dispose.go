package custody

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// disposalPage is how many disposals are read at once.
const disposalPage = 100

// DisposeDue carries out the disposals whose time to undo is over, and goes on with those that a crash or a store has stopped. Each step
// may have been done before. One that fails does not stop the others.
func (s *Service) DisposeDue(ctx context.Context) error {
	return errors.Join(s.each(ctx, evidence.DisposalConfirmed, s.begin), s.each(ctx, evidence.DisposalGoing, s.finish))
}

func (s *Service) each(ctx context.Context, state string, do func(context.Context, string, record.Object) error) error {
	var errs []error
	for after := ""; ctx.Err() == nil; {
		page, err := s.History.Waiting(ctx, pull.Waiting{Collection: evidence.Disposals.Name, State: state, Units: []string{s.District},
			After: after, Limit: disposalPage})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, r := range page {
			body, err := wire.Object(r.Body)
			if err == nil {
				err = do(ctx, r.ID, body)
			}
			if after = r.ID; err != nil {
				s.Log.WarnContext(ctx, "a disposal waits", "disposal", r.ID, "error", err)
				errs = append(errs, fmt.Errorf("disposal %s: %w", r.ID, err))
			}
		}
		if len(page) < disposalPage {
			break
		}
	}
	return errors.Join(errs...)
}

// begin says of a confirmed disposal that it goes, if its time has come. Retention and holds are asked once more, under the locks of the write
// path: a hold is either before this and keeps the bytes, or after it and refused.
func (s *Service) begin(ctx context.Context, id string, body record.Object) error {
	confirmed, err := s.confirmedAt(ctx, id)
	if err != nil || s.Now().Before(Undo(confirmed)) {
		return err
	}
	err = s.Records.ApplyJudged(ctx, []push.ServerOp{
		{Collection: evidence.Disposals.Name, Record: id, Action: record.Update, Patch: record.Object{"state": evidence.DisposalGoing}},
		{Collection: evidence.Evidence.Name, Record: text(body, "evidence"), Action: record.Update,
			Patch: record.Object{"custody": record.Object{"state": string(evidence.CustodyDisposing), "key": nil}}}})
	if errors.Is(err, fault.New(fault.GateRefused)) {
		return s.say(ctx, evidence.Disposals.Name, id, record.Object{"state": evidence.DisposalRecalled, "recallReason": fault.Of(err).Zh})
	}
	return err
}

// Undo is until when a disposal that was confirmed at a moment can be taken back.
func Undo(confirmed time.Time) time.Time { return confirmed.AddDate(0, 0, evidence.Retention.UndoDays) }

// confirmedAt is when the server took the confirmation.
func (s *Service) confirmedAt(ctx context.Context, id string) (at time.Time, err error) {
	past, err := s.History.Revisions(ctx, id)
	for _, v := range past {
		if err != nil {
			return at, err
		}
		var body record.Object
		if body, err = wire.Object(v.Body); err == nil && text(body, "state") == evidence.DisposalConfirmed {
			return v.ReceivedAt, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("disposal %s was never confirmed", id)
	}
	return at, err
}

// finish takes the bytes away, unless another evidence has the same, and says so. Whoever announces the same bytes meanwhile is safe: its
// retention is put on what is stored after it was found there, and fails if it has gone, or makes this removal fail.
func (s *Service) finish(ctx context.Context, id string, disposal record.Object) error {
	body, err := s.find(ctx, evidence.Evidence.Name, text(disposal, "evidence"))
	if err != nil {
		return err
	}
	if body == nil {
		return fault.New(fault.NotFound)
	}
	sum, key := keyOf(body)
	kept, err := s.needed(ctx, sum)
	if err == nil && !kept {
		err = s.Blobs.Remove(ctx, key)
	}
	if err != nil {
		return err
	}
	if err := s.Checks.DropCheck(ctx, Recording(text(disposal, "evidence"))); err != nil {
		return err
	}
	at := s.Now().UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	return s.Records.ApplyOwn(ctx, []push.ServerOp{
		{Collection: evidence.Evidence.Name, Record: text(disposal, "evidence"), Action: record.Update,
			Patch: record.Object{"custody": record.Object{"state": string(evidence.CustodyDisposed), "disposedAt": at}}},
		{Collection: evidence.Disposals.Name, Record: id, Action: record.Update, Patch: record.Object{"state": evidence.DisposalDone, "kept": kept}}})
}

// needed reports whether any evidence of the digest is not given up: held, or announced and on its way.
func (s *Service) needed(ctx context.Context, sum string) (bool, error) {
	same, err := bodiesOf(s.History.Lookup(ctx, evidence.Evidence.Name, "sha256", sum))
	for _, body := range same {
		if !evidence.StateOf(body).Disposed() {
			return true, err
		}
	}
	return false, err
}
