package token_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
)

// fickle is a key store whose keys can be taken out of use.
type fickle struct {
	token.Keys
	err error
}

func (f *fickle) Verifier(ctx context.Context, use, kid string) (*ecdsa.PublicKey, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Keys.Verifier(ctx, use, kid)
}

// A token that was good before is remembered, and refused all the same when it is no longer: by its age, by its key, by one character.
func TestAKnownTokenIsRefusedLikeAnyOther(t *testing.T) {
	b := newBench(t)
	keys := &fickle{Keys: b.keys}
	b.Issuer.Keys = keys
	text := b.sign(b.header(), b.payload())
	good := func() {
		t.Helper()
		if a, err := b.Check(t.Context(), text); err != nil || a.Device != "device-1" || a.Key != "thumbprint-1" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	good()
	good()
	keys.err = keyring.ErrUnknown
	b.refused(text, fault.TokenInvalid)
	keys.err = errors.New("store down")
	if _, err := b.Check(t.Context(), text); !errors.Is(err, keys.err) {
		t.Errorf("a broken store: %v", err)
	}
	keys.err = nil
	good()
	for i := range len(text) {
		c := byte('A')
		if text[i] == c {
			c = 'B'
		}
		if changed := text[:i] + string(c) + text[i+1:]; i%7 == 0 {
			b.refused(changed, fault.TokenInvalid)
		}
	}
	b.refused(text+"A", fault.TokenInvalid)
	for _, c := range []struct {
		at   time.Time
		code fault.Code
	}{{now.Add(token.Life + token.Leeway - time.Second), ""}, {now.Add(token.Life + token.Leeway), fault.TokenExpired},
		{now.Add(-token.Leeway), ""}, {now.Add(-token.Leeway - time.Second), fault.TokenInvalid}} {
		b.at = c.at
		fresh := &token.Issuer{Keys: b.keys, PublicURL: publicURL, Now: func() time.Time { return c.at }}
		_, err := b.Check(t.Context(), text)
		_, want := fresh.Check(t.Context(), text)
		if (err == nil) != (c.code == "") || (err == nil) != (want == nil) || err != nil && !errors.Is(err, fault.New(c.code)) {
			t.Errorf("at %v: %v; one that does not know it: %v", c.at, err, want)
		}
	}
}
