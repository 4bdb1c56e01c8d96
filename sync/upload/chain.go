package upload

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// chained is what the octets and the device's key say of the segments of a recording.
type chained struct {
	all    []evidence.Segment
	pieces *evidence.Pieces
}

func chainOf(body record.Object) chained {
	all, _ := evidence.SegmentsOf(body)
	return chained{all, evidence.NewPieces(all)}
}

// flaws says what is wrong, once all octets have gone through the pieces, and what is missing now. The rest was said when the segments were
// told.
func (s *Service) flaws(ctx context.Context, u Upload, body record.Object, c chained) ([]evidence.Flaw, error) {
	if len(c.all) == 0 {
		return nil, nil
	}
	key, unknown, err := s.recorderKey(ctx, u, body)
	if err != nil {
		return nil, err
	}
	signed := evidence.CheckSignatures(u.Evidence, c.all, func(text []byte, signature string) bool { return key.Verify(text, signature) == nil })
	missing := evidence.Mendable(evidence.CheckChain(u.Evidence, u.Length, c.all))
	return slices.Concat(missing, unknown, signed, c.pieces.Flaws()), nil
}

// recorderKey is the key that signs the segments of a recording: that of the device which recorded it. That is the one that the manifest names,
// else the one that has announced it, else the one that brings the bytes. A key in the manifest itself stands in its place if the device
// that signed the manifest is the one that recorded: then the one key vouches for the other. The flaw says that there is none.
func (s *Service) recorderKey(ctx context.Context, u Upload, body record.Object) (algorithm.Key, []evidence.Flaw, error) {
	announcer, err := s.Store.AnnouncedBy(ctx, u.Evidence)
	if err != nil {
		return algorithm.Key{}, nil, err
	}
	recorder, signer := evidence.RecorderOf(body)
	recorder = cmp.Or(recorder, announcer, u.Device)
	der := signer
	if signer == nil || recorder != announcer {
		if der, err = s.Store.DeviceKey(ctx, recorder); errors.Is(err, fault.New(fault.NotFound)) {
			return algorithm.Key{}, []evidence.Flaw{evidence.NoSigner()}, nil
		}
		if err != nil {
			return algorithm.Key{}, nil, err
		}
	}
	key, err := algorithm.ParseKey(der)
	if err != nil {
		return algorithm.Key{}, []evidence.Flaw{evidence.NoSigner()}, nil
	}
	return key, nil, nil
}

// chainOps adds to custody what became of the segments, and the finding that their flaws make.
func (s *Service) chainOps(body, custody record.Object, u Upload, c chained, flaws []evidence.Flaw) []push.ServerOp {
	if len(c.all) == 0 {
		return nil
	}
	custody["segments"] = record.Object{"count": float64(len(c.all)), "flaws": float64(len(flaws))}
	if len(flaws) == 0 {
		return nil
	}
	zh, en := evidence.Summary(flaws)
	return []push.ServerOp{{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: record.Object{
		"unit": body["unit"], "code": evidence.SegmentsFinding, "basis": evidence.RecordingBasis, "collection": "evidence",
		"record": u.Evidence, "field": "segments", "state": "open", "zh": zh, "en": en}}}
}
