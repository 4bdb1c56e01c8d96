package server_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// docked is a server whose object store docking stations reach.
func docked(t *testing.T) *replica {
	o := services.MinIO(t)
	r := start(t, settings(t, "", map[string]string{"S3_ENDPOINT": o.Endpoint, "S3_ACCESS_KEY": o.AccessKey, "S3_SECRET_KEY": o.SecretKey, "S3_TLS": "false",
		"S3_BUCKET": "dock-" + newID(), "S3_DOCK": o.Endpoint, "S3_DOCK_TLS": "false"}))
	r.units()
	return r
}

// filmed makes a recording of so many octets on a device, and announces it.
func filmed(t *testing.T, d *client.Device, octets int) (id string, film []byte) {
	t.Helper()
	film = make([]byte, octets)
	rand.Read(film)
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, film, 0o600); err != nil {
		t.Fatal(err)
	}
	end := time.Now().UTC()
	id, err := d.AddEvidence(ctx, client.Recording{Path: path, Kind: "video", MIME: "video/mp4", StartedAt: end.Add(-time.Minute), EndedAt: end})
	if err == nil {
		err = d.Sync(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id, film
}

// place puts octets where a part belongs, as a docking station does: with nothing but the address.
func place(t *testing.T, url string, octets []byte) (status int, said string) {
	t.Helper()
	req, err := http.NewRequest("PUT", url, bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// berth is what a docking station is told.
type berth struct {
	Upload    string
	State     string
	ExpiresAt time.Time
	Parts     []struct {
		Number       int
		From, Length int64
		URL          string
	}
}

// ask asks for a berth, or says that all is there.
func ask(d *client.Device, id, path string) (b berth, err error) {
	reply, err := d.Call(ctx, "POST", "/v1/evidence/"+id+path, nil, nil, nil)
	if err == nil {
		err = json.Unmarshal(reply.Body, &b, json.MatchCaseInsensitiveNames(true))
	}
	return b, err
}

func wantCode(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("got %v, want %s", err, code)
	}
}

// A docking station brings a recording in parts, with an interruption, and the server takes it into custody as any other: read, compared, receipted. What is
// brought is gone from the dock afterwards.
func TestADockBringsARecording(t *testing.T) {
	r := docked(t)
	d := r.handheld()
	id, film := filmed(t, d, 40<<20)
	b, err := ask(d, id, "/dock")
	if r.must(err); len(b.Parts) != 3 || b.State != "receiving" || time.Until(b.ExpiresAt) > time.Hour {
		t.Fatalf("berth %+v", b)
	}
	_, err = ask(d, id, "/dock/complete")
	wantCode(t, err, fault.UploadPartOpen)
	for _, p := range b.Parts[:2] {
		if status, said := place(t, p.URL, film[p.From:p.From+p.Length]); status != 200 {
			t.Fatalf("part %d: %d %s", p.Number, status, said)
		}
	}
	last := b.Parts[2]
	if status, _ := place(t, last.URL, film[last.From:last.From+100]); status != 200 {
		t.Fatalf("a part that was cut: %d", status)
	}
	if status, _ := place(t, strings.Replace(last.URL, "/dock/", "/evidence/", 1), film[:100]); status != 403 {
		t.Errorf("an address that was altered: %d", status)
	}
	_, err = ask(d, id, "/dock/complete")
	wantCode(t, err, fault.UploadPartOpen)
	b, err = ask(d, id, "/dock")
	if r.must(err); len(b.Parts) != 1 || b.Parts[0].Number != 3 {
		t.Fatalf("after an interruption are missing %+v", b.Parts)
	}
	wantCode(t, d.Upload(ctx), fault.UploadDocked)
	if status, _ := place(t, b.Parts[0].URL, film[last.From:]); status != 200 {
		t.Fatal("the last part is not taken")
	}
	for range 2 {
		for _, path := range []string{"/dock/complete", "/dock"} {
			if b, err = ask(d, id, path); err != nil || len(b.Parts) != 0 {
				t.Fatalf("at the end: %+v, %v", b, err)
			}
		}
	}
	r.held(t, d, id)
	_, _, err = r.Uploads.Berths.Open(ctx, b.Upload)
	wantCode(t, err, fault.NotFound)
}

// What a docking station brings in place of what was announced is kept apart and told, and the recording can still be brought by the handheld.
func TestADockBringsSomethingElse(t *testing.T) {
	r := docked(t)
	d := r.handheld()
	id, film := filmed(t, d, 100_000)
	tus := http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Length": {"100000"}, "Upload-Metadata": {"evidence " + base64.StdEncoding.EncodeToString([]byte(id))}}
	begun, err := d.Call(ctx, "POST", "/v1/uploads", nil, tus, nil)
	r.must(err)
	b, err := ask(d, id, "/dock") // ends what the handheld has begun
	r.must(err)
	_, err = d.Call(ctx, "HEAD", strings.TrimPrefix(begun.Header.Get("Location"), public), nil, http.Header{"Tus-Resumable": {"1.0.0"}}, nil)
	var refusal *client.Problem
	if !errors.As(err, &refusal) || refusal.Status != http.StatusGone || len(b.Parts) != 1 {
		t.Fatalf("the handheld's own upload: %v; berth %+v", err, b)
	}
	film[5] ^= 1
	if status, said := place(t, b.Parts[0].URL, film); status != 200 {
		t.Fatalf("%d %s", status, said)
	}
	_, err = ask(d, id, "/dock/complete")
	r.must(err)
	var found int
	for range 600 {
		rows, err := r.DB.Lookup(ctx, "findings", "record", id)
		r.must(err)
		if found = len(rows); found > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if found != 1 {
		t.Fatalf("%d findings", found)
	}
	for range 100 {
		r.must(d.Sync(ctx))
		if err := d.Upload(ctx); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	r.held(t, d, id)
}

// Where no dock is configured the answer says so; a stranger's recording is not there.
func TestNoDock(t *testing.T) {
	r := start(t, settings(t, "", nil))
	r.units()
	d := r.handheld()
	id, _ := filmed(t, d, 100)
	_, err := ask(d, id, "/dock")
	wantCode(t, err, fault.DockOff)
	with := docked(t)
	stranger := with.handheld()
	for _, path := range []string{"/dock", "/dock/complete"} {
		_, err := ask(stranger, newID(), path)
		wantCode(t, err, fault.NotFound)
	}
}

// held waits until the server has a recording, and the handheld its receipt.
func (r *replica) held(t *testing.T, d *client.Device, id string) {
	t.Helper()
	last := ""
	for range 600 {
		r.must(d.Sync(ctx))
		_ = d.Upload(ctx) // it is told when it may free its copy
		all, err := d.Uploads(ctx)
		r.must(err)
		for _, u := range all {
			if last = u.State; u.Evidence == id && u.State == client.UploadFreed {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the recording is %s", last)
}
