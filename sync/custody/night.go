package custody

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// BytesFinding is the code of the finding that what the store holds of a recording is not what was receipted.
const BytesFinding = "evidence.bytes"

// How the nightly check goes about.
const (
	allNights  = 90             // within which everything is read once, unless it is said otherwise
	checkPage  = 20             // recordings claimed at once
	checkClaim = time.Hour      // how long a claim keeps other replicas away
	checkAgain = 20 * time.Hour // younger checks count as of this night
)

// Checked is what a night has found.
type Checked struct {
	Recordings int
	Copies     int   // of these recordings
	Octets     int64 // of both
	Damaged    int
	Unread     int // the store did not give them this time; they are tried again
}

// Night reads again and hashes everything under a hold, of the rest what was not read for longest: at least so many that all is read within
// [Service.Nights]; and what could not be read the last time. The verifier is audit's. A recording whose bytes are missing or other raises one finding,
// which stays until people close it, and the change is an act of custody. One that cannot be read time and again raises another, see unread. A sound one
// leaves no more than the time of its check.
func (s *Service) Night(ctx context.Context) (done Checked, err error) {
	begun := s.Now()
	all, err := s.Checks.CountChecks(ctx)
	if err != nil {
		return done, err
	}
	nights := cmp.Or(s.Nights, allNights)
	sample := (all + nights - 1) / nights
	for _, part := range []struct {
		of   Due
		most int
	}{{Due{Held: true}, all}, {Due{}, sample}, {Due{Unread: true}, sample}} {
		for left := part.most; left > 0 && err == nil; {
			var ids []string
			ids, err = s.Checks.DueChecks(ctx, Due{Held: part.of.Held, Unread: part.of.Unread, Now: s.Now(), Before: begun.Add(-checkAgain),
				Stale: s.Now().Add(-checkClaim), Limit: min(left, checkPage)})
			if len(ids) == 0 {
				break
			}
			for _, id := range ids {
				if ctx.Err() != nil {
					return done, ctx.Err()
				}
				err = errors.Join(err, s.check(ctx, id, &done))
			}
			left -= len(ids)
		}
	}
	return done, err
}

// check reads one recording. That the store does not give it is no damage, and no error of the night.
func (s *Service) check(ctx context.Context, id string, done *Checked) error {
	body, err := s.find(ctx, evidence.Evidence.Name, id)
	if err != nil {
		return err
	}
	if evidence.StateOf(body) != evidence.CustodyHeld {
		return s.Checks.DropCheck(ctx, id)
	}
	was, _, err := s.Checks.LastCheck(ctx, id)
	if err != nil {
		return err
	}
	custody, _ := body["custody"].(record.Object)
	found, err := audit.File(ctx, &slowly{bytes: s.Blobs, rate: s.Rate}, custody)
	absent, differs := errors.Is(err, fault.New(fault.NotFound)), errors.Is(err, fault.New(fault.StoreDiffers))
	if err != nil && !absent && !differs {
		done.Unread++
		if outside(ctx) && was.Unread > 0 {
			return err // nights are counted, and not how often somebody tries
		}
		return s.unread(ctx, id, body, err)
	}
	done.Recordings++
	done.Octets += found.Length
	sound := err == nil
	if !sound {
		done.Damaged++
		s.Log.ErrorContext(ctx, "a recording in the store is damaged", "evidence", id, "found", found.SHA256, "length", found.Length, "absent", absent)
	}
	if err := s.tell(ctx, id, body, found, absent, sound, was.Sound); err != nil {
		return err
	}
	if err := errors.Join(s.readable(ctx, id, body, was, sound), s.copies(ctx, id, body, done)); err != nil {
		return err
	}
	return s.Checks.Checked(ctx, id, sound, s.Now())
}

// tell says what has changed since the last check: damage is told at least once, and as long as nobody has closed the finding, no more.
func (s *Service) tell(ctx context.Context, id string, body record.Object, found evidence.Digest, absent, sound, was bool) error {
	if sound && was {
		return nil
	}
	var ops []push.ServerOp
	detail := record.Object{"result": "sound"}
	if !sound {
		open, err := s.finding(ctx, id, BytesFinding)
		if err != nil || open != "" {
			return err
		}
		detail = record.Object{"result": "missing"}
		if !absent {
			detail = record.Object{"result": "differs", "sha256": found.SHA256, "length": float64(found.Length)}
		}
		ops = append(ops, push.ServerOp{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: damage(id, body, found, absent)})
	}
	return s.Record(ctx, []evidence.Entry{{Evidence: id, Unit: text(body, "unit"), Act: evidence.ActVerify, At: s.Now(), Detail: detail}}, ops...)
}

// finding is the id of the finding of a code about an evidence that is on somebody's desk; "" if there is none.
func (s *Service) finding(ctx context.Context, id, code string) (string, error) {
	found, err := bodiesOf(s.History.Lookup(ctx, "findings", "record", id))
	for finding, body := range found {
		if body["code"] == code && body["state"] != "closed" {
			return finding, err
		}
	}
	return "", err
}

func damage(id string, body record.Object, found evidence.Digest, absent bool) record.Object {
	custody, _ := body["custody"].(record.Object)
	want, _ := custody["length"].(float64)
	zh, en := "存储中已没有该录音录像的内容", "the store does not have the recording any more"
	if !absent {
		zh = fmt.Sprintf("存储中的内容与回执不符。回执 %s，%.0f 字节；读出 %s，%d 字节", text(custody, "sha256"), want, found.SHA256, found.Length)
		en = fmt.Sprintf("what the store holds is not what was receipted: %s, %.0f octets; read were %s, %d octets", text(custody, "sha256"), want, found.SHA256, found.Length)
	}
	return onTheDesk(id, body, BytesFinding, zh, en)
}

// onTheDesk is a new finding about a recording.
func onTheDesk(id string, body record.Object, code, zh, en string) record.Object {
	return record.Object{"unit": body["unit"], "code": code, "basis": evidence.RecordingBasis, "collection": evidence.Evidence.Name,
		"record": id, "field": "custody", "state": "open", "zh": zh, "en": en}
}
