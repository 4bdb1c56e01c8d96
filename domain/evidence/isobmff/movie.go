package isobmff

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
)

// needed are the boxes of moov that are handed to the decoder. The sample descriptions are handed over one by one, see describe.
var needed = node{"mvhd": nil, "mvex": {"mehd": nil, "trex": nil},
	"trak": {"tkhd": nil, "mdia": {"mdhd": nil, "hdlr": nil, "minf": {"stbl": {}}}}}

// trackTime is what of a track its fragments lean on.
type trackTime struct {
	scale    uint32
	duration uint32 // of a sample, unless a fragment says else
	flags    uint32
	video    bool
	next     uint64 // decode time at which the next fragment should begin
	begun    bool
}

// readMovie reads moov. A second one is ignored, as players do.
func (e *examiner) readMovie(b box) error {
	if e.movie {
		return nil
	}
	e.movie, e.movieFirst = true, !e.media
	octets, ok, err := e.body(b, maxMovie)
	if err != nil || !ok {
		return err
	}
	if e.movieFirst {
		e.Head = Span{0, b.end()}
	}
	count := 0
	children(octets, func(b box, _ []byte) {
		if b.name == "trak" {
			count++
		}
	})
	if count > maxTracks {
		e.add(flaw(Malformed, b.at, "轨道过多（%d个）", "there are too many tracks (%d)", count))
		return nil
	}
	kept := keep("moov", octets, needed)
	if len(kept) > maxKept {
		e.add(flaw(Malformed, b.at, "moov 数据块内容过多", "the moov box has too much in it"))
		return nil
	}
	moov, err := decodeMovie(kept)
	if err != nil {
		e.add(flaw(Malformed, b.at, "moov 数据块无法解析：%v", "the moov box cannot be read: %v", err))
		return nil
	}
	e.take(moov, entriesOf(octets))
	return nil
}

func decodeMovie(octets []byte) (*mp4.MoovBox, error) {
	return guarded(func() (*mp4.MoovBox, error) {
		decoded, err := mp4.DecodeBoxSR(0, bits.NewFixedSliceReader(octets))
		if err != nil {
			return nil, err
		}
		moov, ok := decoded.(*mp4.MoovBox)
		if !ok || moov.Mvhd == nil {
			return nil, errors.New("no mvhd")
		}
		return moov, nil
	})
}

// take reads what a movie says.
func (e *examiner) take(moov *mp4.MoovBox, entries []entry) {
	if made := moov.Mvhd.CreationTime; made > 0 && made < 1<<36 {
		e.Created = time.Unix(int64(made)-secondsTo1970, 0).UTC()
	}
	e.Fragmented = moov.Mvex != nil
	e.Duration = ticks(moov.Mvhd.Duration, moov.Mvhd.Timescale)
	if e.Fragmented && moov.Mvex.Mehd != nil {
		e.Duration = max(e.Duration, ticks(uint64(moov.Mvex.Mehd.FragmentDuration), moov.Mvhd.Timescale))
	}
	e.scale = map[uint32]trackTime{}
	for i, trak := range moov.Traks {
		if trak.Tkhd == nil || trak.Mdia == nil || trak.Mdia.Mdhd == nil || trak.Mdia.Hdlr == nil {
			e.add(flaw(Malformed, -1, "第%d条轨道不完整", "track %d is not complete", i+1))
			continue
		}
		t := Track{ID: trak.Tkhd.TrackID, Kind: kindOf(trak.Mdia.Hdlr.HandlerType)}
		if i < len(entries) {
			entries[i].describe(&t)
		}
		e.Tracks = append(e.Tracks, t)
		e.scale[t.ID] = trackTime{scale: trak.Mdia.Mdhd.Timescale, video: t.Kind == "video"}
	}
	if e.Fragmented {
		for _, trex := range moov.Mvex.Trexs {
			t := e.scale[trex.TrackID]
			t.duration, t.flags = trex.DefaultSampleDuration, trex.DefaultSampleFlags
			e.scale[trex.TrackID] = t
		}
	}
}

// secondsTo1970 is from the beginning of 1904, which is where the format counts from.
const secondsTo1970 = 2_082_844_800

func kindOf(handler string) string {
	switch handler {
	case "vide":
		return "video"
	case "soun":
		return "audio"
	}
	return printable([]byte(handler))
}

// entry is the first sample description of a track, as it lies in the file.
type entry struct {
	name string
	body []byte
}

// entriesOf finds the first sample description of every track, in order; one that is not there is empty.
func entriesOf(moov []byte) (all []entry) {
	children(moov, func(b box, trak []byte) {
		if b.name != "trak" {
			return
		}
		stsd := find(trak, "mdia", "minf", "stbl", "stsd")
		var found entry
		if len(stsd) > 8 && len(stsd) <= maxEntry {
			children(stsd[8:], func(b box, body []byte) {
				if found.name == "" {
					found = entry{b.name, body}
				}
			})
		}
		all = append(all, found)
	})
	return all
}

// find goes down to the first box of a path.
func find(body []byte, path ...string) []byte {
	for _, name := range path {
		var next []byte
		children(body, func(b box, inner []byte) {
			if next == nil && b.name == name {
				next = inner
			}
		})
		body = next
	}
	return body
}

// The octets of a sample description before its boxes.
const (
	visualHead = 78
	audioHead  = 28
)

// configurations are the boxes of a sample description that say which codec it is.
var configurations = []string{"avcC", "hvcC", "av1C", "vpcC", "esds", "dOps", "dac3", "dec3"}

// describe names the codec, and the size of the picture or the rate of the sound. Only the boxes of the codec go to the decoder.
func (d entry) describe(t *Track) {
	t.Codec = printable([]byte(d.name))
	head := visualHead
	if t.Kind == "audio" {
		head = audioHead
	}
	if len(d.body) < head || t.Kind != "audio" && t.Kind != "video" {
		return
	}
	octets := slices.Clone(d.body[:head])
	children(d.body[head:], func(b box, body []byte) {
		if slices.Contains(configurations, b.name) {
			octets = append(octets, boxed(b.name, body)...)
		}
	})
	decoded, err := guarded(func() (mp4.Box, error) { return mp4.DecodeBoxSR(0, bits.NewFixedSliceReader(boxed(d.name, octets))) })
	if err != nil {
		return
	}
	switch found := decoded.(type) {
	case *mp4.VisualSampleEntryBox:
		t.Width, t.Height = int(found.Width), int(found.Height)
		if c := found.AvcC; c != nil {
			t.Codec += fmt.Sprintf(".%02X%02X%02X", c.AVCProfileIndication, c.ProfileCompatibility, c.AVCLevelIndication)
		}
	case *mp4.AudioSampleEntryBox:
		t.Rate = int(found.SampleRate)
	}
}
