package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// What a device would leave behind is told of it alone: recordings without their bytes, numbers on no paper, open letters, and what it told.
// Revoking it queues the work of telling people, once.
func TestOutstandingOfADevice(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		now := time.Now().UTC().Truncate(time.Microsecond)
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		b := &push.Batch{Heads: map[string]uint64{"unit/u": 20}, At: now}
		put := func(device, collection, id, body string) {
			said, err := wire.Object([]byte(body))
			check(err)
			state, _ := said["state"].(string)
			seq := uint64(len(b.Ops) + 1)
			b.Ops = append(b.Ops, push.OpRow{Op: record.Op{ID: "op-" + id, Seq: seq, Collection: collection, Record: id, OccurredAt: now}, Device: device, Text: []byte("{}"),
				Outcome: record.Outcome{Status: record.Applied}})
			b.Revisions = append(b.Revisions, push.Revision{Version: push.Version{Record: id, Version: 1}, Op: "op-" + id, Body: []byte(body)})
			b.Records = append(b.Records, push.Row{ID: id, Collection: collection, Feed: "unit/u", Seq: seq, Version: 1, Op: "op-" + id, Body: []byte(body), State: state})
		}
		for _, id := range []string{"a", "b"} {
			check(d.CreateCode(ctx, people.EnrolmentCode{Digest: id, Unit: "u", ExpiresAt: now.Add(time.Hour)}))
			_, err := d.Enrol(ctx, id, people.Device{ID: id, PublicKey: []byte(id), Thumbprint: id, EnrolledAt: now}, now)
			check(err)
			put(id, "evidence", id+"-missing", `{"length":1000,"sha256":"x"}`)
			put(id, "evidence", id+"-held", `{"custody":{"state":"held"},"length":7,"sha256":"z"}`)
			put(id, "blocks", id+"-open", fmt.Sprintf(`{"device":"%s","from":1,"kind":"k","series":"s/%s","to":10}`, id, id))
			put(id, "blocks", id+"-used", fmt.Sprintf(`{"device":"%s","from":11,"kind":"k","series":"s/%s","to":12}`, id, id))
			put(id, "blocks", id+"-back", fmt.Sprintf(`{"device":"%s","from":21,"kind":"k","moved":{"from":25},"returns":{"22":{"to":24}},"series":"s/%s","to":30}`, id, id))
			put(id, "deadletters", id+"-open-letter", fmt.Sprintf(`{"device":"%s","state":"open"}`, id))
			put(id, "deadletters", id+"-closed-letter", fmt.Sprintf(`{"device":"%s","state":"discarded"}`, id))
			for _, n := range []uint64{3, 11, 12, 13, 21, 26} {
				b.Numbers = append(b.Numbers, push.NumberUse{Series: "s/" + id, N: n, Document: "p"})
			}
		}
		check(d.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/u"}, push.Wants{}); err != nil {
				return err
			}
			return tx.Write(ctx, b)
		}))
		told := people.Report{Unsent: 3, OldestUnsent: now.Add(-time.Hour)}
		check(d.Report(ctx, "a", told, now))
		want := people.Outstanding{Report: told, ReportedAt: now, Recordings: 1, Missing: []people.MissingRecording{{Evidence: "a-missing", Octets: 1000, AnnouncedAt: now}},
			Numbers: 9, Blocks: []people.LeasedBlock{{ID: "a-open", Series: "s/a", Kind: "k", From: 1, To: 10, Used: 1}}, Letters: 1, Open: []string{"a-open-letter"}}
		got, err := d.Outstanding(ctx, "a", 10)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
		if got, err := d.Outstanding(ctx, "b", 0); err != nil || got.None() || !got.ReportedAt.IsZero() || len(got.Missing)+len(got.Blocks)+len(got.Open) != 0 {
			t.Errorf("with lists of no length: %+v, %v", got, err)
		}
		if got, err := d.Outstanding(ctx, "nobody", 10); err != nil || !got.None() {
			t.Errorf("of nobody: %+v, %v", got, err)
		}
		for range 2 {
			check(d.RevokeDevice(ctx, "a", "server", now))
			leased, err := d.Lease(ctx, []string{people.RevokedJob}, 10, now.Add(time.Minute))
			check(err)
			for _, j := range leased {
				if j.Key != "a" {
					t.Errorf("job %+v", j)
				}
				check(d.Done(ctx, j))
			}
		}
		check(d.RevokeDevice(ctx, "a", "server", now.Add(time.Hour)))
		if waiting, _, err := d.Pending(ctx); err != nil || waiting != 0 {
			t.Errorf("revoked again, %d jobs wait, %v", waiting, err)
		}
	})
}
