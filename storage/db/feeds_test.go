package db

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Feeds that were locked for ops that did not stand leave no row: else ops that name invented units would fill the table. One that was
// written stays.
func TestFeedsLockedForNothingLeaveNoRow(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		err := d.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			locked, err := tx.LockFeeds(ctx, []string{"unit/invented", "unit/real"}, push.Wants{})
			if err != nil {
				return err
			}
			locked.Heads["unit/real"] = 1
			return tx.Write(ctx, &push.Batch{Heads: locked.Heads, At: d.now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		if names := texts(t, d, "SELECT name FROM feeds"); len(names) != 1 || names[0] != "unit/real" {
			t.Errorf("feeds %v", names)
		}
	})
}
