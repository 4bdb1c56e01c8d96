package client

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Supply says how many numbers for a kind of paper a device keeps in hand.
type Supply struct {
	Low   uint64 // so few left, or fewer: ask for more
	Count int    // how many more
}

// yearAhead is how long before a year begins the device gets numbers of it: it may be without a network over New Year.
const yearAhead = 14 * 24 * time.Hour

// RenewNumbers gets more numbers for a kind of paper if few are left, while those that are left can still be used; shortly before New Year of the next
// year too. What is in the last quarter of its time counts as used up.
func (d *Device) RenewNumbers(ctx context.Context, kind string, supply Supply) error {
	var now time.Time
	err := d.inTx(ctx, func(tx *sql.Tx) (err error) {
		now, err = d.serverNow(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	year := now.In(record.Beijing).Year()
	if err := d.renew(ctx, kind, supply, year, 0, now); err != nil {
		return err
	}
	if now.Before(time.Date(year+1, 1, 1, 0, 0, 0, 0, record.Beijing).Add(-yearAhead)) {
		return nil
	}
	return d.renew(ctx, kind, supply, year+1, year+1, now)
}

// renew gets more numbers of a year if few are left, and asks for them as numbers of the year said, 0 for the present one.
func (d *Device) renew(ctx context.Context, kind string, supply Supply, year, said int, now time.Time) error {
	var left uint64
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		blocks, err := d.blocksFor(ctx, tx, kind, year, now)
		for _, b := range blocks {
			if now.After(b.ExpiresAt.Add(-b.ExpiresAt.Sub(b.LeasedAt) / 4)) {
				continue
			}
			n, err := b.left(ctx, tx)
			if err != nil {
				return err
			}
			left += n
		}
		return err
	})
	if err != nil || left > supply.Low {
		return err
	}
	return d.leaseOf(ctx, kind, supply.Count, said)
}

// VoidNumber says that a number taken is on no paper and why: an op on its block, so that the gap is explained. What is on a paper is voided by an
// edit of the paper, which keeps the number. A block that a restored server has forgotten cannot be written to: then the device alone knows.
func (d *Device) VoidNumber(ctx context.Context, series string, n uint64, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.New(fault.FieldRequired).At("reason")
	}
	if !document.PlainReason(reason) {
		return fault.New(fault.FieldInvalid).At("reason")
	}
	return d.edit(ctx, "", func(e *Edit) error {
		var block, voided string
		err := e.tx.QueryRowContext(ctx, `SELECT block, voided FROM numbers WHERE series = ? AND n = ?`, series, n).Scan(&block, &voided)
		if err == sql.ErrNoRows {
			return fault.New(fault.NumberNotTaken)
		}
		if err != nil || voided != "" {
			return err
		}
		if _, err := e.tx.ExecContext(ctx, `UPDATE numbers SET voided = ? WHERE series = ? AND n = ?`, reason, series, n); err != nil {
			return err
		}
		return e.note(block, "voids", n, record.Object{"reason": reason})
	})
}

// ReturnNumbers gives back the numbers for a kind of paper that the device has not used: the officer changes over, or the work is done. They are
// never given to anybody again.
func (d *Device) ReturnNumbers(ctx context.Context, kind, reason string) error {
	if !document.PlainReason(reason) {
		return fault.New(fault.FieldInvalid).At("reason")
	}
	return d.edit(ctx, "", func(e *Edit) error {
		blocks, err := d.usableBlocks(ctx, e.tx, kind)
		if err != nil {
			return err
		}
		for _, b := range blocks {
			if err := e.giveBack(b, reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// settleLost gives back what is left of blocks that people have said to be lost with this device: it is found. What has been moved to another
// device is that one's.
func (d *Device) settleLost(ctx context.Context) error {
	return d.edit(ctx, "", func(e *Edit) error {
		blocks, err := d.ownBlocks(ctx, e.tx)
		for _, b := range blocks {
			if !b.Lost.At.IsZero() && err == nil {
				err = e.giveBack(b, "设备已找回")
			}
		}
		return err
	})
}

// giveBack returns what is unused of a block.
func (e *Edit) giveBack(b block, reason string) error {
	left, err := b.left(e.ctx, e.tx)
	if err != nil || left == 0 {
		return err
	}
	return e.note(b.ID, "returns", b.end+1-left, record.Object{"to": float64(b.end), "reason": reason})
}

// note adds an entry about a number to its block.
func (e *Edit) note(block, set string, n uint64, entry record.Object) error {
	if _, err := e.Get(document.Blocks.Name, block); is(err, fault.RecordUnknown) {
		return nil
	}
	entry["at"], entry["officer"] = e.d.now().UTC().Format(time.RFC3339Nano), e.author
	return e.Update(document.Blocks.Name, block, func(body record.Object) {
		entries, _ := body[set].(record.Object)
		if entries == nil {
			entries = record.Object{}
		}
		entries[strconv.FormatUint(n, 10)] = entry
		body[set] = entries
	})
}

// keepNumbers does, at the end of a sync, what numbers need: it gives back what is left of lost blocks, and renews the supplies. It is no matter of
// the person: what cannot be done now is tried with the next sync.
func (d *Device) keepNumbers(ctx context.Context) {
	if err := d.settleLost(ctx); err != nil && !is(err, fault.SignedOut) {
		d.cfg.Logger.WarnContext(ctx, "what is left of lost blocks was not given back", "error", err)
	}
	for kind, supply := range d.cfg.Numbers {
		if err := d.RenewNumbers(ctx, kind, supply); err != nil {
			d.cfg.Logger.WarnContext(ctx, "numbers were not renewed", "kind", kind, "error", err)
		}
	}
}
