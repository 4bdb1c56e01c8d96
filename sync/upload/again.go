package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// FindAgain looks in the blob store for recordings that are announced and that the server does not know to hold, and takes those it
// finds into custody: after a restore from a backup their receipts are forgotten, and their devices may have freed them on
// those. It reads each through before it signs, and tells how many it found. Doing it again finds only what is still missing.
//
// A digest alone does not prove that whoever announces it ever had the bytes. So a digest that more than one evidence names is
// left alone: the one may be announced to get at the bytes of the other.
func (s *Service) FindAgain(ctx context.Context) (found int, err error) {
	const page = 100
	for after := ""; ; {
		missing, err := s.Store.Missing(ctx, after, page)
		if err != nil {
			return found, err
		}
		for _, m := range missing {
			held, err := s.findOne(ctx, m)
			if err != nil {
				return found, err
			}
			if held {
				found++
			}
			after = m.Evidence
		}
		if len(missing) < page {
			return found, nil
		}
	}
}

func (s *Service) findOne(ctx context.Context, m Missing) (bool, error) {
	manifest, err := evidence.ManifestOf(m.Body)
	if err != nil {
		return false, nil // nothing can be held under it
	}
	key := evidence.Key(evidence.Recordings, manifest.Digest.SHA256)
	second := s.Second.New()
	same, err := s.holds(ctx, key, manifest.Digest, second)
	if err != nil || !same {
		return false, err
	}
	if n, err := s.Store.Announced(ctx, manifest.Digest.SHA256); err != nil || n != 1 {
		s.Log.WarnContext(ctx, "bytes of a recording are found again, but several name their digest", "evidence", m.Evidence, "named", n)
		return false, err
	}
	now := s.Now()
	if err := s.Blobs.Retain(ctx, key, evidence.KeepingOf(m.Body, now).Until); err != nil {
		return false, err
	}
	token, err := s.sign(ctx, evidence.Receipt{Issuer: s.Issuer, Evidence: m.Evidence, Device: m.Device, Digest: manifest.Digest, SM3: second.Text(), HeldAt: now})
	if err != nil {
		return false, err
	}
	custody := record.Object{"state": string(evidence.CustodyHeld), "receivedAt": timestamp(now), "sha256": manifest.Digest.SHA256,
		"length": float64(manifest.Digest.Length), "key": key, "receipt": token}
	s.addSecond(custody, second)
	err = s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: m.Evidence, Action: record.Update,
		Patch: record.Object{"custody": custody}}})
	if err == nil {
		s.Log.InfoContext(ctx, "bytes of a recording are found again", "evidence", m.Evidence)
	}
	return err == nil, err
}

// holds reads what is stored under a key through, past another writer, and reports whether it has the digest.
func (s *Service) holds(ctx context.Context, key string, want evidence.Digest, past io.Writer) (bool, error) {
	stored, err := s.Blobs.Stat(ctx, key)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return false, nil
	}
	if err != nil || stored.Length != want.Length {
		return false, err
	}
	body, err := s.Blobs.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return false, err
	}
	defer body.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(sum, past), body); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == want.SHA256, nil
}
