package db

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

var _ audit.Reader = (*DB)(nil)

// AllDevices implements audit.Reader.
func (d *DB) AllDevices(ctx context.Context, fn func(audit.Device) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var dev audit.Device
		if err := r.Scan(&dev.ID, &dev.PublicKey, &dev.LastSeq, &dev.HeadHash); err != nil {
			return err
		}
		return fn(dev)
	}, "SELECT id, public_key, last_seq, head_hash FROM devices ORDER BY id")
}

// PushesOf implements audit.Reader.
func (d *DB) PushesOf(ctx context.Context, device string, fn func(push.Provenance) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		p := push.Provenance{Device: device}
		if err := r.Scan(&p.ID, &p.FirstSeq, &p.LastSeq, &p.Head, &p.Signature); err != nil {
			return err
		}
		return fn(p)
	}, "SELECT id, first_seq, last_seq, head, signature FROM pushes WHERE device = "+d.param(1)+" ORDER BY first_seq", device)
}

// OpsOf implements audit.Reader.
func (d *DB) OpsOf(ctx context.Context, device string, fn func(audit.Op) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var op audit.Op
		if err := r.Scan(&op.ID, &op.Seq, &op.Push, &op.Hash, &op.Text); err != nil {
			return err
		}
		return fn(op)
	}, "SELECT id, seq, push, hash, text FROM ops WHERE device = "+d.param(1)+" ORDER BY seq", device)
}

// Floors implements audit.Reader.
func (d *DB) Floors(ctx context.Context) ([]uint64, error) {
	var floors []uint64
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var floor uint64
		err := r.Scan(&floor)
		floors = append(floors, floor)
		return err
	}, "SELECT floor FROM epochs ORDER BY floor")
	return floors, err
}

// AllVersions implements audit.Reader.
func (d *DB) AllVersions(ctx context.Context, fn func(audit.Version) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var v audit.Version
		err := r.Scan(&v.Record, &v.Collection, &v.Version, &v.Op, &v.Removed, &v.Schema, &v.Body, &v.OpRecord, &v.OpText,
			&v.Head.Version, &v.Head.Op, &v.Head.Schema, &v.Head.Body, &v.Head.Collection, &v.Head.Removed, &v.Head.State)
		if err != nil {
			return err
		}
		return fn(v)
	}, `SELECT v.record, v.collection, v.version, v.op, v.removed, v.schema, v.body, COALESCE(o.record, ''), COALESCE(o.text, ''),
			COALESCE(h.version, 0), COALESCE(h.op, ''), COALESCE(h.schema, 0), COALESCE(h.body, ''), COALESCE(h.collection, ''), COALESCE(h.removed, FALSE), COALESCE(h.state, '')
		FROM revisions v LEFT JOIN ops o ON o.id = v.op LEFT JOIN records h ON h.id = v.record ORDER BY v.record, v.version`)
}

// BodiesOf implements audit.Reader.
func (d *DB) BodiesOf(ctx context.Context, collection string, fn func(id string, schema int, body []byte) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var id string
		var schema int
		var body []byte
		if err := r.Scan(&id, &schema, &body); err != nil {
			return err
		}
		return fn(id, schema, body)
	}, "SELECT id, schema, body FROM records WHERE collection = "+d.param(1)+" AND NOT removed ORDER BY id", collection)
}

// Orphans implements audit.Reader.
func (d *DB) Orphans(ctx context.Context) (n int, err error) {
	err = row(ctx, d.pool(), "SELECT count(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM revisions v WHERE v.record = r.id)").Scan(&n)
	return n, translate(err)
}

// AllOps implements audit.Reader.
func (d *DB) AllOps(ctx context.Context, fn func(audit.Row) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var o audit.Row
		err := r.Scan(&o.ID, &o.Device, &o.Seq, &o.Push, &o.Online, &o.Collection, &o.Record, &o.Action, &o.Author, &o.OccurredAt, &o.ReceivedAt,
			&o.Hash, &o.Status, &o.Outcome, &o.Text, &o.PushDevice, &o.PushFirst, &o.PushLast, &o.PushArrived)
		if err != nil {
			return err
		}
		return fn(o)
	}, `SELECT o.id, COALESCE(o.device, ''), COALESCE(o.seq, 0), COALESCE(o.push, ''), COALESCE(o.online, ''), o.collection, o.record, o.action, o.author,
			o.occurred_at, o.received_at, o.hash, o.status, o.outcome, o.text, COALESCE(p.device, ''), COALESCE(p.first_seq, 0), COALESCE(p.last_seq, 0), COALESCE(p.received_at, 0)
		FROM ops o LEFT JOIN pushes p ON p.id = o.push ORDER BY o.id`)
}
