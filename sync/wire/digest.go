package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/bits"
)

// Digest is a SHA-256, or a sum of some modulo 2^256. In JSON it is 64 hexadecimal digits in lower case.
type Digest [sha256.Size]byte

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := unhex(text)
	if err != nil || len(raw) != len(d) {
		return errors.New("want 64 hexadecimal digits in lower case")
	}
	copy(d[:], raw)
	return nil
}

// unhex reads lower-case digits only, so that a digest has one text.
func unhex(text []byte) ([]byte, error) {
	for _, c := range text {
		if c >= 'A' && c <= 'F' {
			return nil, errors.New("upper case")
		}
	}
	return hex.AppendDecode(nil, text)
}

// Digester computes digests of records. It is not safe for concurrent use.
type Digester struct {
	sum    hash.Hash
	prefix []byte
}

// NewDigester returns a Digester.
func NewDigester() *Digester { return &Digester{sum: sha256.New()} }

// Record is the SHA-256 over the id, the collection, the version and the body of a record: each text with its length in octets before it,
// the lengths and the version in eight octets, the greatest first. body is in canonical form.
func (d *Digester) Record(id, collection string, version uint64, body []byte) (out Digest) {
	p := d.prefix[:0]
	p = append(binary.BigEndian.AppendUint64(p, uint64(len(id))), id...)
	p = append(binary.BigEndian.AppendUint64(p, uint64(len(collection))), collection...)
	p = binary.BigEndian.AppendUint64(p, version)
	p = binary.BigEndian.AppendUint64(p, uint64(len(body)))
	d.prefix = p
	d.sum.Reset()
	d.sum.Write(p)
	d.sum.Write(body)
	d.sum.Sum(out[:0])
	return out
}

// Bucket is one of the 256 parts into which the records of a feed fall: the first octet of SHA-256 over the id.
type Bucket byte

// BucketOf is the bucket of a record.
func BucketOf(id string) Bucket {
	sum := sha256.Sum256([]byte(id))
	return Bucket(sum[0])
}

// String is the bucket's name: two hexadecimal digits in lower case.
func (b Bucket) String() string { return hex.EncodeToString([]byte{byte(b)}) }

// ParseBucket reads the name of a bucket.
func ParseBucket(name string) (Bucket, error) {
	raw, err := unhex([]byte(name))
	if err != nil || len(raw) != 1 {
		return 0, fmt.Errorf("bucket %q: want two hexadecimal digits in lower case", name)
	}
	return Bucket(raw[0]), nil
}

// Sums is what the records of a feed come to: their number and, by bucket, the sum of their digests modulo 2^256. The order in which they
// are added does not matter. The zero value is that of no record.
type Sums struct {
	Count   uint64
	Buckets [256]Digest
}

// Add adds a record.
func (s *Sums) Add(b Bucket, record Digest) {
	s.Count++
	sum := &s.Buckets[b]
	carry := uint64(0)
	for i := len(sum) - 8; i >= 0; i -= 8 {
		var n uint64
		n, carry = bits.Add64(binary.BigEndian.Uint64(sum[i:]), binary.BigEndian.Uint64(record[i:]), carry)
		binary.BigEndian.PutUint64(sum[i:], n)
	}
}

// Differ returns the buckets in which two sums differ.
func (s *Sums) Differ(other *Sums) (buckets []Bucket) {
	for i := range s.Buckets {
		if s.Buckets[i] != other.Buckets[i] {
			buckets = append(buckets, Bucket(i))
		}
	}
	return buckets
}

// FeedDigest is the answer of GET /v1/sync/digests/{scope}/{name}: what the live records of the feed come to at its head. Buckets whose
// sum is 0 are left out.
type FeedDigest struct {
	Feed    string            `json:"feed"`
	Head    uint64            `json:"head"`
	Count   uint64            `json:"count"`
	Buckets map[string]Digest `json:"buckets"`
}

// NewFeedDigest tells sums.
func NewFeedDigest(feed string, head uint64, s *Sums) FeedDigest {
	f := FeedDigest{Feed: feed, Head: head, Count: s.Count, Buckets: map[string]Digest{}}
	for i, sum := range s.Buckets {
		if sum != (Digest{}) {
			f.Buckets[Bucket(i).String()] = sum
		}
	}
	return f
}

// Sums is the feed's digest for comparing.
func (f *FeedDigest) Sums() (*Sums, error) {
	s := &Sums{Count: f.Count}
	for name, sum := range f.Buckets {
		b, err := ParseBucket(name)
		if err != nil {
			return nil, err
		}
		s.Buckets[b] = sum
	}
	return s, nil
}

// DigestQuery asks by POST /v1/sync/digests/{scope}/{name} for the digests of the records in some buckets, at the head at which the
// device found them to differ. After goes on behind a page. Schemas is as in [Pull].
type DigestQuery struct {
	Head    uint64         `json:"head"`
	Buckets []string       `json:"buckets"`
	After   uint64         `json:"after,omitzero"`
	Schemas map[string]int `json:"schemas,omitempty"`
}

// DigestList is the answer, in the order of the records' seq. Next, unless it is 0, asks for the rest as After.
type DigestList struct {
	Records []RecordDigest `json:"records"`
	Next    uint64         `json:"next,omitzero"`
}

// RecordDigest is the digest of one record.
type RecordDigest struct {
	ID      string `json:"id"`
	Version uint64 `json:"version"`
	Digest  Digest `json:"digest"`
}

// RecordsQuery asks by POST /v1/sync/records for some records of a feed. Schemas is as in [Pull].
type RecordsQuery struct {
	Feed    string         `json:"feed"`
	IDs     []string       `json:"ids"`
	Schemas map[string]int `json:"schemas,omitempty"`
}

// RecordsReply has the records as a pull would tell them; what the feed does not show is gone. With More it ended early: ask for those
// that it says nothing of again.
type RecordsReply struct {
	Changes []Change `json:"changes"`
	More    bool     `json:"more"`
}

// Append appends the text of the reply; see [Change.Append].
func (r *RecordsReply) Append(b []byte) ([]byte, error) {
	frame := *r
	frame.Changes = []Change{}
	return appendAround(b, frame, r.Changes)
}
