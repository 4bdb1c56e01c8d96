package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func vectors[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "vectors", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return v
}

// answer is a server that says one thing.
type answer []byte

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a)), Request: r}, nil
}

// Receipts as in the vectors: only what is valid there is taken here.
func TestReceiptVectors(t *testing.T) {
	ctx := context.Background()
	file := vectors[struct {
		Issuer string
		File   struct {
			Evidence, SHA256 string
			Length           int64
		}
		JWKS    jsontext.Value
		Vectors []struct{ Name, Receipt, Expect string }
	}](t, "receipts")
	u := Upload{Evidence: file.File.Evidence, SHA256: file.File.SHA256, Length: file.File.Length}
	valid := 0
	for _, v := range file.Vectors {
		d, err := Open(ctx, Config{Dir: t.TempDir(), BaseURL: file.Issuer + "/", HTTP: answer(file.JWKS)})
		if err != nil {
			t.Fatal(err)
		}
		err = d.acceptReceipt(ctx, v.Receipt, u)
		if v.Expect == "valid" {
			valid++
			if err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
		} else if !errors.Is(err, fault.New(fault.ReceiptInvalid)) {
			t.Errorf("%s: %v, want it refused: %s", v.Name, err, v.Expect)
		}
		d.Close()
	}
	if valid == 0 {
		t.Error("no vector is valid")
	}
}

// The proof of the vectors is made of the same parts as ours.
func TestProofVector(t *testing.T) {
	v := vectors[struct {
		PublicKey                           jwk
		Thumbprint, AccessToken, Ath, Proof string
		Header, Claims                      map[string]any
	}](t, "proofs")
	key, err := v.PublicKey.publicKey()
	if err != nil {
		t.Fatal(err)
	}
	back, err := publicJWK(key)
	if err != nil || back != v.PublicKey {
		t.Errorf("key %+v, %v", back, err)
	}
	thumb := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + back.X + `","y":"` + back.Y + `"}`))
	if base64.RawURLEncoding.EncodeToString(thumb[:]) != v.Thumbprint {
		t.Error("thumbprint")
	}
	checkProof(t, v.Proof, key, v.AccessToken, v.Header, v.Claims)
	d, err := Open(context.Background(), Config{Dir: t.TempDir(), BaseURL: "https://fw.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	own, err := d.proof(context.Background(), d.key, "POST", v.Claims["htu"].(string), v.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	public, err := publicJWK(&d.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	v.Header["jwk"] = map[string]any{"kty": public.Kty, "crv": public.Crv, "x": public.X, "y": public.Y}
	checkProof(t, own, &d.key.PublicKey, v.AccessToken, v.Header, v.Claims)
}

// checkProof compares a proof with the header and the claims it must have; jti and iat are its own.
func checkProof(t *testing.T, proof string, key *ecdsa.PublicKey, access string, header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(proof, ".")
	if len(parts) != 3 || wire.Verify(key, []byte(parts[0]+"."+parts[1]), parts[2]) != nil {
		t.Fatalf("proof %s does not verify", proof)
	}
	for i, want := range []map[string]any{header, claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.Object(raw)
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			digest := sha256.Sum256([]byte(access))
			if got["ath"] != base64.RawURLEncoding.EncodeToString(digest[:]) {
				t.Errorf("ath %v", got["ath"])
			}
			got["jti"], got["iat"] = want["jti"], want["iat"]
		}
		gotText, _ := wire.Canonical(got)
		wantText, _ := wire.Canonical(want)
		if !bytes.Equal(gotText, wantText) {
			t.Errorf("part %d is %s, want %s", i, gotText, wantText)
		}
	}
}
