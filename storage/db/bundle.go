package db

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
)

var _ bundle.Reader = (*DB)(nil)

// FirstOp implements bundle.Reader.
func (d *DB) FirstOp(ctx context.Context, record string) (op bundle.Op, err error) {
	err = row(ctx, d.pool(), `SELECT o.id, COALESCE(o.push, ''), COALESCE(o.device, ''), COALESCE(o.seq, 0), o.text, o.outcome
		FROM revisions r JOIN ops o ON o.id = r.op WHERE r.record = `+d.param(1)+` AND r.version = 1`, record).
		Scan(&op.ID, &op.Push, &op.Device, &op.Seq, &op.Text, &op.Outcome)
	return op, translate(err)
}

// Tail implements bundle.Reader.
func (d *DB) Tail(ctx context.Context, device string, from, to uint64) (texts [][]byte, err error) {
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var text []byte
		err := r.Scan(&text)
		texts = append(texts, text)
		return err
	}, "SELECT text FROM ops WHERE device = "+d.param(1)+" AND seq BETWEEN "+d.param(2)+" AND "+d.param(3)+" ORDER BY seq", device, int64(from), int64(to))
	return texts, err
}
