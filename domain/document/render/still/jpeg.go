package still

import (
	"bytes"
	"encoding/binary"
)

// outline is what a JPEG's segments say of it.
type outline struct {
	width, height, colours int
	progressive            bool
	turn                   int
	end                    int // behind the marker that ends the picture; phones put films and other pictures behind it
	scans                  int
	rgb                    bool // the colours call themselves R, G and B
	adobe                  bool // a segment says how they are coded
}

// Markers of segments (T.81, table B.1).
const (
	startOfImage = 0xD8
	endOfImage   = 0xD9
	startOfScan  = 0xDA
	tables       = 0xC4 // those of Huffman's codes; among the numbers of frames
	exif         = 0xE1
	adobe        = 0xEE
)

// mostScans is how many scans a progressive JPEG may have; encoders make about ten. Each is a walk over the whole picture, however few its octets.
const mostScans = 40

// walk reads a JPEG's segments from its beginning to its end, and nothing of what they hold but sizes. What is not there, or goes on beyond the end, is
// [ErrBroken]; what a reader of PDF need not know is [ErrKind].
func walk(raw []byte) (outline, error) {
	j := outline{turn: 1}
	at := 2 // behind the start of the image
	for {
		marker, behind, ok := next(raw, at)
		if !ok {
			return j, ErrBroken
		}
		if marker == endOfImage {
			if j.end = behind; j.scans == 0 {
				return j, ErrBroken
			}
			return j, j.fit()
		}
		if len(raw) < behind+2 {
			return j, ErrBroken
		}
		length := int(binary.BigEndian.Uint16(raw[behind:]))
		if length < 2 || len(raw) < behind+length {
			return j, ErrBroken
		}
		if err := j.segment(marker, raw[behind+2:behind+length]); err != nil {
			return j, err
		}
		if at = behind + length; marker == startOfScan {
			at = behindScan(raw, at)
		}
	}
}

// next finds the marker at a place, behind any octets that fill it up.
func next(raw []byte, at int) (marker byte, behind int, ok bool) {
	if at >= len(raw) || raw[at] != 0xFF {
		return 0, 0, false
	}
	for at < len(raw) && raw[at] == 0xFF {
		at++
	}
	return atOrZero(raw, at), at + 1, at < len(raw)
}

func atOrZero(raw []byte, at int) byte {
	if at < len(raw) {
		return raw[at]
	}
	return 0
}

// behindScan is where the coded picture ends: at a marker that is none of those that stand within one.
func behindScan(raw []byte, at int) int {
	for {
		i := bytes.IndexByte(raw[at:], 0xFF)
		if i < 0 || at+i+1 >= len(raw) {
			return len(raw)
		}
		at += i
		if c := raw[at+1]; c != 0 && (c < 0xD0 || c > 0xD7) && c != 0xFF {
			return at
		}
		at++
	}
}

func (j *outline) segment(marker byte, body []byte) error {
	switch {
	case marker == startOfScan:
		if j.scans++; j.width == 0 {
			return ErrBroken
		}
		if j.scans > j.colours && !j.progressive || j.scans > mostScans {
			return ErrKind
		}
	case marker >= 0xC0 && marker <= 0xCF && marker != tables:
		return j.frame(marker, body)
	case marker == exif && j.width == 0:
		j.turn = orientation(body)
	case marker == adobe:
		j.adobe = j.adobe || bytes.HasPrefix(body, []byte("Adobe"))
	case marker == startOfImage:
		return ErrBroken
	}
	return nil
}

// frame reads the picture's size. Three ways of coding are read by everybody: baseline, extended, and progressive, by Huffman's codes.
func (j *outline) frame(marker byte, body []byte) error {
	switch {
	case marker > 0xC2:
		return ErrKind
	case len(body) < 6 || j.width != 0:
		return ErrBroken
	}
	j.progressive = marker == 0xC2
	j.height, j.width, j.colours = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:])), int(body[5])
	switch {
	case body[0] != 8 || j.colours != 1 && j.colours != 3:
		return ErrKind
	case j.width == 0 || j.height == 0 || len(body) != 6+3*j.colours:
		return ErrBroken
	}
	j.rgb = j.colours == 3 && body[6] == 'R' && body[9] == 'G' && body[12] == 'B'
	return nil
}

// fit refuses colours that are named red, green and blue and not said to be coded so: some readers believe the names, and others show other colours.
func (j *outline) fit() error {
	if j.rgb && !j.adobe {
		return ErrKind
	}
	return nil
}

// orientation is the tag Orientation (0x0112) of the first directory of an Exif segment, 1 where there is none that can be read.
func orientation(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at > len(tiff)-2 {
		return 1
	}
	n := int(order.Uint16(tiff[at:]))
	for entries := tiff[at+2:]; n > 0 && len(entries) >= 12; n, entries = n-1, entries[12:] {
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 {
			if turn := int(order.Uint16(entries[8:])); turn >= 1 && turn <= 8 {
				return turn
			}
			return 1
		}
	}
	return 1
}
