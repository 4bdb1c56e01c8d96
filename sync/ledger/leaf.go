package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Pseudonyms turns ids into names that mean nothing outside: HMAC-SHA-256 under a key that never leaves the district, cut to 128 bits. The
// same device has the same pseudonym in all its leaves.
type Pseudonyms struct{ Key []byte }

// Of is the pseudonym of a device, of a person or of a row.
func (p Pseudonyms) Of(kind, id string) string {
	mac := hmac.New(sha256.New, p.Key)
	mac.Write([]byte("fieldwarden/pseudonym/v1\n" + kind + "\n" + id))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Seal is the digest of a row that never changes: HMAC-SHA-256 under the same key, in hexadecimal. Some rows say so little that who knows the ids in
// them could try out the rest against a plain digest.
func (p Pseudonyms) Seal(kind string, row []byte) string {
	mac := hmac.New(sha256.New, p.Key)
	mac.Write([]byte("fieldwarden/row/v1\n" + kind + "\n"))
	mac.Write(row)
	return hex.EncodeToString(mac.Sum(nil))
}

// Leaf is what a leaf says, of whatever kind. Which members there are depends on the kind; see docs/protocol/ledger.md.
type Leaf struct {
	V          int       `json:"v"`
	Kind       string    `json:"kind"`
	At         time.Time `json:"at"`
	Device     string    `json:"device,omitempty"` // pseudonym
	Author     string    `json:"author,omitempty"` // pseudonym, or server
	First      uint64    `json:"first,omitzero"`
	Last       uint64    `json:"last,omitzero"`
	Head       string    `json:"head,omitempty"`      // hash of a push's last op
	Hash       string    `json:"hash,omitempty"`      // of an op; Vouch: SHA-256 of the token or of the signature line; of a row: see Pseudonyms.Seal
	Signature  string    `json:"signature,omitempty"` // SHA-256 of the push's signature as it travelled
	Result     string    `json:"result,omitempty"`    // SHA-256 of ResultLines
	Key        string    `json:"key,omitempty"`       // Device: SHA-256 of the SubjectPublicKeyInfo; Key: the note's verifier key; Vouch: SHA-256 of who says it
	Epoch      string    `json:"epoch,omitempty"`
	Checkpoint int64     `json:"checkpoint,omitzero"` // Vouch: its number
	Of         string    `json:"of,omitempty"`        // Gone: the kind; Vouch: the kind of stamp
	Ref        string    `json:"ref,omitempty"`       // Gone, single rows: pseudonym of the row
}

// Text is the leaf as it is hashed: RFC 8785.
func (l Leaf) Text() ([]byte, error) { return wire.Canonical(l) }

// OpenLeaf reads a leaf. Only what Text writes is one.
func OpenLeaf(text []byte) (Leaf, error) {
	var l Leaf
	if err := wire.Decode(text, &l); err != nil {
		return l, err
	}
	again, err := l.Text()
	if err != nil || string(again) != string(text) {
		return l, fmt.Errorf("the leaf is not in its canonical form")
	}
	if l.V != 1 {
		return l, fmt.Errorf("the leaf is of version %d", l.V)
	}
	return l, nil
}

// Describe makes the leaf of a row. origin is the ledger's name.
func (p Pseudonyms) Describe(ref Ref, s Source, origin string) (Leaf, error) {
	l := Leaf{V: 1, Kind: ref.Kind, At: s.At.UTC().Truncate(time.Microsecond)}
	switch ref.Kind {
	case Push:
		l.Device, l.First, l.Last, l.Head, l.Signature = p.Of(Device, s.Device), s.First, s.Last, s.Head, sha(s.Signature)
		l.Result = sha(string(ResultLines(s.Result)))
	case Op:
		l.Author, l.Hash, l.Result = record.ServerAuthor, s.Head, sha(string(ResultLines(s.Result)))
		if s.Author != record.ServerAuthor {
			l.Author = p.Of("officer", s.Author)
		}
		if s.Device != "" {
			l.Device = p.Of(Device, s.Device)
		}
	case Device:
		l.Device, l.Key = p.Of(Device, ref.ID), sha(string(s.Public))
	case Key:
		vkey, err := note.NewEd25519VerifierKey(origin, s.Public)
		l.Key = vkey
		return l, err
	case Vouch:
		l.Checkpoint, l.Of, l.Key, l.Hash = s.Stamp.Checkpoint, s.Stamp.Kind, sha(s.Stamp.Signer), sha(string(s.Stamp.Data))
	case Epoch:
		l.Epoch = ref.ID
	case Fork, Decision, Lease, History, Change:
		l.Ref, l.Hash = p.Of(ref.Kind, ref.ID), p.Seal(ref.Kind, s.Row)
	default:
		return l, fmt.Errorf("nothing of kind %q has a leaf", ref.Kind)
	}
	return l, nil
}

// gone is the leaf of a row that has vanished while it waited: the log says so, for good.
func (p Pseudonyms) gone(ref Ref, at time.Time) Leaf {
	return Leaf{V: 1, Kind: Gone, At: at.UTC().Truncate(time.Microsecond), Of: ref.Kind, Ref: p.Of(ref.Kind, ref.ID)}
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ResultLines says what became of ops, one line for each, set apart by spaces: the op's hash; SHA-256 of its stored outcome; when it was
// received, and between which moments it happened, in microseconds since 1970; and of the version it made: record, version, 1 if removed,
// form, SHA-256 of the body, time. An op that made no version has a single - for these.
func ResultLines(results []OpResult) []byte {
	var b []byte
	for _, r := range results {
		b = fmt.Appendf(b, "%s %s %d %d %d ", r.Hash, sha(string(r.Outcome)), r.ReceivedAt, r.Earliest, r.Latest)
		if r.Version == 0 {
			b = append(b, "-\n"...)
			continue
		}
		removed := 0
		if r.Removed {
			removed = 1
		}
		b = fmt.Appendf(b, "%s %d %d %d %s %d\n", r.Record, r.Version, removed, r.Schema, sha(string(r.Body)), r.VersedAt)
	}
	return b
}
