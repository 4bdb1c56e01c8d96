package custody_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// pdf puts a paper's file where it belongs, and is what its record says of it.
func (w *world) pdf(data []byte, more record.Object) record.Object {
	w.t.Helper()
	key := evidence.Key(evidence.Papers, sum(data))
	w.must(w.blobs.Put(ctx, key, evidence.Digest{Length: int64(len(data)), SHA256: sum(data)}, bytes.NewReader(data)))
	return record.Apply(record.Object{"key": key, "sha256": sum(data), "length": float64(len(data))}, more)
}

// printed is a paper that was rendered, and is read again at night.
func (w *world) printed(rendered record.Object) string {
	w.t.Helper()
	id := w.paper("site-record", record.Object{})
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "documents", Record: id, Action: record.Update, Patch: record.Object{"rendered": rendered}}}))
	w.must(w.db.KeepCheck(ctx, custody.Paper(id), false, w.now))
	return id
}

// Papers are read again as recordings are: what is damaged is told once, be it the paper or, of a void one, what was handed over; what could not be made, or has
// gone, is watched no more.
func TestDamagedPapersAreFound(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
			w.now = time.Now().UTC()
			at := open(t, w)
			w.restart()
			w.Nights = 1
			file := func(what string) []byte { return []byte(strings.Repeat(what+" "+t.Name()+"\n", 100)) }
			sound := w.printed(w.pdf(file("sound"), record.Object{"state": "voided", "issued": w.pdf(file("handed over"), nil)}))
			damaged := map[string]string{
				"differs":           w.printed(w.pdf(file("differs"), record.Object{"state": "issued"})),
				"gone":              w.printed(w.pdf(file("gone"), record.Object{"state": "issued"})),
				"its first differs": w.printed(w.pdf(file("marked"), record.Object{"state": "voided", "issued": w.pdf(file("first"), nil)})),
			}
			w.printed(record.Object{"state": "issued", "failure": "paper.picture_unfit"})
			for _, what := range []string{"differs", "first"} {
				w.must(at.put(evidence.Key(evidence.Papers, sum(file(what))), bytes.ToUpper(file(what))))
			}
			w.must(at.remove(evidence.Key(evidence.Papers, sum(file("gone")))))
			for night := range 3 {
				w.now = w.now.Add(24 * time.Hour)
				done, err := w.Night(ctx)
				w.must(err)
				if done.Papers != 4 || done.Damaged != 3 || done.Recordings+done.Copies+done.Unread != 0 {
					t.Errorf("night %d: %+v", night, done)
				}
			}
			for what, id := range damaged {
				if n := w.findings(id, custody.PaperBytesFinding); n != 1 {
					t.Errorf("%s: %d findings", what, n)
				}
			}
			if w.findings(sound, custody.PaperBytesFinding) != 0 {
				t.Error("what is sound was told as damaged")
			}
			if n, err := w.db.CountChecks(ctx); err != nil || n != 4 {
				t.Errorf("%d are watched, %v", n, err)
			}
		})
	}
}

// A paper that the store does not give is not damaged. After three nights that is told, and taken back when it can be read.
func TestAPaperThatCannotBeReadIsTold(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, folder(t))
		id := w.printed(w.pdf([]byte("the paper "+t.Name()), record.Object{"state": "issued"}))
		whole := w.blobs
		w.blobs = &awayFor{whole, evidence.Papers}
		w.restart()
		w.nights(3)
		if unread, bytes := w.findings(id, custody.PaperUnreadFinding), w.findings(id, custody.PaperBytesFinding); unread != 1 || bytes != 0 {
			t.Errorf("%d findings that it cannot be read, %d that it is damaged", unread, bytes)
		}
		w.blobs = whole
		w.restart()
		if done := w.nights(1); done.Papers != 1 || done.Damaged != 0 || w.findings(id, custody.PaperUnreadFinding) != 0 {
			t.Errorf("%+v, %d findings are left", done, w.findings(id, custody.PaperUnreadFinding))
		}
	})
}
