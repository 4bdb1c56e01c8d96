package server

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// buildLedger builds what continues the ledger and gives it out. It continues only while the server runs.
func (c *Core) buildLedger(pseudonyms []byte) {
	c.Ledger = &ledger.Sequencer{Store: c.DB, Keys: ledger.Ring{Keyring: c.Keys}, Pseudonyms: ledger.Pseudonyms{Key: pseudonyms},
		Name: ledgerName(c.Config.PublicURL), Now: c.machine.Now, Log: c.Log}
}

// ledgerName is the origin of a ledger that begins here: its prefix without the scheme, as C2SP tlog-tiles wants it.
func ledgerName(publicURL string) string {
	_, address, _ := strings.Cut(publicURL, "://")
	return address + "/ledger"
}

// Auditor checks everything that the store holds against itself and against the ledger. Verifier keys that are given are the only ones that the
// ledger may have; else they are those of the keyring, which only the master secret opens.
func (c *Core) Auditor(ctx context.Context, given []string) (*audit.Auditor, error) {
	a := &audit.Auditor{Reader: c.DB, Catalogue: c.Catalogue, Bytes: c.Blobs, Ledger: c.DB, Pseudonyms: c.Ledger.Pseudonyms}
	for _, text := range given {
		if _, err := note.NewVerifier(text); err != nil {
			return nil, fmt.Errorf("公钥无法读取 / the key cannot be read: %q: %w", text, err)
		}
		a.LedgerKeys = append(a.LedgerKeys, []byte(audit.KeyOf(text)))
	}
	if a.FollowKeys = len(given) > 0; a.FollowKeys {
		return a, nil
	}
	keys, err := c.Ledger.Keys.LedgerKeys(ctx)
	for _, key := range keys {
		a.LedgerKeys = append(a.LedgerKeys, key.Public)
	}
	return a, err
}

// Audit checks everything, with the keys of the keyring.
func (c *Core) Audit(ctx context.Context) (audit.Report, error) {
	a, err := c.Auditor(ctx, nil)
	if err != nil {
		return audit.Report{}, err
	}
	return a.Run(ctx)
}
