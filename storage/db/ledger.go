package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

var _ ledger.Store = (*DB)(nil)

// ledgerLock is the advisory lock that one process holds while it integrates.
const ledgerLock = 0x6c6564676572 // "ledger"

// Alone implements ledger.Store. On SQLite a transaction that writes is alone anyway.
func (d *DB) Alone(ctx context.Context, fn func(context.Context, ledger.Tx) error) (alone bool, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		alone = true
		if t.dialect == postgreSQL {
			query := fmt.Sprintf("SELECT pg_try_advisory_xact_lock(%d)", ledgerLock)
			if err := row(ctx, t.conn, query).Scan(&alone); err != nil || !alone {
				return translate(err)
			}
		}
		return fn(ctx, ledgerTx{t})
	})
	return alone && err == nil, err
}

// ledgerTx is what a round of the sequencer reads and writes.
type ledgerTx struct{ *tx }

func (t ledgerTx) Size(ctx context.Context) (int64, error) { return t.ledgerSize(ctx, t.conn) }
func (t ledgerTx) Latest(ctx context.Context) (ledger.Checkpoint, error) {
	return t.checkpoint(ctx, t.conn, "ORDER BY n DESC LIMIT 1")
}
func (t ledgerTx) Hashes(ctx context.Context, indexes []int64) ([]merkle.Hash, error) {
	return t.ledgerHashes(ctx, t.conn, indexes)
}
func (t ledgerTx) Queue(ctx context.Context, n int) ([]ledger.Queued, error) {
	return t.ledgerQueue(ctx, t.conn, n)
}

// Known implements ledger.Tx.
func (t ledgerTx) Known(ctx context.Context, refs []ledger.Ref) (map[ledger.Ref]int64, error) {
	known := map[ledger.Ref]int64{}
	for kind, ids := range byKind(refs) {
		where, arg := t.among("ref", 2, ids)
		err := rows(ctx, t.conn, func(r *sql.Rows) error {
			ref := ledger.Ref{Kind: kind}
			var n int64
			err := r.Scan(&n, &ref.ID)
			known[ref] = n
			return err
		}, "SELECT n, ref FROM leaves WHERE kind = "+t.param(1)+" AND "+where, kind, arg)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// NewestKey implements ledger.Tx.
func (t ledgerTx) NewestKey(ctx context.Context) (id string, err error) {
	err = rows(ctx, t.conn, func(r *sql.Rows) error { return r.Scan(&id) },
		"SELECT ref FROM leaves WHERE kind = "+t.param(1)+" ORDER BY n DESC LIMIT 1", ledger.Key)
	return id, err
}

func byKind(refs []ledger.Ref) map[string][]string {
	kinds := map[string][]string{}
	for _, ref := range refs {
		kinds[ref.Kind] = append(kinds[ref.Kind], ref.ID)
	}
	return kinds
}

// Append implements ledger.Tx.
func (t ledgerTx) Append(ctx context.Context, a ledger.Addition) error {
	index := make([]int64, len(a.Hashes))
	for i := range index {
		index[i] = a.FirstHash + int64(i)
	}
	all := slices.Concat(
		t.inserts(table{name: "leaves", columns: []column{
			{"n", collect(a.Leaves, func(l ledger.Numbered) int64 { return l.N })},
			{"kind", collect(a.Leaves, func(l ledger.Numbered) string { return l.Kind })},
			{"ref", collect(a.Leaves, func(l ledger.Numbered) string { return l.ID })},
			{"text", collect(a.Leaves, func(l ledger.Numbered) string { return string(l.Text) })},
		}}, len(a.Leaves)),
		t.inserts(table{name: "hashes", columns: []column{{"i", index},
			{"hash", collect(a.Hashes, merkle.Hash.String)}}}, len(a.Hashes)))
	if c := a.Checkpoint; c != nil {
		all = append(all, statement{query: "INSERT INTO checkpoints (n, size, at, note) VALUES (" + t.marks(1, 4) + ")",
			args: []any{c.N, c.Size, micros(c.At), string(c.Note)}})
	}
	if len(a.Drained) > 0 {
		where, arg := t.amongNumbers("id", 1, a.Drained)
		all = append(all, statement{query: "DELETE FROM ledger_queue WHERE " + where, args: []any{arg}})
	}
	return t.last(ctx, all...)
}

// amongNumbers is among for numbers.
func (d *DB) amongNumbers(column string, position int, values []int64) (string, any) {
	if d.dialect == postgreSQL {
		return fmt.Sprintf("%s = ANY($%d::bigint[])", column, position), values
	}
	texts := collect(values, func(n int64) string { return strconv.FormatInt(n, 10) })
	return column + " IN (SELECT value FROM json_each(?))", "[" + strings.Join(texts, ",") + "]"
}

// Size implements ledger.Reader.
func (d *DB) Size(ctx context.Context) (int64, error) { return d.ledgerSize(ctx, d.pool()) }

func (d *DB) ledgerSize(ctx context.Context, conn gorm.ConnPool) (n int64, err error) {
	err = row(ctx, conn, "SELECT COALESCE(MAX(n) + 1, 0) FROM leaves").Scan(&n)
	return n, translate(err)
}

// Hashes implements ledger.Reader.
func (d *DB) Hashes(ctx context.Context, indexes []int64) ([]merkle.Hash, error) {
	return d.ledgerHashes(ctx, d.pool(), indexes)
}

func (d *DB) ledgerHashes(ctx context.Context, conn gorm.ConnPool, indexes []int64) ([]merkle.Hash, error) {
	found := make(map[int64]merkle.Hash, len(indexes))
	where, arg := d.amongNumbers("i", 1, indexes)
	err := rows(ctx, conn, func(r *sql.Rows) error {
		var i int64
		var text string
		if err := r.Scan(&i, &text); err != nil {
			return err
		}
		h, err := merkle.ParseHash(text)
		found[i] = h
		return err
	}, "SELECT i, hash FROM hashes WHERE "+where, arg)
	if err != nil {
		return nil, err
	}
	out := make([]merkle.Hash, len(indexes))
	for j, i := range indexes {
		h, ok := found[i]
		if !ok {
			return nil, fault.New(fault.NotFound).Because(fmt.Errorf("hash %d", i))
		}
		out[j] = h
	}
	return out, nil
}

// Leaves implements ledger.Reader.
func (d *DB) Leaves(ctx context.Context, from, to int64) ([]ledger.Numbered, error) {
	return d.leaves(ctx, "n >= "+d.param(1)+" AND n < "+d.param(2)+" ORDER BY n", from, to)
}

// LeafOf implements ledger.Reader.
func (d *DB) LeafOf(ctx context.Context, ref ledger.Ref) (ledger.Numbered, error) {
	found, err := d.leaves(ctx, "kind = "+d.param(1)+" AND ref = "+d.param(2), ref.Kind, ref.ID)
	if err != nil || len(found) == 0 {
		return ledger.Numbered{}, orAbsent(err)
	}
	return found[0], nil
}

// KeyLeaves implements ledger.Reader.
func (d *DB) KeyLeaves(ctx context.Context) ([]ledger.Numbered, error) {
	return d.leaves(ctx, "kind = "+d.param(1)+" ORDER BY n", ledger.Key)
}

func orAbsent(err error) error {
	if err == nil {
		err = fault.New(fault.NotFound)
	}
	return err
}

func (d *DB) leaves(ctx context.Context, where string, args ...any) (found []ledger.Numbered, err error) {
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var l ledger.Numbered
		err := r.Scan(&l.N, &l.Kind, &l.ID, &l.Text)
		found = append(found, l)
		return err
	}, "SELECT n, kind, ref, text FROM leaves WHERE "+where, args...)
	return found, err
}

// Latest implements ledger.Reader.
func (d *DB) Latest(ctx context.Context) (ledger.Checkpoint, error) {
	return d.checkpoint(ctx, d.pool(), "ORDER BY n DESC LIMIT 1")
}

// CheckpointOver implements ledger.Reader.
func (d *DB) CheckpointOver(ctx context.Context, leaf int64) (ledger.Checkpoint, error) {
	return d.checkpoint(ctx, d.pool(), "WHERE size > "+d.param(1)+" ORDER BY size LIMIT 1", leaf)
}

// VouchedOver implements ledger.Reader.
func (d *DB) VouchedOver(ctx context.Context, leaf int64) (ledger.Checkpoint, error) {
	return d.checkpoint(ctx, d.pool(), "c WHERE size > "+d.param(1)+" AND EXISTS (SELECT 1 FROM stamps s WHERE s.checkpoint = c.n) ORDER BY size LIMIT 1", leaf)
}

// LastVouched implements ledger.Reader.
func (d *DB) LastVouched(ctx context.Context) (ledger.Checkpoint, error) {
	return d.checkpoint(ctx, d.pool(), "WHERE n = (SELECT MAX(checkpoint) FROM stamps)")
}

func (d *DB) checkpoint(ctx context.Context, conn gorm.ConnPool, which string, args ...any) (c ledger.Checkpoint, err error) {
	found := false
	err = rows(ctx, conn, func(r *sql.Rows) error {
		found = true
		return scanCheckpoint(r, &c)
	}, "SELECT n, size, at, note FROM checkpoints "+which, args...)
	if err == nil && !found {
		err = fault.New(fault.NotFound)
	}
	return c, err
}

func scanCheckpoint(r scanner, c *ledger.Checkpoint) error {
	var at int64
	err := r.Scan(&c.N, &c.Size, &at, &c.Note)
	c.At = moment(at)
	return err
}

// Stamps implements ledger.Reader.
func (d *DB) Stamps(ctx context.Context, checkpoint int64) (found []ledger.Stamp, err error) {
	err = d.eachStamp(ctx, func(s ledger.Stamp) error {
		found = append(found, s)
		return nil
	}, "WHERE checkpoint = "+d.param(1), checkpoint)
	return found, err
}

func (d *DB) eachStamp(ctx context.Context, fn func(ledger.Stamp) error, which string, args ...any) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var s ledger.Stamp
		var at int64
		if err := r.Scan(&s.Checkpoint, &s.Kind, &s.Signer, &at, &s.Data); err != nil {
			return err
		}
		s.At, s.Data = moment(at), slices.Clone(s.Data)
		return fn(s)
	}, "SELECT checkpoint, kind, signer, at, data FROM stamps "+which+" ORDER BY checkpoint, kind, signer", args...)
}

// KeepStamp implements ledger.Store.
func (d *DB) KeepStamp(ctx context.Context, s ledger.Stamp) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "INSERT INTO stamps (checkpoint, kind, signer, at, data) VALUES ("+t.marks(1, 5)+") ON CONFLICT DO NOTHING",
			s.Checkpoint, s.Kind, s.Signer, micros(s.At), s.Data)
		if err != nil || n == 0 {
			return err
		}
		return t.exec(ctx, "INSERT INTO ledger_queue (kind, ref) VALUES ("+t.marks(1, 2)+")", ledger.Vouch, s.Ref().ID)
	})
}

// Queue implements ledger.Reader.
func (d *DB) Queue(ctx context.Context, n int) ([]ledger.Queued, error) {
	return d.ledgerQueue(ctx, d.pool(), n)
}

func (d *DB) ledgerQueue(ctx context.Context, conn gorm.ConnPool, n int) (queue []ledger.Queued, err error) {
	err = rows(ctx, conn, func(r *sql.Rows) error {
		var q ledger.Queued
		err := r.Scan(&q.Place, &q.Kind, &q.ID)
		queue = append(queue, q)
		return err
	}, fmt.Sprintf("SELECT id, kind, ref FROM ledger_queue ORDER BY id LIMIT %d", n))
	return queue, err
}
