package token

import (
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// maxHeaders bounds how many headers are remembered, in each of two generations: some 10 MB.
const maxHeaders = 1 << 14

// headers remembers the headers of good proofs, encoded as they came, with the keys in them: a device's proofs all have the same one.
// A proof with a known header costs one signature's check and the reading of its claims. The zero value is ready.
type headers struct {
	mu              sync.Mutex
	current, before map[string]Proof
}

func (h *headers) get(header string) (Proof, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.current[header]
	if !ok {
		if p, ok = h.before[header]; ok {
			h.keep(header, p)
		}
	}
	return p, ok
}

func (h *headers) put(header string, p Proof) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep(strings.Clone(header), p)
}

// keep stores in the current generation; mu is held.
func (h *headers) keep(header string, p Proof) {
	if h.current == nil || len(h.current) >= maxHeaders {
		h.before, h.current = h.current, map[string]Proof{}
	}
	h.current[header] = p
}

// parse checks form and signature as parseProof does, which it leaves unknown headers to.
func (h *headers) parse(text string) (Proof, proofClaims, error) {
	header, rest, _ := strings.Cut(text, ".")
	known, ok := h.get(header)
	if !ok || len(text) > maxText {
		p, c, err := parseProof(text)
		if err == nil {
			h.put(header, Proof{Key: p.Key, Thumbprint: p.Thumbprint})
		}
		return p, c, err
	}
	var c proofClaims
	payload, signature, _ := strings.Cut(rest, ".")
	raw, err := wire.Base64URL(payload)
	if err != nil {
		return Proof{}, c, errProofForm
	}
	if err := wire.Verify(known.Key, []byte(header+"."+payload), signature); err != nil {
		return Proof{}, c, jwt.ErrTokenSignatureInvalid
	}
	if err := c.UnmarshalJSON(raw); err != nil {
		return Proof{}, proofClaims{}, err
	}
	known.id = c.id
	return known, c, nil
}
