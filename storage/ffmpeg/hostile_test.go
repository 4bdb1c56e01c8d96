package ffmpeg

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// listener counts who connects to this machine.
func listener(t *testing.T) (address string, calls *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	calls = &atomic.Int32{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			c.Close()
		}
	}()
	return l.Addr().String(), calls
}

// secret is a file of this machine that a playlist may want.
func secret(t *testing.T) (path, text string) {
	t.Helper()
	path, text = filepath.Join(t.TempDir(), "secret"), "root:x:0:0: the secret of this machine"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, text
}

// TestAPlaylistThatPosesAsAVideoIsNotFollowed: it has no format, and where it is opened as one all the same it is taken at its word.
func TestAPlaylistThatPosesAsAVideoIsNotFollowed(t *testing.T) {
	m := open(t)
	address, calls := listener(t)
	path, _ := secret(t)
	for name, text := range map[string]string{
		"HLS":    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://" + path + "\n#EXTINF:10,\nhttp://" + address + "/x.ts\n#EXT-X-ENDLIST\n",
		"concat": "ffconcat version 1.0\nfile " + path + "\nfile http://" + address + "/x.mp4\n",
		"DASH":   `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation><BaseURL>http://` + address + `/</BaseURL></Representation></AdaptationSet></Period></MPD>`,
		"SDP":    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
		"SVG":    `<svg xmlns="http://www.w3.org/2000/svg"><image href="http://` + address + `/"/></svg>`,
	} {
		if format, known := evidence.Sniff([]byte(text)); known {
			t.Errorf("%s is taken for %s", name, format.Name)
		}
		for _, format := range []string{"mp4", "mpegts", "mp3"} {
			_, err := m.Make(ctx, sourceAs(evidence.Format{Name: format}, []byte(text)), evidence.Recipe{Kind: evidence.Poster})
			if err == nil {
				t.Errorf("%s as %s: something was made of it", name, format)
			}
		}
		_, err := m.Make(ctx, sourceAs(evidence.Format{Name: strings.ToLower(name)}, []byte(text)), evidence.Recipe{Kind: evidence.Poster})
		wantFault(t, name, err, fault.DeriveFormat)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the network was reached %d times", n)
	}
}

// TestAFileIsOpenedAsItsFormatAlone: the sandbox would hide it if one of these were forgotten.
func TestAFileIsOpenedAsItsFormatAlone(t *testing.T) {
	for format, demuxer := range demuxers {
		args := strings.Join(sandbox{Limits: usual}.open(demuxer), " ") + " "
		for _, want := range []string{"-protocol_whitelist file ", "-format_whitelist " + demuxer + " ", "-f " + demuxer + " ", "-max_pixels "} {
			if !strings.Contains(args, want) {
				t.Errorf("%s is opened without %q: %s", format, want, args)
			}
		}
		if demuxer == "mov" && !strings.Contains(args, "-enable_drefs 0 ") {
			t.Errorf("%s is opened with tracks of other files: %s", format, args)
		}
		if slices.Contains([]string{"hls", "concat", "dash", "sdp", "image2", "data"}, demuxer) {
			t.Errorf("%s names other files", demuxer)
		}
	}
}

// TestTheSandboxHoldsByItself: with every other guard taken away, a playlist still reaches nothing.
func TestTheSandboxHoldsByItself(t *testing.T) {
	open(t)
	address, calls := listener(t)
	path, text := secret(t)
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte("ffconcat version 1.0\nfile '"+path+"'\nfile '/etc/passwd'\nfile 'http://"+address+"/x'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := sandbox{in: list, out: dir, Limits: usual}
	for _, url := range []string{"http://" + address + "/x", path, "/etc/passwd", "concat:" + path + "|/etc/passwd", "subfile,,start,0,end,10,,:" + path} {
		if printed, err := s.run(ctx, time.Minute, ffmpeg, "-v", "error", "-protocol_whitelist", "file,http,tcp,concat,subfile", "-f", "data", "-i", url, "-map", "0", "-c", "copy", "-f", "data", "-"); err == nil {
			t.Errorf("%s is read: %q", url, printed)
		}
	}
	_, _ = s.run(ctx, time.Minute, ffmpeg, "-v", "error", "-protocol_whitelist", "file,http,tcp", "-f", "concat", "-safe", "0", "-i", "/in/media", "-c", "copy", "-f", "data", "/out/stolen")
	if stolen, _ := os.ReadFile(filepath.Join(dir, "stolen")); bytes.Contains(stolen, []byte(text)) || bytes.Contains(stolen, []byte("root:")) {
		t.Errorf("stolen: %q", stolen)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the network was reached %d times", n)
	}
	for _, command := range [][]string{{"/usr/bin/cat", "/etc/passwd"}, {"/usr/bin/touch", "/in/media"}, {"/usr/bin/touch", "/usr/new"}, {"/usr/bin/cat", "/proc/1/environ"},
		{"/usr/bin/dd", "if=/dev/zero", "of=/out/huge", "bs=1M", "count=9000"}} {
		if printed, err := (sandbox{in: list, out: dir, Limits: Limits{Memory: 1 << 30, Written: 1 << 20}}).run(ctx, time.Minute, command[0], command[1:]...); err == nil {
			t.Errorf("%v works: %q", command, printed)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "huge")); err == nil && info.Size() > 1<<20 {
		t.Errorf("%d octets were written", info.Size())
	}
}

// TestAPixelFlood: a file of half a megabyte that would be 3.6 gigapixels is not decoded, nor one of 225 megapixels, which ffmpeg itself would
// take.
func TestAPixelFlood(t *testing.T) {
	m := open(t)
	for _, side := range []int{15_000, 60_000} {
		_, err := m.Make(ctx, source(t, flood(side)), evidence.Recipe{Kind: evidence.Poster})
		wantFault(t, fmt.Sprint(side), err, fault.DeriveTooMuch)
	}
	m.made(t, flood(1000), evidence.Recipe{Kind: evidence.Poster})
}

// flood is a PNG of so many rows and columns, all black.
func flood(side int) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	row := make([]byte, 1+side/8)
	for range side {
		_, _ = z.Write(row) // never fails
	}
	_ = z.Close()
	chunk := func(name string, body []byte) []byte {
		named := append([]byte(name), body...)
		return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(body))), named, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(named)))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(side)), uint32(side))
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 1, 0, 0, 0, 0)), chunk("IDAT", packed.Bytes()), chunk("IEND", nil))
}

// TestAFileThatClaimsTenHours: what would go through all of it is not begun; one moment of it can be looked at.
func TestAFileThatClaimsTenHours(t *testing.T) {
	m := open(t)
	octets := shot(t, "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=0.5", "-vf", "setpts=N*9000/TB", "-r", "1/9000", "-c:v", "libx264", "-preset", "ultrafast")
	if len(octets) > 100_000 {
		t.Fatalf("%d octets", len(octets))
	}
	for _, r := range []evidence.Recipe{{Kind: evidence.Sprite}, {Kind: evidence.Redacted, Watermark: "x"}} {
		_, err := m.Make(ctx, source(t, octets), r)
		wantFault(t, r.Kind, err, fault.DeriveTooMuch)
	}
	m.made(t, octets, evidence.Recipe{Kind: evidence.Poster})
}

// TestTimeIsBounded: a program that takes too long is stopped, with what it has begun.
func TestTimeIsBounded(t *testing.T) {
	m := open(t, func(l *Limits) { l.Slow = time.Second })
	octets := shot(t, "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=20", "-c:v", "libx264", "-preset", "ultrafast")
	blur := []evidence.Box{}
	for i := range 40 {
		blur = append(blur, evidence.Box{Spell: evidence.Spell{ToMs: 60_000}, X: float64(i) / 50, Width: 0.2, Height: 1})
	}
	began := time.Now()
	_, err := m.Make(ctx, source(t, octets), evidence.Recipe{Kind: evidence.Redacted, Blur: blur})
	wantFault(t, fmt.Sprint(time.Since(began)), err, fault.DeriveOutOfTime)
	if left, _ := os.ReadDir(m.folder); len(left) != 0 {
		t.Errorf("%d folders are left", len(left))
	}
}

// TestPolyglots: of a file that is two things the one that was asked for is taken, and the other is gone.
func TestPolyglots(t *testing.T) {
	m, octets := open(t), film(t)
	payload := []byte("<html><script>alert(document.cookie)</script></html>PK\x03\x04\x14\x00#!/bin/sh\n")
	photo, _ := m.made(t, octets, evidence.Recipe{Kind: evidence.Poster})
	comment := append([]byte{0xFF, 0xFE, 0, byte(len(payload) + 2)}, payload...)
	for name, c := range map[string]struct {
		octets []byte
		recipe evidence.Recipe
	}{
		"JPEG with a page in its comment": {slices.Concat(photo[:2], comment, photo[2:], payload), evidence.Recipe{Kind: evidence.Poster}},
		"JPEG redacted":                   {slices.Concat(photo[:2], comment, photo[2:], payload), evidence.Recipe{Kind: evidence.Redacted, Watermark: "x"}},
		"MP4 with a script behind it":     {slices.Concat(octets, payload), evidence.Recipe{Kind: evidence.Playable}},
		"MP4 redacted":                    {slices.Concat(octets, payload), evidence.Recipe{Kind: evidence.Redacted, Watermark: "x"}},
	} {
		if got, _ := m.made(t, c.octets, c.recipe); bytes.Contains(got, []byte("<script")) || bytes.Contains(got, []byte("PK\x03\x04")) {
			t.Errorf("%s: it is still in what was made", name)
		}
	}
}

// TestWhatCannotBeDecodedIsSaid, and what was announced is what is opened.
func TestWhatCannotBeDecodedIsSaid(t *testing.T) {
	m := open(t)
	jpeg := append([]byte("\xFF\xD8\xFF\xE0"), bytes.Repeat([]byte{7}, 1000)...)
	for name, octets := range map[string][]byte{"a picture of noise": jpeg, "a cut MP4": film(t)[:600]} {
		_, err := m.Make(ctx, source(t, octets), evidence.Recipe{Kind: evidence.Poster})
		if f := fault.Of(err); f.Code != fault.DeriveFailed && f.Code != fault.DeriveTooMuch {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := source(t, jpeg)
	other.Digest.SHA256 = strings.Repeat("0", 64)
	_, err := m.Make(ctx, other, evidence.Recipe{Kind: evidence.Poster})
	wantFault(t, "other octets", err, fault.StoreDiffers)
}
