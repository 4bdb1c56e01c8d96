package isobmff

import (
	"encoding/binary"
	"errors"
	"io"
)

// box is the head of one box.
type box struct {
	name   string
	at     int64 // of the head, in the file or the slice
	head   int64 // octets of the head
	length int64 // with the head
}

func (b box) end() int64 { return b.at + b.length }

// headOf reads the head of a box out of the octets that begin at it; size is how many are left from there, in the file or in the box
// around it. ok is false where no box can begin.
func headOf(octets []byte, at, size int64) (b box, ok bool) {
	if len(octets) < 8 {
		return b, false
	}
	b = box{name: string(octets[4:8]), at: at, head: 8, length: int64(binary.BigEndian.Uint32(octets))}
	for _, c := range octets[4:8] { // a name is four letters; © begins some of Apple's
		if (c < ' ' || c > '~') && c != 0xA9 {
			return b, false
		}
	}
	switch b.length {
	case 0: // to the end
		b.length = size
	case 1:
		if len(octets) < 16 {
			return b, false
		}
		long := binary.BigEndian.Uint64(octets[8:])
		if long >= 1<<62 {
			return b, false
		}
		b.head, b.length = 16, int64(long)
	}
	return b, b.length >= b.head
}

// known are the boxes that files have at the top (ISO/IEC 14496-12 table 1, and what cameras write). Others are passed over if they fit.
var known = map[string]bool{"ftyp": true, "styp": true, "moov": true, "moof": true, "mdat": true, "mfra": true, "sidx": true, "ssix": true,
	"free": true, "skip": true, "wide": true, "meta": true, "uuid": true, "emsg": true, "prft": true, "pdin": true, "udta": true, "pssh": true}

// children calls fn for each box in the octets of a container's body, until one cannot be read: then ok is false.
func children(body []byte, fn func(b box, body []byte)) (ok bool) {
	for at := int64(0); at < int64(len(body)); {
		b, ok := headOf(body[at:], at, int64(len(body))-at)
		if !ok || b.end() > int64(len(body)) {
			return false
		}
		fn(b, body[b.at+b.head:b.end()])
		at = b.end()
	}
	return true
}

// keep copies a container without the boxes that are not needed. tree says which are: a nil entry is kept whole, one with children is a
// container itself.
func keep(name string, body []byte, tree node) []byte {
	out := make([]byte, 8)
	children(body, func(b box, inner []byte) {
		below, wanted := tree[b.name]
		switch {
		case !wanted:
		case below != nil:
			out = append(out, keep(b.name, inner, below)...)
		default:
			out = append(out, boxed(b.name, inner)...)
		}
	})
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	copy(out[4:], name)
	return out
}

type node map[string]node

func boxed(name string, body []byte) []byte {
	out := make([]byte, 8, 8+len(body))
	binary.BigEndian.PutUint32(out, uint32(8+len(body)))
	copy(out[4:], name)
	return append(out, body...)
}

// readAt fills p from an offset, or as much of it as there is.
func readAt(r io.ReaderAt, p []byte, at int64) ([]byte, error) {
	n, err := r.ReadAt(p, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p[:n], err
}
