package isobmff

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
)

// inFragment are the boxes of moof that are handed to the decoder.
var inFragment = node{"mfhd": nil, "traf": {"tfhd": nil, "tfdt": nil, "trun": nil}}

// slack is how far fragments may be apart: encoders round.
const slack = 500 * time.Millisecond

func (e *examiner) readFragment(b box) error {
	octets, ok, err := e.body(b, maxMoof)
	if err != nil || !ok {
		return err
	}
	if claimed(octets) > maxSamples {
		e.add(flaw(Malformed, b.at, "第%d字节处的分片样本过多", "the fragment at octet %d claims too many samples", b.at))
		return nil
	}
	moof, err := decodeFragment(keep("moof", octets, inFragment))
	if err != nil {
		e.add(flaw(Malformed, b.at, "第%d字节处的分片无法解析：%v", "the fragment at octet %d cannot be read: %v", b.at, err))
		return nil
	}
	e.ordered(b, moof.Mfhd.SequenceNumber)
	found := Fragment{Span: Span{b.at, b.length}}
	first := true
	for _, traf := range moof.Trafs {
		if traf.Tfhd == nil {
			continue
		}
		t, known := e.scale[traf.Tfhd.TrackID]
		if !known {
			continue
		}
		began, lasts, key := t.read(traf)
		if t.begun && first {
			e.joined(b, ticks(t.next, t.scale), ticks(began, t.scale))
		}
		if first || t.video {
			found.At, found.Lasts, found.Key = ticks(began, t.scale), ticks(lasts, t.scale), key && t.video || len(e.Tracks) == 1
		}
		t.next, t.begun, first = began+lasts, true, false
		e.scale[traf.Tfhd.TrackID] = t
	}
	e.note(found)
	return nil
}

// claimed is how many samples the runs of a fragment say they have.
func claimed(moof []byte) (samples uint64) {
	children(moof, func(b box, traf []byte) {
		if b.name != "traf" {
			return
		}
		children(traf, func(b box, trun []byte) {
			if b.name == "trun" && len(trun) >= 8 {
				samples += uint64(binary.BigEndian.Uint32(trun[4:]))
			}
		})
	})
	return samples
}

func decodeFragment(octets []byte) (*mp4.MoofBox, error) {
	return guarded(func() (*mp4.MoofBox, error) {
		decoded, err := mp4.DecodeBoxSR(0, bits.NewFixedSliceReader(octets))
		if err != nil {
			return nil, err
		}
		moof, ok := decoded.(*mp4.MoofBox)
		if !ok || moof.Mfhd == nil {
			return nil, errors.New("no mfhd")
		}
		return moof, nil
	})
}

// read says when a track's part of a fragment begins and how long it is, in the track's own count, and whether it begins with a sample
// that stands alone.
func (t trackTime) read(traf *mp4.TrafBox) (began, lasts uint64, key bool) {
	began = t.next
	if traf.Tfdt != nil {
		began = traf.Tfdt.BaseMediaDecodeTime()
	}
	duration, flags := t.duration, t.flags
	if traf.Tfhd.HasDefaultSampleDuration() {
		duration = traf.Tfhd.DefaultSampleDuration
	}
	if traf.Tfhd.HasDefaultSampleFlags() {
		flags = traf.Tfhd.DefaultSampleFlags
	}
	for i, trun := range traf.Truns {
		if i == 0 && len(trun.Samples) > 0 {
			if first, is := trun.FirstSampleFlags(); is {
				flags = first
			} else if trun.HasSampleFlags() {
				flags = trun.Samples[0].Flags
			}
			key = mp4.IsSyncSampleFlags(flags)
		}
		if !trun.HasSampleDuration() {
			lasts += uint64(duration) * uint64(len(trun.Samples))
			continue
		}
		for _, s := range trun.Samples {
			lasts += uint64(s.Dur)
		}
	}
	return began, lasts, key
}

// ordered compares the numbers of fragments: they grow.
func (e *examiner) ordered(b box, sequence uint32) {
	if e.sequence > 0 && sequence != e.sequence+1 {
		e.add(flaw(Order, b.at, "第%d字节处的分片编号为%d，前一分片为%d：有分片缺失或次序颠倒", "the fragment at octet %d has the number %d behind %d: fragments are missing, or in another order",
			b.at, sequence, e.sequence))
	}
	e.sequence = sequence
}

// joined compares the time at which a fragment begins with the end of the one before.
func (e *examiner) joined(b box, ended, begins time.Duration) {
	switch apart := begins - ended; {
	case apart > slack:
		e.add(flaw(Gap, b.at, "第%d字节处的分片之前缺%.1f秒", "before the fragment at octet %d %.1f s are missing", b.at, apart.Seconds()))
	case apart < -slack:
		e.add(flaw(Gap, b.at, "第%d字节处的分片与前一分片重叠%.1f秒", "the fragment at octet %d overlaps the one before by %.1f s", b.at, -apart.Seconds()))
	}
}

// note lists a fragment.
func (e *examiner) note(f Fragment) {
	e.pending = nil
	if len(e.Fragments) >= MaxFragments {
		e.More = true
		// The last of the list stands for how long the recording is.
		last := &e.Fragments[MaxFragments-1]
		last.Lasts = max(last.Lasts, f.At+f.Lasts-last.At)
		return
	}
	e.Fragments = append(e.Fragments, f)
	e.pending = &e.Fragments[len(e.Fragments)-1]
}
