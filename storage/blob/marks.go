package blob

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
)

// stretch is how many octets have a mark of their own.
const stretch = 128 << 10

// marks are authentication tags (GMAC, NIST SP 800-38D) of a body's stretches, made from the same octets in memory as its SHA-256, and held against what a store gives back. Their key
// is random, this put's alone, and never leaves the process: octets that differ, whoever has chosen them, pass under a mark of the stretch with a chance below 2^-110. So they prove as much
// as another SHA-256 of everything would, at a quarter of its cost, and unlike it in any order and on several lines at once.
type marks struct {
	aead cipher.AEAD
	tags []byte // one behind the other
	rest []byte // the stretch that is not full
}

// newMarks makes marks for a body of so many octets.
func newMarks(length int64) (*marks, error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	cipherOf, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(cipherOf)
	return &marks{aead: aead, rest: make([]byte, 0, min(stretch, max(0, length)))}, err
}

// Write implements io.Writer.
func (m *marks) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if len(m.rest) == 0 && len(rest) >= stretch {
			m.mark(rest[:stretch])
			rest = rest[stretch:]
			continue
		}
		n := min(len(rest), stretch-len(m.rest))
		m.rest, rest = append(m.rest, rest[:n]...), rest[n:]
		if len(m.rest) == stretch {
			m.end()
		}
	}
	return len(p), nil
}

// end marks what is not a full stretch, if there is something.
func (m *marks) end() {
	if len(m.rest) > 0 {
		m.mark(m.rest)
		m.rest = m.rest[:0]
	}
}

func (m *marks) mark(octets []byte) {
	m.tags = m.aead.Seal(m.tags, nonce(len(m.tags)/m.aead.Overhead()), nil, octets)
}

// match reports whether the nth stretch has these octets.
func (m *marks) match(n int, octets []byte) bool {
	size := m.aead.Overhead()
	if (n+1)*size > len(m.tags) {
		return false
	}
	_, err := m.aead.Open(nil, nonce(n), m.tags[n*size:][:size], octets)
	return err == nil
}

// nonce says which stretch it is, so that two that have changed places do not match.
func nonce(n int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(n))
}
