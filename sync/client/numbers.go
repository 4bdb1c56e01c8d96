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
	return record.Object{"series": n.Series, "n": float64(n.N), "text": n.Text}
}

// LeaseNumbers gets more numbers for a kind of paper. A lost reply costs none: until an answer has been kept, the same request
// asks for the same block, also after a restart.
func (d *Device) LeaseNumbers(ctx context.Context, kind string, count int) error {
	key, err := d.leaseKey(ctx, kind, count)
	if err != nil {
		return err
	}
	var block record.Object
	r := request{method: http.MethodPost, path: "/v1/number-blocks", by: signedIn, header: http.Header{"Idempotency-Key": {key}}}
	_, err = d.askWith(ctx, r, map[string]any{"kind": kind, "count": count}, &block)
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

// leaseKey returns the key of the request for these numbers that is still open, or begins one.
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
		if next > b.to {
			continue
		}
		n := Number{Series: b.series, N: next, Text: b.text(next), Kind: kind, Block: b.id}
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
			next, nextErr := b.next(ctx, tx)
			err = errors.Join(err, nextErr)
			left += b.to + 1 - next
		}
		return err
	})
	return left, err
}

// VoidNumber notes that a number taken is on no paper and why, so that the gap is explained. What is on a paper is voided by
// an edit of the paper.
func (d *Device) VoidNumber(ctx context.Context, series string, n uint64, reason string) error {
	done, err := d.db.ExecContext(ctx, `UPDATE numbers SET voided = ? WHERE series = ? AND n = ?`, reason, series, n)
	if err != nil {
		return err
	}
	if changed, err := done.RowsAffected(); err != nil || changed > 0 {
		return err
	}
	return fault.New(fault.NumberNotTaken)
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

// block is a run of numbers leased to one device.
type block struct {
	id, device, series, kind, pattern string
	year                              int
	from, to                          uint64
	expiresAt                         time.Time
}

// blockOf reads a record of the collection blocks.
func blockOf(id string, body record.Object) (block, bool) {
	text := func(name string) string { s, _ := body[name].(string); return s }
	number := func(name string) float64 { n, _ := body[name].(float64); return n }
	b := block{id: id, device: text("device"), series: text("series"), kind: text("kind"), pattern: text("pattern"),
		year: int(number("year")), from: uint64(number("from")), to: uint64(number("to"))}
	var err error
	b.expiresAt, err = time.Parse(time.RFC3339Nano, text("expiresAt"))
	return b, err == nil && id != "" && b.device != "" && b.series != "" && b.from >= 1 && b.to >= b.from
}

// text is how a number of the block stands on a paper.
func (b block) text(n uint64) string {
	if b.pattern == "" {
		return fmt.Sprintf("%s/%d", b.series, n)
	}
	return document.NumberText(b.pattern, n)
}

// next is the number of the block to be given out next; beyond b.to when there is none.
func (b block) next(ctx context.Context, tx *sql.Tx) (next uint64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(n), ?2 - 1) + 1 FROM numbers WHERE series = ?1 AND n BETWEEN ?2 AND ?3`,
		b.series, b.from, b.to).Scan(&next)
	return next, err
}

// usableBlocks lists the blocks of a kind that are this device's, have not expired and are of this year, first to expire first.
func (d *Device) usableBlocks(ctx context.Context, tx *sql.Tx, kind string) ([]block, error) {
	var self string
	if err := tx.QueryRowContext(ctx, `SELECT id FROM device`).Scan(&self); err != nil {
		return nil, err
	}
	now, err := d.serverNow(ctx, tx)
	if err != nil {
		return nil, err
	}
	found := map[string]*layers{}
	if err := sentBy(ctx, tx, found, `collection = ?`, "blocks"); err != nil {
		return nil, err
	}
	var usable []block
	for _, id := range slices.Sorted(maps.Keys(found)) {
		b, ok := blockOf(id, found[id].sent.Body)
		if ok && b.kind == kind && b.device == self && b.year == now.In(record.Beijing).Year() && now.Before(b.expiresAt) {
			usable = append(usable, b)
		}
	}
	slices.SortStableFunc(usable, func(a, b block) int { return a.expiresAt.Compare(b.expiresAt) })
	return usable, nil
}
