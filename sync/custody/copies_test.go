package custody_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// derived is a copy that was made of an evidence.
func (w *world) derived(of string, data []byte) string {
	w.t.Helper()
	id, key := newID(), evidence.Key(evidence.Derived, sum(data))
	w.must(w.blobs.Put(ctx, key, evidence.Digest{Length: int64(len(data)), SHA256: sum(data)}, bytes.NewReader(data)))
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "derivatives", Record: id, Action: record.Create, Patch: record.Object{"unit": street, "evidence": of,
		"of": w.body("evidence", of)["sha256"], "kind": evidence.Redacted, "recipe": record.Object{"kind": evidence.Redacted}, "state": evidence.DeriveMade,
		"file": record.Object{"key": key, "sha256": sum(data), "length": float64(len(data)), "mime": "video/mp4"}}}}))
	return id
}

// A copy is read again with its recording. What is damaged is told once, as a finding and an act, and is nobody's to see any more; the recording itself
// stays as sound as it is.
func TestDamagedCopiesAreFound(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
			w.now = time.Now().UTC()
			at := open(t, w)
			w.restart()
			of := w.hold([]byte("the recording " + t.Name()))
			copied := func(what string) (string, []byte) {
				data := []byte(strings.Repeat(what+" "+t.Name()+"\n", 100))
				return w.derived(of, data), data
			}
			sound, _ := copied("sound")
			differs, data := copied("differs")
			missing, gone := copied("missing")
			w.must(at.put(evidence.Key(evidence.Derived, sum(data)), bytes.ToUpper(data)))
			w.must(at.remove(evidence.Key(evidence.Derived, sum(gone))))
			for night, want := range []custody.Checked{{Recordings: 1, Copies: 3, Damaged: 2}, {Recordings: 1, Copies: 1}} {
				w.now = w.now.Add(24 * time.Hour)
				done, err := w.Night(ctx)
				w.must(err)
				if done.Recordings != want.Recordings || done.Copies != want.Copies || done.Damaged != want.Damaged || done.Unread != 0 {
					t.Errorf("night %d: %+v, want %+v", night, done, want)
				}
			}
			for id, result := range map[string]string{differs: "differs", missing: "missing"} {
				body := w.body("derivatives", id)
				failure, _ := body["failure"].(record.Object)
				if body["state"] != evidence.DeriveFailed || body["file"] != nil || failure["code"] != string(fault.DeriveDamaged) {
					t.Errorf("%s: %v", result, body)
				}
				if n := w.findings(id, custody.CopyFinding); n != 1 {
					t.Errorf("%s: %d findings", result, n)
				}
				told := 0
				for _, act := range w.acts(of) {
					if act.Act == evidence.ActVerify && act.Related == id && act.Detail["result"] == result {
						told++
					}
				}
				if told != 1 {
					t.Errorf("%s: told by %d acts", result, told)
				}
			}
			if w.body("derivatives", sound)["state"] != evidence.DeriveMade || w.findings(of, custody.BytesFinding)+w.findings(sound, custody.CopyFinding) != 0 {
				t.Error("what is sound was told as damaged")
			}
		})
	}
}

// A store that is away damages no copy.
func TestCopiesOfAStoreThatIsAwayStay(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
	of := w.hold([]byte("the recording"))
	id := w.derived(of, []byte("the copy"))
	w.blobs = &awayFor{w.blobs, evidence.Derived}
	w.restart()
	w.now = w.now.Add(24 * time.Hour)
	if done, err := w.Night(ctx); err != nil || done.Recordings != 1 || done.Copies != 0 || done.Damaged != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if w.body("derivatives", id)["state"] != evidence.DeriveMade || w.findings(id, custody.CopyFinding) != 0 {
		t.Error("told as damaged")
	}
}
