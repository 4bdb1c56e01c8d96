package server

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	// SkipNumbers is how many numbers of each series are left out after a restore, unless somebody knows better.
	SkipNumbers = 1000
	// lookAgain is for how long after a restore recordings are looked for: devices send what was forgotten when they come back.
	lookAgain = 30 * 24 * time.Hour
)

// Restored is what was done after a restore.
type Restored struct {
	Epoch string // the new one
	Found int    // recordings whose bytes are in the store and whose receipts were forgotten
}

// Restored begins a new history after the database was restored from a backup. Devices pull everything anew, keep their queue, and
// send again what the server has forgotten. Every series of numbers leaves out skip numbers: those that the lost history has
// given out are on papers in people's hands. Recordings that the store holds get their receipts again.
func (c *Core) Restored(ctx context.Context, skip uint64) (r Restored, err error) {
	year := c.machine.Now().In(record.Beijing).Year()
	if r.Epoch, _, err = c.DB.BeginEpoch(ctx, "", document.SeriesEnd(year), skip); err != nil {
		return r, err
	}
	r.Found, err = c.Uploads.FindAgain(ctx)
	return r, err
}

// behind does the same when a device proves that the database was restored and nobody has said so.
func (c *Core) behind(ctx context.Context, epoch string) error {
	year := c.machine.Now().In(record.Beijing).Year()
	next, begun, err := c.DB.BeginEpoch(ctx, epoch, document.SeriesEnd(year), SkipNumbers)
	if begun && err == nil {
		c.Log.ErrorContext(ctx, "the database is behind what it was: it was restored from a backup without `admin restored`; a new epoch has begun",
			"epoch", next, "was", epoch)
	}
	return err
}

// afterRestore looks for recordings that a restore has forgotten, for as long as devices may still come back with them.
func (c *Core) afterRestore(ctx context.Context) error {
	at, err := c.DB.RestoredAt(ctx)
	if err != nil || at.IsZero() || c.machine.Now().Sub(at) > lookAgain {
		return err
	}
	_, err = c.Uploads.FindAgain(ctx)
	return err
}
