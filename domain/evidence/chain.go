package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Segment is one piece of a recording, as its device wrote it down when the piece was complete: an entry of "segments" in the
// manifest, under its number.
type Segment struct {
	N           int    // from 0
	SHA256      string // of its octets, hex
	Offset      int64  // of its first octet in the recording
	Length      int64  // octets
	At          string // RFC 3339, when it began by the device's wall clock
	Boot        string // names the time since the device was last started, within which monotonic counts compare
	MonotonicMs int64  // since then, when it began
	DurationMs  int64
	Place       string // ISO 6709, where it began; "" unknown
	Hash        string // see [Segment.HashAfter], hex
	Signature   string // by the recording device's key, ES256 or SM2, over [SegmentInput] of the hash; "" none
}

// Entry is how a segment stands in the record, under its number.
func (s Segment) Entry() record.Object {
	entry := record.Object{"sha256": s.SHA256, "offset": float64(s.Offset), "length": float64(s.Length), "at": s.At, "boot": s.Boot,
		"monotonicMs": float64(s.MonotonicMs), "durationMs": float64(s.DurationMs), "hash": s.Hash}
	for name, value := range map[string]string{"place": s.Place, "signature": s.Signature} {
		if value != "" {
			entry[name] = value
		}
	}
	return entry
}

// MaxSegments bounds the segments of one recording: a day in pieces of ten seconds.
const MaxSegments = 8640

// ChainStart is what the first segment's hash stands on: SHA-256 over the id of the evidence record, in hex. So a chain belongs to one
// recording.
func ChainStart(evidence string) string { return hashOf("fieldwarden/recording/v1", evidence) }

// HashAfter is the hash that a segment has behind the one before: SHA-256, in hex, over eleven lines of text.
func (s Segment) HashAfter(before string) string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return hashOf("fieldwarden/segment/v1", before, number(int64(s.N)), s.SHA256, number(s.Offset), number(s.Length), s.At, s.Boot,
		number(s.MonotonicMs), number(s.DurationMs), s.Place)
}

// SegmentInput is the text that a device signs for a segment. Its hash stands on all segments before it, so the signature covers them.
func SegmentInput(evidence string, s Segment) []byte {
	return []byte(lines("fieldwarden/segment-signature/v1", evidence, strconv.Itoa(s.N), s.Hash))
}

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

func hashOf(all ...string) string {
	sum := sha256.Sum256([]byte(lines(all...)))
	return hex.EncodeToString(sum[:])
}

// Flaw is one thing that is wrong with the chain of a recording. It takes nothing from the recording; it says what cannot be shown.
type Flaw struct {
	Code    string // one of the flaws below
	Segment int    // where; -1 for the recording as a whole
	Zh, En  string
}

// The flaws.
const (
	FlawMalformed = "segment.malformed" // the entry is not a segment
	FlawMissing   = "segment.missing"   // a number is left out
	FlawHash      = "segment.hash"      // the hash is not that of the segment behind the one before
	FlawGap       = "segment.gap"       // time passed that no segment covers
	FlawOverlap   = "segment.overlap"   // it began before the one before had ended
	FlawRestart   = "segment.restart"   // the device was started anew: how long nothing was recorded only its wall clock says
	FlawUncovered = "segment.uncovered" // octets of the recording that belong to no segment, or to two
	FlawUnsigned  = "segment.unsigned"  // nothing signed covers it
	FlawSignature = "segment.signature" // the signature is not the device's
	FlawSigner    = "segment.signer"    // the key that should have signed is not known, or is none
	FlawBytes     = "segment.bytes"     // the octets that arrived are others
)

// slack is how far two segments may be apart, or overlap, by the monotonic clock: encoders round.
const slackMs = 500

// iso6709 is a point by ISO 6709 annex H: degrees, or degrees and minutes, or also seconds, perhaps with a height.
var iso6709 = regexp.MustCompile(`^[+-]\d{2,6}(\.\d+)?[+-]\d{3,7}(\.\d+)?([+-]\d+(\.\d+)?)?(CRS[A-Za-z0-9_:]+)?/$`)

// SegmentsOf reads the segments of an evidence record, in the order of their numbers, and says which entries are none.
func SegmentsOf(body record.Object) (all []Segment, flaws []Flaw) {
	entries, _ := body["segments"].(record.Object)
	if len(entries) > MaxSegments {
		return nil, []Flaw{{FlawMalformed, -1, fmt.Sprintf("分段多于%d个", MaxSegments), fmt.Sprintf("more than %d segments", MaxSegments)}}
	}
	for key, value := range entries {
		s, wrong := segmentOf(key, value)
		if wrong != "" {
			flaws = append(flaws, Flaw{FlawMalformed, -1, fmt.Sprintf("分段记录“%.20s”格式不正确（%s）", key, wrong), fmt.Sprintf("entry %.20q is not a segment: its %s is wrong", key, wrong)})
			continue
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Segment) int { return a.N - b.N })
	slices.SortFunc(flaws, func(a, b Flaw) int { return strings.Compare(a.En, b.En) })
	return all, flaws
}

// segmentOf reads an entry; wrong is the first member that cannot be what it should, "number" for the name of the entry itself.
func segmentOf(key string, value any) (s Segment, wrong string) {
	entry, _ := value.(record.Object)
	n, err := strconv.Atoi(key)
	s = Segment{N: n, SHA256: text(entry, "sha256"), At: text(entry, "at"), Boot: text(entry, "boot"), Place: text(entry, "place"),
		Hash: text(entry, "hash"), Signature: text(entry, "signature")}
	count := func(name string, into *int64) bool {
		number, is := entry[name].(float64)
		*into = int64(number)
		return is && number >= 0 && number < 1<<53 && number == float64(*into)
	}
	_, timed := moment(entry, "at")
	for _, member := range []struct {
		name string
		ok   bool
	}{{"number", err == nil && n >= 0 && strconv.Itoa(n) == key}, {"sha256", IsSHA256(s.SHA256)}, {"offset", count("offset", &s.Offset)},
		{"length", count("length", &s.Length) && s.Length > 0}, {"at", timed}, {"boot", !strings.ContainsFunc(s.Boot, func(r rune) bool { return r < ' ' })},
		{"monotonicMs", count("monotonicMs", &s.MonotonicMs)}, {"durationMs", count("durationMs", &s.DurationMs)},
		{"place", s.Place == "" || iso6709.MatchString(s.Place)}, {"hash", IsSHA256(s.Hash)}} {
		if !member.ok {
			return s, member.name
		}
	}
	return s, ""
}

// CheckChain says what is wrong with segments as far as it can be seen without the octets. They are sorted by their numbers; length
// is that of the recording.
func CheckChain(evidence string, length int64, all []Segment) (flaws []Flaw) {
	next, before, end := 0, ChainStart(evidence), int64(0)
	for i, s := range all {
		if s.N != next {
			flaws = append(flaws, missing(next, s.N))
		}
		if s.N == next && s.HashAfter(before) != s.Hash {
			flaws = append(flaws, at(FlawHash, s.N, "校验链在此处断开：记录的摘要与前段不相接", "the chain breaks here: the hash is not that of this segment behind the one before"))
		}
		if i > 0 && s.N == next {
			flaws = append(flaws, seam(all[i-1], s)...)
		}
		if s.Offset != end {
			flaws = append(flaws, uncovered(s.N, min(s.Offset, end), max(s.Offset, end)))
		}
		next, before, end = s.N+1, s.Hash, s.Offset+s.Length
	}
	if len(all) > 0 && end != length {
		flaws = append(flaws, uncovered(-1, min(end, length), max(end, length)))
	}
	return flaws
}

func uncovered(n int, from, to int64) Flaw {
	return Flaw{FlawUncovered, n, fmt.Sprintf("第%d至%d字节不恰好属于一个分段", from, to-1), fmt.Sprintf("octets %d to %d do not belong to just one segment", from, to-1)}
}

func at(code string, n int, zh, en string) Flaw {
	return Flaw{code, n, fmt.Sprintf("第%d段：%s", n, zh), fmt.Sprintf("segment %d: %s", n, en)}
}

func missing(from, to int) Flaw {
	if to-from == 1 {
		return at(FlawMissing, from, "缺失", "missing")
	}
	return Flaw{FlawMissing, from, fmt.Sprintf("第%d至%d段：缺失", from, to-1), fmt.Sprintf("segments %d to %d: missing", from, to-1)}
}

// seam compares the clocks where two segments meet.
func seam(a, b Segment) []Flaw {
	if a.Boot != b.Boot {
		ended, _ := time.Parse(time.RFC3339Nano, a.At)
		began, _ := time.Parse(time.RFC3339Nano, b.At)
		apart := began.Sub(ended.Add(time.Duration(a.DurationMs) * time.Millisecond)).Round(time.Second)
		return []Flaw{at(FlawRestart, b.N, fmt.Sprintf("设备在此前重新启动，按设备时钟中断%s", apart),
			fmt.Sprintf("the device was started anew before it; by its wall clock nothing was recorded for %s", apart))}
	}
	switch apart := b.MonotonicMs - a.MonotonicMs - a.DurationMs; {
	case apart > slackMs:
		return []Flaw{at(FlawGap, b.N, fmt.Sprintf("此前有%.1f秒未录制", float64(apart)/1000), fmt.Sprintf("nothing was recorded for %.1f s before it", float64(apart)/1000))}
	case apart < -slackMs:
		return []Flaw{at(FlawOverlap, b.N, fmt.Sprintf("与前段重叠%.1f秒", float64(-apart)/1000), fmt.Sprintf("it overlaps the one before by %.1f s", float64(-apart)/1000))}
	}
	return nil
}

// CheckSignatures says which segments no signature of the device covers. verify tells whether a signature over a text is its.
func CheckSignatures(evidence string, all []Segment, verify func(text []byte, signature string) bool) (flaws []Flaw) {
	covered := -1 // the last segment that a good signature covers
	for i, s := range all {
		switch {
		case s.Signature == "":
		case verify(SegmentInput(evidence, s), s.Signature):
			covered = i
		default:
			flaws = append(flaws, at(FlawSignature, s.N, "签名不是本设备所签", "the signature is not the device's"))
		}
	}
	if covered < len(all)-1 {
		from, to := all[covered+1].N, all[len(all)-1].N
		flaws = append(flaws, Flaw{FlawUnsigned, from, fmt.Sprintf("第%d至%d段：没有设备签名覆盖", from, to),
			fmt.Sprintf("segments %d to %d: no signature of the device covers them", from, to)})
	}
	return flaws
}

// NoSigner says that there is no key to check signatures by.
func NoSigner() Flaw {
	return Flaw{FlawSigner, -1, "录制设备未登记，或其签名公钥无法识别", "the device that recorded is not enrolled, or its key is none that is known"}
}

// SegmentsFinding is the code of the finding about what is only known when the octets have come: flaws that they or the device's key show,
// and what is missing then. What no later segment can mend is a finding of the gate [wholeChain] before.
const SegmentsFinding = "evidence.segments"

// Mendable picks the flaws of [CheckChain] that segments told later may take away.
func Mendable(flaws []Flaw) []Flaw { return those(flaws, true) }

func those(flaws []Flaw, mendable bool) (out []Flaw) {
	for _, f := range flaws {
		if (f.Code == FlawMissing || f.Code == FlawUncovered) == mendable {
			out = append(out, f)
		}
	}
	return out
}

// RecordingBasis is the law that wants recordings of the whole process.
const RecordingBasis = "行政处罚法第四十七条"

// summarized is how many flaws a finding spells out. The others follow from the same record.
const summarized = 5

// Summary words flaws in one sentence.
func Summary(flaws []Flaw) (zh, en string) {
	var zhs, ens []string
	for _, f := range flaws[:min(len(flaws), summarized)] {
		zhs, ens = append(zhs, f.Zh), append(ens, f.En)
	}
	zh, en = strings.Join(zhs, "；"), strings.Join(ens, "; ")
	if more := len(flaws) - summarized; more > 0 {
		zh, en = fmt.Sprintf("%s；另有%d处", zh, more), fmt.Sprintf("%s; and %d more", en, more)
	}
	return zh, en
}

// wholeChain flags what is wrong with the segments of a recording as they are told, at once or one by one: each time what is newly seen,
// at the first segment concerned. What is merely missing may still come, and is looked for when the octets are there. It refuses
// nothing: a gap is evidence of a gap.
var wholeChain = record.Gate{Code: "evidence.chain", Basis: RecordingBasis, Effect: record.Flag,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After == nil || record.Equal(ev.Before["segments"], ev.After["segments"]) {
			return nil, nil
		}
		known := map[Flaw]bool{}
		for _, f := range lasting(ev.Op.Record, ev.Before) {
			known[f] = true
		}
		fresh := slices.DeleteFunc(lasting(ev.Op.Record, ev.After), func(f Flaw) bool { return known[f] })
		if len(fresh) == 0 {
			return nil, nil
		}
		field := "segments"
		if n := fresh[0].Segment; n >= 0 {
			field += "/" + strconv.Itoa(n)
		}
		zh, en := Summary(fresh)
		return []record.Breach{{Zh: zh, En: en, Field: field}}, nil
	}}

// lasting is what is wrong with the segments of a record and will stay so.
func lasting(evidence string, body record.Object) []Flaw {
	all, flaws := SegmentsOf(body)
	length, _ := body["length"].(float64)
	return append(flaws, those(CheckChain(evidence, int64(length), all), false)...)
}
