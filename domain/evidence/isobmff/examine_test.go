package isobmff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence/isobmff"
)

// testdata was made by
//
//	ffmpeg -f lavfi -i testsrc2=s=64x48:r=10:d=4 -f lavfi -i sine=440:r=8000:d=4 -c:v libx264 -crf 40 -g 10 -c:a aac -b:a 16k
//	  -metadata creation_time=2026-11-25T01:00:00Z -movflags frag_keyframe+empty_moov+default_base_moof frag.mp4
//	ffmpeg -i frag.mp4 -map_metadata -1 -c copy plain.mp4
func file(t testing.TB, name string) []byte {
	t.Helper()
	octets, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func examine(t testing.TB, octets []byte) isobmff.Report {
	t.Helper()
	r, err := isobmff.Examine(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func codes(r isobmff.Report) (out []string) {
	for _, f := range r.Flaws {
		out = append(out, f.Code)
	}
	return out
}

func TestAFileInFragments(t *testing.T) {
	octets := file(t, "frag.mp4")
	r := examine(t, octets)
	if len(r.Flaws) != 0 || !r.Fragmented || len(r.Fragments) != 4 || r.More || r.Brand != "iso5" && r.Brand != "isom" && r.Brand != "iso6" {
		t.Fatalf("%+v", r)
	}
	if want := time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC); !r.Created.Equal(want) {
		t.Errorf("made at %v", r.Created)
	}
	if (r.Duration - 4*time.Second).Abs() > 300*time.Millisecond {
		t.Errorf("it lasts %v", r.Duration)
	}
	if len(r.Tracks) != 2 || r.Tracks[0].Kind != "video" || r.Tracks[0].Codec[:5] != "avc1." || len(r.Tracks[0].Codec) != 11 || r.Tracks[0].Width != 64 || r.Tracks[0].Height != 48 ||
		r.Tracks[1].Kind != "audio" || r.Tracks[1].Codec != "mp4a" || r.Tracks[1].Rate != 8000 {
		t.Errorf("tracks %+v", r.Tracks)
	}
	for i, f := range r.Fragments {
		if string(octets[f.Offset+4:f.Offset+8]) != "moof" || !f.Key || (f.At-time.Duration(i)*time.Second).Abs() > 250*time.Millisecond {
			t.Errorf("fragment %d: %+v", i, f)
		}
		if i > 0 && r.Fragments[i-1].Offset+r.Fragments[i-1].Length != f.Offset {
			t.Errorf("fragment %d does not follow the one before", i)
		}
	}
	if r.Head.Offset != 0 || r.Head.Length != r.Fragments[0].Offset {
		t.Errorf("head %+v", r.Head)
	}
	// What the index says is enough to play from the middle: head and one fragment are a file of their own.
	cut := slices.Concat(octets[:r.Head.Length], octets[r.Fragments[2].Offset:r.Fragments[2].Offset+r.Fragments[2].Length])
	if part := examine(t, cut); len(part.Fragments) != 1 || !part.Fragments[0].Key || len(part.Flaws) != 0 {
		t.Errorf("cut out: %+v", part)
	}
}

func TestAFileInOnePieceIsAdvisedAgainst(t *testing.T) {
	r := examine(t, file(t, "plain.mp4"))
	if got := codes(r); !slices.Equal(got, []string{isobmff.NotFragmented, isobmff.MovieLast, isobmff.NoCreation}) {
		t.Errorf("%v", got)
	}
	for _, f := range r.Flaws {
		if !f.Advice {
			t.Errorf("%+v is no advice", f)
		}
	}
	if r.Fragmented || len(r.Tracks) != 2 || (r.Duration-4*time.Second).Abs() > 300*time.Millisecond || r.Head.Length != 0 {
		t.Errorf("%+v", r)
	}
}

// TestWhatIsWrongIsSaid damages a good file in every way that is looked for.
func TestWhatIsWrongIsSaid(t *testing.T) {
	good := file(t, "frag.mp4")
	r := examine(t, good)
	frag := func(i int) []byte { f := r.Fragments[i]; return good[f.Offset : f.Offset+f.Length] }
	head := good[:r.Head.Length]
	for name, c := range map[string]struct {
		octets []byte
		want   string
	}{
		"cut off":          {good[:len(good)*2/3], isobmff.Truncated},
		"no head":          {good[r.Head.Length:], isobmff.NotThisFormat},
		"nothing":          {nil, isobmff.NoMovie},
		"text":             {[]byte("#EXTM3U\nfile:///etc/passwd\n"), isobmff.NotThisFormat},
		"no movie":         {slices.Concat(good[:28], frag(0)), isobmff.NoMovie},
		"head alone":       {head, isobmff.NoMedia},
		"script behind":    {slices.Concat(good, []byte("<script>alert(1)</script>")), isobmff.Trailing},
		"ZIP behind":       {slices.Concat(good, []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00and so on")), isobmff.Trailing},
		"a fragment lost":  {slices.Concat(head, frag(0), frag(2), frag(3)), isobmff.Order},
		"time lost":        {slices.Concat(head, frag(0), frag(2), frag(3)), isobmff.Gap},
		"fragments turned": {slices.Concat(head, frag(1), frag(0), frag(2)), isobmff.Order},
		"moov too long":    {slices.Concat(good[:28], []byte("\x10\x00\x00\x00moov")), isobmff.Truncated},
		"moov empty":       {slices.Concat(good[:28], []byte("\x00\x00\x00\x08moov")), isobmff.Malformed},
	} {
		if got := codes(examine(t, c.octets)); !slices.Contains(got, c.want) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// giant is a file of which only what lies at some offsets is there, and the rest is zeros: nobody could hold it.
type giant struct {
	size  int64
	at    map[int64][]byte
	reads int
}

func (g *giant) ReadAt(p []byte, off int64) (int, error) {
	g.reads++
	if len(p) > 70<<20 {
		return 0, errors.New("asked for more than is sensible")
	}
	clear(p)
	n := int(min(int64(len(p)), g.size-off))
	for at, octets := range g.at {
		if at+int64(len(octets)) > off && at < off+int64(n) {
			from, to := max(at, off), min(at+int64(len(octets)), off+int64(n))
			copy(p[from-off:to-off], octets[from-at:to-at])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func long(name string, length uint64) []byte {
	out := append([]byte{0, 0, 0, 1}, name...)
	return binary.BigEndian.AppendUint64(out, length)
}

// TestAFileOf64GiB is examined without reading its media.
func TestAFileOf64GiB(t *testing.T) {
	plain := file(t, "plain.mp4")
	moov := plain[bytes.Index(plain, []byte("moov"))-4:]
	size := int64(64 << 30)
	behind := size - int64(len(moov))
	g := &giant{size: size, at: map[int64][]byte{0: []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), 16: long("mdat", uint64(behind-16)), behind: moov}}
	r, err := isobmff.Examine(g, size)
	if err != nil || len(r.Tracks) != 2 || g.reads > 10 {
		t.Errorf("%d reads: %+v, %v", g.reads, r, err)
	}
}

// TestHostileSizes: what a box says of itself is not how much memory is taken.
func TestHostileSizes(t *testing.T) {
	ftyp := []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00")
	frag := file(t, "frag.mp4")
	head := frag[:examine(t, frag).Head.Length]
	run := []byte("\x00\x00\x00\x14trun\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00") // 1024 samples in 20 octets
	runs := bytes.Repeat(run, 50_000)
	traf := wrap("traf", slices.Concat([]byte("\x00\x00\x00\x10tfhd\x00\x00\x00\x00\x00\x00\x00\x01"), runs))
	bomb := wrap("moof", slices.Concat([]byte("\x00\x00\x00\x10mfhd\x00\x00\x00\x00\x00\x00\x00\x01"), traf))
	trexes := bytes.Repeat([]byte("\x00\x00\x00\x20trex\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"), 500_000)
	for name, octets := range map[string][]byte{
		"moov of 4 EiB":     slices.Concat(ftyp, long("moov", 1<<62-1)),
		"moov of all ones":  slices.Concat(ftyp, long("moov", math.MaxUint64)),
		"moov of 60 MiB":    slices.Concat(ftyp, []byte("\x03\xc0\x00\x00moov")),
		"runs":              slices.Concat(head, bomb),
		"defaults":          slices.Concat(ftyp, wrap("moov", wrap("mvex", trexes))),
		"tracks":            slices.Concat(ftyp, wrap("moov", bytes.Repeat(wrap("trak", nil), 1<<20))),
		"a million boxes":   slices.Concat(ftyp, bytes.Repeat([]byte("\x00\x00\x00\x08free"), 1<<20)),
		"nothing but heads": bytes.Repeat([]byte("\x00\x00\x00\x08ftyp"), 1<<16),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := examine(t, octets)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 200<<20 {
			t.Errorf("%s: took %d MiB", name, took>>20)
		}
		if len(r.Flaws) == 0 || len(r.Flaws) > isobmff.MaxFlaws {
			t.Errorf("%s: %d flaws", name, len(r.Flaws))
		}
	}
}

func wrap(name string, body []byte) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(name), body)
}

type broken struct{ after int }

func (b *broken) ReadAt(p []byte, _ int64) (int, error) {
	if b.after--; b.after < 0 {
		return 0, errors.New("store is down")
	}
	copy(p, "\x00\x00\x00\x10ftypisom")
	return len(p), nil
}

func TestAStoreThatFailsIsNoFlawOfTheFile(t *testing.T) {
	for after := range 5 {
		if _, err := isobmff.Examine(&broken{after}, 1<<20); err == nil {
			t.Errorf("after %d reads: no error", after)
		}
	}
}

// TestAnyDamageIsTaken: whatever becomes of a file, the examination ends, within its bounds.
func TestAnyDamageIsTaken(t *testing.T) {
	good := file(t, "frag.mp4")
	rapid.Check(t, func(t *rapid.T) {
		octets := slices.Clone(good)
		for range rapid.IntRange(1, 8).Draw(t, "damages") {
			at := rapid.IntRange(0, len(octets)-9).Draw(t, "at")
			copy(octets[at:], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "octets"))
		}
		octets = octets[:rapid.IntRange(0, len(octets)).Draw(t, "length")]
		sane(t, octets)
	})
}

func sane(t rapid.TB, octets []byte) {
	r, err := isobmff.Examine(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Flaws) > isobmff.MaxFlaws || len(r.Fragments) > isobmff.MaxFragments || r.Duration < 0 {
		t.Fatalf("%+v", r)
	}
	for _, f := range r.Fragments {
		if f.Offset < 0 || f.Length < 8 || f.Offset+f.Length > int64(len(octets)) {
			t.Fatalf("fragment %+v of a file of %d", f, len(octets))
		}
	}
}

func FuzzExamine(f *testing.F) {
	f.Add(file(f, "frag.mp4"))
	f.Add(file(f, "plain.mp4"))
	f.Add([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x00moov"))
	f.Fuzz(func(t *testing.T, octets []byte) { sane(t, octets) })
}
