package upload

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// ReceiptUse is the use of the server's keys that sign receipts.
const ReceiptUse = "receipt"

// ReceiptSigner gives the server's current key of a use, with its name.
type ReceiptSigner interface {
	Signer(ctx context.Context, use string) (kid string, key *ecdsa.PrivateKey, err error)
}

// jwsHeader and receiptClaims are a receipt as it travels: a compact JWS (RFC 7515) by ES256 over canonical JSON.
type jwsHeader struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
	Type      string `json:"typ"`
}

type receiptClaims struct {
	Issuer   string    `json:"iss"`
	Evidence string    `json:"evidence"`
	Device   string    `json:"device"`
	SHA256   string    `json:"sha256"`
	Length   int64     `json:"length"`
	SM3      string    `json:"sm3,omitempty"`
	HeldAt   time.Time `json:"heldAt"`
}

// sign makes the token of a receipt.
func (s *Service) sign(ctx context.Context, r evidence.Receipt) (string, error) {
	kid, key, err := s.Keys.Signer(ctx, ReceiptUse)
	if err != nil {
		return "", err
	}
	return SignReceipt(kid, key, r)
}

// SignReceipt makes the token of a receipt.
func SignReceipt(kid string, key *ecdsa.PrivateKey, r evidence.Receipt) (string, error) {
	header, err := segment(jwsHeader{Algorithm: "ES256", Key: kid, Type: evidence.ReceiptType})
	if err != nil {
		return "", err
	}
	payload, err := segment(receiptClaims{r.Issuer, r.Evidence, r.Device, r.Digest.SHA256, r.Digest.Length, r.SM3,
		r.HeldAt.UTC().Truncate(time.Microsecond)})
	if err != nil {
		return "", err
	}
	signature, err := wire.Sign(key, []byte(header+"."+payload))
	return header + "." + payload + "." + signature, err
}

func segment(value any) (string, error) {
	text, err := wire.Canonical(value)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// OpenReceipt verifies a token and returns what it says; anything but a good receipt is fault evidence.receipt_unverified.
// It is the one verifier: of clients, of auditors and of tests. Who frees bytes on a receipt must also compare issuer,
// evidence and digest with its own.
func OpenReceipt(token string, keyOf func(kid string) (*ecdsa.PublicKey, error)) (evidence.Receipt, error) {
	bad := fault.New(fault.ReceiptUnverified)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return evidence.Receipt{}, bad
	}
	var h jwsHeader
	var c receiptClaims
	if err := openSegment(parts[0], &h); err != nil {
		return evidence.Receipt{}, bad.Because(err)
	}
	if h.Algorithm != "ES256" || h.Type != evidence.ReceiptType {
		return evidence.Receipt{}, bad
	}
	key, err := keyOf(h.Key)
	if err != nil {
		return evidence.Receipt{}, bad.Because(err)
	}
	if err := wire.Verify(key, []byte(parts[0]+"."+parts[1]), parts[2]); err != nil {
		return evidence.Receipt{}, bad.Because(err)
	}
	if err := openSegment(parts[1], &c); err != nil {
		return evidence.Receipt{}, bad.Because(err)
	}
	return evidence.Receipt{Issuer: c.Issuer, Evidence: c.Evidence, Device: c.Device, HeldAt: c.HeldAt, SM3: c.SM3,
		Digest: evidence.Digest{Length: c.Length, SHA256: c.SHA256}}, nil
}

// openSegment decodes strictly: a header with members that are not ours, such as "crit", is refused with the rest.
func openSegment(text string, out any) error {
	raw, err := wire.Base64URL(text)
	if err != nil {
		return err
	}
	return wire.Decode(raw, out)
}

// Receipt returns the receipt of an evidence as a token, or fault evidence.not_held.
func (s *Service) Receipt(ctx context.Context, caller people.Caller, evidenceID string) (string, error) {
	_, body, err := s.manifest(ctx, caller, evidenceID, "evidence.upload")
	if err != nil {
		return "", err
	}
	custody, _ := body["custody"].(record.Object)
	token, _ := custody["receipt"].(string)
	if token == "" {
		return "", fault.New(fault.NotHeld)
	}
	return token, nil
}
