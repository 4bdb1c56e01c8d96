package client

import (
	"context"
	"crypto/ecdsa"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// errKeyUnknown means that a receipt is signed by a key that is not known here.
var errKeyUnknown = errors.New("the receipt's key is not known")

// acceptReceipt verifies the server's word for a recording and keeps it. Anything less is fault client.receipt_invalid, and
// the file stays.
func (d *Device) acceptReceipt(ctx context.Context, token string, u Upload) error {
	err := d.verifyReceipt(ctx, token, u)
	if errors.Is(err, errKeyUnknown) {
		if err := d.fetchKeys(ctx); err != nil {
			return err
		}
		err = d.verifyReceipt(ctx, token, u)
	}
	if err != nil {
		return fault.New(fault.ReceiptInvalid).Because(err)
	}
	_, err = d.db.ExecContext(ctx, `UPDATE uploads SET state = ?, sent = length, receipt = ? WHERE evidence = ?`, UploadReceipted, token, u.Evidence)
	return err
}

// verifyReceipt checks that a token is the server's word for exactly these bytes of this recording.
func (d *Device) verifyReceipt(ctx context.Context, token string, u Upload) error {
	r, err := upload.OpenReceipt(token, func(kid string) (*ecdsa.PublicKey, error) { return d.receiptKey(ctx, kid) })
	switch {
	case err != nil:
		return err
	case r.Issuer != strings.TrimSuffix(d.base.String(), "/"):
		return fmt.Errorf("the receipt is from %q", r.Issuer)
	case r.Evidence != u.Evidence:
		return fmt.Errorf("the receipt is for %s", r.Evidence)
	case r.Digest != evidence.Digest{Length: u.Length, SHA256: u.SHA256}:
		return fmt.Errorf("the receipt is for %d octets with digest %s", r.Digest.Length, r.Digest.SHA256)
	}
	return nil
}

// receiptKey returns a key that is kept here.
func (d *Device) receiptKey(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	var text []byte
	err := d.db.QueryRowContext(ctx, `SELECT jwk FROM receipt_keys WHERE kid = ?`, kid).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errKeyUnknown
	}
	var k jwk
	if err == nil {
		err = decode(text, &k)
	}
	if err != nil {
		return nil, err
	}
	return k.publicKey()
}

// fetchKeys asks for the server's keys. A key that is known keeps the meaning it had when first seen; keys that the server has
// retired stay, for the receipts they have signed.
func (d *Device) fetchKeys(ctx context.Context) error {
	var set struct {
		Keys []struct {
			jwk
			Use string `json:"fieldwarden:use"`
		} `json:"keys"`
	}
	res, err := d.call(ctx, request{method: http.MethodGet, path: "/.well-known/jwks.json", by: nobody})
	if err == nil {
		err = decode(res.body, &set)
	}
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		for _, k := range set.Keys {
			if _, err := k.publicKey(); err != nil || k.Use != upload.ReceiptUse || k.Kid == "" {
				continue // of another kind, or for another use
			}
			text, err := wire.Canonical(k.jwk)
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO receipt_keys (kid, jwk) VALUES (?, ?) ON CONFLICT (kid) DO NOTHING`, k.Kid, string(text))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
