package session

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// The stand-in for accounts that do not exist costs what the others cost.
func TestNobodysPasswordCostsTheSame(t *testing.T) {
	p, err := NewPasswords(OWASP)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := p.hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"stored": stored, "stand-in": p.nobody} {
		params, _, _, err := argon2id.DecodeHash(hash)
		if err != nil || *params != OWASP {
			t.Errorf("%s: %+v, %v", name, params, err)
		}
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batterz": false, "": false} {
		if got, err := p.matches(password, stored); err != nil || got != want {
			t.Errorf("%q: %v, %v", password, got, err)
		}
		if got, err := p.matches(password, ""); err != nil || got {
			t.Errorf("%q matches nobody: %v, %v", password, got, err)
		}
	}
	if _, err := p.matches("x", "damaged"); err == nil {
		t.Error("a damaged hash is no error")
	}
}

// Computations run only so many at once; a bounded number waits; the rest are told to come back.
func TestPasswordsAreBounded(t *testing.T) {
	p, err := NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	var leave []func()
	for range cap(p.slots) {
		l, err := p.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	waiting, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range maxWaiting {
		go func() {
			_, err := p.enter(waiting)
			ended <- err
		}()
	}
	for len(p.waiting) < cap(p.waiting) {
		runtime.Gosched()
	}
	_, err = p.hash(t.Context(), "one too many")
	if f := fault.Of(err); f.Code != fault.TemporarilyDown || f.RetryAfter <= 0 {
		t.Errorf("beyond the queue: %v", err)
	}
	cancel()
	for range maxWaiting {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited and went away: %v", err)
		}
	}
	for _, l := range leave {
		l()
	}
	if len(p.slots) != 0 || len(p.waiting) != 0 {
		t.Errorf("%d slots and %d places are never given back", len(p.slots), len(p.waiting))
	}
	if _, err := p.hash(t.Context(), "now there is room"); err != nil {
		t.Error(err)
	}
}

func TestStrongPasswords(t *testing.T) {
	for password, want := range map[string]fault.Code{
		"correct horse battery":   "",
		"十二个汉字也是一个好口令":            "",
		"elevenchars":             fault.PasswordWeak,
		"十一个汉字还不够长再想":             fault.PasswordWeak,
		"":                        fault.PasswordWeak,
		"LONG.SIGNIN.NAME":        fault.PasswordWeak,
		"twelve bytes\xff":        fault.PasswordWeak,
		strings.Repeat("x", 257):  fault.FieldInvalid,
		strings.Repeat("xy", 128): "",
	} {
		err := strong(password, "long.signin.name")
		if got := fault.Of(err).Code; err != nil && got != want || err == nil && want != "" {
			t.Errorf("%.20q: %v, want %q", password, err, want)
		}
	}
}
