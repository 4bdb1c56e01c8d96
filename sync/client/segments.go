package client

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Piece is a stretch of a recording that the camera wrote down in one go: a fragment of MP4, say.
type Piece struct {
	Length      int64     // octets
	At          time.Time // when it began, by the wall clock
	Boot        string    // as in [Config.Boot]
	MonotonicMs int64     // since then, when it began
	DurationMs  int64
	Place       string // ISO 6709, where it began; "" unknown
}

// signEvery is how many segments one signature of the device covers at most.
const signEvery = 30

// segments chains the pieces of a recording, which follow one another from its first octet, under the id of its evidence record.
func (d *Device) segments(id, path string, pieces []Piece) (record.Object, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, before, offset := record.Object{}, evidence.ChainStart(id), int64(0)
	for n, p := range pieces {
		digest := sha256.New()
		if _, err := io.CopyN(digest, file, p.Length); err != nil {
			return nil, fmt.Errorf("piece %d: %w", n, err)
		}
		s := evidence.Segment{N: n, SHA256: hex.EncodeToString(digest.Sum(nil)), Offset: offset, Length: p.Length, At: timeText(p.At),
			Boot: p.Boot, MonotonicMs: p.MonotonicMs, DurationMs: p.DurationMs, Place: p.Place}
		s.Hash = s.HashAfter(before)
		if n == len(pieces)-1 || n%signEvery == signEvery-1 {
			if s.Signature, err = wire.Sign(d.key, evidence.SegmentInput(id, s)); err != nil {
				return nil, err
			}
		}
		entries[strconv.Itoa(n)] = s.Entry()
		before, offset = s.Hash, offset+p.Length
	}
	return entries, nil
}
