package client

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Number is one number of a paper, taken from a block that was leased to this device.
type Number struct {
	Series string
	N      uint64
	Text   string // as it stands on the paper
	Kind   string // of paper
	Block  string // record id of the block
	Voided string // why it is on no paper; "" while it is in use
}

// Body is the value of the field "number" of a paper.
func (n Number) Body() record.Object {
	return record.Object{"series": n.Series, "n": float64(n.N), "text": n.Text, "block": n.Block}
}

// LeaseNumbers gets more numbers for a kind of paper. A lost reply costs none: until an answer has been kept, the same request
// asks for the same block, also after a restart.
func (d *Device) LeaseNumbers(ctx context.Context, kind string, count int) error {
	return d.leaseOf(ctx, kind, count, 0)
}

// leaseOf is LeaseNumbers for a year; 0 is the present one.
func (d *Device) leaseOf(ctx context.Context, kind string, count, year int) error {
	what, ask := kind, map[string]any{"kind": kind, "count": count}
	if year > 0 {
		what, ask["year"] = fmt.Sprintf("%s/%d", kind, year), year
	}
	key, err := d.leaseKey(ctx, what, count)
	if err != nil {
		return err
	}
	var block record.Object
	r := request{method: http.MethodPost, path: "/v1/number-blocks", by: signedIn, header: http.Header{"Idempotency-Key": {key}}}
	_, err = d.askWith(ctx, r, ask, &block)
	var p *Problem
	if errors.As(err, &p) && p.Status < 500 && !transient(ctx, err) {
		_, forgetErr := d.db.ExecContext(ctx, `DELETE FROM leases WHERE key = ?`, key) // refused: the next one asks anew
		return errors.Join(err, forgetErr)
	}
	if err != nil {
		return err
	}
	return d.keepBlock(ctx, key, block)
}

// leaseKey returns the key of the request for these numbers that is still open, or begins one. Numbers of another year than the present one are named by
// kind and year.
func (d *Device) leaseKey(ctx context.Context, kind string, count int) (key string, err error) {
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO leases (kind, count, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, kind, count, d.newID())
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT key FROM leases WHERE kind = ? AND count = ?`, kind, count).Scan(&key)
	})
	return key, err
}

// keepBlock stores a leased block beside the records, so that its numbers can be used before the pull brings it. A device that has pulled nothing
// yet has no cursor, by which it would learn of a restore: so what a first pull does not bring goes, as at the end of every pull from the beginning.
func (d *Device) keepBlock(ctx context.Context, key string, block record.Object) error {
	id, _ := block["id"].(string)
	delete(block, "id")
	body, err := wire.Canonical(block)
	if err != nil {
		return err
	}
	if _, ok := blockOf(id, block); !ok {
		return fault.New(fault.Unexpected).Because(fmt.Errorf("a block of numbers reads %s", body))
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		device, _ := block["device"].(string)
		ch := wire.Change{Feed: "device/" + device, Collection: "blocks", ID: id, Version: 1, Body: body}
		if err := put(ctx, tx, ch, false); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE records SET generation = generation - 1 WHERE id = ? AND (SELECT cursor = '' FROM device)`, id)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM leases WHERE key = ?`, key)
		return err
	})
}

// TakeNumber takes the next number for a kind of paper, durably: it is never given again, whatever becomes of it. Fault
// client.numbers_used_up asks for a new lease. To take a number and make its paper in one step, use [Edit.TakeNumber].
func (d *Device) TakeNumber(ctx context.Context, kind string) (n Number, err error) {
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		n, err = d.takeNumber(ctx, tx, kind)
		return err
	})
	return n, err
}

// TakeNumber takes the next number for a kind of paper; if the edit is undone the number is free again.
func (e *Edit) TakeNumber(kind string) (Number, error) { return e.d.takeNumber(e.ctx, e.tx, kind) }

func (d *Device) takeNumber(ctx context.Context, tx *sql.Tx, kind string) (Number, error) {
	blocks, err := d.usableBlocks(ctx, tx, kind)
	if err != nil {
		return Number{}, err
	}
	for _, b := range blocks {
		next, err := b.next(ctx, tx)
		if err != nil {
			return Number{}, err
		}
		if next > b.end {
			continue
		}
		n := Number{Series: b.Series, N: next, Text: b.Text(next), Kind: kind, Block: b.ID}
		_, err = tx.ExecContext(ctx, `INSERT INTO numbers (series, n, text, kind, block, taken_at) VALUES (?, ?, ?, ?, ?, ?)`,
			n.Series, n.N, n.Text, n.Kind, n.Block, timeText(d.now()))
		return n, err
	}
	return Number{}, fault.New(fault.NumbersUsedUp)
}

// NumbersLeft tells how many numbers for a kind of paper the device can still give out without a network.
func (d *Device) NumbersLeft(ctx context.Context, kind string) (left uint64, err error) {
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		blocks, err := d.usableBlocks(ctx, tx, kind)
		for _, b := range blocks {
			n, leftErr := b.left(ctx, tx)
			err = errors.Join(err, leftErr)
			left += n
		}
		return err
	})
	return left, err
}

// Numbers lists every number this device has given out, for whoever accounts for them.
func (d *Device) Numbers(ctx context.Context) ([]Number, error) {
	var all []Number
	err := each(ctx, d.db, func(rows *sql.Rows) error {
		var n Number
		err := rows.Scan(&n.Series, &n.N, &n.Text, &n.Kind, &n.Block, &n.Voided)
		all = append(all, n)
		return err
	}, `SELECT series, n, text, kind, block, voided FROM numbers ORDER BY series, n`)
	return all, err
}

// block is a run of numbers leased to one device, and how far of it the device may go.
type block struct {
	document.LeasedBlock
	end uint64 // the last number that was neither given back nor moved away; below From: none
}

// blockOf reads a record of the collection blocks.
func blockOf(id string, body record.Object) (block, bool) {
	b := block{LeasedBlock: document.ReadLeasedBlock(id, body)}
	b.end = b.To
	if b.MovedFrom > 0 {
		b.end = min(b.end, b.MovedFrom-1)
	}
	if len(b.Returns) > 0 {
		b.end = min(b.end, b.Returns[0].From-1)
	}
	return b, id != "" && b.Device != "" && b.Series != "" && b.From >= 1 && b.To >= b.From && !b.ExpiresAt.IsZero()
}

// next is the number of the block to be given out next; beyond b.end when there is none. A number that stands on a paper that came by a feed is
// left out: the block was another device's before, which has used it after all.
func (b block) next(ctx context.Context, tx *sql.Tx) (next uint64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(n), ?2 - 1) + 1 FROM numbers WHERE series = ?1 AND n BETWEEN ?2 AND ?3`,
		b.Series, b.From, b.To).Scan(&next)
	for err == nil && next <= b.end {
		var used bool
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM records WHERE collection = 'documents' AND body ->> '$.number.series' = ? AND
			body ->> '$.number.n' = ?)`, b.Series, next).Scan(&used)
		if !used {
			break
		}
		next++
	}
	return next, err
}

// left counts the numbers of the block that can still be given out.
func (b block) left(ctx context.Context, tx *sql.Tx) (uint64, error) {
	next, err := b.next(ctx, tx)
	if err != nil || next > b.end {
		return 0, err
	}
	return b.end + 1 - next, nil
}

// ownBlocks lists the blocks that are this device's, with what it has said of them and not been answered yet, first to expire first.
func (d *Device) ownBlocks(ctx context.Context, tx *sql.Tx) ([]block, error) {
	var self string
	if err := tx.QueryRowContext(ctx, `SELECT id FROM device`).Scan(&self); err != nil {
		return nil, err
	}
	found := map[string]*layers{}
	if err := sentBy(ctx, tx, found, `collection = ?`, "blocks"); err != nil {
		return nil, err
	}
	if err := ownOn(ctx, tx, found, `collection = ?`, "blocks"); err != nil {
		return nil, err
	}
	var own []block
	for _, id := range slices.Sorted(maps.Keys(found)) {
		r, exists := found[id].fold()
		if b, ok := blockOf(id, r.Body); ok && exists && b.Device == self {
			own = append(own, b)
		}
	}
	slices.SortStableFunc(own, func(a, b block) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return own, nil
}

// usableBlocks lists the blocks of a kind that have not expired, are of this year, and are not said to be lost with this device.
func (d *Device) usableBlocks(ctx context.Context, tx *sql.Tx, kind string) ([]block, error) {
	now, err := d.serverNow(ctx, tx)
	if err != nil {
		return nil, err
	}
	return d.blocksFor(ctx, tx, kind, now.In(record.Beijing).Year(), now)
}

// blocksFor is usableBlocks for a year, which may be the next one.
func (d *Device) blocksFor(ctx context.Context, tx *sql.Tx, kind string, year int, now time.Time) ([]block, error) {
	own, err := d.ownBlocks(ctx, tx)
	return slices.DeleteFunc(own, func(b block) bool {
		return b.Kind != kind || b.Year != year || !now.Before(b.ExpiresAt) || !b.Lost.At.IsZero()
	}), err
}
