package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Berth is what a docking station has still to bring of a recording, and where.
type Berth struct {
	Upload  Upload
	Missing []evidence.DockPart
	Until   time.Time // how long the addresses are good
}

// berthTime is how long the addresses of a berth are good: enough for a day's recordings over an office's network, and short, because who has one
// may write there.
const berthTime = time.Hour

// Dock begins to take in the bytes of an announced evidence straight into the blob store, or goes on. They are the manifest's or they are a
// mismatch, like what comes by tus. An upload by tus that has not all its bytes ends; one that is complete stays, and nothing is missing. Where the store
// cannot do it that is fault dock.not_available.
func (s *Service) Dock(ctx context.Context, caller people.Caller, evidenceID string) (Berth, error) {
	u, err := s.docked(ctx, caller, evidenceID)
	if err != nil || u.State != Receiving {
		return Berth{Upload: u}, err
	}
	until := s.Now().Add(berthTime)
	missing, err := s.Berths.Berth(ctx, u.ID, u.Length, until)
	return Berth{u, missing, until}, err
}

// docked finds the docked upload of an evidence, and makes it if there is none.
func (s *Service) docked(ctx context.Context, caller people.Caller, evidenceID string) (Upload, error) {
	m, _, err := s.manifest(ctx, caller, evidenceID, "evidence.upload")
	if err != nil {
		return Upload{}, err
	}
	if s.Berths == nil {
		return Upload{}, fault.New(fault.DockOff)
	}
	now := s.Now()
	u := Upload{ID: s.NewID(), Evidence: evidenceID, Device: caller.Device, Unit: m.Unit, Length: m.Digest.Length, SHA256: m.Digest.SHA256,
		State: Receiving, CreatedAt: now, ExpiresAt: now.Add(s.TTL), Docked: true}
	for range 2 {
		kept, created, err := s.Store.Create(ctx, u)
		if err != nil || created || kept.Docked || kept.State != Receiving {
			return kept, err
		}
		if err := s.supersede(ctx, kept.ID); err != nil {
			return Upload{}, err
		}
	}
	return Upload{}, fault.New(fault.UploadBusy)
}

// Undock says that a docking station has brought all parts. They are joined, and their promotion is queued, which looks whether they are what
// was announced. Done again it changes nothing. A part that is missing is fault upload.part_unfinished.
func (s *Service) Undock(ctx context.Context, caller people.Caller, evidenceID string) (Upload, error) {
	u, err := s.docked(ctx, caller, evidenceID)
	if err != nil || u.State != Receiving {
		return u, err
	}
	if err := s.Berths.Close(ctx, u.ID, u.Length); err != nil {
		return u, err
	}
	if err := s.Store.Sealed(ctx, u.ID, PromoteJob); err != nil { // any replica can do it: the bytes are in the store
		return u, err
	}
	if s.Queued != nil {
		s.Queued()
	}
	u.State = Whole
	return u, nil
}

// source opens the bytes of a whole upload, wherever they wait, and tells when the last of them came.
func (s *Service) source(ctx context.Context, u Upload) (io.ReadCloser, time.Time, error) {
	if u.Docked {
		return s.Berths.Open(ctx, u.ID)
	}
	file, err := s.Spool.Open(ctx, u.ID, 0)
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, time.Time{}, errors.Join(err, file.Close())
	}
	return file, info.ModTime(), nil
}

// discard takes the bytes of an upload away from where they have waited.
func (s *Service) discard(ctx context.Context, u Upload) error {
	if u.Docked {
		return s.Berths.Clear(ctx, u.ID)
	}
	return s.Spool.Remove(ctx, u.ID)
}

// sumOf hashes the bytes of an upload where they wait.
func (s *Service) sumOf(ctx context.Context, u Upload) (string, error) {
	if !u.Docked {
		return (&session{hash: sha256.New()}).sum(ctx, s.Spool, u)
	}
	body, _, err := s.source(ctx, u)
	if err != nil {
		return "", err
	}
	defer body.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, body)
	return hex.EncodeToString(sum.Sum(nil)), err
}
