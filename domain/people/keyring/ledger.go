package keyring

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Ledger is the use of the keys that sign the ledger's checkpoints. They are Ed25519, because that is what checkpoints are signed with
// (C2SP signed-note), and are sealed and stored like the others. Which of them signs the ledger itself says: a key does when it has its leaf.
const Ledger = "ledger"

// LedgerKey is one of them.
type LedgerKey struct {
	ID        string // SHA-256 of the public half, in hex
	Private   ed25519.PrivateKey
	CreatedAt time.Time
}

// LedgerKeys lists the ledger's keys, oldest first, as they stand in the store at this moment. The first is made here.
func (k *Keyring) LedgerKeys(ctx context.Context) ([]LedgerKey, error) {
	keys, err := k.ledgerKeys(ctx)
	if err != nil || len(keys) > 0 {
		return keys, err
	}
	if _, err := k.newLedgerKey(ctx); err != nil {
		return nil, err
	}
	return k.ledgerKeys(ctx)
}

// RotateLedger makes a new key for the ledger. It signs from the checkpoint on that both sign.
func (k *Keyring) RotateLedger(ctx context.Context) error {
	if _, err := k.LedgerKeys(ctx); err != nil { // so that there is one before it
		return err
	}
	id, err := k.newLedgerKey(ctx)
	if err != nil {
		return err
	}
	return k.store.RetireKeys(ctx, Ledger, id, k.now())
}

func (k *Keyring) newLedgerKey(ctx context.Context) (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	id := ledgerID(public)
	sealed := k.aead.Seal(nil, nil, der, sealedFor(Ledger, id))
	return id, k.store.CreateKey(ctx, people.SigningKey{ID: id, Use: Ledger, Public: public, Sealed: sealed, CreatedAt: k.now()})
}

func ledgerID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:])
}

func (k *Keyring) ledgerKeys(ctx context.Context) ([]LedgerKey, error) {
	stored, err := k.store.Keys(ctx, Ledger)
	if err != nil {
		return nil, err
	}
	keys := make([]LedgerKey, len(stored))
	for i, s := range stored {
		private, err := k.openLedger(s)
		if err != nil {
			return nil, fmt.Errorf("签名密钥 %s 无法解封，主密钥是否更换过 / signing key %s does not open, has the master secret changed: %w", s.ID, s.ID, err)
		}
		keys[i] = LedgerKey{s.ID, private, s.CreatedAt}
	}
	slices.SortFunc(keys, func(a, b LedgerKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return keys, nil
}

func (k *Keyring) openLedger(s people.SigningKey) (ed25519.PrivateKey, error) {
	der, err := k.aead.Open(nil, nil, s.Sealed, sealedFor(Ledger, s.ID))
	if err != nil {
		return nil, errNotOurs
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok || ledgerID(private.Public().(ed25519.PublicKey)) != s.ID {
		return nil, errNotOurs
	}
	return private, nil
}
