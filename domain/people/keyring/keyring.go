// Package keyring keeps the server's own signing keys: for access tokens and for receipts of evidence. The newest key of a
// use signs, the ones before it still verify, and every replica sees a rotation within [Refresh].
//
// Private halves are stored only sealed (see seal.go). It must not know what is signed, JSON or HTTP.
package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// The uses of keys. A key of one use never signs or verifies for the other.
const (
	Token   = "token"   // access tokens
	Receipt = "receipt" // receipts of evidence
)

const (
	// Refresh is how old the keys in memory may get before the store is asked again.
	Refresh = 5 * time.Second
	// glance is how often a key id that is not in memory makes the store be asked at once: a bound on what invented ids cost.
	glance = time.Second
	// TokenGrace is how long a retired token key still verifies: longer than any token it signed can live. So a key that was
	// stolen and rotated out is worth nothing soon after. Receipts are checked for as long as there is evidence: their keys
	// verify for good.
	TokenGrace = 15 * time.Minute
)

// ErrUnknown means that no key of the use has the id, or that it verifies no longer.
var ErrUnknown = errors.New("no such key")

// Store is what the keyring needs of people.Identities.
type Store interface {
	CreateKey(ctx context.Context, k people.SigningKey) error
	Keys(ctx context.Context, use string) ([]people.SigningKey, error)
	RetireKeys(ctx context.Context, use, except string, at time.Time) error
}

// PublicKey is the half of a key that everybody may know.
type PublicKey struct {
	ID        string // the "kid": the key's own thumbprint
	Use       string
	Key       *ecdsa.PublicKey
	CreatedAt time.Time
	RetiredAt time.Time // zero while it signs
}

// Keyring gives keys out. It is safe for concurrent use, and so are any number of them over one store.
type Keyring struct {
	store Store
	aead  cipher.AEAD
	now   func() time.Time
	rings map[string]*ring // by use; the map itself never changes
}

// ring is the keys of one use as last read. Its lock is held while the store is read, so that one caller asks for all.
type ring struct {
	mu     sync.Mutex
	keys   []pair // newest first
	readAt time.Time
	glance time.Time // when it was last read for the sake of an unknown id
}

type pair struct {
	PublicKey
	private *ecdsa.PrivateKey
}

// New makes a keyring. The sealing key is 32 bytes that exist only outside the store, the same for all replicas.
func New(store Store, sealing []byte, now func() time.Time) (*Keyring, error) {
	aead, err := newAEAD(sealing)
	if err != nil {
		return nil, err
	}
	return &Keyring{store: store, aead: aead, now: now, rings: map[string]*ring{Token: {}, Receipt: {}}}, nil
}

// Signer returns the key that signs now, and its id. The first key of a use is made here. Replicas that make one at the same
// moment make two: both verify, and once each has seen the other's the newest signs.
func (k *Keyring) Signer(ctx context.Context, use string) (string, *ecdsa.PrivateKey, error) {
	r, err := k.hold(use)
	if err != nil {
		return "", nil, err
	}
	defer r.mu.Unlock()
	key, err := k.signer(ctx, use, r)
	return key.ID, key.private, err
}

// Verifier returns the public half of the named key, or [ErrUnknown].
func (k *Keyring) Verifier(ctx context.Context, use, kid string) (*ecdsa.PublicKey, error) {
	r, err := k.hold(use)
	if err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if err := k.freshen(ctx, use, r); err != nil {
		return nil, err
	}
	key, ok := r.find(kid)
	if !ok && since(r.glance, k.now()) >= glance { // made by another replica a moment ago, or invented
		r.glance = k.now()
		if err := k.read(ctx, use, r); err != nil {
			return nil, err
		}
		key, ok = r.find(kid)
	}
	if !ok || !key.verifies(k.now()) {
		return nil, ErrUnknown
	}
	return key.Key, nil
}

// Public lists the keys of a use that verify, newest first; there is always one.
func (k *Keyring) Public(ctx context.Context, use string) ([]PublicKey, error) {
	r, err := k.hold(use)
	if err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	if _, err := k.signer(ctx, use, r); err != nil {
		return nil, err
	}
	var public []PublicKey
	for _, key := range r.keys {
		if key.verifies(k.now()) {
			public = append(public, key.PublicKey)
		}
	}
	return public, nil
}

// Rotate makes a new key for the use and retires the others. Tokens and receipts that exist stay good.
func (k *Keyring) Rotate(ctx context.Context, use string) error {
	r, err := k.hold(use)
	if err != nil {
		return err
	}
	defer r.mu.Unlock()
	kid, err := k.create(ctx, use)
	if err != nil {
		return err
	}
	if err := k.store.RetireKeys(ctx, use, kid, k.now()); err != nil {
		return err
	}
	return k.read(ctx, use, r)
}

// hold locks the ring of a use.
func (k *Keyring) hold(use string) (*ring, error) {
	r, ok := k.rings[use]
	if !ok {
		return nil, fmt.Errorf("keys have no use %q", use)
	}
	r.mu.Lock()
	return r, nil
}

// signer finds the key that signs, making one where there is none. r is held.
func (k *Keyring) signer(ctx context.Context, use string, r *ring) (pair, error) {
	if err := k.freshen(ctx, use, r); err != nil {
		return pair{}, err
	}
	if key, ok := r.signing(); ok {
		return key, nil
	}
	if _, err := k.create(ctx, use); err != nil {
		return pair{}, err
	}
	if err := k.read(ctx, use, r); err != nil {
		return pair{}, err
	}
	key, ok := r.signing()
	if !ok { // only when another replica rotates at this very moment; the next call finds its key
		return pair{}, ErrUnknown
	}
	return key, nil
}

// create stores a new key and returns its id.
func (k *Keyring) create(ctx context.Context, use string) (string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return "", err
	}
	kid := Thumbprint(&private.PublicKey)
	sealed, err := k.seal(use, kid, private)
	if err != nil {
		return "", err
	}
	return kid, k.store.CreateKey(ctx, people.SigningKey{ID: kid, Use: use, Public: public, Sealed: sealed, CreatedAt: k.now()})
}

// freshen reads the store if what is in memory is too old. r is held.
func (k *Keyring) freshen(ctx context.Context, use string, r *ring) error {
	if since(r.readAt, k.now()) < Refresh {
		return nil
	}
	return k.read(ctx, use, r)
}

// since is how long ago t was; a t in the future, as after the clock was set back, was long ago.
func since(t, now time.Time) time.Duration {
	if t.After(now) {
		return math.MaxInt64
	}
	return now.Sub(t)
}

// read takes all keys of the use from the store. A key that does not open is an error and no key: were it skipped, a wrong
// master secret would quietly make new keys, and a row that somebody planted would verify what he signs.
func (k *Keyring) read(ctx context.Context, use string, r *ring) error {
	stored, err := k.store.Keys(ctx, use)
	if err != nil {
		return err
	}
	keys := make([]pair, len(stored))
	for i, s := range stored {
		if keys[i], err = k.open(use, s); err != nil {
			return fmt.Errorf("签名密钥 %s 无法解封，主密钥是否更换过 / signing key %s does not open, has the master secret changed: %w", s.ID, s.ID, err)
		}
	}
	r.keys, r.readAt = keys, k.now()
	return nil
}

// signing is the newest key that is not retired.
func (r *ring) signing() (pair, bool) {
	for _, key := range r.keys {
		if key.RetiredAt.IsZero() {
			return key, true
		}
	}
	return pair{}, false
}

func (r *ring) find(kid string) (pair, bool) {
	for _, key := range r.keys {
		if key.ID == kid {
			return key, true
		}
	}
	return pair{}, false
}

func (p pair) verifies(now time.Time) bool {
	return p.RetiredAt.IsZero() || p.Use != Token || now.Before(p.RetiredAt.Add(TokenGrace))
}
