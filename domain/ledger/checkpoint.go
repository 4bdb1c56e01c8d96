package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint says how long a log is and what it comes to (C2SP tlog-checkpoint). It travels as a signed note (C2SP signed-note).
type Checkpoint struct {
	Origin string // the log's name, which is the issuer's
	Size   int64  // leaves
	Root   Hash
}

// ErrUnsigned means that a checkpoint bears no good signature of a key that is asked for.
var ErrUnsigned = errors.New("the checkpoint bears no signature of a known key")

// Text is what is signed: origin, size and root, each ended by a line feed.
func (c Checkpoint) Text() string { return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root) }

// ParseCheckpoint reads the text of a checkpoint. It is strict: each checkpoint has one text. Extension lines are refused, because
// nothing here writes any and nobody would check them.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("a checkpoint has three lines: origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, errors.New("the size is no number")
	}
	root, err := ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{lines[0], size, root}
	if c.Text() != text {
		return Checkpoint{}, errors.New("the size is not written in plain digits")
	}
	return c, nil
}

// ParseHash reads a hash as it is written everywhere: base64, of which each hash has one.
func ParseHash(text string) (h Hash, err error) {
	octets, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(octets) != len(h) {
		return h, errors.New("a hash is base64 of 32 octets")
	}
	copy(h[:], octets)
	if h.String() != text {
		return h, errors.New("a hash is written otherwise than base64 does")
	}
	return h, nil
}

// Sign makes the signed note of a checkpoint, with a line for each signer.
func Sign(c Checkpoint, signers ...note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Text()}, signers...)
}

// Signed is a checkpoint with the signatures that are good and those of keys that nobody knows.
type Signed struct {
	Checkpoint
	Good    []note.Signature
	Unknown []note.Signature
}

// Open reads a signed checkpoint. A signature that names a known key and is wrong is an error, one of an unknown key is not; whether
// the right keys have signed is for [Signed.By] to say. With no known key all signatures are unknown.
func Open(signed []byte, known ...note.Verifier) (Signed, error) {
	n, err := note.Open(signed, note.VerifierList(known...))
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		n, err = unverified.Note, nil
	}
	if err != nil {
		return Signed{}, err
	}
	c, err := ParseCheckpoint(n.Text)
	return Signed{Checkpoint: c, Good: n.Sigs, Unknown: n.UnverifiedSigs}, err
}

// By reports whether a key has signed.
func (s Signed) By(key note.Verifier) bool {
	for _, sig := range s.Good {
		if sig.Name == key.Name() && sig.Hash == key.KeyHash() {
			return true
		}
	}
	return false
}

// AddSignatures puts further signature lines below a signed note, as witnesses give them. Lines that are there already are left out.
func AddSignatures(signed []byte, lines string) []byte {
	text := string(signed)
	for line := range strings.Lines(lines) {
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		if strings.HasPrefix(line, "— ") && !strings.Contains(text, "\n"+line) {
			text += line
		}
	}
	return []byte(text)
}

// signer signs notes under a name by a key.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

// NewSigner makes the signer of a ledger's checkpoints: the key's name is the ledger's.
func NewSigner(name string, key ed25519.PrivateKey) (note.Signer, error) {
	verifier, err := NewVerifier(name, key.Public().(ed25519.PublicKey))
	return signer{verifier, key}, err
}

// NewVerifier makes the verifier of a ledger's checkpoints.
func NewVerifier(name string, key ed25519.PublicKey) (note.Verifier, error) {
	if !validName(name) {
		return nil, errors.New("a ledger's name has no white space and no plus")
	}
	vkey, err := note.NewEd25519VerifierKey(name, key)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(vkey)
}
