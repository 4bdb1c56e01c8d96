package client

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// waiting is an unsent op, as little of it as a push needs.
type waiting struct {
	seq           uint64
	id, txn, hash string
	text          []byte
	record        string
}

// push sends the queue, batch by batch, and keeps every outcome. A reply that is lost costs nothing: the same texts go out
// again, and the server answers with the first outcomes.
func (d *Device) push(ctx context.Context) error {
	rewound := false
	for {
		batch, err := d.nextBatch(ctx)
		if err != nil || len(batch) == 0 {
			return err
		}
		reply, res, err := d.sendBatch(ctx, batch)
		if is(err, fault.SequenceGap) && !rewound {
			rewound = true
			err = d.rewind(ctx, err)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		if err := d.keepOutcomes(ctx, batch, reply); err != nil {
			return err
		}
		if err := d.learnTime(ctx, reply.ServerAt, res); err != nil {
			return err
		}
	}
}

// nextBatch reads the oldest unsent ops, as many as one push carries, without tearing a group.
func (d *Device) nextBatch(ctx context.Context) ([]waiting, error) {
	var queue []waiting
	err := each(ctx, d.db, func(rows *sql.Rows) error {
		var w waiting
		err := rows.Scan(&w.seq, &w.id, &w.txn, &w.record, &w.text, &w.hash)
		queue = append(queue, w)
		return err
	}, `SELECT seq, id, txn, record, text, hash FROM ops WHERE status = '' ORDER BY seq LIMIT ?`, maxOps+1)
	return queue[:fitting(queue)], err
}

// fitting counts the leading ops that one push carries: whole groups within maxOps and maxBytes. One group always fits, because
// no larger one can be made; an op beyond maxOps only tells whether the last group ends before it.
func fitting(queue []waiting) int {
	fit, size := 0, 0
	for i, w := range queue {
		if i > 0 && (w.txn == "" || w.txn != queue[i-1].txn) {
			fit = i
		}
		size += len(w.text)
		if i == maxOps || size > maxBytes {
			return fit
		}
	}
	return len(queue)
}

// sendBatch pushes ops under one signature over the head of their chain.
func (d *Device) sendBatch(ctx context.Context, batch []waiting) (reply wire.PushReply, res response, err error) {
	who, err := d.Identity(ctx)
	if err != nil {
		return reply, res, err
	}
	p := wire.Push{Device: who.ID, Head: batch[len(batch)-1].hash}
	for _, w := range batch {
		p.Ops = append(p.Ops, jsontext.Value(w.text))
	}
	if p.Signature, err = wire.Sign(d.key, wire.SigningInput(p.Device, p.Head)); err != nil {
		return reply, res, err
	}
	if res, err = d.ask(ctx, signedIn, http.MethodPost, "/v1/sync/push", p, &reply); err != nil {
		return reply, res, err
	}
	if len(reply.Outcomes) != len(batch) {
		return reply, res, fault.New(fault.Unexpected).Because(fmt.Errorf("%d outcomes for %d ops", len(reply.Outcomes), len(batch)))
	}
	for i, o := range reply.Outcomes {
		if o.Op != batch[i].id || o.Status == "" {
			return reply, res, fault.New(fault.Unexpected).Because(fmt.Errorf("outcome %d is of op %s, not %s", i, o.Op, batch[i].id))
		}
	}
	return reply, res, nil
}

// rewind goes back to the op the server expects: it was restored from a backup and has forgotten some it had taken.
func (d *Device) rewind(ctx context.Context, gap error) error {
	var p *Problem
	if !errors.As(gap, &p) || p.Expected == 0 {
		return gap
	}
	d.cfg.Logger.WarnContext(ctx, "the server has lost ops; they are sent again", "from", p.Expected)
	return d.inTx(ctx, func(tx *sql.Tx) error { return reopen(ctx, tx, p.Expected) })
}

// keepOutcomes stores what became of a batch, and lets in the news that waited for it.
func (d *Device) keepOutcomes(ctx context.Context, batch []waiting, reply wire.PushReply) error {
	return d.inTx(ctx, func(tx *sql.Tx) error {
		for _, o := range reply.Outcomes {
			text, err := wire.Canonical(o)
			if err != nil {
				return err
			}
			overlay := o.Status != string(record.Rejected) && o.Status != string(record.Held)
			_, err = tx.ExecContext(ctx, `UPDATE ops SET status = ?, version = ?, outcome = ?, overlay = ? WHERE seq = ?`,
				o.Status, o.Version, string(text), overlay, o.Seq)
			if err != nil {
				return err
			}
		}
		return letIn(ctx, tx, batch)
	})
}
