package api

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// NewDerivative asks for something to be made of a recording.
type NewDerivative struct {
	Recipe record.Object `json:"recipe" doc:"kind: poster, sprite, waveform, playable or redacted; atMs, blur, mute, watermark: see media.md"`
	Reason string        `json:"reason" doc:"why; kept in the records of custody"`
}

// Asked is what was asked for.
type Asked struct {
	ID string `json:"id" doc:"record id in the collection derivatives"`
}

// DerivativeList is what was made of a recording.
type DerivativeList struct {
	Derivatives map[string]record.Object `json:"derivatives" doc:"by record id"`
}

var derivativeRoutes = []Route{
	{Method: "POST", Path: "/v1/evidence/{id}/derivatives", Name: "deriveEvidence", Zh: "制作海报、可播放副本或遮挡副本", En: "ask for a poster, a playable or a redacted copy of a recording",
		Access: signedIn, Right: "evidence.derive", Body: jsonBody, Limit: recordsLimit, Within: soon, In: NewDerivative{}, Out: Asked{}, Status: fiber.StatusAccepted, Serve: (*server).deriveEvidence},
	{Method: "GET", Path: "/v1/evidence/{id}/derivatives", Name: "listDerivatives", Zh: "录音录像的全部副本", En: "what was made of a recording",
		Access: signedIn, Right: "evidence.play", Within: soon, Out: DerivativeList{}, Serve: (*server).listDerivatives},
	{Method: "GET", Path: "/v1/derivatives/{id}/content", Name: "playDerivative", Zh: "查看副本", En: "the bytes of what was made, whole or in ranges",
		Access: signedIn, Right: "evidence.play", Within: soon, Media: "application/octet-stream", Serve: (*server).playDerivative, Params: purposeParams},
	{Method: "GET", Path: "/v1/evidence/{id}/seek", Name: "seekEvidence", Zh: "录音录像的时间索引", En: "where the fragments of an MP4 begin, so that a player can seek",
		Access: signedIn, Right: "evidence.play", Within: soon, Media: "application/json", Serve: (*server).seekEvidence},
}

func (s *server) deriveEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	var in NewDerivative
	if err := r.decode(&in); err != nil {
		return err
	}
	made, err := s.Derive.Request(r.ctx, r.caller, id, in.Recipe, in.Reason)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusAccepted, Asked{made})
}

func (s *server) listDerivatives(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	all, err := s.Derive.List(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusOK, DerivativeList{all})
}

func (s *server) playDerivative(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	f, err := s.Derive.Content(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	act, reason, why := r.purpose()
	entry := s.Custody.By(r.caller, act, f.Evidence, f.Unit, reason)
	entry.Related = id
	return s.serve(r.Ctx, media{size: f.Length, sha: f.SHA256, mime: f.MIME, name: id, take: act == evidence.ActDownload, open: s.watched(entry, why, f.OpenRange),
		doubt: s.doubt(custody.Recording(f.Evidence))})
}

// watched opens what somebody looks at only together with the act of custody that says so, unless there is a reason why not.
func (s *server) watched(entry evidence.Entry, why error, open opener) opener {
	return func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		if why != nil {
			return nil, why
		}
		look, err := s.Custody.Look(ctx, entry)
		if err != nil {
			return nil, err
		}
		body, err := open(ctx, from, n)
		if err != nil {
			look.Close()
			return nil, err
		}
		return look.Through(from, body), nil
	}
}

// opener opens n octets of a file from an offset.
type opener = func(ctx context.Context, from, n int64) (io.ReadCloser, error)

func (s *server) seekEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	f, err := s.Derive.Seek(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	return s.serve(r.Ctx, media{size: f.Length, sha: f.SHA256, mime: f.MIME, name: id + ".json", ours: true, open: f.OpenRange})
}
