package ledger

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// A stamp is an RFC 3161 token of a time-stamping authority over the SHA-256 of a checkpoint's text (what is signed, without the
// signatures, so that further signature lines do not spoil it).

// Stamp is what a good token says.
type Stamp struct {
	At        time.Time
	Authority string // subject of the certificate that signed
	Rooted    bool   // the certificate leads to one of the roots that were given
}

// StampRequest makes the request for a stamp over a checkpoint (RFC 3161 §2.4.1); the authority is asked for its certificate.
func StampRequest(c Checkpoint) ([]byte, error) {
	return timestamp.CreateRequest(bytes.NewReader([]byte(c.Text())), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
}

// CheckStampResponse takes the token out of an authority's response, checked as by [CheckStamp].
func CheckStampResponse(response []byte, c Checkpoint) (token []byte, s Stamp, err error) {
	parsed, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, s, err
	}
	s, err = CheckStamp(parsed.RawToken, c, nil)
	return parsed.RawToken, s, err
}

// maxStamp is how many octets a token may have: two certificates and a signature are some five thousand.
const maxStamp = 1 << 16

// CheckStamp checks a token: it is over this checkpoint, and signed by a certificate that it brings, which is one for time stamps. With
// roots it is looked whether that certificate leads to one of them, as of the stamp's time.
func CheckStamp(token []byte, c Checkpoint, roots *x509.CertPool) (s Stamp, err error) {
	defer func() { // others' decoder of what comes from outside
		if p := recover(); p != nil {
			s, err = Stamp{}, errors.New("the stamp cannot be read")
		}
	}()
	if len(token) > maxStamp {
		return s, errors.New("the stamp is too long")
	}
	parsed, err := timestamp.Parse(token) // checks the signature, if there is a certificate
	if err != nil {
		return s, fmt.Errorf("the stamp cannot be read or its signature is wrong: %w", err)
	}
	sum := sha256.Sum256([]byte(c.Text()))
	if parsed.HashAlgorithm != crypto.SHA256 || !bytes.Equal(parsed.HashedMessage, sum[:]) {
		return s, errors.New("the stamp is over something else")
	}
	signed, err := pkcs7.Parse(token)
	if err != nil {
		return s, err
	}
	signer := signed.GetOnlySigner() // the one whose signature was checked: others may lie beside it
	if signer == nil || !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageTimeStamping) {
		return s, errors.New("no certificate for time stamps has signed the stamp")
	}
	s = Stamp{At: parsed.Time.UTC(), Authority: signer.Subject.String()}
	if roots != nil {
		s.Rooted = leadsTo(roots, signer, signed.Certificates, parsed.Time)
	}
	return s, nil
}

func leadsTo(roots *x509.CertPool, signer *x509.Certificate, between []*x509.Certificate, at time.Time) bool {
	pool := x509.NewCertPool()
	for _, cert := range between {
		pool.AddCert(cert)
	}
	_, err := signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	return err == nil
}
