package session

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// The rule of refresh tokens. Each is used once, and exchanged for its successor. A reply can be lost, so the device that owns
// the family may use a token again and gets the same successor, until it has used that one: then it had it. Whatever else
// comes, an older token or the proof of another key, shows that two hold the family's tokens, and ends it.
//
// The successor is a function of the token under a key that all replicas have. So "the same successor" needs no secret in the
// database, and two replicas that get the same token at the same moment agree without asking each other.

// Refresh exchanges a refresh token.
func (s *Service) Refresh(ctx context.Context, proof token.Proof, refresh string) (Tokens, error) {
	link, err := s.Identities.Token(ctx, tokenDigest(refresh))
	if absent(err) {
		return Tokens{}, fault.New(fault.RefreshInvalid)
	}
	if err != nil {
		return Tokens{}, err
	}
	st, err := s.read(ctx, link.Family)
	if err != nil {
		return Tokens{}, err
	}
	if err := st.refuse(s.Now()); err != nil {
		return Tokens{}, err
	}
	if st.device.Thumbprint != proof.Thumbprint {
		return Tokens{}, s.reused(ctx, st.family)
	}
	if !s.Now().Before(link.ExpiresAt) {
		return Tokens{}, fault.New(fault.RefreshInvalid)
	}
	successor, err := s.exchange(ctx, st.family, link, refresh)
	if err != nil {
		return Tokens{}, err
	}
	return s.issue(ctx, st.family, st.device.Thumbprint, successor, st.officer)
}

// exchange gives the token's successor, as often as asked for until that has been used.
func (s *Service) exchange(ctx context.Context, f people.Family, used people.RefreshToken, refresh string) (string, error) {
	successor := s.successor(refresh)
	if used.UsedAt.IsZero() {
		now := s.Now()
		return successor, s.Identities.Exchange(ctx, used.Digest, link(f, successor, now), now)
	}
	next, err := s.Identities.Token(ctx, used.Successor)
	if err != nil {
		return "", err
	}
	if !next.UsedAt.IsZero() {
		return "", s.reused(ctx, f)
	}
	return successor, nil
}

// reused ends a family of which two hold tokens.
func (s *Service) reused(ctx context.Context, f people.Family) error {
	s.Log.WarnContext(ctx, "refresh token reused, sign-in ended", "family", f.ID, "account", f.Account, "device", f.Device)
	err := s.Identities.EndFamily(ctx, f.ID, people.EndReuse, s.Now())
	s.known.clear()
	if err != nil {
		return err
	}
	return fault.New(fault.RefreshReused)
}

// link is the stored side of a refresh token: no older than its family may get.
func link(f people.Family, refresh string, now time.Time) people.RefreshToken {
	expiresAt := now.Add(RefreshLife)
	if f.ExpiresAt.Before(expiresAt) {
		expiresAt = f.ExpiresAt
	}
	return people.RefreshToken{Digest: tokenDigest(refresh), Family: f.ID, ExpiresAt: expiresAt}
}

// newRefreshToken draws the first token of a family.
func newRefreshToken() string {
	raw := make([]byte, sha256.Size)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// successor is the token that a token is exchanged for.
func (s *Service) successor(refresh string) string {
	h := hmac.New(sha256.New, s.refreshKey)
	h.Write([]byte(refresh))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// tokenDigest is how a token is stored: tokens have 256 bits, so a plain digest gives nothing away.
func tokenDigest(refresh string) string {
	sum := sha256.Sum256([]byte(refresh))
	return hex.EncodeToString(sum[:])
}
