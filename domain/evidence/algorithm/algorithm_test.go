package algorithm_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
)

// TestSM3 has the two examples of GB/T 32905-2016 annex A.
func TestSM3(t *testing.T) {
	for text, want := range map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		d := algorithm.SM3.New()
		for _, part := range []string{text[:1], text[1:]} {
			_, _ = d.Write([]byte(part)) // never fails
		}
		if got := d.Text(); got != want {
			t.Errorf("SM3 of %q is %s", text, got)
		}
	}
	if d := (algorithm.Digest{}).New(); d.Text() != "" {
		t.Error("the zero algorithm gives a digest")
	}
	sha := algorithm.SHA256.New()
	if sha.Text() != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Error(sha.Text())
	}
}

// prefix is SubjectPublicKeyInfo of an SM2 key up to the point: id-ecPublicKey, 1.2.156.10197.1.301.
const prefix = "3059301306072a8648ce3d020106082a811ccf5501822d034200"

// TestSM2 has the example of GB/T 32918.5-2017 annex A: the message "message digest", signed under the identity 1234567812345678.
func TestSM2(t *testing.T) {
	der, err := hex.DecodeString(prefix + "04" +
		"09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" + "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3" + "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
	if err != nil {
		t.Fatal(err)
	}
	key, err := algorithm.ParseKey(der)
	if err != nil || key.Algorithm != algorithm.SM2 {
		t.Fatal(key, err)
	}
	signature := base64.RawURLEncoding.EncodeToString(raw)
	if err := key.Verify([]byte("message digest"), signature); err != nil {
		t.Error(err)
	}
	if key.Verify([]byte("message digesu"), signature) == nil {
		t.Error("another message verifies")
	}
}

// TestBothSign: what one key signs it alone verifies, and no octet can change.
func TestBothSign(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&p256.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	other, otherDER, err := algorithm.NewSM2()
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("段\n")
	for name, c := range map[string]struct {
		private         crypto.Signer
		public, foreign []byte
	}{"ES256": {p256, der, otherDER}, "SM2": {other, otherDER, der}} {
		signature, err := algorithm.Sign(c.private, text)
		if err != nil {
			t.Fatal(err)
		}
		key, err := algorithm.ParseKey(c.public)
		if err != nil || key.Algorithm != name || key.Verify(text, signature) != nil {
			t.Errorf("%s: %v, %v", name, key.Algorithm, err)
		}
		foreign, err := algorithm.ParseKey(c.foreign)
		if err != nil || foreign.Verify(text, signature) == nil {
			t.Errorf("%s: the other key verifies it: %v", name, err)
		}
		for i := range 64 {
			raw, _ := base64.RawURLEncoding.DecodeString(signature)
			raw[i] ^= 1
			if key.Verify(text, base64.RawURLEncoding.EncodeToString(raw)) == nil {
				t.Fatalf("%s: changed at %d it verifies", name, i)
			}
		}
		for _, bad := range []string{"", "AA", signature[:43] + "\n" + signature[43:], signature + "AA"} {
			if key.Verify(text, bad) == nil {
				t.Errorf("%s: %q verifies", name, bad)
			}
		}
	}
}

func TestOtherKeysAreNone(t *testing.T) {
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, public := range []any{&long.PublicKey, &p384.PublicKey} {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := algorithm.ParseKey(der); err == nil {
			t.Errorf("%T is taken", public)
		}
	}
	if _, err := algorithm.ParseKey([]byte("x")); err == nil {
		t.Error("octets are a key")
	}
	if _, err := algorithm.Sign(long, nil); err == nil {
		t.Error("RSA signs")
	}
	if (algorithm.Key{}).Verify(nil, strings.Repeat("A", 86)) == nil {
		t.Error("no key verifies")
	}
}

func FuzzParseKey(f *testing.F) {
	_, der, err := algorithm.NewSM2()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der, "AA")
	f.Fuzz(func(t *testing.T, der []byte, signature string) {
		if key, err := algorithm.ParseKey(der); err == nil && key.Verify(slices.Clone(der), signature) == nil {
			t.Fatal("verified")
		}
	})
}
