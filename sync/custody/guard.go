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

// Guard brings retention and holds of an evidence to the store: it is the worker of evidence.GuardJob. A hold takes back a disposal
// that is proposed or waits. Done again it changes nothing.
func (s *Service) Guard(ctx context.Context, id string) error {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil || body == nil {
		return err
	}
	held, err := s.heldHere(ctx, id)
	if err != nil {
		return err
	}
	if held {
		if err := s.recall(ctx, id, "已被依法保全"); err != nil {
			return err
		}
	}
	if evidence.StateOf(body) != evidence.CustodyHeld {
		return nil
	}
	keeping := evidence.KeepingOf(body, s.Now())
	sum, key := keyOf(body)
	if err := s.Blobs.Retain(ctx, key, keeping.Until); err != nil {
		return fmt.Errorf("retain %s: %w", id, err)
	}
	if err := s.applyHold(ctx, key, sum); err != nil {
		return fmt.Errorf("hold %s: %w", id, err)
	}
	custody, _ := body["custody"].(record.Object)
	since, _ := time.Parse(time.RFC3339Nano, text(custody, "receivedAt"))
	return s.Checks.KeepCheck(ctx, Recording(id), held || keeping.Forever, since)
}

// keyOf is the digest of an evidence and where its bytes are.
func keyOf(body record.Object) (sum, key string) {
	sum = text(body, "sha256")
	return sum, evidence.Key(evidence.Recordings, sum)
}

// applyHold makes the store hold what any evidence of the digest holds. It looks again afterwards: another evidence's hold may have
// come meanwhile, and must not be taken off by this one's release.
func (s *Service) applyHold(ctx context.Context, key, sum string) error {
	for {
		want, err := s.heldBytes(ctx, sum)
		if err != nil {
			return err
		}
		stored, err := s.Blobs.Stat(ctx, key)
		if err != nil || stored.Held == want {
			return err
		}
		if err := s.Blobs.Hold(ctx, key, want); err != nil {
			return err
		}
	}
}

// heldBytes reports whether any evidence of the digest is under a hold or kept for ever.
func (s *Service) heldBytes(ctx context.Context, sum string) (bool, error) {
	same, err := s.History.Lookup(ctx, evidence.Evidence.Name, "sha256", sum)
	for _, r := range same {
		if err != nil {
			return false, err
		}
		body, bad := wire.Object(r.Body)
		if bad != nil {
			return false, bad
		}
		if evidence.StateOf(body).Disposed() {
			continue
		}
		if evidence.KeepingOf(body, s.Now()).Forever {
			return true, nil
		}
		var held bool
		if held, err = s.heldHere(ctx, r.ID); held {
			return true, err
		}
	}
	return false, err
}

// heldHere reports whether an evidence is under a hold.
func (s *Service) heldHere(ctx context.Context, id string) (bool, error) {
	holds, err := s.bodies(ctx, evidence.Holds.Name, id)
	return evidence.Held(holds), err
}

// recall takes back the disposals of an evidence that are not under way.
func (s *Service) recall(ctx context.Context, id, why string) error {
	disposals, err := s.bodies(ctx, evidence.Disposals.Name, id)
	for disposal, body := range disposals {
		if state := text(body, "state"); err == nil && (state == evidence.DisposalProposed || state == evidence.DisposalConfirmed) {
			err = s.say(ctx, evidence.Disposals.Name, disposal, record.Object{"state": evidence.DisposalRecalled, "recallReason": why})
		}
	}
	return err
}

// say is one update by the server.
func (s *Service) say(ctx context.Context, collection, id string, patch record.Object) error {
	return s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Update, Patch: patch}})
}

// bodies are the records of a collection that name an evidence.
func (s *Service) bodies(ctx context.Context, collection, id string) (map[string]record.Object, error) {
	found, err := s.History.Lookup(ctx, collection, "evidence", id)
	return bodiesOf(found, err)
}

func bodiesOf(found []pull.Record, err error) (map[string]record.Object, error) {
	out := make(map[string]record.Object, len(found))
	for _, r := range found {
		if err == nil {
			out[r.ID], err = wire.Object(r.Body)
		}
	}
	return out, err
}

// find reads a record's body; nil when it is not there.
func (s *Service) find(ctx context.Context, collection, id string) (record.Object, error) {
	r, err := s.History.Record(ctx, collection, id)
	if errors.Is(err, fault.New(fault.NotFound)) || err == nil && r.Removed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return wire.Object(r.Body)
}

func text(body record.Object, field string) string {
	s, _ := body[field].(string)
	return s
}
