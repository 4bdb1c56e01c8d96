package derive

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Forget does the job evidence.ForgetJob: what was made of a recording goes when the recording was disposed of. Files that are also of
// another recording, with the same octets, stay until that one goes. Done again it changes nothing.
func (s *Service) Forget(ctx context.Context, id string) error {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil || body == nil || !evidence.StateOf(body).Disposed() {
		return err
	}
	sum, _ := body["sha256"].(string)
	alive, err := s.alive(ctx, id, sum)
	if err != nil || alive {
		return err
	}
	if err := s.remove(ctx, keyIn(body, "custody", "media", "seek")); err != nil {
		return err
	}
	found, err := s.History.Lookup(ctx, evidence.Derivatives.Name, "of", sum)
	if err != nil {
		return err
	}
	var ops []push.ServerOp
	for _, f := range found {
		made, err := wire.Object(f.Body)
		if err != nil {
			return err
		}
		if made["file"] == nil {
			continue
		}
		if err := s.remove(ctx, keyIn(made, "file")); err != nil {
			return err
		}
		ops = append(ops, push.ServerOp{Collection: evidence.Derivatives.Name, Record: f.ID, Action: record.Update,
			Patch: record.Object{"state": evidence.DeriveDisposed, "file": nil}})
	}
	if len(ops) == 0 {
		return nil
	}
	return s.Records.ApplyOwn(ctx, ops)
}

func (s *Service) remove(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	return s.Blobs.Remove(ctx, key)
}

// alive reports whether another recording with the same octets is still held.
func (s *Service) alive(ctx context.Context, id, sum string) (bool, error) {
	same, err := s.History.Lookup(ctx, evidence.Evidence.Name, "sha256", sum)
	if err != nil {
		return false, err
	}
	for _, other := range same {
		body, err := wire.Object(other.Body)
		if err != nil {
			return false, err
		}
		if _, held := evidence.HeldUnder(body); held && other.ID != id {
			return true, nil
		}
	}
	return false, nil
}

// keyIn is the key in the blob store that stands at a place of a body; "" none.
func keyIn(body record.Object, path ...string) string {
	for _, step := range path {
		body, _ = body[step].(record.Object)
	}
	key, _ := body["key"].(string)
	return key
}
