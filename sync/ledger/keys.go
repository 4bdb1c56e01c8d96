package ledger

import (
	"context"
	"crypto/ed25519"

	"golang.org/x/mod/sumdb/note"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
)

// Ring gives out the keyring's keys of the ledger.
type Ring struct{ *keyring.Keyring }

var _ Keys = Ring{}

// LedgerKeys implements [Keys].
func (r Ring) LedgerKeys(ctx context.Context) ([]SigningKey, error) {
	keys, err := r.Keyring.LedgerKeys(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]SigningKey, len(keys))
	for i, key := range keys {
		out[i] = SigningKey{ID: key.ID, Public: key.Private.Public().(ed25519.PublicKey),
			Signer: func(name string) (note.Signer, error) { return ledger.NewSigner(name, key.Private) }}
	}
	return out, nil
}
