package isobmff

import (
	"fmt"
	"time"
)

// Report is what a file says of itself, as far as it can be read.
type Report struct {
	Brand      string    // major brand of ftyp; "" none
	Fragmented bool      // has a movie extends box: the media is in fragments
	Created    time.Time // of the movie, UTC; zero: it does not say
	Duration   time.Duration
	Tracks     []Track
	Head       Span       // ftyp to the end of moov: what a player needs before any fragment; none when moov is behind the media
	Fragments  []Fragment // in the order of the file, at most [MaxFragments]
	More       bool       // there are more fragments than are listed
	Flaws      []Flaw     // what is wrong, at most [MaxFlaws]
}

// Track is one track of the movie.
type Track struct {
	ID            uint32
	Kind          string // video, audio, or the four letters of another handler
	Codec         string // as in RFC 6381 where it is known, else the four letters of the sample entry
	Width, Height int    // pixels; of video
	Rate          int    // samples a second; of audio
}

// Span is a run of octets.
type Span struct{ Offset, Length int64 }

// Fragment is one movie fragment with its media.
type Fragment struct {
	Span
	At    time.Duration // when it begins, from the beginning of the recording
	Lasts time.Duration
	Key   bool // its first sample of video can be shown without any before it
}

// The bounds of what is read and kept.
const (
	MaxFragments = 100_000 // more than a day in fragments of a second
	MaxFlaws     = 50
	maxTracks    = 16
	maxMovie     = 64 << 20 // octets of moov: the sample tables of a day in one piece
	maxKept      = 1 << 20  // octets of moov that are handed to the decoder
	maxMoof      = 1 << 20
	maxSamples   = 1 << 17   // of one fragment: a box of 20 octets may claim a thousand
	maxBoxes     = 1_000_000 // at the top
	maxEntry     = 64 << 10  // octets of a sample description
)

// Flaw is one thing that is wrong with a file. Advice is what could be better; what is no advice contradicts the format or itself.
type Flaw struct {
	Code   string // one of the flaws below
	At     int64  // octet of the file; -1: the file as a whole
	Zh, En string
	Advice bool
}

// The flaws.
const (
	NotThisFormat = "mp4.no_file_type"   // it does not begin with ftyp
	Truncated     = "mp4.truncated"      // a box is longer than what is left of the file
	Malformed     = "mp4.malformed"      // a box cannot be read
	NoMovie       = "mp4.no_movie"       // moov is missing: nothing can be played
	NoMedia       = "mp4.no_media"       // there is neither mdat nor a fragment
	NoTracks      = "mp4.no_tracks"      // neither picture nor sound
	Trailing      = "mp4.trailing"       // octets behind the last box that are none
	Gap           = "mp4.fragment_gap"   // media time passes that no fragment has
	Order         = "mp4.fragment_order" // fragments are missing or not in the order of their numbers
	NotFragmented = "mp4.not_fragmented" // advice: cut off while recording, nothing of it could be played
	MovieLast     = "mp4.movie_last"     // advice: it cannot be played before it is there whole
	NoCreation    = "mp4.no_creation"    // advice: it does not say when it was made
)

func flaw(code string, at int64, zh, en string, args ...any) Flaw {
	return Flaw{Code: code, At: at, Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

func advice(code, zh, en string) Flaw { return Flaw{Code: code, At: -1, Zh: zh, En: en, Advice: true} }

// add notes a flaw, once for each code and place, up to the bound.
func (r *Report) add(f Flaw) {
	if len(r.Flaws) < MaxFlaws {
		r.Flaws = append(r.Flaws, f)
	}
}
