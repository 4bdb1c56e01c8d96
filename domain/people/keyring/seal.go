package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// A private key is stored as nonce ‖ AES-256-GCM(PKCS #8), with its use and id as additional data: a sealed key that is
// copied into another row does not open there. The id is the thumbprint of the public half, so neither does one whose public
// half was exchanged.

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the sealing key has %d bytes, want 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealedFor(use, kid string) []byte {
	return []byte("fieldwarden/signing-key/v1\n" + use + "\n" + kid)
}

func (k *Keyring) seal(use, kid string, private *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return k.aead.Seal(nil, nil, der, sealedFor(use, kid)), nil
}

// errNotOurs tells nothing of what was opened.
var errNotOurs = errors.New("it was not sealed under this master secret for this row")

func (k *Keyring) open(use string, s people.SigningKey) (pair, error) {
	der, err := k.aead.Open(nil, nil, s.Sealed, sealedFor(use, s.ID))
	if err != nil {
		return pair{}, errNotOurs
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return pair{}, errNotOurs
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() || Thumbprint(&private.PublicKey) != s.ID {
		return pair{}, errNotOurs
	}
	public := PublicKey{ID: s.ID, Use: use, Key: &private.PublicKey, CreatedAt: s.CreatedAt, RetiredAt: s.RetiredAt}
	return pair{public, private}, nil
}

// Thumbprint names a P-256 public key by RFC 7638: base64url of the SHA-256 of its required JWK members in their order.
// A key of another curve has none, "".
func Thumbprint(key *ecdsa.PublicKey) string {
	if key == nil || key.Curve != elliptic.P256() {
		return ""
	}
	point, err := key.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return ""
	}
	b64 := base64.RawURLEncoding
	digest := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`,
		b64.EncodeToString(point[1:33]), b64.EncodeToString(point[33:])))
	return b64.EncodeToString(digest[:])
}
