package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// JWK is a P-256 public key as JSON (RFC 7517, RFC 7518 §6.2.1), with the members that WebCrypto exports. A private member
// is unknown to it and so refused where it is decoded strictly.
type JWK struct {
	Kty    string   `json:"kty"`
	Crv    string   `json:"crv"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	Kid    string   `json:"kid,omitempty"`
	Alg    string   `json:"alg,omitempty"`
	Use    string   `json:"use,omitempty"`
	KeyOps []string `json:"key_ops,omitempty"`
	Ext    bool     `json:"ext,omitempty"`
	// For says what a key of the server signs: token or receipt.
	For string `json:"fieldwarden:use,omitempty"`
}

// KeySet is what /.well-known/jwks.json shows (RFC 7517 §5).
type KeySet struct {
	Keys []JWK `json:"keys"`
}

var errKey = errors.New("not a P-256 public key")

// FromKey gives a key its JSON shape.
func FromKey(key *ecdsa.PublicKey) (JWK, error) {
	if key == nil || key.Curve != elliptic.P256() {
		return JWK{}, errKey
	}
	point, err := key.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return JWK{}, errKey
	}
	b64 := base64.RawURLEncoding
	return JWK{Kty: "EC", Crv: "P-256", X: b64.EncodeToString(point[1:33]), Y: b64.EncodeToString(point[33:])}, nil
}

// Key undoes [FromKey]. A point off the curve is an error.
func (k JWK) Key() (*ecdsa.PublicKey, error) {
	if k.Kty != "EC" || k.Crv != "P-256" || k.Alg != "" && k.Alg != alg {
		return nil, errKey
	}
	point := []byte{4}
	for _, coordinate := range []string{k.X, k.Y} {
		raw, err := wire.Base64URL(coordinate)
		if err != nil || len(raw) != 32 {
			return nil, errKey
		}
		point = append(point, raw...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errKey
	}
	return key, nil
}

// Published lists the server's keys of both uses that verify.
func Published(ctx context.Context, keys *keyring.Keyring) (KeySet, error) {
	set := KeySet{Keys: []JWK{}}
	for _, use := range []string{keyring.Token, keyring.Receipt} {
		public, err := keys.Public(ctx, use)
		if err != nil {
			return KeySet{}, err
		}
		for _, p := range public {
			k, err := FromKey(p.Key)
			if err != nil {
				return KeySet{}, err
			}
			k.Kid, k.Alg, k.Use, k.For = p.ID, alg, "sig", use
			set.Keys = append(set.Keys, k)
		}
	}
	return set, nil
}
