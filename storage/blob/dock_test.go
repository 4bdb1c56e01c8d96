package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

var _ evidence.Dock = (*blob.Dock)(nil)

func TestDock(t *testing.T) {
	for name, store := range map[string]func(testing.TB) services.ObjectStore{"minio": services.MinIO, "versitygw": services.VersityGW} {
		t.Run(name, func(t *testing.T) { dock(t, store(t)) })
	}
}

// dock: whoever asks is told the same parts, until they are there and closed; every step may be done again.
func dock(t *testing.T, o services.ObjectStore) {
	ctx, id, film := context.Background(), uuid.Must(uuid.NewV7()).String(), bytes.Repeat([]byte("0123456789abcdef"), 1<<20+10)
	var docks []*blob.Dock // of several processes
	for range 2 {
		d, err := blob.OpenDock(openS3(t, config(o)), o.Endpoint, false)
		if err != nil {
			t.Fatal(err)
		}
		docks = append(docks, d)
	}
	length, until := int64(len(film)), time.Now().Add(time.Hour)
	if _, _, err := docks[0].Open(ctx, id); !errors.Is(err, fault.New(fault.NotFound)) {
		t.Errorf("nothing is open: %v", err)
	}
	if err := docks[0].Close(ctx, id, length); !errors.Is(err, fault.New(fault.UploadPartOpen)) {
		t.Errorf("nothing is closed: %v", err)
	}
	var begun sync.WaitGroup
	for _, d := range docks {
		begun.Go(func() {
			_, err := d.Berth(ctx, id, length, until)
			for tries := 0; errors.Is(err, fault.New(fault.TemporarilyDown)) && tries < 20; tries++ { // the other is just beginning
				_, err = d.Berth(ctx, id, length, until)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	begun.Wait()
	for n := 2; n > 0; n-- {
		missing, err := docks[n%2].Berth(ctx, id, length, until)
		if err != nil || len(missing) != n {
			t.Fatalf("%d missing: %+v, %v", n, missing, err)
		}
		if err := docks[0].Close(ctx, id, length); !errors.Is(err, fault.New(fault.UploadPartOpen)) {
			t.Errorf("closed with %d missing: %v", n, err)
		}
		p := missing[len(missing)-1]
		req, _ := http.NewRequest("PUT", p.URL, bytes.NewReader(film[p.From:p.From+p.Length]))
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("part %d: %v, %v", p.Number, res, err)
		}
		res.Body.Close()
	}
	for _, d := range docks {
		if err := d.Close(ctx, id, length); err != nil {
			t.Fatal(err)
		}
		if missing, err := d.Berth(ctx, id, length, until); err != nil || len(missing) != 0 {
			t.Errorf("after the end: %v, %v", missing, err)
		}
	}
	body, at, err := docks[1].Open(ctx, id)
	if err != nil || time.Since(at).Abs() > time.Hour {
		t.Fatalf("open: %v, %v", at, err)
	}
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, film) {
		t.Errorf("%d octets: %v", len(got), err)
	}
	body.Close()
	other := uuid.Must(uuid.NewV7()).String()
	if _, err := docks[0].Berth(ctx, other, length, until); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{id, id, other, other} {
		if err := docks[0].Clear(ctx, gone); err != nil {
			t.Errorf("clear: %v", err)
		}
		if _, _, err := docks[0].Open(ctx, gone); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("cleared and open: %v", err)
		}
	}
	if missing, err := docks[0].Berth(ctx, other, length, until); err != nil || len(missing) != 2 {
		t.Errorf("begun anew: %v, %v", missing, err)
	}
}
