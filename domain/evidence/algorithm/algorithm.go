// Package algorithm is the one place that knows which digests and signatures evidence may have: SHA-256 and ECDSA over P-256 always, and the
// Chinese standards SM3 (GB/T 32905-2016) and SM2 (GB/T 32918-2016) beside them. Everything else names an algorithm and asks here.
//
// It must not know what is hashed or signed, or when which algorithm is wanted.
package algorithm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
)

// Digest is a digest algorithm. The zero value is none.
type Digest struct {
	Name string // as records and receipts name it: lower case
	make func() hash.Hash
}

// The digests.
var (
	SHA256 = Digest{"sha256", sha256.New}
	SM3    = Digest{"sm3", sm3.New}
)

// Running is a digest that is being computed over what is written to it. Writing never fails.
type Running struct{ hash hash.Hash }

// New begins a digest. Of the zero algorithm nothing comes.
func (d Digest) New() Running {
	if d.make == nil {
		return Running{}
	}
	return Running{d.make()}
}

// Write implements io.Writer.
func (r Running) Write(octets []byte) (int, error) {
	if r.hash == nil {
		return len(octets), nil
	}
	return r.hash.Write(octets)
}

// Text is the digest of what was written, in lower-case hexadecimal; "" of the zero algorithm.
func (r Running) Text() string {
	if r.hash == nil {
		return ""
	}
	return hex.EncodeToString(r.hash.Sum(nil))
}

var _ io.Writer = Running{}

// The names of the signature algorithms. A signature is r‖s, 64 octets, as base64url without padding.
const (
	ES256 = "ES256" // ECDSA over P-256 with SHA-256 (RFC 7518 §3.4)
	SM2   = "SM2"   // SM2 with SM3 (GB/T 32918.2), under the identity that GM/T 0009 gives where there is none: 1234567812345678
)

// ErrKey means that octets are no public key of an algorithm that is known, ErrSignature that a signature is not the key's over the text.
var (
	ErrKey       = errors.New("no public key that is known here")
	ErrSignature = errors.New("signature does not verify")
)

// Key is a public key with its algorithm.
type Key struct {
	Algorithm string
	public    *ecdsa.PublicKey
}

// ParseKey reads a public key: SubjectPublicKeyInfo in DER, of P-256 or SM2.
func ParseKey(der []byte) (Key, error) {
	if parsed, err := x509.ParsePKIXPublicKey(der); err == nil {
		if public, ok := parsed.(*ecdsa.PublicKey); ok && public.Curve == elliptic.P256() {
			return Key{ES256, public}, nil
		}
		return Key{}, ErrKey
	}
	parsed, err := smx509.ParsePKIXPublicKey(der)
	if err != nil {
		return Key{}, ErrKey
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != sm2.P256() {
		return Key{}, ErrKey
	}
	return Key{SM2, public}, nil
}

// Verify checks a signature over a text.
func (k Key) Verify(text []byte, signature string) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || len(raw) != 64 || k.public == nil || strings.ContainsAny(signature, "\r\n") { // the decoder passes over line breaks
		return ErrSignature
	}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	good := false
	switch k.Algorithm {
	case ES256:
		digest := sha256.Sum256(text)
		good = ecdsa.Verify(k.public, digest[:], r, s)
	case SM2:
		good = sm2.VerifyWithSM2(k.public, nil, text, r, s)
	}
	if !good {
		return ErrSignature
	}
	return nil
}

// Sign signs a text by a private key of either algorithm: *ecdsa.PrivateKey over P-256 or *sm2.PrivateKey.
func Sign(key crypto.Signer, text []byte) (string, error) {
	var r, s *big.Int
	var err error
	switch private := key.(type) {
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256(text)
		r, s, err = ecdsa.Sign(rand.Reader, private, digest[:])
	case *sm2.PrivateKey:
		r, s, err = sm2.SignWithSM2(rand.Reader, &private.PrivateKey, nil, text)
	default:
		err = ErrKey
	}
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// NewSM2 makes a private key of SM2, for [Sign], with its public key as [ParseKey] reads it.
func NewSM2() (private crypto.Signer, public []byte, err error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	public, err = smx509.MarshalPKIXPublicKey(&key.PublicKey)
	return key, public, err
}
