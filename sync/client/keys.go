package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// jwk is a P-256 public key as JSON (RFC 7517, RFC 7518 §6.2.1).
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid,omitempty"`
}

// loadKey returns the device's key, made and kept on first use.
func (d *Device) loadKey(ctx context.Context) (key *ecdsa.PrivateKey, err error) {
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		var der []byte
		err := tx.QueryRowContext(ctx, `SELECT private_key FROM device`).Scan(&der)
		if errors.Is(err, sql.ErrNoRows) {
			key, err = makeKey(ctx, tx)
			return err
		}
		if err != nil {
			return err
		}
		key, err = parseKey(der)
		return err
	})
	return key, err
}

func makeKey(ctx context.Context, tx *sql.Tx) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO device (one, private_key) VALUES (1, ?)`, der)
	return key, err
}

func parseKey(der []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("the device's key as stored: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the device's key as stored is not P-256")
	}
	return key, nil
}

// publicJWK gives a public key its JSON shape.
func publicJWK(key *ecdsa.PublicKey) (jwk, error) {
	point, err := key.Bytes() // 0x04 ‖ x ‖ y
	if err != nil {
		return jwk{}, err
	}
	b64 := base64.RawURLEncoding
	return jwk{Kty: "EC", Crv: "P-256", X: b64.EncodeToString(point[1:33]), Y: b64.EncodeToString(point[33:])}, nil
}

// publicKey undoes [publicJWK]; a point off the curve is an error.
func (k jwk) publicKey() (*ecdsa.PublicKey, error) {
	if k.Kty != "EC" || k.Crv != "P-256" {
		return nil, fmt.Errorf("key %s is %s %s, not EC P-256", k.Kid, k.Kty, k.Crv)
	}
	point := []byte{4}
	for _, coordinate := range []string{k.X, k.Y} {
		raw, err := wire.Base64URL(coordinate)
		if err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("key %s: a coordinate is not 32 octets of base64url", k.Kid)
		}
		point = append(point, raw...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// proof makes a DPoP proof (RFC 9449 §4.2): that whoever sends this request holds the key. It is good for one
// request. access is the token it goes with, or "" for requests without one.
func (d *Device) proof(ctx context.Context, key *ecdsa.PrivateKey, method, url, access string) (string, error) {
	public, err := publicJWK(&key.PublicKey)
	if err != nil {
		return "", err
	}
	at, err := d.serverNow(ctx, d.db)
	if err != nil {
		return "", err
	}
	claims := map[string]any{"jti": d.newID(), "htm": method, "htu": url, "iat": at.Unix()}
	if access != "" {
		digest := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(digest[:])
	}
	return signJWT(key, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, claims)
}

// signJWT makes a JWT in compact form (RFC 7519, RFC 7515 §3.1), signed by ES256.
func signJWT(key *ecdsa.PrivateKey, header, claims map[string]any) (string, error) {
	head, err := wire.Canonical(header)
	if err != nil {
		return "", err
	}
	payload, err := wire.Canonical(claims)
	if err != nil {
		return "", err
	}
	input := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := wire.Sign(key, []byte(input))
	return input + "." + signature, err
}
