package upload

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Promote brings a whole upload to the blob store and receipts it: it is the worker of [PromoteJob]. Every step may have
// been done before by a run whose end was not heard of, and is then found done. An error delays and loses nothing: the bytes
// leave the spool only when the receipt stands in the record.
func (s *Service) Promote(ctx context.Context, id string) error {
	u, err := s.Store.Find(ctx, id)
	if err != nil {
		return err
	}
	if u.State == Whole {
		err = s.hold(ctx, u)
	}
	if err != nil || u.State != Whole && u.State != Held {
		return err
	}
	return s.Spool.Remove(ctx, u.ID)
}

// hold takes the bytes into custody: store, retain, receipt, record.
func (s *Service) hold(ctx context.Context, u Upload) error {
	key := evidence.Key(evidence.Recordings, u.SHA256)
	receivedAt, err := s.store(ctx, u, key)
	if err != nil {
		return err
	}
	now := s.Now()
	if err := s.Blobs.Retain(ctx, key, evidence.KeepUntil(evidence.General, now)); err != nil {
		return err
	}
	body, err := s.Store.Evidence(ctx, u.Evidence)
	if err != nil {
		return err
	}
	if !speaksOf(body, u, evidence.CustodyHeld) {
		token, err := s.sign(ctx, evidence.Receipt{Issuer: s.Issuer, Evidence: u.Evidence, Device: u.Device,
			Digest: u.digest(), HeldAt: now})
		if err != nil {
			return err
		}
		custody := record.Object{"state": string(evidence.CustodyHeld), "receivedAt": timestamp(receivedAt), "sha256": u.SHA256,
			"length": float64(u.Length), "upload": u.ID, "key": key, "receipt": token}
		err = s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: u.Evidence, Action: record.Update,
			Patch: record.Object{"custody": custody}}})
		if err != nil {
			return err
		}
	}
	_, err = s.Store.Advance(ctx, u.ID, Whole, Held)
	return err
}

// store puts the bytes into the blob store, and tells when the last of them came.
func (s *Service) store(ctx context.Context, u Upload, key string) (time.Time, error) {
	file, err := s.Spool.Open(ctx, u.ID, 0)
	if errors.Is(err, fault.New(fault.NotFound)) {
		// A database restored from a backup may ask again for what was promoted after it.
		if same, err := s.holds(ctx, key, u.digest()); err != nil || same {
			return s.Now(), err
		}
		return time.Time{}, s.lost(ctx, u, err)
	}
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return time.Time{}, err
	}
	err = s.Blobs.Put(ctx, key, u.digest(), file)
	if errors.Is(err, fault.New(fault.DigestMismatch)) {
		return time.Time{}, s.spoilt(ctx, u, err)
	}
	return info.ModTime(), err
}

// lost gives an upload whose bytes went with the spool's disk back to its device, which has them and no receipt.
func (s *Service) lost(ctx context.Context, u Upload, why error) error {
	s.Log.ErrorContext(ctx, "the spool has lost a whole upload; its device sends it again", "upload", u.ID, "evidence", u.Evidence)
	if _, err := s.Store.Advance(ctx, u.ID, Whole, Receiving); err != nil {
		return err
	}
	return why
}

// spoilt looks again at bytes that changed in the spool after they were verified, and gives them up if that is so.
func (s *Service) spoilt(ctx context.Context, u Upload, why error) error {
	found, err := (&session{hash: sha256.New()}).sum(ctx, s.Spool, u)
	if err != nil {
		return err
	}
	if found != u.SHA256 {
		_, why = s.mismatch(ctx, u, found)
	}
	return why
}

func (u Upload) digest() evidence.Digest { return evidence.Digest{Length: u.Length, SHA256: u.SHA256} }

func timestamp(t time.Time) string {
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}
