package derive_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	octets, err := os.ReadFile(filepath.Join("..", "..", "domain", "evidence", "isobmff", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// TestExaminedFiles: what is found is in the record, what is wrong is a finding, what could be better is none, and nothing is refused.
func TestExaminedFiles(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "", "postgres": "p"} {
		t.Run(name, func(t *testing.T) {
			if url != "" {
				examinedFiles(t, newWorldOn(t, services.Postgres(t)))
				return
			}
			examinedFiles(t, newWorld(t))
		})
	}
}

func examinedFiles(t *testing.T, w *world) {
	frag, plain := sample(t, "frag.mp4"), sample(t, "plain.mp4")
	jpeg := []byte("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00 and <html><script>alert(1)</script> PK\x03\x04")
	noise := make([]byte, 5000)
	_, _ = rand.Read(noise) // never fails
	noise[0] = 0
	for _, c := range []struct {
		name   string
		octets []byte
		more   record.Object
		format string
		said   string // in the finding, in English; "" none
		advice string
	}{
		{"in fragments", frag, nil, "mp4", "", ""},
		{"in one piece", plain, nil, "mp4", "", "fragments are recommended"},
		{"cut off", frag[:9000], nil, "mp4", "should have", ""},
		{"too short", frag, record.Object{"endedAt": "2026-11-25T01:10:00Z"}, "mp4", "the file lasts 4", ""},
		{"made on another day", frag, record.Object{"startedAt": "2026-11-24T01:00:00Z", "endedAt": "2026-11-24T01:00:04Z"}, "mp4", "it was made at 2026-11-25", ""},
		{"local time as if it were UTC", frag, record.Object{"startedAt": "2026-11-24T17:00:00Z", "endedAt": "2026-11-24T17:00:04Z"}, "mp4", "", ""},
		{"with a script behind", slices.Concat(frag, []byte("<script>alert(1)</script>")), nil, "mp4", "appended", ""},
		{"a picture as a video", jpeg, nil, "jpeg", "announced as video/mp4, it is jpeg", ""},
		{"a picture", append(slices.Clone(jpeg), 1), record.Object{"mime": "image/jpeg"}, "jpeg", "", ""},
		{"a playlist as a video", []byte("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"), nil, "unknown", "announced as video/mp4, it is of no format that is known", ""},
		{"blocks that were never written, as a video", make([]byte, 5000), nil, "unknown", "announced as video/mp4", ""},
		{"a camera's own format", slices.Concat([]byte("DHAV"), noise), record.Object{"mime": "video/x-dav"}, "unknown", "", "no format that is known"},
		{"an old film without its type in front", slices.Concat([]byte("\x00\x00\x00\x08wide"), noise), record.Object{"mime": "video/quicktime"}, "unknown", "", "no format that is known"},
		{"octets", noise, record.Object{"mime": "application/octet-stream"}, "unknown", "", ""},
	} {
		id := w.hold(c.octets, c.more)
		for range 2 { // done again it changes nothing
			if err := w.Examine(ctx, id); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		media := w.media(id)
		findings := w.about("findings", "record", id)
		if media["format"] != c.format || (len(findings) == 1) != (c.said != "") || len(findings) > 1 {
			t.Errorf("%s: %v, findings %v", c.name, media, findings)
			continue
		}
		if c.said != "" && !strings.Contains(findings[0]["en"].(string), c.said) {
			t.Errorf("%s: the finding says %q", c.name, findings[0]["en"])
		}
		advice, _ := media["advice"].(record.Object)
		if en, _ := advice["en"].(string); (en != "") != (c.advice != "") || !strings.Contains(en, c.advice) {
			t.Errorf("%s: advice %q", c.name, en)
		}
	}
}

// TestTheIndexIsKept: a player finds its way by it.
func TestTheIndexIsKept(t *testing.T) {
	w := newWorld(t)
	octets := sample(t, "frag.mp4")
	id := w.hold(octets, nil)
	w.must(w.Examine(ctx, id))
	seek, _ := w.media(id)["seek"].(record.Object)
	key, _ := seek["key"].(string)
	file, err := w.blobs.OpenRange(ctx, key, 0, -1)
	w.must(err)
	defer file.Close()
	text, err := io.ReadAll(file)
	w.must(err)
	var index evidence.Seek
	w.must(wire.Decode(text, &index))
	if index.Evidence != id || len(index.Fragments) != 4 || index.FirstKey == nil || index.FirstKey.Offset != index.Head.Length ||
		string(octets[index.FirstKey.Offset+4:][:4]) != "moof" || (index.DurationMs-4000) > 300 {
		t.Errorf("%s", text)
	}
}

// down is a store that fails after some requests, or ends too early.
type down struct {
	evidence.Blobs
	after int
	short bool
}

func (d *down) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if d.after--; d.after >= 0 {
		return d.Blobs.OpenRange(ctx, key, from, n)
	}
	if d.short {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return nil, fault.New(fault.TemporarilyDown)
}

// TestAStoreThatIsDownDelays: it is not taken for a flaw of the file.
func TestAStoreThatIsDownDelays(t *testing.T) {
	w := newWorld(t)
	id := w.hold(sample(t, "plain.mp4"), nil)
	good := w.Blobs
	for _, short := range []bool{false, true} {
		w.Blobs = &down{good, 0, short}
		if err := w.Examine(ctx, id); err == nil || !short && !errors.Is(err, fault.New(fault.TemporarilyDown)) {
			t.Errorf("short %v: %v", short, err)
		}
	}
	if w.media(id) != nil || len(w.about("findings", "record", id)) != 0 {
		t.Error("something was said of it")
	}
	w.Blobs = good
	w.must(w.Examine(ctx, id))
	if w.media(id) == nil {
		t.Error("nothing was said of it")
	}
}
