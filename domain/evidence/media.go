package evidence

import (
	"cmp"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence/isobmff"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// ExamineJob is the kind of the work that looks at the outside of a recording once its bytes are held; its key is the id of the evidence
// record.
const ExamineJob = "evidence.examine"

// MediaFinding is the code of the finding that says what is wrong with the file of a recording.
const MediaFinding = "evidence.media"

// Flaws of a file beside its announcement; those of the format itself are named in package isobmff.
const (
	FlawOther    = "media.other_format" // it is of another format than was announced
	FlawUnknown  = "media.unknown"      // advice: it is of no format that is known; it is kept all the same
	FlawDuration = "media.duration"     // it is longer or shorter than the times announced
	FlawCreation = "media.creation"     // it says that it was made at another time
)

// How far a file may be from what was announced. Clocks of cameras drift by seconds a day (GA/T 947.2 allows three), and some write
// their local time as if it were UTC: eight hours are not held against them.
const (
	durationSlack = 5 * time.Second
	creationSlack = 15 * time.Minute
	beijing       = 8 * time.Hour
)

// Examined is what was found out about the file of a recording.
type Examined struct {
	Format Format // zero: none that is known
	Report isobmff.Report
	Flaws  []isobmff.Flaw // all of them, advice too
}

// JudgeMedia compares a file with what was announced of it.
func JudgeMedia(m Manifest, format Format, known bool, report isobmff.Report) Examined {
	e := Examined{Format: format, Report: report, Flaws: report.Flaws}
	say := func(advice bool, code, zh, en string) {
		e.Flaws = append(e.Flaws, isobmff.Flaw{Code: code, At: -1, Zh: zh, En: en, Advice: advice})
	}
	announced, _, _ := mime.ParseMediaType(m.MIME) // the gate has seen to it
	switch {
	case !known && alwaysTold(announced): // blocks that a battery's end left unwritten look like this
		say(false, FlawOther, fmt.Sprintf("登记为 %s，实际不是任何已知的媒体格式", announced), fmt.Sprintf("announced as %s, it is of no format that is known", announced))
	case !known && announced != "application/octet-stream":
		say(true, FlawUnknown, "不是已知的媒体格式，已原样保存", "of no format that is known; kept as it is")
	case known && !slices.Contains(format.MIME, announced) && announced != "application/octet-stream":
		say(false, FlawOther, fmt.Sprintf("登记为 %s，实为 %s", announced, format.Name), fmt.Sprintf("announced as %s, it is %s", announced, format.Name))
	}
	if !known || !format.MP4 {
		return e
	}
	if said := m.EndedAt.Sub(m.StartedAt); report.Duration > 0 && (report.Duration-said).Abs() > max(durationSlack, said/50) {
		say(false, FlawDuration, fmt.Sprintf("文件时长%s，登记的起止时间相差%s", seconds(report.Duration), seconds(said)),
			fmt.Sprintf("the file lasts %s, between the times announced are %s", seconds(report.Duration), seconds(said)))
	}
	if made := report.Created; !made.IsZero() && !near(made, m) && !near(made.Add(-beijing), m) {
		say(false, FlawCreation, fmt.Sprintf("文件自称录制于%s，登记为%s", made.Format(time.RFC3339), m.StartedAt.UTC().Format(time.RFC3339)),
			fmt.Sprintf("the file says it was made at %s, announced is %s", made.Format(time.RFC3339), m.StartedAt.UTC().Format(time.RFC3339)))
	}
	return e
}

// near reports whether a moment is about when a recording was made. Some cameras note when they began, some when they had ended.
func near(made time.Time, m Manifest) bool {
	return !made.Before(m.StartedAt.Add(-creationSlack)) && !made.After(m.EndedAt.Add(creationSlack))
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s" }

// Wrong are the flaws that are no advice: what people must look at.
func (e Examined) Wrong() []Flaw { return e.pick(false) }

// Advice are the flaws that are.
func (e Examined) Advice() []Flaw { return e.pick(true) }

func (e Examined) pick(advice bool) (out []Flaw) {
	for _, f := range e.Flaws {
		if f.Advice == advice {
			out = append(out, Flaw{Code: f.Code, Segment: -1, Zh: f.Zh, En: f.En})
		}
	}
	return out
}

// Entry is how it stands in the record, as custody/media.
func (e Examined) Entry() record.Object {
	entry := record.Object{"format": cmp.Or(e.Format.Name, "unknown"), "flaws": float64(len(e.Wrong()))}
	if advice := e.Advice(); len(advice) > 0 {
		zh, en := Summary(advice)
		entry["advice"] = record.Object{"zh": zh, "en": en}
	}
	if !e.Format.MP4 {
		return entry
	}
	r := e.Report
	entry["fragmented"], entry["durationMs"] = r.Fragmented, float64(r.Duration.Milliseconds())
	if !r.Created.IsZero() {
		entry["createdAt"] = r.Created.Format(time.RFC3339)
	}
	tracks := record.Object{}
	for i, t := range r.Tracks {
		track := record.Object{"kind": t.Kind, "codec": t.Codec}
		for name, n := range map[string]int{"width": t.Width, "height": t.Height, "rate": t.Rate} {
			if n > 0 {
				track[name] = float64(n)
			}
		}
		tracks[strconv.Itoa(i+1)] = track
	}
	entry["tracks"] = tracks
	return entry
}

// Seek is what a player needs to begin in the middle of a recording: where its head is and where its fragments begin.
type Seek struct {
	Evidence   string         `json:"evidence"`
	SHA256     string         `json:"sha256"`
	DurationMs int64          `json:"durationMs"`
	Head       SeekSpan       `json:"head"`              // what must be read before any fragment; length 0: the whole file
	FirstKey   *SeekFragment  `json:"firstKey,omitzero"` // the first fragment that can be shown by itself
	Fragments  []SeekFragment `json:"fragments"`
	More       bool           `json:"more"` // there are more fragments than are listed
}

// SeekSpan is a run of octets of the recording.
type SeekSpan struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// SeekFragment is a fragment with when it begins.
type SeekFragment struct {
	SeekSpan
	AtMs int64 `json:"atMs"`
	Key  bool  `json:"key"` // it can be shown without any before it
}

// SeekOf makes the index of a recording.
func SeekOf(id, sha256 string, r isobmff.Report) Seek {
	s := Seek{Evidence: id, SHA256: sha256, DurationMs: r.Duration.Milliseconds(), Head: SeekSpan(r.Head), Fragments: []SeekFragment{}, More: r.More}
	for _, f := range r.Fragments {
		s.Fragments = append(s.Fragments, SeekFragment{SeekSpan(f.Span), f.At.Milliseconds(), f.Key})
	}
	if i := slices.IndexFunc(s.Fragments, func(f SeekFragment) bool { return f.Key }); i >= 0 {
		s.FirstKey = &s.Fragments[i]
	}
	return s
}
