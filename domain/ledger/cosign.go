package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Cosignatures are C2SP tlog-cosignature of type cosignature/v1: a witness says that at a time this was the longest log of this origin that
// it had seen, and that it followed from all it had seen before.

const cosignatureType = 4

// Witness verifies the cosignatures of one witness.
type Witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

var _ note.Verifier = (*Witness)(nil)

// ParseWitness reads a witness's key: name+hash+base64(0x04 ‖ 32 octets).
func ParseWitness(vkey string) (*Witness, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	hash, encoded, found := strings.Cut(rest, "+")
	id, err := strconv.ParseUint(hash, 16, 32)
	octets, err64 := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil || err64 != nil || len(hash) != 8 || len(octets) != 1+ed25519.PublicKeySize || octets[0] != cosignatureType || !validName(name) {
		return nil, errors.New("a witness's key is name+hash+base64 of type 4")
	}
	w := NewWitness(name, octets[1:])
	if w.hash != uint32(id) {
		return nil, errors.New("the key's hash is not that of the key")
	}
	return w, nil
}

// NewWitness makes the verifier of a witness of which name and key are known.
func NewWitness(name string, key ed25519.PublicKey) *Witness {
	sum := sha256.Sum256(append([]byte(name+"\n\x04"), key...))
	return &Witness{name, binary.BigEndian.Uint32(sum[:]), key}
}

func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsSpace) < 0 && !strings.Contains(name, "+")
}

// Key is the witness's key in the form that [ParseWitness] reads.
func (w *Witness) Key() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.hash, base64.StdEncoding.EncodeToString(append([]byte{cosignatureType}, w.key...)))
}

// Name implements note.Verifier.
func (w *Witness) Name() string { return w.name }

// KeyHash implements note.Verifier.
func (w *Witness) KeyHash() uint32 { return w.hash }

// Verify implements note.Verifier.
func (w *Witness) Verify(text, signature []byte) bool {
	at, ok := cosignedAt(signature)
	return ok && ed25519.Verify(w.key, cosigned(at, text), signature[8:])
}

// Cosign is what a witness signs a checkpoint's text with: the seconds since 1970 in eight octets, then the Ed25519 signature.
func Cosign(key ed25519.PrivateKey, text []byte, at time.Time) []byte {
	seconds := uint64(max(0, at.Unix()))
	return append(binary.BigEndian.AppendUint64(nil, seconds), ed25519.Sign(key, cosigned(seconds, text))...)
}

func cosigned(at uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

func cosignedAt(signature []byte) (uint64, bool) {
	if len(signature) != 8+ed25519.SignatureSize {
		return 0, false
	}
	at := binary.BigEndian.Uint64(signature)
	return at, at <= math.MaxInt64
}

// CosignedAt tells when a good cosignature says it was made.
func CosignedAt(sig note.Signature) (time.Time, bool) {
	octets, err := base64.StdEncoding.DecodeString(sig.Base64)
	if err != nil || len(octets) < 4 {
		return time.Time{}, false
	}
	at, ok := cosignedAt(octets[4:])
	return time.Unix(int64(at), 0).UTC(), ok
}
