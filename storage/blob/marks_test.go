package blob

import (
	"bytes"
	"crypto/rand"
	"testing"
)

// However a body comes, its stretches have the same marks; no other octets match, nor the same ones in another place, nor under another put's marks.
func TestMarks(t *testing.T) {
	data := make([]byte, 2*stretch+17)
	_, _ = rand.Read(data)
	data = append(data[:stretch:stretch], data...) // the first two are alike
	other, err := newMarks(int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = other.Write(data)
	other.end()
	for _, size := range []int{1000, stretch - 1, stretch, stretch + 1, len(data)} {
		m, err := newMarks(int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for rest := data; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			_, _ = m.Write(rest[:min(size, len(rest))])
		}
		m.end()
		for n := range 4 {
			octets := data[n*stretch : min((n+1)*stretch, len(data))]
			changed := bytes.Clone(octets)
			changed[len(changed)-1] ^= 0x80
			switch {
			case !m.match(n, octets):
				t.Errorf("in pieces of %d, stretch %d is not known again", size, n)
			case m.match(n, changed), m.match(n, octets[:len(octets)-1]), m.match(n, append(bytes.Clone(octets), 0)):
				t.Errorf("in pieces of %d, other octets pass as stretch %d", size, n)
			case bytes.Equal(m.tags, other.tags):
				t.Error("two puts have the same marks")
			}
		}
		if m.match(0, data[2*stretch:3*stretch]) || m.match(4, nil) {
			t.Error("a stretch passes in another's place")
		}
		if m.match(4, data[:stretch]) || bytes.Equal(m.tags[:16], m.tags[16:32]) {
			t.Error("the place is not in the mark")
		}
	}
}
