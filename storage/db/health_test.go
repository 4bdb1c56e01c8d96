package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// What a device tells, what is known of its ops and what it has announced and not brought come together, per device.
func TestHealthOfDevices(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		now := time.Now().UTC().Truncate(time.Microsecond)
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"a", "b"} {
			check(d.CreateCode(ctx, people.EnrolmentCode{Digest: id, Unit: "u", ExpiresAt: now.Add(time.Hour)}))
			_, err := d.Enrol(ctx, id, people.Device{ID: id, PublicKey: []byte(id), Thumbprint: id, EnrolledAt: now}, now)
			check(err)
		}
		b := &push.Batch{Heads: map[string]uint64{"unit/u": 5}, At: now}
		for i, o := range []struct {
			status record.Status
			off    time.Duration
			body   string
		}{{record.Applied, 10 * time.Minute, `{"length":1000,"sha256":"x"}`}, {record.Rejected, 5 * time.Minute, ""}, {record.Held, 5 * time.Minute, ""},
			{record.Applied, 5 * time.Minute, `{"length":24,"sha256":"y"}`}, {record.Applied, 0, `{"custody":{"state":"held"},"length":7,"sha256":"z"}`}} {
			id, seq := fmt.Sprint("op", i), uint64(i+1)
			slack := time.Second
			if o.off == 0 {
				slack = 0 // without an anchor
			}
			b.Ops = append(b.Ops, push.OpRow{Op: record.Op{ID: id, Seq: seq, Collection: "evidence", Record: id, OccurredAt: now.Add(o.off)}, Device: "a",
				Text: []byte("{}"), Earliest: now.Add(-slack), Latest: now.Add(slack), Outcome: record.Outcome{Status: o.status}})
			if o.body != "" {
				b.Revisions = append(b.Revisions, push.Revision{Version: push.Version{Record: id, Version: 1}, Op: id, Body: []byte(o.body)})
				b.Records = append(b.Records, push.Row{ID: id, Collection: "evidence", Feed: "unit/u", Seq: seq, Version: 1, Op: id, Body: []byte(o.body)})
			}
		}
		check(d.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/u"}, push.Wants{}); err != nil {
				return err
			}
			return tx.Write(ctx, b)
		}))
		told := people.Report{Unsent: 3, OldestUnsent: now.Add(-time.Hour), AppVersion: "1.2"}
		check(d.Report(ctx, "a", told, now.Add(time.Minute)))
		check(d.Report(ctx, "a", told, now.Add(time.Minute+time.Second))) // says the same: not written
		check(d.Contact(ctx, "b", now))
		check(d.Contact(ctx, "b", now.Add(-time.Hour))) // an earlier moment changes nothing

		all, err := d.HealthOf(ctx, []string{"a", "b", "nobody"}, 50)
		check(err)
		want := map[string]people.Health{
			"a": {Report: told, ReportedAt: now.Add(time.Minute), ContactAt: now.Add(time.Minute), Rejected: 1, Held: 1, SkewKnown: true,
				Missing: people.Missing{Recordings: 2, Octets: 1024, Oldest: now},
				Skew:    record.Skew{Latest: 5 * time.Minute, Median: 5 * time.Minute, Max: 10 * time.Minute, Ops: 4}},
			"b": {ContactAt: now},
		}
		if len(all) != len(want) {
			t.Errorf("%d devices, want %d", len(all), len(want))
		}
		for id, w := range want {
			if got := all[id]; got != w {
				t.Errorf("device %s\n got %+v\nwant %+v", id, got, w)
			}
		}
		told.Unsent = 0
		told.OldestUnsent = time.Time{}
		check(d.Report(ctx, "a", told, now.Add(time.Minute+2*time.Second))) // says something else: written at once
		if all, err = d.HealthOf(ctx, []string{"a"}, 2); err != nil || all["a"].Unsent != 0 || all["a"].Skew.Ops != 1 {
			t.Errorf("%+v, %v", all["a"], err)
		}
	})
}
