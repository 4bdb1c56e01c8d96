package seed

import (
	"context"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Target is where a district goes.
type Target struct {
	Push       *push.Service
	History    pull.History
	Identities people.Identities
}

// batchSize is how many ops go in at once: as many as a handheld may push.
const batchSize = push.MaxOps

// Apply brings in what is not there yet, records first and then an account for everybody who is still in service, all with
// the same password. It may be cut anywhere and run again. It reports how many records and accounts it made.
func (d *District) Apply(ctx context.Context, to Target, password string) (records, accounts int, err error) {
	missing, err := absent(ctx, to.History, d.Ops())
	if err != nil {
		return 0, 0, err
	}
	for start := 0; start < len(missing); start += batchSize {
		batch := missing[start:min(start+batchSize, len(missing))]
		if err := to.Push.ApplyOwn(ctx, batch); err != nil {
			return records, 0, fmt.Errorf("seed: %w", err)
		}
		records += len(batch)
	}
	accounts, err = d.accounts(ctx, to.Identities, password)
	return records, accounts, err
}

// absent lists the ops whose records the database does not have, not even removed.
func absent(ctx context.Context, history pull.History, ops []push.ServerOp) ([]push.ServerOp, error) {
	var missing []push.ServerOp
	for _, op := range ops {
		_, err := history.Record(ctx, op.Collection, op.Record)
		if errors.Is(err, fault.New(fault.NotFound)) {
			missing = append(missing, op)
		} else if err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	return missing, nil
}

// accounts makes the accounts that are not there. The password is hashed once for all of them: they share it anyway, and
// sixty times the work of argon2id would make a newcomer wait.
func (d *District) accounts(ctx context.Context, identities people.Identities, password string) (made int, err error) {
	hash := ""
	for _, p := range d.People {
		if p.Left {
			continue
		}
		_, err := identities.AccountByName(ctx, p.Account)
		if err == nil {
			continue
		}
		if !errors.Is(err, fault.New(fault.NotFound)) {
			return made, fmt.Errorf("seed: account %s: %w", p.Account, err)
		}
		if hash == "" {
			if hash, err = argon2id.CreateHash(password, argon2id.DefaultParams); err != nil {
				return made, fmt.Errorf("seed: %w", err)
			}
		}
		b := builder{number: d.number}
		err = identities.CreateAccount(ctx, people.Account{ID: b.id("accounts", p.Account), Name: p.Account, Officer: p.ID, PasswordHash: hash}, record.ServerAuthor)
		if err != nil {
			return made, fmt.Errorf("seed: account %s: %w", p.Account, err)
		}
		made++
	}
	return made, nil
}
