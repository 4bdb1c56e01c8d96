package client

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// What one push carries at most. A group travels whole, so it keeps within them too.
const (
	maxOps   = 100
	maxBytes = 2 << 20
)

// Create makes a record and returns its id.
func (d *Device) Create(ctx context.Context, collection string, body record.Object) (id string, err error) {
	err = d.edit(ctx, "", func(e *Edit) error {
		id, err = e.Create(collection, body)
		return err
	})
	return id, err
}

// Update changes a record: change gets a copy of what the person sees and makes of it what it should be. What it leaves alone
// is not part of the op, so it never overwrites what others do elsewhere in the record. No change is no op.
func (d *Device) Update(ctx context.Context, collection, id string, change func(body record.Object)) error {
	return d.edit(ctx, "", func(e *Edit) error { return e.Update(collection, id, change) })
}

// Remove removes a record.
func (d *Device) Remove(ctx context.Context, collection, id string) error {
	return d.edit(ctx, "", func(e *Edit) error { return e.Remove(collection, id) })
}

// Group makes several edits that stand or fall together, here and on the server. An error of fn undoes them all.
func (d *Device) Group(ctx context.Context, fn func(e *Edit) error) error {
	return d.edit(ctx, d.newID(), fn)
}

// edit is the one way ops come into being: sealed, chained and queued in one local transaction.
func (d *Device) edit(ctx context.Context, txn string, fn func(e *Edit) error) error {
	return d.inTx(ctx, func(tx *sql.Tx) error {
		s, err := d.session(ctx, tx)
		if err != nil {
			return err
		}
		return fn(&Edit{ctx: ctx, d: d, tx: tx, txn: txn, author: s.officer.ID})
	})
}

// Edit is one local transaction of edits. It sees its own changes, and is good only inside the function it was given to.
type Edit struct {
	ctx    context.Context
	d      *Device
	tx     *sql.Tx
	txn    string // "" for an edit that stands alone
	author string
	ops    int
	bytes  int
}

// Get returns a record as the edit sees it, or fault op.record_unknown.
func (e *Edit) Get(collection, id string) (Record, error) { return look(e.ctx, e.tx, collection, id) }

// Create makes a record and returns its id.
func (e *Edit) Create(collection string, body record.Object) (id string, err error) {
	id = e.d.newID()
	return id, e.CreateAs(collection, id, body)
}

// CreateAs makes a record under an id the caller has made before, a UUIDv7.
func (e *Edit) CreateAs(collection, id string, body record.Object) error {
	body, err := normal(body)
	if err != nil {
		return err
	}
	return e.seal(wire.Op{Collection: collection, Record: id, Action: string(record.Create), Patch: record.Diff(nil, body)})
}

// Update changes a record; see [Device.Update].
func (e *Edit) Update(collection, id string, change func(body record.Object)) error {
	head, err := e.Get(collection, id)
	if err != nil {
		return err
	}
	next, err := normal(head.Body)
	if err != nil {
		return err
	}
	change(next)
	if next, err = normal(next); err != nil {
		return err
	}
	patch := record.Diff(head.Body, next)
	if len(patch) == 0 {
		return nil
	}
	return e.seal(wire.Op{Collection: collection, Record: id, Action: string(record.Update), Base: head.Version, Patch: patch})
}

// Remove removes a record.
func (e *Edit) Remove(collection, id string) error {
	head, err := e.Get(collection, id)
	if err != nil {
		return err
	}
	return e.seal(wire.Op{Collection: collection, Record: id, Action: string(record.Remove), Base: head.Version})
}

// seal gives an op its place in the device's chain, its author and its clocks, and queues it as it will travel.
//
// Its base is the version the server sent, whatever own ops lie on top: the device cannot know yet which versions those will
// make. The server lays the same ops over the same version, so both mean the same text by "what the author saw".
func (e *Edit) seal(op wire.Op) error {
	var last uint64
	err := e.tx.QueryRowContext(e.ctx, `SELECT last_seq, last_hash FROM device`).Scan(&last, &op.Prev)
	if err != nil {
		return err
	}
	op.ID, op.Seq, op.Txn, op.Author = e.d.newID(), last+1, e.txn, e.author
	op.OccurredAt = e.d.now()
	if op.Schema == 0 { // else it is an edit that was made in an older form
		op.Schema = max(1, e.d.cfg.Schemas[op.Collection])
	}
	op.Clock = wire.Clock{Boot: e.d.cfg.Boot, MonotonicMs: e.d.cfg.Monotonic()}
	if op.Clock.Anchor, err = e.d.anchor(e.ctx, e.tx); err != nil {
		return err
	}
	sealed, err := wire.Seal(op)
	if err != nil {
		return err
	}
	e.ops, e.bytes = e.ops+1, e.bytes+len(sealed.Text)
	if e.ops > maxOps || e.bytes > maxBytes {
		return fault.New(fault.EditTooLarge)
	}
	return enqueue(e.ctx, e.tx, sealed)
}
