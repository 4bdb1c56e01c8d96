package evidence

import (
	"bytes"
	"mime"
	"slices"
	"strings"
)

// Format is a format of media that is known by its first octets.
type Format struct {
	Name  string   // short, lower case
	Kind  string   // image, audio or video: what it mostly holds
	MIME  []string // its media types; the first is the one to use
	MP4   bool     // of the ISO base media format
	Still bool     // a single picture
}

// SniffLength is how many octets [Sniff] wants to see.
const SniffLength = 4096

// signature is how a format begins.
type signature struct {
	Format
	at    int
	begin string
	then  string // what must stand behind begin, 8 octets from the beginning; "" anything
}

var signatures = []signature{
	{Format: Format{Name: "jpeg", Kind: "image", MIME: []string{"image/jpeg"}, Still: true}, begin: "\xFF\xD8\xFF"},
	{Format: Format{Name: "png", Kind: "image", MIME: []string{"image/png"}, Still: true}, begin: "\x89PNG\r\n\x1a\n"},
	{Format: Format{Name: "gif", Kind: "image", MIME: []string{"image/gif"}}, begin: "GIF8"},
	{Format: Format{Name: "webp", Kind: "image", MIME: []string{"image/webp"}, Still: true}, begin: "RIFF", then: "WEBP"},
	{Format: Format{Name: "bmp", Kind: "image", MIME: []string{"image/bmp"}, Still: true}, begin: "BM"},
	{Format: Format{Name: "heif", Kind: "image", MIME: []string{"image/heic", "image/heif", "image/avif"}}, at: 4, begin: "ftyp", then: "hei mif1 avif heix msf1"},
	{Format: Format{Name: "mp4", Kind: "video", MIME: []string{"video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "audio/3gpp", "audio/x-m4a"}, MP4: true}, at: 4, begin: "ftyp"},
	{Format: Format{Name: "matroska", Kind: "video", MIME: []string{"video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"}}, begin: "\x1A\x45\xDF\xA3"},
	{Format: Format{Name: "wav", Kind: "audio", MIME: []string{"audio/wav", "audio/x-wav", "audio/vnd.wave"}}, begin: "RIFF", then: "WAVE"},
	{Format: Format{Name: "avi", Kind: "video", MIME: []string{"video/x-msvideo", "video/avi"}}, begin: "RIFF", then: "AVI "},
	{Format: Format{Name: "ogg", Kind: "audio", MIME: []string{"audio/ogg", "video/ogg"}}, begin: "OggS"},
	{Format: Format{Name: "flac", Kind: "audio", MIME: []string{"audio/flac", "audio/x-flac"}}, begin: "fLaC"},
	{Format: Format{Name: "amr", Kind: "audio", MIME: []string{"audio/amr", "audio/amr-wb"}}, begin: "#!AMR"},
	{Format: Format{Name: "mp3", Kind: "audio", MIME: []string{"audio/mpeg", "audio/mp3"}}, begin: "ID3"},
	{Format: Format{Name: "pdf", Kind: "application", MIME: []string{"application/pdf"}}, begin: "%PDF-"},
}

// Sniff tells the format of a file by its first octets, at most [SniffLength] of them; ok is false if it is none of those that are known.
// A file that begins like one format may be another one besides: whoever opens it opens it as what Sniff says, and as nothing else.
func Sniff(head []byte) (f Format, ok bool) {
	for _, s := range signatures {
		if len(head) < s.at+len(s.begin) || string(head[s.at:s.at+len(s.begin)]) != s.begin {
			continue
		}
		if s.then == "" {
			return s.Format, true
		}
		if len(head) < 12 {
			continue
		}
		behind := string(head[8:12])
		if s.at == 4 && slices.ContainsFunc(strings.Fields(s.then), func(brand string) bool { return strings.HasPrefix(behind, brand) }) || behind == s.then {
			return s.Format, true
		}
	}
	return frames(head)
}

// beginsOtherwise are media types of which a file may begin in more ways than [Sniff] knows: old films without their type in front, streams cut out
// of the middle.
var beginsOtherwise = []string{"video/quicktime", "audio/mpeg", "audio/mp3"}

// alwaysTold reports whether every file of a media type begins so that [Sniff] knows it. What was announced as one and is not known is not one.
func alwaysTold(mediaType string) bool {
	return !slices.Contains(beginsOtherwise, mediaType) &&
		slices.ContainsFunc(signatures, func(s signature) bool { return slices.Contains(s.MIME, mediaType) })
}

// frames knows formats that have no head, by the sync words of their first frames.
func frames(head []byte) (Format, bool) {
	switch {
	case len(head) > 2*188 && head[0] == 0x47 && head[188] == 0x47 && head[2*188] == 0x47:
		return Format{Name: "mpegts", Kind: "video", MIME: []string{"video/mp2t"}}, true
	case len(head) > 4 && head[0] == 0xFF && head[1]&0xF6 == 0xF0:
		return Format{Name: "aac", Kind: "audio", MIME: []string{"audio/aac", "audio/x-aac"}}, true
	case len(head) > 4 && head[0] == 0xFF && head[1]&0xE6 == 0xE2 && head[2]&0xF0 != 0xF0:
		return Format{Name: "mp3", Kind: "audio", MIME: []string{"audio/mpeg", "audio/mp3"}}, true
	case bytes.HasPrefix(head, []byte("\x00\x00\x01\xBA")):
		return Format{Name: "mpeg", Kind: "video", MIME: []string{"video/mpeg"}}, true
	}
	return Format{}, false
}

// ServedAs is the media type under which octets from outside may be given to a browser, and whether it may show them in its own window.
// What is announced as one of the formats that are known keeps its type; all else (playlists, which name other files; what a browser
// would open by a program of its own) is octets to be saved. Nothing here looks at the octets: with "nosniff" a browser does not either.
func ServedAs(announced string) (mediaType string, inline bool) {
	kind, _, err := mime.ParseMediaType(announced)
	if err != nil {
		return "application/octet-stream", false
	}
	for _, s := range signatures {
		if slices.Contains(s.MIME, kind) {
			return kind, s.Kind != "application"
		}
	}
	if slices.Contains([]string{"video/mp2t", "video/mpeg", "audio/aac", "audio/x-aac"}, kind) {
		return kind, true
	}
	return "application/octet-stream", false
}
