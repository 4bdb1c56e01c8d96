package derive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/isobmff"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Examine does the job evidence.ExamineJob: it looks at the file of the evidence of that record id, says in custody/media what it found,
// raises a finding about what is wrong, and keeps the index of an MP4 in fragments. It comes after the receipt, and nothing waits for it. Done
// again it changes nothing.
func (s *Service) Examine(ctx context.Context, id string) error {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil || body == nil {
		return err
	}
	key, held := evidence.HeldUnder(body)
	custody, _ := body["custody"].(record.Object)
	if !held || custody["media"] != nil {
		return nil
	}
	m, err := evidence.ManifestOf(body)
	if err != nil {
		return nil // a record that an older server has let in: it is held, and there is nothing to compare with
	}
	found, err := s.examine(ctx, key, m)
	if err != nil {
		return err
	}
	entry := found.Entry()
	if len(found.Report.Fragments) > 0 {
		if entry["seek"], err = s.keepSeek(ctx, id, m, found.Report); err != nil {
			return err
		}
	}
	ops := []push.ServerOp{{Collection: evidence.Evidence.Name, Record: id, Action: record.Update,
		Patch: record.Object{"custody": record.Object{"media": entry}}}}
	if wrong := found.Wrong(); len(wrong) > 0 {
		zh, en := evidence.Summary(wrong)
		ops = append(ops, push.ServerOp{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: record.Object{
			"unit": m.Unit, "code": evidence.MediaFinding, "basis": evidence.RecordingBasis, "collection": evidence.Evidence.Name, "record": id,
			"field": "custody/media", "state": "open", "zh": zh, "en": en}})
	}
	return s.Records.ApplyOwn(ctx, ops)
}

func (s *Service) examine(ctx context.Context, key string, m evidence.Manifest) (evidence.Examined, error) {
	file := &stream{ctx: ctx, key: key, blobs: s.Blobs, size: m.Digest.Length}
	defer file.close()
	head, err := headOf(file, evidence.SniffLength)
	if err != nil {
		return evidence.Examined{}, err
	}
	format, known := evidence.Sniff(head)
	var report isobmff.Report
	if known && format.MP4 {
		if report, err = isobmff.Examine(file, m.Digest.Length); err != nil {
			return evidence.Examined{}, err
		}
	}
	return evidence.JudgeMedia(m, format, known, report), nil
}

func headOf(r io.ReaderAt, n int) ([]byte, error) {
	head := make([]byte, n)
	n, err := r.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// keepSeek keeps the index of a recording beside it.
func (s *Service) keepSeek(ctx context.Context, id string, m evidence.Manifest, r isobmff.Report) (record.Object, error) {
	text, err := wire.Canonical(evidence.SeekOf(id, m.Digest.SHA256, r))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	digest := evidence.Digest{Length: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
	key := evidence.Key(evidence.Derived, digest.SHA256)
	return record.Object{"key": key, "sha256": digest.SHA256, "length": float64(digest.Length)}, s.Blobs.Put(ctx, key, digest, bytes.NewReader(text))
}
