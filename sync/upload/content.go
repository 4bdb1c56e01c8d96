package upload

import (
	"context"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Content is an evidence that the server holds, opened for reading. Its bytes never change, so the digest is its version.
type Content struct {
	evidence.Digest
	Unit      string // of the evidence
	MIME      string // as announced, of the types that evidence may have
	OpenRange func(ctx context.Context, from, n int64) (io.ReadCloser, error)
}

// Content opens an evidence for those who may play it. Absent and foreign are alike fault request.not_found; bytes that have
// not come yet are fault evidence.not_held.
func (s *Service) Content(ctx context.Context, caller people.Caller, evidenceID string) (Content, error) {
	return s.ContentFor(ctx, caller, "evidence.play", evidenceID)
}

// ContentFor is Content for those who have another right.
func (s *Service) ContentFor(ctx context.Context, caller people.Caller, right people.Right, evidenceID string) (Content, error) {
	m, body, err := s.manifest(ctx, caller, evidenceID, right)
	if err != nil {
		return Content{}, err
	}
	if evidence.StateOf(body).Disposed() {
		return Content{}, fault.New(fault.Disposed)
	}
	key, held := evidence.HeldUnder(body)
	if !held {
		return Content{}, fault.New(fault.NotHeld)
	}
	open := func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		body, err := s.Blobs.OpenRange(ctx, key, from, n)
		return body, evidence.NotThere(err)
	}
	return Content{Digest: m.Digest, Unit: m.Unit, MIME: m.MIME, OpenRange: open}, nil
}
