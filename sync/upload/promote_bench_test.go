package upload_test

import (
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// BenchmarkPromote brings a whole upload of 256 MiB to MinIO: stored, retained, read back and hashed, receipted.
func BenchmarkPromote(b *testing.B) {
	o := services.MinIO(b)
	path, sum := film(b)
	w := newWorld(b, databases.SQLite(b, time.Now))
	s := w.start()
	b.SetBytes(movie)
	var ours, theirs time.Duration
	for b.Loop() {
		b.StopTimer()
		// A bucket of its own for each: what is there already is not stored again.
		store, err := blob.OpenS3(ctx, blob.S3Config{Endpoint: o.Endpoint, AccessKey: o.AccessKey, SecretKey: o.SecretKey, Bucket: "promote-" + newID(),
			Region: "us-east-1", Mode: "governance", Now: time.Now})
		w.must(err)
		s.Blobs = blob.Verified(store)
		body := manifest(nil)
		body["length"], body["sha256"] = float64(movie), sum
		evidenceID := newID()
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: evidenceID, Action: record.Create, Patch: body}}))
		f, err := os.Open(path)
		w.must(err)
		st, _, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: movie})
		w.must(err)
		st, err = s.Append(ctx, w.caller, st.ID, upload.Chunk{}, f)
		w.must(err)
		f.Close()
		before, beforeTheirs := processorTime(), o.ProcessorTime()
		b.StartTimer()
		w.must(s.Promote(ctx, st.ID))
		ours, theirs = ours+processorTime()-before, theirs+o.ProcessorTime()-beforeTheirs
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(theirs.Seconds()/float64(b.N), "store-cpu-s/op")
}

// BenchmarkPromoteFloor puts the same file into the same store by minio-go alone, in parts, and looks at nothing afterwards.
func BenchmarkPromoteFloor(b *testing.B) {
	o := services.MinIO(b)
	path, _ := film(b)
	client, err := minio.New(o.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, "")})
	if err != nil {
		b.Fatal(err)
	}
	bucket := "floor-" + newID()
	if err := client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(movie)
	before, beforeTheirs := processorTime(), o.ProcessorTime()
	for b.Loop() {
		if _, err := client.FPutObject(ctx, bucket, newID(), path, minio.PutObjectOptions{ContentType: "application/octet-stream"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processorTime()-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric((o.ProcessorTime()-beforeTheirs).Seconds()/float64(b.N), "store-cpu-s/op")
}
