package ledger_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// authority is a time-stamping authority with a root of its own.
type authority struct {
	root, cert *x509.Certificate
	key        *ecdsa.PrivateKey
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func newAuthority(t *testing.T, usage x509.ExtKeyUsage) *authority {
	t.Helper()
	issue := func(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		if parent == nil {
			parent, by = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
		must(t, err)
		cert, err := x509.ParseCertificate(der)
		must(t, err)
		return cert, key
	}
	a := &authority{}
	rootTemplate := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test root"}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root, rootKey := issue(rootTemplate, nil, nil)
	a.root = root
	a.cert, a.key = issue(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test TSA"}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}, root, rootKey)
	return a
}

// answer is what the authority answers a request with.
func (a *authority) answer(t *testing.T, request []byte) []byte {
	t.Helper()
	asked, err := timestamp.ParseRequest(request)
	must(t, err)
	response, err := (&timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: asked.HashedMessage, Time: noon, Nonce: asked.Nonce, Policy: []int{1, 2, 3},
		AddTSACertificate: asked.Certificates}).CreateResponseWithOpts(a.cert, a.key, crypto.SHA256)
	must(t, err)
	return response
}

func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

func TestStamps(t *testing.T) {
	c := (&stored{}).grow(t, []byte("a"))
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	request, err := ledger.StampRequest(c)
	must(t, err)
	token, s, err := ledger.CheckStampResponse(a.answer(t, request), c)
	if err != nil || !s.At.Equal(noon) || s.Authority != "CN=Test TSA" {
		t.Fatalf("%+v, %v", s, err)
	}
	if s, err := ledger.CheckStamp(token, c, a.roots()); err != nil || !s.Rooted {
		t.Errorf("under its root: %+v, %v", s, err)
	}
	if s, err := ledger.CheckStamp(token, c, newAuthority(t, x509.ExtKeyUsageTimeStamping).roots()); err != nil || s.Rooted {
		t.Errorf("under another root: %+v, %v", s, err)
	}
	other := c
	other.Size++
	if _, err := ledger.CheckStamp(token, other, nil); err == nil {
		t.Error("it is good for another checkpoint")
	}
	if _, _, err := ledger.CheckStampResponse(newAuthority(t, x509.ExtKeyUsageServerAuth).answer(t, request), c); err == nil {
		t.Error("a certificate that is not for time stamps stamps")
	}
	for range 200 {
		spoiled := bytes.Clone(token)
		at, _ := rand.Int(rand.Reader, big.NewInt(int64(len(spoiled))))
		spoiled[at.Int64()] ^= 1
		if s, err := ledger.CheckStamp(spoiled, c, a.roots()); err == nil && s.Rooted && !s.At.Equal(noon) {
			t.Errorf("another time is proven with octet %d altered", at)
		}
	}
}
