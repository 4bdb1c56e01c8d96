package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// Pieces hashes the octets of a recording segment by segment as they are written to it. It takes any number of octets.
type Pieces struct {
	left  []Segment // those still to come, the first of them being hashed
	here  int64     // offset of the next octet; not beyond the first segment's end
	hash  hash.Hash
	flaws []Flaw
}

// NewPieces begins with the first octet of the recording. The segments are those of [SegmentsOf].
func NewPieces(all []Segment) *Pieces { return &Pieces{left: all, hash: sha256.New()} }

// Write implements io.Writer and never fails.
func (p *Pieces) Write(octets []byte) (int, error) {
	n := len(octets)
	for len(octets) > 0 && len(p.left) > 0 {
		s := p.left[0]
		if p.here < s.Offset { // octets that belong to no segment
			skip := min(int64(len(octets)), s.Offset-p.here)
			octets, p.here = octets[skip:], p.here+skip
			continue
		}
		take := min(int64(len(octets)), s.Offset+s.Length-p.here)
		p.hash.Write(octets[:take])
		octets, p.here = octets[take:], p.here+take
		if p.here == s.Offset+s.Length {
			p.finish()
		}
	}
	return n, nil
}

// finish compares the first segment's digest and goes on to the next that does not begin before it has ended.
func (p *Pieces) finish() {
	s := p.left[0]
	if hex.EncodeToString(p.hash.Sum(nil)) != s.SHA256 {
		p.flaws = append(p.flaws, at(FlawBytes, s.N, "收到的内容与登记的摘要不符", "what arrived does not have the announced digest"))
	}
	p.hash.Reset()
	p.left = p.left[1:]
	for len(p.left) > 0 && p.left[0].Offset < p.here {
		p.flaws = append(p.flaws, at(FlawBytes, p.left[0].N, "起点在前段之内，无法核对", "it begins inside the one before and cannot be compared"))
		p.left = p.left[1:]
	}
}

// Flaws says which segments had other octets, once all are written. A segment whose octets did not all come is one of them.
func (p *Pieces) Flaws() []Flaw {
	flaws := p.flaws
	for _, s := range p.left {
		flaws = append(flaws, at(FlawBytes, s.N, "内容未完整收到", "its octets are not all there"))
	}
	return flaws
}
