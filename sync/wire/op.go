package wire

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Op is one operation as it travels. Times are RFC 3339 in UTC with at most microseconds.
type Op struct {
	ID         string         `json:"id"`
	Seq        uint64         `json:"seq"`
	Txn        string         `json:"txn,omitempty"`
	Collection string         `json:"collection"`
	Record     string         `json:"record"`
	Action     string         `json:"action"`
	Base       uint64         `json:"base"`
	Patch      map[string]any `json:"patch,omitempty"`
	OccurredAt time.Time      `json:"occurredAt"`
	Clock      Clock          `json:"clock"`
	Author     string         `json:"author"`
	Schema     int            `json:"schema"`
	Prev       string         `json:"prev"`
}

// Clock is what a device knows of time besides its wall clock.
type Clock struct {
	Boot        string  `json:"boot"`
	MonotonicMs int64   `json:"monotonicMs"`
	Anchor      *Anchor `json:"anchor,omitempty"`
}

// Anchor is the last server time seen in this boot, with the monotonic count at that moment.
type Anchor struct {
	Server      time.Time `json:"server"`
	MonotonicMs int64     `json:"monotonicMs"`
}

// Push is a device's next operations, in order, with one signature over the chain's head.
type Push struct {
	Device    string           `json:"device"`
	Ops       []jsontext.Value `json:"ops"`       // each an [Op]; kept as text, so that the hash is over what was signed
	Head      string           `json:"head"`      // hex SHA-256 of the last op
	Signature string           `json:"signature"` // base64url of r‖s, ES256 over [SigningInput]
}

// Moment is a time as it travels: in UTC, with no more than microseconds.
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// PushReply carries one outcome per op, in the order of the push.
type PushReply struct {
	Outcomes []Outcome `json:"outcomes"`
	Acked    uint64    `json:"acked"` // the last seq of this device that is committed
	ServerAt time.Time `json:"serverAt"`
}

// Outcome is what became of one op: applied, merged, conflict, held or rejected.
type Outcome struct {
	Op       string   `json:"op"`
	Seq      uint64   `json:"seq"`
	Status   string   `json:"status"`
	Version  uint64   `json:"version,omitzero"`
	Code     string   `json:"code,omitempty"`
	Zh       string   `json:"zh,omitempty"`
	En       string   `json:"en,omitempty"`
	Field    string   `json:"field,omitempty"`
	Conflict string   `json:"conflict,omitempty"`
	Findings []string `json:"findings,omitempty"`
	Letter   string   `json:"letter,omitempty"`
	HeldBy   string   `json:"heldBy,omitempty"`
	Replayed bool     `json:"replayed,omitzero"`
}

// Sealed is an op with its canonical text, which is kept verbatim, and the hash that the device's next op names in prev.
type Sealed struct {
	Op
	Text []byte // RFC 8785
	Hash string // hex SHA-256 of Text
	Said []byte // the part of Text that is the patch; nil where that is not known
}

// maxOpDepth is how deep an op may nest: a push wraps it in two levels, and is itself held to [MaxDepth].
const maxOpDepth = MaxDepth - 2

// maxInteger is the largest integer that every JSON reader keeps exact (RFC 7493 §2.2).
const maxInteger = 1<<53 - 1

// ErrInteger means that an op's number is beyond what the canonical form keeps exact: its hash would be of another number.
var ErrInteger = errors.New("integer beyond 2^53-1")

// Seal is what an author does with a new op. What it returns, [Open] takes: an op that no receiver could read must fail
// here, because once it is in the chain every later op waits for it.
func Seal(o Op) (Sealed, error) {
	if err := o.checkIntegers(); err != nil {
		return Sealed{}, err
	}
	text, short := appendOp(make([]byte, 0, 1024), &o)
	if !short {
		var err error
		if text, err = Canonical(o); err != nil {
			return Sealed{}, err
		}
	}
	if err := checkDepth(text, maxOpDepth); err != nil {
		return Sealed{}, err
	}
	return Sealed{Op: o, Text: text, Hash: hashOf(text)}, nil
}

// Open is what a receiver does with an op's text: decode it strictly, bring it into canonical form and hash that.
// The text is taken over and rewritten.
func Open(text []byte) (Sealed, error) {
	if op, said, ok := exactOp(text); ok && op.checkIntegers() == nil {
		return Sealed{Op: op, Text: text, Hash: hashOf(text), Said: said}, nil
	}
	var s Sealed
	if err := checkDepth(text, maxOpDepth); err != nil {
		return Sealed{}, err
	}
	if err := Decode(text, &s.Op); err != nil {
		return Sealed{}, err
	}
	if err := s.checkIntegers(); err != nil {
		return Sealed{}, err
	}
	canonical, err := Canonicalize(text)
	if err != nil {
		return Sealed{}, err
	}
	s.Text, s.Hash = canonical, hashOf(canonical)
	return s, nil
}

func (o *Op) checkIntegers() error {
	counts := []int64{o.Clock.MonotonicMs}
	if o.Clock.Anchor != nil {
		counts = append(counts, o.Clock.Anchor.MonotonicMs)
	}
	for _, n := range counts {
		if n < -maxInteger || n > maxInteger {
			return ErrInteger
		}
	}
	if o.Seq > maxInteger || o.Base > maxInteger {
		return ErrInteger
	}
	return nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// SigningInput is the text a device signs for a push whose last op has the hash head.
func SigningInput(device, head string) []byte {
	return []byte("fieldwarden/push/v1\n" + device + "\n" + head + "\n")
}

// Base64URL decodes base64url without padding (RFC 4648 §5). Each value has one text: line breaks, which the library passes over, are
// refused, and so are bits that are not used.
func Base64URL(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("base64url: a line break")
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// ErrSignature means that a signature does not verify or is not of the form r‖s in base64url.
var ErrSignature = errors.New("signature does not verify")

// Sign signs a text by ES256 (RFC 7518 §3.4): ECDSA P-256 with SHA-256, r‖s of 64 bytes, base64url without padding.
func Sign(key *ecdsa.PrivateKey, text []byte) (string, error) {
	digest := sha256.Sum256(text)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Verify checks what [Sign] made.
func Verify(key *ecdsa.PublicKey, text []byte, signature string) error {
	raw, err := Base64URL(signature)
	if err != nil || len(raw) != 64 {
		return ErrSignature
	}
	digest := sha256.Sum256(text)
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return ErrSignature
	}
	return nil
}
