// Package devices looks after what handhelds leave behind when they are taken out of use.
//
// It must not know HTTP, SQL or how records merge.
package devices

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// OutstandingCode is the code of the finding that a revoked device has left something behind.
const OutstandingCode = "device.outstanding"

// Identities finds devices; see people.Identities.
type Identities interface {
	Device(ctx context.Context, id string) (people.Device, error)
}

// Healths says what is outstanding; see people.Healths.
type Healths interface {
	Outstanding(ctx context.Context, device string, limit int) (people.Outstanding, error)
}

// Records is the write path, for what the server itself says; push.Service is one.
type Records interface {
	ApplyOwn(ctx context.Context, ops []push.ServerOp) error
}

// History reads records; see pull.History.
type History interface {
	Record(ctx context.Context, collection, id string) (pull.Record, error)
}

// Service is safe for concurrent use.
type Service struct {
	Identities Identities
	Healths    Healths
	Records    Records
	History    History
}

// Revoked tells the people of a device's unit what it has left behind when it was revoked, by one finding: it is the worker of
// people.RevokedJob. A device that has left nothing leaves no finding.
func (s *Service) Revoked(ctx context.Context, device string) error {
	d, err := s.Identities.Device(ctx, device)
	if err != nil || d.RevokedAt.IsZero() {
		return err
	}
	id := findingOf(device)
	if _, err := s.History.Record(ctx, "findings", id); !errors.Is(err, fault.New(fault.NotFound)) {
		return err // it has been told
	}
	left, err := s.Healths.Outstanding(ctx, device, 1)
	if err != nil || left.None() {
		return err
	}
	return s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: id, Action: record.Create, Patch: finding(d, left)}})
}

// findingOf is the id of the finding about a device: however often the job runs there is one.
func findingOf(device string) string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("revoked\x00"+device), 8).String()
}

func finding(d people.Device, left people.Outstanding) record.Object {
	told, toldEn := "未曾报告", "it has never told"
	if !left.ReportedAt.IsZero() {
		at := left.ReportedAt.In(record.Beijing).Format(time.DateTime)
		told, toldEn = fmt.Sprintf("%d 项（报告于 %s）", left.Unsent, at), fmt.Sprintf("%d (told at %s, Beijing time)", left.Unsent, at)
	}
	return record.Object{"unit": d.Unit, "code": OutstandingCode, "basis": "", "collection": "", "record": "", "state": "open",
		"zh": fmt.Sprintf("设备“%s”（%s）已停用，遗留：未提交操作 %s；未上传录音录像 %d 件；已领未用文书编号 %d 个；待处理的未生效操作 %d 项。请追回设备或逐项说明",
			d.Name, d.ID, told, left.Recordings, left.Numbers, left.Letters),
		"en": fmt.Sprintf("device %q (%s) is out of use and has left: unsent ops %s; recordings not brought: %d; numbers leased and not used: %d; open letters: %d. "+
			"Bring the device in, or account for each", d.Name, d.ID, toldEn, left.Recordings, left.Numbers, left.Letters)}
}
