package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const recordingID = "01938f5e-0000-7000-8000-00000000000a"

// recording makes segments of the lengths, one behind the other without a gap, each of two seconds, and the octets. Every third and
// the last are signed, by a signature that is the signed text itself.
func recording(lengths []int) (all []evidence.Segment, octets []byte) {
	before := evidence.ChainStart(recordingID)
	began := time.Date(2026, 11, 28, 1, 0, 0, 0, time.UTC)
	for n, length := range lengths {
		piece := []byte(strings.Repeat(string(rune('a'+n%26)), length))
		sum := sha256.Sum256(piece)
		s := evidence.Segment{N: n, SHA256: hex.EncodeToString(sum[:]), Offset: int64(len(octets)), Length: int64(length),
			At: began.Add(time.Duration(2*n) * time.Second).Format(time.RFC3339), Boot: "boot-1", MonotonicMs: int64(5000 + 2000*n), DurationMs: 2000,
			Place: "+39.1200+117.2500/"}
		s.Hash = s.HashAfter(before)
		if n%3 == 2 || n == len(lengths)-1 {
			s.Signature = string(evidence.SegmentInput(recordingID, s))
		}
		all, before, octets = append(all, s), s.Hash, append(octets, piece...)
	}
	return all, octets
}

func asSigned(text []byte, signature string) bool { return string(text) == signature }

// entries is how segments stand in a record.
func entries(all []evidence.Segment) record.Object {
	out := record.Object{}
	for _, s := range all {
		out[fmt.Sprint(s.N)] = s.Entry()
	}
	return record.Object{"segments": out}
}

// flaws is everything that can be said of a recording.
func flawsOf(body record.Object, octets []byte, chunk int) (codes []string) {
	all, flaws := evidence.SegmentsOf(body)
	flaws = append(flaws, evidence.CheckChain(recordingID, int64(len(octets)), all)...)
	flaws = append(flaws, evidence.CheckSignatures(recordingID, all, asSigned)...)
	p := evidence.NewPieces(all)
	for piece := range slices.Chunk(octets, max(1, chunk)) {
		if n, err := p.Write(piece); n != len(piece) || err != nil {
			panic("Pieces took less than it was given")
		}
	}
	for _, f := range append(flaws, p.Flaws()...) {
		if f.Zh == "" || f.En == "" {
			panic("a flaw without words")
		}
		codes = append(codes, fmt.Sprintf("%s@%d", f.Code, f.Segment))
	}
	return codes
}

// A recording that is whole has no flaw, however it is cut into segments and in whatever pieces it arrives; and there and back through
// a record nothing changes.
func TestWholeRecordingHasNoFlaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, octets := recording(rapid.SliceOfN(rapid.IntRange(1, 40), 1, 12).Draw(t, "lengths"))
		body := entries(all)
		if back, _ := evidence.SegmentsOf(body); !slices.Equal(back, all) {
			t.Fatalf("read back\n%+v\nwant\n%+v", back, all)
		}
		if codes := flawsOf(body, octets, rapid.IntRange(1, 50).Draw(t, "chunk")); len(codes) > 0 {
			t.Fatalf("flaws %v", codes)
		}
	})
}

// Whatever is changed in one segment's entry or octets is found, and at that segment or where it is joined to its neighbours.
func TestAnyChangeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, octets := recording(rapid.SliceOfN(rapid.IntRange(1, 40), 2, 12).Draw(t, "lengths"))
		n := rapid.IntRange(0, len(all)-1).Draw(t, "segment")
		s := &all[n]
		change := rapid.SampledFrom([]string{"sha256", "offset", "length", "at", "boot", "monotonicMs", "durationMs", "place", "hash", "octets", "gone"}).Draw(t, "change")
		switch change {
		case "sha256":
			s.SHA256 = strings.Repeat("0", 64)
		case "offset":
			s.Offset++
		case "length":
			s.Length++
		case "at":
			s.At = "2026-11-28T09:00:01Z"
		case "boot":
			s.Boot = "boot-2"
		case "monotonicMs":
			s.MonotonicMs++
		case "durationMs":
			s.DurationMs++
		case "place":
			s.Place = ""
		case "hash":
			s.Hash = strings.Repeat("0", 64)
		case "octets":
			octets[s.Offset] ^= 1
		case "gone":
			all = slices.Delete(all, n, n+1)
		}
		codes := flawsOf(entries(all), octets, 16)
		if len(codes) == 0 {
			t.Fatalf("%s of segment %d was changed and nothing found", change, n)
		}
	})
}

func TestFlawsSayWhatIsWrong(t *testing.T) {
	lengths := []int{10, 20, 30, 40}
	rechain := func(all []evidence.Segment) {
		before := evidence.ChainStart(recordingID)
		for i := range all {
			all[i].Hash = all[i].HashAfter(before)
			if before = all[i].Hash; all[i].Signature != "" {
				all[i].Signature = string(evidence.SegmentInput(recordingID, all[i]))
			}
		}
	}
	for name, c := range map[string]struct {
		spoil func(all []evidence.Segment, octets []byte) ([]evidence.Segment, []byte)
		want  []string
	}{
		"another's chain": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[0].Hash = all[0].HashAfter(evidence.ChainStart("another"))
			return all[:1], o[:10]
		}, []string{"segment.hash@0", "segment.unsigned@0"}},
		"a hole in time": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[2].MonotonicMs, all[3].MonotonicMs = all[2].MonotonicMs+3000, all[3].MonotonicMs+3000
			rechain(all)
			return all, o
		}, []string{"segment.gap@2"}},
		"an overlap": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[1].DurationMs = 4000
			rechain(all)
			return all, o
		}, []string{"segment.overlap@2"}},
		"encoders round": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[1].DurationMs, all[2].DurationMs = 1500, 2500
			rechain(all)
			return all, o
		}, nil},
		"a restart": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[2].Boot, all[3].Boot, all[2].MonotonicMs, all[3].MonotonicMs = "boot-2", "boot-2", 100, 2100
			rechain(all)
			return all, o
		}, []string{"segment.restart@2"}},
		"a segment lost with its octets": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			return slices.Delete(all, 1, 2), o
		}, []string{"segment.missing@1", "segment.uncovered@2"}},
		"cut off": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			return all[:2], o[:30]
		}, []string{"segment.unsigned@0"}},
		"octets behind the last": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			return all, append(o, 'x')
		}, []string{"segment.uncovered@-1"}},
		"octets missing": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			return all, o[:70]
		}, []string{"segment.uncovered@-1", "segment.bytes@3"}},
		"other octets": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			o[15]++
			return all, o
		}, []string{"segment.bytes@1"}},
		"not the device's signature": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[2].Signature = "forged"
			return all, o
		}, []string{"segment.signature@2"}},
		"two segments over the same octets": {func(all []evidence.Segment, o []byte) ([]evidence.Segment, []byte) {
			all[1].Offset = 5
			rechain(all)
			return all, o
		}, []string{"segment.uncovered@1", "segment.uncovered@2", "segment.bytes@1"}},
	} {
		all, octets := c.spoil(recording(lengths))
		if got := flawsOf(entries(all), octets, 7); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Entries that are no segments are told apart and never trusted.
func TestMalformedSegments(t *testing.T) {
	all, octets := recording([]int{10})
	for field, values := range map[string][]any{
		"sha256": {nil, "x", 5.0}, "hash": {nil, strings.Repeat("A", 64)}, "at": {nil, "today"}, "boot": {"a\nb"},
		"offset": {nil, -1.0, 0.5}, "length": {nil, 0.0, "10", 1e300}, "monotonicMs": {nil, -1.0}, "durationMs": {nil, 1.5},
		"place": {"here", "+39+117", "+39.12+117.25/\n"},
	} {
		for _, value := range values {
			body := entries(all)
			body["segments"].(record.Object)["0"].(record.Object)[field] = value
			if codes := flawsOf(body, octets, 3); !slices.Contains(codes, "segment.malformed@-1") {
				t.Errorf("%s = %v: %v", field, value, codes)
			}
		}
	}
	for _, key := range []string{"00", "-1", "a", "1.0", ""} {
		body := entries(all)
		segments := body["segments"].(record.Object)
		segments[key] = segments["0"]
		if codes := flawsOf(body, octets, 3); !slices.Equal(codes, []string{"segment.malformed@-1"}) {
			t.Errorf("key %q: %v", key, codes)
		}
	}
}

// What is no segment says by which of its members: whoever built the recorder must find it.
func TestAMalformedSegmentNamesItsMember(t *testing.T) {
	for _, c := range []struct {
		member string
		value  any
	}{{"sha256", "ab"}, {"offset", -1.0}, {"offset", 0.5}, {"length", 0.0}, {"length", "3"}, {"at", "yesterday"}, {"boot", "a\nb"}, {"monotonicMs", nil}, {"durationMs", float64(1 << 53)},
		{"place", "+39\n+117/"}, {"hash", strings.Repeat("0", 63)}} {
		all, _ := recording([]int{3, 4})
		body := entries(all)
		body["segments"].(record.Object)["1"].(record.Object)[c.member] = c.value
		good, flaws := evidence.SegmentsOf(body)
		if len(good) != 1 || len(flaws) != 1 || !strings.Contains(flaws[0].En, `"1"`) || !strings.Contains(flaws[0].En, c.member) || !strings.Contains(flaws[0].Zh, c.member) {
			t.Errorf("%s %v: %v", c.member, c.value, flaws)
		}
	}
}
