package upload_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// TestEveryStore goes the whole way with the real runner of jobs, on each blob store; the length makes the S3 stores take it
// in parts.
func TestEveryStore(t *testing.T) {
	s3 := func(get func(testing.TB) services.ObjectStore) func(*testing.T, *world) evidence.Blobs {
		return func(t *testing.T, _ *world) evidence.Blobs {
			o := get(t)
			s, err := blob.OpenS3(ctx, blob.S3Config{Endpoint: o.Endpoint, AccessKey: o.AccessKey, SecretKey: o.SecretKey,
				Bucket: "uploads", Region: "us-east-1", Mode: "governance", PartSize: 5 << 20, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			return blob.Verified(s)
		}
	}
	for name, open := range map[string]func(*testing.T, *world) evidence.Blobs{
		"folder":    func(_ *testing.T, w *world) evidence.Blobs { return w.blobs() },
		"minio":     s3(services.MinIO),
		"versitygw": s3(services.VersityGW),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now))
			s := w.start()
			s.Blobs = open(t, w)
			runner := &jobs.Runner{Queue: w.db, Workers: 2, Now: time.Now, Log: s.Log, Poll: time.Hour}
			runner.Handle(upload.PromoteJob, s.Promote)
			s.Queued = runner.Wake
			running, stop := context.WithCancel(ctx)
			var ended sync.WaitGroup
			ended.Go(func() { runner.Run(running) })
			defer ended.Wait()
			defer stop()

			data := random(6 << 20)
			evidenceID, id := w.begin(s, data)
			w.send(s, id, data, 0)
			for range 6000 {
				if st, err := s.Status(ctx, w.caller, id); err != nil || st.State == upload.Held {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			ended.Wait() // the spool is emptied last
			w.wantHeld(s, evidenceID, data)
		})
	}
}
