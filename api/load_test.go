package api_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// Two hundred handhelds on slow lines at once: what an upload costs is a buffer of 64 KiB and the connection's, not what it has sent or will
// send. A buffer of 1 MiB each would be 200 MiB.
func TestTwoHundredSlowUploadsTakeLittleMemory(t *testing.T) {
	const parts, each, announced, bound = 50, 4, 64 << 20, 64 << 20
	w := newWorld(t)
	var before, during runtime.MemStats
	var lines []*wirecut
	var paths []string
	r := &tusRun{t, w}
	for range each {
		about := aboutEvidence(w.announceAs(street, strings.Repeat("0", 64), announced))
		for range parts {
			paths = append(paths, r.begun("Upload-Length", fmt.Sprint(announced), "Upload-Concat", "partial", "Upload-Metadata", about))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	piece := content(1000)
	for _, path := range paths {
		c := w.dial()
		defer c.Close()
		c.patchHead(w.officer, path[len("/v1/uploads/"):], 0, announced)
		lines = append(lines, c)
	}
	for round := range 3 {
		for i, c := range lines {
			c.write(piece)
			w.arrived(paths[i][len("/v1/uploads/"):], (round+1)*len(piece))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	used := func(m runtime.MemStats) int64 { return int64(m.HeapInuse + m.StackInuse) }
	grown := used(during) - used(before)
	t.Logf("%d uploads hold %d KiB each", len(paths), grown/1024/int64(len(paths)))
	if grown > bound {
		t.Errorf("%d slow uploads hold %d MiB", len(paths), grown>>20)
	}
	for _, path := range []string{paths[0], paths[len(paths)-1]} {
		r.offsetIs(path, 3*len(piece))
	}
}

// A spool on a disk that is full answers with a problem, loses nothing of what was acknowledged, and goes on when there is room.
func TestAFullSpoolLosesNothing(t *testing.T) {
	disk := t.TempDir()
	resize := mounted(t, disk)
	resize("2m")
	w := newWorld(t, func(d *api.Deps) {
		s, err := spool.Open(filepath.Join(disk, "spool"))
		if err != nil {
			t.Fatal(err)
		}
		d.Uploads.Spool = s
	})
	data := noise(3 << 20)
	first, other := data[:1<<20], noise(700_000)
	path := w.officer.begin(w.announce(street, data), len(data))
	beside := w.officer.begin(w.announce(street, other), len(other))
	send := func(upload string, offset int, body []byte) *reply {
		return w.officer.send("PATCH", "/v1/uploads/"+upload, body, chunkHeaders(offset)...)
	}
	send(path, 0, first).want(204)
	full := send(path, len(first), data[len(first):])
	full.fails(507, "storage.full")
	if got := full.header.Get("Upload-Offset"); got != fmt.Sprint(len(first)) {
		t.Errorf("the problem tells offset %q", got)
	}
	if got := w.officer.offset(path); got != len(first) {
		t.Fatalf("offset %d, %d were acknowledged", got, len(first))
	}
	send(beside, 0, other).want(204) // what fits is taken
	joined := w.officer.send("POST", "/v1/uploads", data[:1<<20], "Tus-Resumable", "1.0.0", "Upload-Length", "2000000", "Content-Type",
		"application/offset+octet-stream", "Upload-Concat", "partial", "Upload-Metadata", aboutEvidence(w.announce(street, data)))
	joined.fails(507, "storage.full")
	resize("8m")
	send(path, len(first), data[len(first):]).want(204)
	if !bytes.Equal(w.spoolBytes(path), data) || !bytes.Equal(w.spoolBytes(beside), other) {
		t.Error("other bytes are there")
	}
}

// mounted puts a small disk in memory under a folder. It takes root, who may mount; else the test is skipped, or fails if that is required.
func mounted(t *testing.T, folder string) (resize func(size string)) {
	t.Helper()
	if os.Geteuid() != 0 {
		services.Missing(t, "tmpfs", "only root can mount a small disk")
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		services.Missing(t, "tmpfs", "root may not mount here: "+err.Error())
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return func(size string) {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
}

// What a request declares beyond the longest recording is refused by that alone: of a body that would never end no octet is taken.
func TestABodyBeyondTheLongestRecordingIsNotRead(t *testing.T) {
	w := newWorld(t)
	r := &tusRun{t, w}
	path, _ := r.fresh()
	c := w.dial()
	defer c.Close()
	c.patchHead(w.officer, path[len("/v1/uploads/"):], 0, 65<<30)
	c.write("x")
	c.reply("PATCH").fails(413, "request.too_large")
	if n := w.spool.of(path[len("/v1/uploads/"):]); n != 0 {
		t.Errorf("%d octets were taken", n)
	}
	r.offsetIs(path, 0)
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
}
