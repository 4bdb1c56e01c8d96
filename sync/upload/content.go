package upload

import (
	"context"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Content is an evidence that the server holds, opened for reading. Its bytes never change, so the digest is its version.
type Content struct {
	evidence.Digest
	MIME      string // as announced, of the types that evidence may have
	OpenRange func(ctx context.Context, from, n int64) (io.ReadCloser, error)
}

// Content opens an evidence for those who may play it. Absent and foreign are alike fault request.not_found; bytes that have
// not come yet are fault evidence.not_held.
func (s *Service) Content(ctx context.Context, caller people.Caller, evidenceID string) (Content, error) {
	m, body, err := s.manifest(ctx, caller, evidenceID, "evidence.play")
	if err != nil {
		return Content{}, err
	}
	custody, _ := body["custody"].(record.Object)
	key, _ := custody["key"].(string)
	if custody["state"] != string(evidence.CustodyHeld) || key == "" {
		return Content{}, fault.New(fault.NotHeld)
	}
	open := func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		return s.Blobs.OpenRange(ctx, key, from, n)
	}
	return Content{Digest: m.Digest, MIME: m.MIME, OpenRange: open}, nil
}
