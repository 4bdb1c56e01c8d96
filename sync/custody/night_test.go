package custody_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// shelf is what somebody who is at the store itself can do, past the adapter.
type shelf struct {
	put    func(key string, data []byte) error
	remove func(key string) error
}

// stores are the stores that there are, each with the way past its adapter.
var stores = map[string]func(t *testing.T, w *world) shelf{
	"folder": func(t *testing.T, w *world) shelf {
		root := t.TempDir()
		f, err := blob.OpenFolder(root, func() time.Time { return w.now })
		w.must(err)
		w.blobs = blob.Verified(f)
		find := func(key string) (path string) {
			_ = filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() && strings.HasSuffix(p, filepath.FromSlash(key)) {
					path = p
				}
				return err
			})
			if path == "" {
				t.Fatalf("%s is in no file", key)
			}
			return path
		}
		return shelf{func(key string, data []byte) error {
			path := find(key)
			return cmpOr(os.Remove(path), os.WriteFile(path, data, 0o600))
		}, func(key string) error { return os.Remove(find(key)) }}
	},
	"minio":     func(t *testing.T, w *world) shelf { return s3(t, w, services.MinIO(t)) },
	"versitygw": func(t *testing.T, w *world) shelf { return s3(t, w, services.VersityGW(t)) },
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// s3 overwrites an object by a newer version, and hides it behind a mark: what object lock lets anybody with the keys do.
func s3(t *testing.T, w *world, s services.ObjectStore) shelf {
	cfg := blob.S3Config{Endpoint: s.Endpoint, AccessKey: s.AccessKey, SecretKey: s.SecretKey, Bucket: "custody", Region: "us-east-1", Mode: "governance", Now: time.Now}
	store, err := blob.OpenS3(ctx, cfg)
	w.must(err)
	w.blobs = blob.Verified(store)
	raw, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, "")})
	w.must(err)
	return shelf{func(key string, data []byte) error {
		_, err := raw.PutObject(ctx, cfg.Bucket, key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{SendContentMd5: true})
		return err
	}, func(key string) error { return raw.RemoveObject(ctx, cfg.Bucket, key, minio.RemoveObjectOptions{}) }}
}

// Every kind of damage is found, told once, and not told again the next night; what was mended is told too.
func TestDamageIsFoundAndToldOnce(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
			w.now = time.Now().UTC()
			at := open(t, w)
			w.restart()
			recording := func(what string) []byte { return []byte(strings.Repeat(what+" "+w.t.Name()+"\n", 200)) }
			other := func(what string, change func([]byte) []byte) string {
				data := recording(what)
				id := w.hold(data)
				w.must(at.put(keyOf(data), change(bytes.Clone(data))))
				return id
			}
			sound := w.hold(recording("sound"))
			flipped := recording("flipped")
			damaged := map[string]string{
				"flipped":   w.hold(flipped),
				"swapped":   other("swapped", func(b []byte) []byte { return recording("another")[:len(b)] }),
				"truncated": other("truncated", func(b []byte) []byte { return b[:len(b)-1] }),
				"longer":    other("longer", func(b []byte) []byte { return append(b, '.') }),
				"missing":   w.hold(recording("missing")),
			}
			turned := bytes.Clone(flipped)
			turned[len(turned)/2] ^= 1
			w.must(at.put(keyOf(flipped), turned))
			w.must(at.remove(keyOf(recording("missing"))))
			for _, id := range damaged {
				w.lock(id)
				w.must(w.db.KeepCheck(ctx, custody.Recording(id), true, w.now)) // the job of a hold cannot run on what is gone
			}
			w.lock(sound)
			w.must(w.db.KeepCheck(ctx, custody.Recording(sound), true, w.now))
			for night := range 3 {
				w.now = w.now.Add(24 * time.Hour)
				done, err := w.Night(ctx)
				w.must(err)
				if done.Recordings != 6 || done.Damaged != 5 || done.Unread != 0 {
					t.Errorf("night %d: %+v", night, done)
				}
			}
			for what, id := range damaged {
				if n := w.findings(id, custody.BytesFinding); n != 1 {
					t.Errorf("%s: %d findings", what, n)
				}
				if n := strings.Count(w.actsNamed(id), "verify "); n != 1 {
					t.Errorf("%s: %s", what, w.actsNamed(id))
				}
			}
			if w.findings(sound, custody.BytesFinding) != 0 || strings.Contains(w.actsNamed(sound), "verify") {
				t.Errorf("sound: %s", w.actsNamed(sound))
			}
			w.must(at.put(keyOf(flipped), flipped))
			w.now = w.now.Add(24 * time.Hour)
			if done, err := w.Night(ctx); err != nil || done.Damaged != 4 {
				t.Errorf("mended: %+v, %v", done, err)
			}
			if acts := w.acts(damaged["flipped"]); acts[len(acts)-1].Detail["result"] != "sound" || acts[len(acts)-1].Act != evidence.ActVerify {
				t.Errorf("%+v", acts)
			}
		})
	}
}

// Night by night those that were not read for longest are read, so that each has its turn; what is under a hold is read every night; and
// no night makes a version of any record.
func TestEachHasItsTurn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const rest = 4
		var ids []string
		for i := range rest {
			ids = append(ids, w.hold([]byte{byte(i), 'a'}))
			w.now = w.now.Add(time.Minute)
		}
		held := w.hold([]byte("held"))
		w.lock(held)
		w.jobs()
		before, err := w.history.Revisions(ctx, held)
		w.must(err)
		for night := range rest {
			w.now = w.now.Add(24 * time.Hour)
			done, err := w.Night(ctx)
			w.must(err)
			if again, err := w.Night(ctx); err != nil || again.Recordings > 1 {
				t.Errorf("a second round in the same night: %+v, %v", again, err)
			}
			if done.Recordings != 2 {
				t.Errorf("night %d: %+v", night, done)
			}
			if c, ok, err := w.db.LastCheck(ctx, custody.Recording(held)); err != nil || !ok || !c.Held || !c.At.Equal(w.now) {
				t.Errorf("night %d: %+v, %v, %v", night, c, ok, err)
			}
		}
		for i, id := range ids {
			if c, ok, err := w.db.LastCheck(ctx, custody.Recording(id)); err != nil || !ok || !c.Sound || !c.At.After(w.now.Add(-rest*24*time.Hour)) {
				t.Errorf("%d was not read: %+v, %v, %v", i, c, ok, err)
			}
		}
		if after, err := w.history.Revisions(ctx, held); err != nil || len(after) != len(before) {
			t.Errorf("%d versions, had %d", len(after), len(before))
		}
	})
}

// A store that does not answer is no damage; what it did not give is read another time.
func TestAStoreThatIsAwayIsNoDamage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.hold([]byte("away " + t.Name()))
		whole := w.blobs
		w.blobs = &away{whole}
		w.restart()
		w.now = w.now.Add(24 * time.Hour)
		if done, err := w.Night(ctx); err != nil || done.Unread != 1 || done.Damaged != 0 {
			t.Errorf("%+v, %v", done, err)
		}
		w.blobs = whole
		w.restart()
		w.now = w.now.Add(24 * time.Hour)
		if done, err := w.Night(ctx); err != nil || done.Recordings != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if w.findings(id, custody.BytesFinding) != 0 {
			t.Error("told as damage")
		}
	})
}
