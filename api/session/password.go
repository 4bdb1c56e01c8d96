package session

import (
	"context"
	"crypto/rand"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// OWASP is argon2id as the OWASP Password Storage Cheat Sheet sets it: 19 MiB, two passes, one lane.
var OWASP = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	minPassword = 12  // characters
	maxPassword = 256 // bytes
	maxWaiting  = 128 // sign-ins that wait for a slot; at some 30 ms each the last of them waits about two seconds
	busyWait    = 3 * time.Second
)

// Passwords hashes and checks passwords, only so many at once: each takes [argon2id.Params.Memory] and a core, and whoever can
// reach the sign-in could otherwise take all of both.
type Passwords struct {
	params  argon2id.Params
	slots   chan struct{} // one token per computation that runs
	waiting chan struct{} // one token per computation that runs or waits
	nobody  string        // the hash that stands in for an account that does not exist
}

// NewPasswords makes as many slots as there are cores.
func NewPasswords(params argon2id.Params) (*Passwords, error) {
	slots := runtime.GOMAXPROCS(0)
	p := &Passwords{params: params, slots: make(chan struct{}, slots), waiting: make(chan struct{}, slots+maxWaiting)}
	var err error
	p.nobody, err = argon2id.CreateHash(rand.Text(), &p.params)
	return p, err
}

// enter waits for a slot. Beyond the queue it is fault service.unavailable at once.
func (p *Passwords) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, fault.New(fault.TemporarilyDown).After(busyWait)
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots; <-p.waiting }, nil
	case <-ctx.Done():
		<-p.waiting
		return nil, ctx.Err()
	}
}

// hash makes the hash of a new password. It waits for a slot.
func (p *Passwords) hash(ctx context.Context, password string) (string, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return argon2id.CreateHash(password, &p.params)
}

// matches compares a password with a hash; with "" it takes as long and says no. The caller has a slot.
func (p *Passwords) matches(password, hash string) (bool, error) {
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(password, p.nobody)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(password, hash)
}

// strong refuses passwords that are short, that are the sign-in name, or that are so long that hashing them is an attack.
func strong(password, name string) error {
	if len(password) > maxPassword {
		return fault.New(fault.FieldInvalid).At("password").Detail("最多 256 字节", "at most 256 bytes")
	}
	if !utf8.ValidString(password) || utf8.RuneCountInString(password) < minPassword || strings.EqualFold(password, name) {
		return fault.New(fault.PasswordWeak).At("password")
	}
	return nil
}
