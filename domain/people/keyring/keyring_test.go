package keyring_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

func TestMain(m *testing.M) { services.Main(m) }

// memory is a store that counts how often it is read. Its contract is proven on the real ones by storagetest.
type memory struct {
	mu    sync.Mutex
	keys  []people.SigningKey // newest first
	reads int
	down  error
}

func (m *memory) CreateKey(_ context.Context, k people.SigningKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append([]people.SigningKey{k}, m.keys...)
	return nil
}

func (m *memory) Keys(_ context.Context, use string) (out []people.SigningKey, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	for _, k := range m.keys {
		if k.Use == use {
			out = append(out, k)
		}
	}
	return out, m.down
}

func (m *memory) RetireKeys(_ context.Context, use, except string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range m.keys {
		if k.Use == use && k.ID != except && k.RetiredAt.IsZero() {
			m.keys[i].RetiredAt = at
		}
	}
	return nil
}

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }
func newClock() *clock                { return &clock{time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)} }
func sealing(b byte) []byte           { return bytes.Repeat([]byte{b}, 32) }
func ring(t *testing.T, s keyring.Store, c *clock, secret byte) *keyring.Keyring {
	t.Helper()
	k, err := keyring.New(s, sealing(secret), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sign signs something with the key that signs now.
func sign(t *testing.T, k *keyring.Keyring, use string) (kid string, signature []byte) {
	t.Helper()
	kid, key, err := k.Signer(t.Context(), use)
	if err != nil {
		t.Fatal(err)
	}
	signature, err = ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return kid, signature
}

var digest = sha256.Sum256([]byte("signed"))

func verify(t *testing.T, k *keyring.Keyring, use, kid string, signature []byte) error {
	t.Helper()
	key, err := k.Verifier(t.Context(), use, kid)
	if err == nil && !ecdsa.VerifyASN1(key, digest[:], signature) {
		t.Errorf("the signature of key %s does not verify", kid)
	}
	return err
}

func TestFirstKeyIsMadeOnDemandAndFoundAgain(t *testing.T) {
	store, c := &memory{}, newClock()
	kid, signature := sign(t, ring(t, store, c, 1), keyring.Token)
	other := ring(t, store, c, 1) // a restart, or another replica
	if err := verify(t, other, keyring.Token, kid, signature); err != nil {
		t.Fatal(err)
	}
	if again, _ := sign(t, other, keyring.Token); again != kid || len(store.keys) != 1 {
		t.Errorf("the second keyring signs with %s of %d keys, want the first one's %s", again, len(store.keys), kid)
	}
	if err := verify(t, other, keyring.Receipt, kid, signature); !errors.Is(err, keyring.ErrUnknown) {
		t.Errorf("a token key verifies receipts: %v", err)
	}
	if _, _, err := other.Signer(t.Context(), "payroll"); err == nil {
		t.Error("an invented use has a key")
	}
}

func TestRotation(t *testing.T) {
	store, c := &memory{}, newClock()
	here, there := ring(t, store, c, 1), ring(t, store, c, 1)
	oldKid, oldSignature := sign(t, here, keyring.Token)
	if _, err := there.Verifier(t.Context(), keyring.Token, oldKid); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Second)
	if err := here.Rotate(t.Context(), keyring.Token); err != nil {
		t.Fatal(err)
	}
	newKid, newSignature := sign(t, here, keyring.Token)
	if newKid == oldKid {
		t.Fatal("the old key still signs")
	}
	// The other replica has not looked since: it knows the old key, and looks for the new one because it is asked for it.
	if err := errors.Join(verify(t, there, keyring.Token, oldKid, oldSignature), verify(t, there, keyring.Token, newKid, newSignature)); err != nil {
		t.Fatal(err)
	}
	public, err := there.Public(t.Context(), keyring.Token)
	if err != nil || len(public) != 2 || public[0].ID != newKid || public[1].RetiredAt.IsZero() {
		t.Errorf("published: %+v, %v", public, err)
	}
	c.pass(keyring.TokenGrace)
	if err := verify(t, here, keyring.Token, oldKid, oldSignature); !errors.Is(err, keyring.ErrUnknown) {
		t.Errorf("a token key verifies after every token it signed has ended: %v", err)
	}
	if public, _ = there.Public(t.Context(), keyring.Token); len(public) != 1 {
		t.Errorf("%d keys published, want 1", len(public))
	}
}

func TestReceiptKeysVerifyForGood(t *testing.T) {
	store, c := &memory{}, newClock()
	k := ring(t, store, c, 1)
	kid, signature := sign(t, k, keyring.Receipt)
	if err := k.Rotate(t.Context(), keyring.Receipt); err != nil {
		t.Fatal(err)
	}
	c.pass(20 * 365 * 24 * time.Hour)
	if err := verify(t, k, keyring.Receipt, kid, signature); err != nil {
		t.Error(err)
	}
}

// A replica that only signs sees a rotation elsewhere within Refresh, and asks the store no oftener than that.
func TestReplicasSeeRotationsInTime(t *testing.T) {
	store, c := &memory{}, newClock()
	here, there := ring(t, store, c, 1), ring(t, store, c, 1)
	old, _ := sign(t, there, keyring.Token)
	if err := here.Rotate(t.Context(), keyring.Token); err != nil {
		t.Fatal(err)
	}
	store.reads = 0
	for range 100 {
		sign(t, there, keyring.Token)
	}
	if store.reads != 0 {
		t.Errorf("%d reads within a moment", store.reads)
	}
	c.pass(keyring.Refresh)
	if kid, _ := sign(t, there, keyring.Token); kid == old {
		t.Error("the retired key signs after Refresh")
	}
	c.pass(-time.Hour) // the clock is set back: what is in memory is of the future, and not trusted
	store.reads = 0
	sign(t, there, keyring.Token)
	if store.reads == 0 {
		t.Error("after the clock was set back the store is not asked")
	}
}

func TestInventedKeyIDsCostOneReadASecond(t *testing.T) {
	store, c := &memory{}, newClock()
	k := ring(t, store, c, 1)
	sign(t, k, keyring.Token)
	store.reads = 0
	for i := range 300 {
		if _, err := k.Verifier(t.Context(), keyring.Token, strings.Repeat("x", i)); !errors.Is(err, keyring.ErrUnknown) {
			t.Fatal(err)
		}
		c.pass(10 * time.Millisecond)
	}
	if store.reads == 0 || store.reads > 4 {
		t.Errorf("%d reads in three seconds, want one a second", store.reads)
	}
}

// Replicas that begin at once on an empty database each make a key. All of them verify everywhere, and in the end one signs.
func TestFirstKeyRace(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		rings, kids := make([]*keyring.Keyring, 4), make([]string, 4)
		var all sync.WaitGroup
		for i := range rings {
			rings[i] = ring(t, d, c, 1)
			all.Go(func() {
				kid, _, err := rings[i].Signer(t.Context(), keyring.Token)
				if err != nil {
					t.Error(err)
				}
				kids[i] = kid
			})
		}
		all.Wait()
		for _, k := range rings {
			c.pass(2 * time.Second)
			for _, kid := range kids {
				if _, err := k.Verifier(t.Context(), keyring.Token, kid); err != nil {
					t.Errorf("key %s: %v", kid, err)
				}
			}
		}
		c.pass(keyring.Refresh)
		signers := map[string]bool{}
		for _, k := range rings {
			kid, _ := sign(t, k, keyring.Token)
			signers[kid] = true
		}
		if len(signers) != 1 {
			t.Errorf("%d keys sign after everybody has looked, want one", len(signers))
		}
	})
}

// Two rotations at once may retire each other's keys. Then the next signer makes a new one.
func TestRotationRaceHeals(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock()
		here, there := ring(t, d, c, 1), ring(t, d, c, 1)
		var all sync.WaitGroup
		for _, k := range []*keyring.Keyring{here, there} {
			all.Go(func() {
				if err := k.Rotate(t.Context(), keyring.Token); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := d.RetireKeys(t.Context(), keyring.Token, "", c.now()); err != nil { // the worst outcome, for certain
			t.Fatal(err)
		}
		c.pass(keyring.Refresh)
		kid, signature := sign(t, here, keyring.Token)
		if err := verify(t, there, keyring.Token, kid, signature); err != nil {
			t.Error(err)
		}
	})
}

// What is in the table opens only in its own row and under its own secret; anything else stops the keyring, loudly.
func TestTamperedKeysStopTheKeyring(t *testing.T) {
	planted, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&planted.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, tamper := range map[string]func(*memory){
		"a bit of the sealed key":      func(m *memory) { m.keys[0].Sealed[20] ^= 1 },
		"the sealed key is cut":        func(m *memory) { m.keys[0].Sealed = m.keys[0].Sealed[:10] },
		"the sealed key is gone":       func(m *memory) { m.keys[0].Sealed = nil },
		"another id":                   func(m *memory) { m.keys[0].ID = "kid" },
		"another row's sealed key":     func(m *memory) { m.keys[0].Sealed = m.keys[1].Sealed },
		"a key moved to the other use": func(m *memory) { m.keys[1].Use = keyring.Token },
		"a planted key": func(m *memory) {
			k := m.keys[0]
			k.ID, k.Public = keyring.Thumbprint(&planted.PublicKey), public
			m.keys = append(m.keys, k)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, c := &memory{}, newClock()
			k := ring(t, store, c, 1)
			sign(t, k, keyring.Receipt)
			sign(t, k, keyring.Token)
			tamper(store)
			if kid, _, err := ring(t, store, c, 1).Signer(t.Context(), keyring.Token); err == nil {
				t.Errorf("key %s signs", kid)
			}
		})
	}
}

// Another master secret must not make new keys beside the old ones as if nothing were wrong.
func TestWrongMasterSecret(t *testing.T) {
	store, c := &memory{}, newClock()
	sign(t, ring(t, store, c, 1), keyring.Token)
	_, _, err := ring(t, store, c, 2).Signer(t.Context(), keyring.Token)
	if err == nil || len(store.keys) != 1 || !strings.Contains(err.Error(), "master secret") {
		t.Errorf("%v, %d keys", err, len(store.keys))
	}
	if _, err := keyring.New(store, []byte("short"), c.now); err == nil {
		t.Error("a sealing key of five bytes was taken")
	}
}

func TestNoPrivateKeyIsStoredInTheClear(t *testing.T) {
	store, c := &memory{}, newClock()
	_, key, err := ring(t, store, c, 1).Signer(t.Context(), keyring.Token)
	if err != nil {
		t.Fatal(err)
	}
	d, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if row := store.keys[0]; bytes.Contains(row.Sealed, d) || bytes.Contains(row.Public, d) {
		t.Error("the private scalar stands in the row")
	}
}

func TestBrokenStoreIsTold(t *testing.T) {
	store, c := &memory{}, newClock()
	k := ring(t, store, c, 1)
	kid, _ := sign(t, k, keyring.Token)
	store.down = errors.New("the database is down")
	if _, err := k.Verifier(t.Context(), keyring.Token, kid); err != nil {
		t.Errorf("what was read a moment ago is asked for again: %v", err)
	}
	c.pass(keyring.Refresh)
	if _, err := k.Verifier(t.Context(), keyring.Token, kid); !errors.Is(err, store.down) {
		t.Errorf("got %v, want the store's error and not %v", err, keyring.ErrUnknown)
	}
}

// The vector is RFC 7638's form over the P-256 key of RFC 7517 §A.1, computed apart from this code.
func TestThumbprint(t *testing.T) {
	const want = "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"
	x, y := "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
	if got := keyring.Thumbprint(p256(t, x, y)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if keyring.Thumbprint(&p384.PublicKey) != "" || keyring.Thumbprint(nil) != "" {
		t.Error("a key that is not P-256 has a thumbprint")
	}
}

func p256(t *testing.T, x, y string) *ecdsa.PublicKey {
	t.Helper()
	point := []byte{4}
	for _, coordinate := range []string{x, y} {
		raw, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil {
			t.Fatal(err)
		}
		point = append(point, raw...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
