package client

import (
	"context"
	"database/sql"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// keepOps is how long answered ops are kept. The server has them; but should it be restored from a backup of this age, it
// asks for them again.
const keepOps = 30 * 24 * time.Hour

// Queued is an op of this device and what became of it.
type Queued struct {
	wire.Op
	Outcome *wire.Outcome // nil until the server has answered
}

// Unsent returns the ops that the server has not answered, oldest first.
func (d *Device) Unsent(ctx context.Context) ([]Queued, error) {
	return queued(ctx, d.db, `status = ''`)
}

// Rejected returns the ops that did not stand, held ones too, until somebody deals with them by Retry or Dismiss.
func (d *Device) Rejected(ctx context.Context) ([]Queued, error) {
	return queued(ctx, d.db, `status IN ('rejected', 'held') AND dismissed = 0`)
}

// Conflicts returns the ops of which something could not stand beside what others did, until dismissed. The record in the
// collection conflicts that the outcome names holds both sides; resolving it is an edit of that record.
func (d *Device) Conflicts(ctx context.Context) ([]Queued, error) {
	return queued(ctx, d.db, `status = 'conflict' AND dismissed = 0`)
}

// Dismiss takes an answered op off the list of what a person must look at. The server keeps it for ever.
func (d *Device) Dismiss(ctx context.Context, op string) error {
	return d.inTx(ctx, func(tx *sql.Tx) error { return dismiss(ctx, tx, op) })
}

func dismiss(ctx context.Context, tx *sql.Tx, op string) error {
	done, err := tx.ExecContext(ctx, `UPDATE ops SET dismissed = 1 WHERE id = ? AND status <> ''`, op)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = fault.New(fault.EditUnknown)
	}
	return err
}

// Retry makes a rejected or held op anew, on what the person sees now, and dismisses the old one. Ops of one group are
// retried as a group.
func (d *Device) Retry(ctx context.Context, op string) error {
	return d.edit(ctx, d.newID(), func(e *Edit) error {
		failed, err := queued(ctx, e.tx, `status IN ('rejected', 'held') AND dismissed = 0 AND
			(id = ?1 OR txn <> '' AND txn = (SELECT txn FROM ops WHERE id = ?1))`, op)
		if err != nil {
			return err
		}
		if len(failed) == 0 {
			return fault.New(fault.EditUnknown)
		}
		for _, f := range failed {
			if err := e.again(f.Op); err != nil {
				return err
			}
			if err := dismiss(ctx, e.tx, f.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// again seals an op with the same effect on the record as it is now, in the form in which it was written.
func (e *Edit) again(op wire.Op) error {
	switch record.Action(op.Action) {
	case record.Create:
		return e.seal(wire.Op{Collection: op.Collection, Record: op.Record, Action: op.Action, Patch: op.Patch, Schema: op.Schema})
	case record.Remove:
		return e.Remove(op.Collection, op.Record)
	default:
		head, err := e.Get(op.Collection, op.Record)
		if err != nil {
			return err
		}
		return e.seal(wire.Op{Collection: op.Collection, Record: op.Record, Action: op.Action, Base: head.Version, Patch: op.Patch, Schema: op.Schema})
	}
}

func queued(ctx context.Context, from reader, where string, args ...any) ([]Queued, error) {
	var all []Queued
	err := each(ctx, from, func(rows *sql.Rows) error {
		var q Queued
		var text, outcome []byte
		if err := rows.Scan(&text, &outcome); err != nil {
			return err
		}
		if err := wire.Decode(text, &q.Op); err != nil {
			return err
		}
		if outcome != nil {
			q.Outcome = &wire.Outcome{}
			if err := decode(outcome, q.Outcome); err != nil {
				return err
			}
		}
		all = append(all, q)
		return nil
	}, `SELECT text, outcome FROM ops WHERE `+where+` ORDER BY seq`, args...)
	return all, err
}

// enqueue puts a sealed op at the end of the queue.
func enqueue(ctx context.Context, tx *sql.Tx, op wire.Sealed) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ops (seq, id, txn, collection, record, text, hash, made_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		op.Seq, op.ID, op.Txn, op.Collection, op.Record, op.Text, op.Hash, timeText(op.OccurredAt))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE device SET last_seq = ?, last_hash = ?`, op.Seq, op.Hash)
	return err
}

// reopen makes ops unsent again, from a seq on: the server turned out not to have them. Their texts are as they were sealed.
func reopen(ctx context.Context, tx *sql.Tx, from uint64) error {
	var oldest uint64
	err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT min(seq) FROM ops WHERE seq > 0), last_seq + 1) FROM device`).Scan(&oldest)
	if err != nil {
		return err
	}
	if from < oldest {
		return fault.New(fault.HistoryLost)
	}
	_, err = tx.ExecContext(ctx, `UPDATE ops SET status = '', version = 0, outcome = NULL, overlay = 1, dismissed = 0
		WHERE seq >= ?`, from)
	return err
}

// lift takes the overlay off ops whose effect has come back by the pull, and forgets ops that have been answered long ago.
// It must run only after a pull to the end that began when all those ops were answered.
func (d *Device) lift(ctx context.Context, tx *sql.Tx, acked uint64) error {
	_, err := tx.ExecContext(ctx, `UPDATE ops SET overlay = 0 WHERE overlay = 1 AND status <> '' AND seq <= ?
		AND record NOT IN (SELECT id FROM arrivals)`, acked)
	if err != nil {
		return err
	}
	// A gap would break the chain that a restored server needs, so only the oldest go: up to the first that must stay.
	_, err = tx.ExecContext(ctx, `DELETE FROM ops WHERE seq < (SELECT coalesce(min(seq), ?) FROM ops
		WHERE overlay = 1 OR made_at >= ? OR dismissed = 0 AND status IN ('rejected', 'held', 'conflict'))`,
		acked, timeText(d.now().Add(-keepOps)))
	return err
}
