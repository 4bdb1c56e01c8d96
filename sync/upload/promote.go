package upload

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
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
	if u.Owner != s.Owner && u.Owner != "" && s.Owner != "" {
		return nil // another has taken it over, and its device brings it there
	}
	if u.State == Whole {
		err = s.hold(ctx, u)
	}
	if err != nil || u.State != Whole && u.State != Held {
		return err
	}
	return s.discard(ctx, u)
}

// hold takes the bytes into custody: store, retain, receipt, record.
func (s *Service) hold(ctx context.Context, u Upload) error {
	key := evidence.Key(evidence.Recordings, u.SHA256)
	body, err := s.Store.Evidence(ctx, u.Evidence)
	if err != nil {
		return err
	}
	chain := chainOf(body)
	second := s.Second.New()
	receivedAt, err := s.store(ctx, u, key, io.MultiWriter(chain.pieces, second))
	if err != nil {
		return err
	}
	now := s.Now()
	if err := s.Blobs.Retain(ctx, key, evidence.KeepingOf(body, now).Until); err != nil {
		return err
	}
	if !speaksOf(body, u, evidence.CustodyHeld) {
		token, err := s.sign(ctx, evidence.Receipt{Issuer: s.Issuer, Evidence: u.Evidence, Device: u.Device,
			Digest: u.digest(), SM3: second.Text(), HeldAt: now})
		if err != nil {
			return err
		}
		custody := record.Object{"state": string(evidence.CustodyHeld), "receivedAt": timestamp(receivedAt), "sha256": u.SHA256,
			"length": float64(u.Length), "upload": u.ID, "device": u.Device, "key": key, "receipt": token}
		s.addSecond(custody, second)
		flaws, err := s.flaws(ctx, u, body, chain)
		if err != nil {
			return err
		}
		ops := s.chainOps(body, custody, u, chain, flaws)
		ops = append(ops, push.ServerOp{Collection: "evidence", Record: u.Evidence, Action: record.Update, Patch: record.Object{"custody": custody}})
		if err := s.Records.ApplyOwn(ctx, ops); err != nil {
			return err
		}
	}
	_, err = s.Store.Advance(ctx, u.ID, Whole, Held)
	return err
}

// store puts the bytes into the blob store, past the pieces, and tells when the last of them came.
func (s *Service) store(ctx context.Context, u Upload, key string, pieces io.Writer) (time.Time, error) {
	file, receivedAt, err := s.source(ctx, u)
	if errors.Is(err, fault.New(fault.NotFound)) {
		// A database restored from a backup may ask again for what was promoted after it.
		if same, err := s.holds(ctx, key, u.digest(), io.Discard); err != nil || same {
			return s.Now(), errors.Join(err, s.reread(ctx, key, pieces, same))
		}
		return time.Time{}, s.lost(ctx, u, err)
	}
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	passing := io.TeeReader(file, pieces)
	if again, ok := file.(io.ReaderAt); ok { // then a store may read parts of it beside
		passing = struct {
			io.Reader
			io.ReaderAt
		}{passing, again}
	}
	err = s.Blobs.Put(ctx, key, u.digest(), passing)
	if err == nil {
		_, err = io.Copy(io.Discard, passing) // a store that has the bytes already does not read them
	}
	if errors.Is(err, fault.New(fault.DigestMismatch)) {
		return time.Time{}, s.spoilt(ctx, u, err)
	}
	return receivedAt, err
}

// addSecond tells the second digest, if there is one.
func (s *Service) addSecond(custody record.Object, second algorithm.Running) {
	if text := second.Text(); text != "" {
		custody[s.Second.Name] = text
	}
}

// reread lets the stored bytes go past the pieces.
func (s *Service) reread(ctx context.Context, key string, pieces io.Writer, held bool) error {
	if !held {
		return nil
	}
	stored, err := s.Blobs.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer stored.Close()
	_, err = io.Copy(pieces, stored)
	return err
}

// lost gives an upload whose bytes went with the disk that they waited on back to its device, which has them and no receipt.
func (s *Service) lost(ctx context.Context, u Upload, why error) error {
	s.Log.ErrorContext(ctx, "a whole upload was lost where it waited; its device sends it again", "upload", u.ID, "evidence", u.Evidence)
	if _, err := s.Store.Advance(ctx, u.ID, Whole, Receiving); err != nil {
		return err
	}
	return why
}

// spoilt looks at bytes that are not what was announced: they changed where they waited, or a docking station has brought others.
func (s *Service) spoilt(ctx context.Context, u Upload, why error) error {
	found, err := s.sumOf(ctx, u)
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
