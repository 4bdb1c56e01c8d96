package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// An enrolment code is twelve symbols of Crockford's base 32 in groups of four, ABCD-EFGH-JKMN: 60 bits, read from one screen
// and typed on another. Letters that look like digits are read as those.
const (
	codeSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength  = 12
	codeGroup   = 4
)

// newCode draws a code.
func newCode() string {
	raw := make([]byte, codeLength)
	rand.Read(raw)
	var b strings.Builder
	for i, octet := range raw {
		if i > 0 && i%codeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeSymbols[octet&31])
	}
	return b.String()
}

// readCode brings a typed code into its one form without groups; ok is false for what cannot be one.
func readCode(typed string) (code string, ok bool) {
	if len(typed) > 4*codeLength {
		return "", false
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case '-', ' ', '\t', '–', '　':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(codeSymbols, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == codeLength
}

// codeDigest is how a code is stored. It is keyed: 60 bits alone would not outlast a copy of the database.
func (s *Service) codeDigest(code string) string {
	h := hmac.New(sha256.New, s.codeKey)
	h.Write([]byte(code))
	return hex.EncodeToString(h.Sum(nil))
}
