package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// onBoth runs a test on a server on SQLite and on one on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, r *replica)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, start(t, settings(t, "", nil))) })
	t.Run("postgres", func(t *testing.T) { fn(t, start(t, settings(t, services.Postgres(t), nil))) })
}

func (r *replica) change(collection, id string, patch record.Object) {
	r.t.Helper()
	r.must(r.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Update, Patch: patch}}))
}

// atRest reports whether a text stands anywhere in a folder.
func atRest(t testing.TB, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}

// announce makes a recording and announces it.
func announce(t testing.TB, d *client.Device) (id, path string) {
	t.Helper()
	film := make([]byte, 100_000)
	rand.Read(film)
	path = filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, film, 0o600); err != nil {
		t.Fatal(err)
	}
	end := time.Now().UTC()
	id, err := d.AddEvidence(ctx, client.Recording{Path: path, Unit: street, Kind: "video", MIME: "video/mp4", StartedAt: end.Add(-time.Minute), EndedAt: end})
	if err != nil {
		t.Fatal(err)
	}
	return id, path
}

// A person's last role ends while he works. His device is told at once, takes everything off its disk that the server has sent, and is shut
// out nowhere: what he has not sent goes out and is quarantined for those whose records they are, the recording he has announced is brought.
// When he has a role again he goes on.
func TestNoRoleLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, r *replica) {
		const secret = "只属于这条街道的名称"
		r.units()
		officer := r.put("officers", record.Object{"name": "赵一", "unit": street, "state": "active", "grants": record.Object{
			"o": record.Object{"role": "officer", "unit": street}}})
		known := r.put("subjects", record.Object{"kind": "household", "name": secret, "unit": street})
		dir := t.TempDir()
		d := r.handheldOf(officer, dir)
		recording, path := announce(t, d)
		r.must(d.Sync(ctx))
		if !atRest(t, dir, secret) {
			t.Fatal("the test does not see what is on the disk")
		}
		listening, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		roleEnded := make(chan struct{}) // else what he writes may go out before
		go func() {
			ended <- d.Watch(listening, func() {
				select {
				case <-roleEnded:
					_ = d.Sync(listening)
				case <-listening.Done():
				}
			})
		}()
		defer func() {
			stop()
			<-ended
		}()
		shows := func() bool { _, err := d.Get(ctx, "subjects", known); return err == nil }
		r.must(d.Update(ctx, "subjects", known, func(body record.Object) { body["address"] = "某路 1 号" }))
		r.change("officers", officer, record.Object{"grants": record.Object{"o": nil}})
		close(roleEnded)
		eventually(t, "the device is told that its feeds are gone", func() bool { return !shows() && !atRest(t, dir, secret) })
		rejected, err := d.Rejected(ctx)
		if err != nil || len(rejected) != 1 || rejected[0].Outcome.Code != string(fault.OutOfScope) {
			t.Errorf("rejected %+v, %v", rejected, err)
		}
		letters, err := r.DB.Waiting(ctx, pull.Waiting{Collection: "deadletters", State: "open", Units: []string{street}, Limit: 10})
		if err != nil || len(letters) != 1 || !bytes.Contains(letters[0].Body, []byte(`"kind":"quarantined"`)) || letters[0].Feed != "unit/"+street {
			t.Errorf("letters %+v, %v", letters, err)
		}
		if err := d.Upload(ctx); err != nil {
			t.Errorf("the recording is not brought: %v", err)
		}
		eventually(t, "the recording is held", func() bool {
			e, err := r.DB.Record(ctx, "evidence", recording)
			return err == nil && bytes.Contains(e.Body, []byte(`"state":"held"`))
		})
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the stream of events has ended: %v", err)
		default:
		}
		r.change("officers", officer, record.Object{"grants": record.Object{"o": record.Object{"role": "officer", "unit": street}}})
		eventually(t, "the feeds come back", shows)
		eventually(t, "and with them the receipt", func() bool {
			_ = d.Upload(ctx)
			_, err := os.Stat(path)
			return errors.Is(err, os.ErrNotExist)
		})
	})
}
