package derive

import (
	"context"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Evidence reads an evidence that the caller has a right over; absent and foreign are alike fault request.not_found.
func (s *Service) Evidence(ctx context.Context, caller people.Caller, id string, right people.Right) (record.Object, error) {
	return s.evidence(ctx, caller, id, right)
}

// ForShare finds what is shown to somebody outside: the derivative that is named, which must be of this evidence; with a mark, a copy like it, or
// like the original, with the mark burnt in. "" is the original as it is.
func (s *Service) ForShare(ctx context.Context, caller people.Caller, id string, body record.Object, derivative, mark, reason string) (string, error) {
	if _, err := keyOf(body); err != nil {
		return "", err
	}
	r := evidence.Recipe{Kind: evidence.Playable}
	if format, _ := evidence.ServedAs(mimeOf(body)); isImage(format) {
		r.Kind = evidence.Redacted
	}
	if derivative != "" {
		of, err := s.find(ctx, evidence.Derivatives.Name, derivative)
		if err != nil {
			return "", err
		}
		if of == nil || of["evidence"] != id {
			return "", fault.New(fault.NotFound)
		}
		recipe, _ := of["recipe"].(record.Object)
		if r, err = evidence.RecipeOf(recipe); err != nil {
			return "", err
		}
	}
	if mark == "" {
		return derivative, nil
	}
	r.Watermark = mark
	if _, err := evidence.RecipeOf(r.Object()); err != nil {
		return "", err
	}
	return s.request(ctx, caller, id, body, r, reason)
}

func mimeOf(body record.Object) string {
	kind, _ := body["mime"].(string)
	return kind
}

func isImage(kind string) bool { return len(kind) > 6 && kind[:6] == "image/" }

// FileOf opens a derivative, for who has been let in otherwise.
func (s *Service) FileOf(ctx context.Context, id string) (File, error) {
	body, err := s.find(ctx, evidence.Derivatives.Name, id)
	if err != nil {
		return File{}, err
	}
	return s.open(ctx, body)
}

// Original opens the recording itself, for who has been let in otherwise.
func (s *Service) Original(ctx context.Context, id string) (File, error) {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil {
		return File{}, err
	}
	key, err := keyOf(body)
	if err != nil {
		return File{}, err
	}
	m, err := evidence.ManifestOf(body)
	if err != nil {
		return File{}, err
	}
	return File{m.Digest, id, m.Unit, m.MIME, func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		body, err := s.Blobs.OpenRange(ctx, key, from, n)
		return body, evidence.NotThere(err)
	}}, nil
}

// Seek opens the index of a recording for those who may play it; one that has none is fault request.not_found.
func (s *Service) Seek(ctx context.Context, caller people.Caller, id string) (File, error) {
	body, err := s.evidence(ctx, caller, id, "evidence.play")
	if err != nil {
		return File{}, err
	}
	custody, _ := body["custody"].(record.Object)
	media, _ := custody["media"].(record.Object)
	seek, _ := media["seek"].(record.Object)
	if seek == nil {
		return File{}, fault.New(fault.NotFound)
	}
	if _, err := keyOf(body); err != nil {
		return File{}, err
	}
	f, err := s.fileIn(record.Object{"file": seek})
	f.MIME = "application/json"
	return f, err
}
