package upload_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestReceiptRoundTrip(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := evidence.Receipt{Issuer: "https://a", Evidence: newID(), Device: newID(), HeldAt: time.Date(2026, 11, 25, 1, 2, 3, 456_000, time.UTC),
		Digest: evidence.Digest{Length: 1 << 40, SHA256: sumOf(nil)}}
	token, err := upload.SignReceipt("k", key, want)
	if err != nil {
		t.Fatal(err)
	}
	keyOf := func(kid string) (*ecdsa.PublicKey, error) {
		if kid != "k" {
			return nil, errors.New("no such key")
		}
		return &key.PublicKey, nil
	}
	if got, err := upload.OpenReceipt(token, keyOf); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range token { // no character can change
		other := token[:i] + string(rune(token[i]^1)) + token[i+1:]
		if got, err := upload.OpenReceipt(other, keyOf); err == nil {
			t.Fatalf("changed at %d it still says %+v", i, got)
		}
	}
}

// receiptVectors are receipts with what must become of them, made by another program.
type receiptVectors struct {
	About  string `json:"about"`
	Issuer string `json:"issuer"`
	File   struct {
		Evidence string `json:"evidence"`
		Device   string `json:"device"`
		SHA256   string `json:"sha256"`
		Length   int64  `json:"length"`
	} `json:"file"`
	JWKS struct {
		Keys []struct {
			Kty string `json:"kty"`
			Crv string `json:"crv"`
			X   string `json:"x"`
			Y   string `json:"y"`
			Kid string `json:"kid"`
			Alg string `json:"alg"`
			Use string `json:"use"`
			For string `json:"fieldwarden:use"`
		} `json:"keys"`
	} `json:"jwks"`
	Vectors []struct {
		Name    string `json:"name"`
		Receipt string `json:"receipt"`
		Expect  string `json:"expect"`
	} `json:"vectors"`
}

func TestReceiptVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol/vectors/receipts.json")
	if err != nil {
		t.Fatal(err)
	}
	var v receiptVectors
	if err := wire.Decode(text, &v); err != nil {
		t.Fatal(err)
	}
	keyOf := func(kid string) (*ecdsa.PublicKey, error) {
		for _, k := range v.JWKS.Keys {
			if k.Kid == kid && k.For == upload.ReceiptUse {
				return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, octets(t, k.X), octets(t, k.Y)))
			}
		}
		return nil, errors.New("no such key for receipts")
	}
	seen := map[bool]int{}
	for _, c := range v.Vectors {
		r, err := upload.OpenReceipt(c.Receipt, keyOf)
		good := err == nil
		// Whose it is and for which bytes is the reader's to compare.
		switch c.Expect {
		case "wrong evidence":
			good = !good || r.Evidence == v.File.Evidence
		case "wrong sha256":
			good = !good || r.Digest.SHA256 == v.File.SHA256
		case "wrong length":
			good = !good || r.Digest.Length == v.File.Length
		case "wrong issuer":
			good = !good || r.Issuer == v.Issuer
		default:
			if err != nil {
				wantFault(t, err, fault.ReceiptUnverified)
			}
		}
		if want := c.Expect == "valid"; good != want {
			t.Errorf("%s: expected %q, got %+v, %v", c.Name, c.Expect, r, err)
		}
		seen[good]++
	}
	if seen[true] == 0 || seen[false] < 10 {
		t.Errorf("the vectors are not what they were: %v", seen)
	}
}

func octets(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestReceiptForms(t *testing.T) {
	for _, token := range []string{"", ".", "..", "...", "a.b.c", strings.Repeat("a", 1<<16), "e30.e30.", "bnVsbA.bnVsbA.bnVsbA"} {
		_, err := upload.OpenReceipt(token, func(string) (*ecdsa.PublicKey, error) { return nil, errors.New("no key") })
		wantFault(t, err, fault.ReceiptUnverified)
	}
}
