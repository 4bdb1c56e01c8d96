package restored

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Work, a backup, more work, the backup put back: devices go on. Every op they made is on the server once and in order, every edit
// stands or is shown to people, no number is given out twice, and recordings that were freed on a forgotten receipt are held.
func TestServerRestored(t *testing.T) {
	eachDatabase(t, func(h *host) {
		hands := h.hands(2)
		a, b := hands[0], hands[1]
		numbers := map[string]bool{}
		shared := a.create("备份之前")
		early := a.record()
		a.sync()
		b.sync()
		a.number(document.SummaryPenalty, numbers)
		backup := h.backup()

		a.set(shared, "summary", "备份之后，甲")
		a.sync()
		b.sync()
		b.set(shared, "opinion", "备份之后，乙")
		later := b.create("备份之后")
		recording := b.record()
		a.bring()
		b.bring()
		for _, d := range hands {
			d.number(document.SummaryPenalty, numbers) // the series went on
			d.number(second, numbers)
		}
		unsent := a.create("未提交")
		h.restore(backup)
		if done := h.announce(); done.Found != 1 {
			t.Errorf("%d recordings were found again, want the one that was announced before the backup", done.Found)
		}
		h.start()
		for range 2 {
			for _, d := range hands {
				if err := d.Sync(ctx); errors.Is(err, fault.New(fault.SessionEnded)) || errors.Is(err, fault.New(fault.SignedOut)) {
					d.signIn()
				} else {
					h.must(err)
				}
				d.sync()
			}
		}
		if n, err := h.running.Uploads.FindAgain(ctx); err != nil || n != 1 {
			t.Errorf("%d recordings were found again, %v; want the one that was sent again", n, err)
		}
		for _, d := range hands {
			d.sync()
			d.number(document.SummaryPenalty, numbers)
			d.number(second, numbers)
			d.allOnce()
			d.shows(shared, later, unsent)
		}
		for _, id := range []string{early, recording} {
			if r, err := h.running.DB.Record(ctx, "evidence", id); err != nil || !bytes.Contains(r.Body, []byte(`"state":"held"`)) {
				t.Errorf("evidence %s: %s, %v", id, r.Body, err)
			}
		}
		h.nothingLost(shared, "备份之后，甲", "备份之后，乙")
		report, err := h.running.Audit(ctx)
		if err != nil || !report.Sound() {
			t.Errorf("the audit finds %v, %v", report.Problems, err)
		}
	})
}

func (a *hand) create(summary string) string {
	a.h.Helper()
	id, err := a.Create(ctx, "inspections", record.Object{"unit": a.who.Unit, "state": "planned", "summary": summary})
	a.h.must(err)
	a.made++
	return id
}

func (a *hand) set(id, field string, value any) {
	a.h.Helper()
	a.h.must(a.Update(ctx, "inspections", id, func(body record.Object) { body[field] = value }))
	a.made++
}

// record leaves a recording on the handheld and announces it.
func (a *hand) record() string {
	a.h.Helper()
	file := filepath.Join(a.h.TempDir(), "video.mp4")
	a.h.must(os.WriteFile(file, fmt.Append(nil, a.id, a.made, time.Now()), 0o600))
	now := time.Now().UTC()
	id, err := a.AddEvidence(ctx, client.Recording{Path: file, Unit: a.who.Unit, Kind: "video", MIME: "video/mp4", StartedAt: now, EndedAt: now})
	a.h.must(err)
	a.made++
	return id
}

// bring does the usual round until every recording is on the server and gone from here.
func (a *hand) bring() {
	a.h.Helper()
	for range 500 {
		a.sync()
		a.h.must(a.Upload(ctx))
		all, err := a.Uploads(ctx)
		a.h.must(err)
		left := 0
		for _, u := range all {
			if u.State != client.UploadFreed {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	a.h.Fatal("recordings do not get their receipts")
}

// number leases a few numbers and gives one out; all that were ever given out must differ.
func (a *hand) number(kind string, taken map[string]bool) {
	a.h.Helper()
	a.h.must(a.LeaseNumbers(ctx, kind, 3))
	for range 2 {
		n, err := a.TakeNumber(ctx, kind)
		a.h.must(err)
		name := fmt.Sprint(n.Series, "/", n.N)
		if taken[name] {
			a.h.Errorf("number %s is given out twice", name)
		}
		taken[name] = true
	}
}

// allOnce: the server has exactly the ops that were made here, and each has an answer.
func (a *hand) allOnce() {
	a.h.Helper()
	unsent, err := a.Unsent(ctx)
	if err != nil || len(unsent) != 0 {
		a.h.Errorf("%d ops are unsent, %v", len(unsent), err)
	}
	err = a.h.running.DB.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		past, err := tx.Outcomes(ctx, a.id, 1, uint64(a.made)+100)
		if err == nil && len(past) != a.made {
			err = fmt.Errorf("%d ops are stored, %d were made", len(past), a.made)
		}
		return err
	})
	if err != nil {
		a.h.Error(err)
	}
}

// shows: the device shows what the server holds.
func (a *hand) shows(ids ...string) {
	a.h.Helper()
	for _, id := range ids {
		r, err := a.Get(ctx, "inspections", id)
		a.h.must(err)
		held, err := a.h.running.DB.Record(ctx, "inspections", id)
		a.h.must(err)
		if r.Version != held.Version || r.Unsent != 0 {
			a.h.Errorf("inspection %s is shown at version %d with %d unsent, the server has %d", id, r.Version, r.Unsent, held.Version)
		}
	}
}

// nothingLost: each edit of a record is in it, or with a person who must look at it.
func (h *host) nothingLost(id string, edits ...string) {
	h.Helper()
	r, err := h.running.DB.Record(ctx, "inspections", id)
	h.must(err)
	everything := r.Body
	for _, collection := range []string{"conflicts", "deadletters"} {
		h.must(h.running.DB.BodiesOf(ctx, collection, func(_ string, _ int, body []byte) error {
			everything = append(everything, body...)
			return nil
		}))
	}
	var rejected [][]byte
	h.must(h.running.DB.AllDevices(ctx, func(d audit.Device) error {
		return h.running.DB.OpsOf(ctx, d.ID, func(op audit.Op) error {
			rejected = append(rejected, bytes.Clone(op.Text))
			return nil
		})
	}))
	for _, edit := range edits {
		if !bytes.Contains(everything, []byte(edit)) && !bytes.Contains(bytes.Join(rejected, nil), []byte(edit)) {
			h.Errorf("the edit %q is lost", edit)
		}
	}
}

// A restore that nobody has announced is recognised by the first device whose cursor stands where the database no longer does: a
// new epoch begins, once, and everybody is told.
func TestRestoreThatNobodyAnnounced(t *testing.T) {
	eachDatabase(t, func(h *host) {
		hands := h.hands(2)
		a, b := hands[0], hands[1]
		shared := a.create("备份之前")
		a.sync()
		b.sync()
		backup := h.backup()
		before, err := h.running.DB.Epoch(ctx)
		h.must(err)
		a.set(shared, "summary", "甲")
		b.set(shared, "opinion", "乙")
		later := b.create("备份之后")
		for range 2 {
			a.sync()
			b.sync()
		}
		h.restore(backup)
		h.start()
		a.sync()
		epoch, err := h.running.DB.Epoch(ctx)
		h.must(err)
		if epoch == before {
			t.Fatal("nobody has noticed the restore")
		}
		for range 3 {
			a.sync()
			b.sync()
		}
		if now, err := h.running.DB.Epoch(ctx); err != nil || now != epoch {
			t.Errorf("another epoch has begun: %s after %s, %v", now, epoch, err)
		}
		found, err := h.running.DB.Waiting(ctx, pull.Waiting{Collection: "findings", State: "open", Units: []string{h.running.Config.District}, Limit: 100})
		said := slices.DeleteFunc(found, func(r pull.Record) bool { return !bytes.Contains(r.Body, []byte(server.RestoredUnannounced)) })
		if err != nil || len(said) != 1 || said[0].Feed != "unit/"+h.running.Config.District {
			t.Errorf("people are told %d times, %v", len(said), err)
		}
		if r, err := h.running.DB.LastRestoration(ctx); err != nil || r.At.IsZero() || r.Announced {
			t.Errorf("the restore is known as %+v, %v", r, err)
		}
		for _, d := range hands {
			d.allOnce()
			d.shows(shared, later)
		}
	})
}
