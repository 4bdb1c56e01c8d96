package custody

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// CopyFinding is the code of the finding that what the store holds of a copy, a redacted one say, is not what was made of the recording.
const CopyFinding = "evidence.copy"

// copies reads again what was made of a recording, whenever that has its turn.
func (s *Service) copies(ctx context.Context, id string, body record.Object, done *Checked) error {
	all, err := bodiesOf(s.History.Lookup(ctx, evidence.Derivatives.Name, "evidence", id))
	if err != nil {
		return err
	}
	for _, made := range slices.Sorted(maps.Keys(all)) {
		if file, _ := all[made]["file"].(record.Object); file != nil && all[made]["state"] == evidence.DeriveMade {
			if err := s.copied(ctx, id, made, body, file, done); err != nil {
				return err
			}
		}
	}
	return nil
}

// copied reads one copy. One that the store does not give has its next turn with its recording. A damaged one has failed: nobody is shown it any more, and
// who asks for it again has it made anew. The finding keeps what was found of it.
func (s *Service) copied(ctx context.Context, id, made string, body, file record.Object, done *Checked) error {
	r, err := s.read(ctx, []record.Object{file})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.Log.WarnContext(ctx, "a copy of a recording could not be read again", "evidence", id, "derivative", made, "error", err)
		return nil
	}
	done.Copies++
	done.Octets += r.octets
	if r.sound {
		return nil
	}
	done.Damaged++
	s.Log.ErrorContext(ctx, "a copy of a recording in the store is damaged", "evidence", id, "derivative", made, "found", r.found.SHA256, "length", r.found.Length, "absent", r.absent)
	why, detail := fault.New(fault.DeriveDamaged), record.Object{"result": "missing"}
	zh, en := "存储中已没有该副本的内容", "the store does not have the copy any more"
	if !r.absent {
		detail = record.Object{"result": "differs", "sha256": r.found.SHA256, "length": float64(r.found.Length)}
		zh = fmt.Sprintf("存储中的副本与制作时不符。制作时 %s；读出 %s，%d 字节", text(file, "sha256"), r.found.SHA256, r.found.Length)
		en = fmt.Sprintf("what the store holds of the copy is not what was made: %s; read were %s, %d octets", text(file, "sha256"), r.found.SHA256, r.found.Length)
	}
	finding := push.ServerOp{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: record.Object{"unit": body["unit"], "code": CopyFinding,
		"basis": evidence.RecordingBasis, "collection": evidence.Derivatives.Name, "record": made, "field": "file", "state": "open", "zh": zh, "en": en}}
	failed := push.ServerOp{Collection: evidence.Derivatives.Name, Record: made, Action: record.Update, Patch: record.Object{"state": evidence.DeriveFailed,
		"failure": record.Object{"code": string(why.Code), "zh": why.Zh, "en": why.En}, "file": nil}}
	return s.Record(ctx, []evidence.Entry{{Evidence: id, Unit: text(body, "unit"), Act: evidence.ActVerify, At: s.Now(), Related: made, Detail: detail}}, finding, failed)
}
