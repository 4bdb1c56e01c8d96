package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

var _ upload.Store = Uploads{}

// Uploads keeps what is known of uploads; it is the part of the database that implements upload.Store.
type Uploads struct{ *DB }

// uploadRow is an upload as stored.
type uploadRow struct {
	ID        string `gorm:"primaryKey"`
	Evidence  string
	Device    string
	Unit      string
	Length    int64
	SHA256    string `gorm:"column:sha256"`
	State     string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
}

func (uploadRow) TableName() string { return "uploads" }

func uploadToRow(u upload.Upload) uploadRow {
	return uploadRow{u.ID, u.Evidence, u.Device, u.Unit, u.Length, u.SHA256, string(u.State), micros(u.CreatedAt), micros(u.ExpiresAt)}
}

func uploadFromRow(r uploadRow) upload.Upload {
	return upload.Upload{ID: r.ID, Evidence: r.Evidence, Device: r.Device, Unit: r.Unit, Length: r.Length, SHA256: r.SHA256,
		State: upload.State(r.State), CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt)}
}

// Create implements upload.Store.
func (d Uploads) Create(ctx context.Context, u upload.Upload) (upload.Upload, bool, error) {
	created := false
	err := d.transact(ctx, func(ctx context.Context, t *tx) error {
		r := uploadToRow(u)
		res, err := t.conn.ExecContext(ctx, "INSERT INTO uploads (id, evidence, device, unit, length, sha256, state, created_at, expires_at) VALUES ("+
			t.marks(1, 9)+") ON CONFLICT (evidence) WHERE state IN ('receiving', 'whole', 'held') DO NOTHING",
			r.ID, r.Evidence, r.Device, r.Unit, r.Length, r.SHA256, r.State, r.CreatedAt, r.ExpiresAt)
		if err != nil {
			return translate(err)
		}
		n, err := res.RowsAffected()
		created = n == 1
		return err
	})
	if err != nil || created {
		return u, created, err
	}
	var r uploadRow
	err = d.read.WithContext(ctx).Where("evidence = ? AND state IN ('receiving', 'whole', 'held')", u.Evidence).Take(&r).Error
	return uploadFromRow(r), false, translate(err)
}

// Find implements upload.Store.
func (d Uploads) Find(ctx context.Context, id string) (upload.Upload, error) {
	var r uploadRow
	err := d.read.WithContext(ctx).Where("id = ?", id).Take(&r).Error
	return uploadFromRow(r), translate(err)
}

// Advance implements upload.Store.
func (d Uploads) Advance(ctx context.Context, id string, from, to upload.State) (bool, error) {
	res := d.write.WithContext(ctx).Model(&uploadRow{}).Where("id = ? AND state = ?", id, string(from)).Update("state", string(to))
	return res.RowsAffected == 1, translate(res.Error)
}

// Sealed implements upload.Store.
func (d Uploads) Sealed(ctx context.Context, id, jobKind string) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		err := t.exec(ctx, "UPDATE uploads SET state = 'whole' WHERE id = "+t.param(1)+" AND state = 'receiving'", id)
		if err != nil {
			return err
		}
		var state string
		err = t.conn.QueryRowContext(ctx, "SELECT state FROM uploads WHERE id = "+t.param(1), id).Scan(&state)
		if err != nil || state != string(upload.Whole) {
			return translate(err)
		}
		return t.enqueue(ctx, jobKind, id)
	})
}

// Expired implements upload.Store.
func (d Uploads) Expired(ctx context.Context, before time.Time) ([]upload.Upload, error) {
	var found []uploadRow
	err := d.read.WithContext(ctx).Where("state = 'receiving' AND expires_at < ?", micros(before)).Order("expires_at").Limit(100).Find(&found).Error
	out := make([]upload.Upload, len(found))
	for i, r := range found {
		out[i] = uploadFromRow(r)
	}
	return out, translate(err)
}

// missing is the condition of the partial index of evidence without its bytes, word for word.
var missing = map[dialect]string{
	postgreSQL: `collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') <> 'held'`,
	sqLite:     `collection = 'evidence' AND NOT removed AND COALESCE(body ->> '$.custody.state', '') <> 'held'`,
}

// Missing implements upload.Store. The page is cut before the op that announced it is looked up, so that the index leads.
func (d Uploads) Missing(ctx context.Context, after string, limit int) ([]upload.Missing, error) {
	query := "SELECT m.id, COALESCE(o.device, o.online, ''), m.body FROM (SELECT id, body FROM records WHERE " + missing[d.dialect] + " AND id > " +
		d.param(1) + " ORDER BY id LIMIT " + d.param(2) + `) m
		JOIN revisions v ON v.record = m.id AND v.version = 1 JOIN ops o ON o.id = v.op AND o.record = m.id ORDER BY m.id`
	var found []upload.Missing
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var m upload.Missing
		var text []byte
		err := r.Scan(&m.Evidence, &m.Device, &text)
		if err == nil {
			m.Body, err = wire.Object(text)
		}
		found = append(found, m)
		return err
	}, query, after, limit)
	return found, err
}

// Announced implements upload.Store.
func (d Uploads) Announced(ctx context.Context, sha256 string) (n int, err error) {
	path := "body ->> 'sha256'"
	if d.dialect == postgreSQL {
		path = "(body::jsonb) ->> 'sha256'"
	}
	query := "SELECT count(*) FROM records WHERE collection = 'evidence' AND " + path + " = " + d.param(1)
	err = d.pool().QueryRowContext(ctx, query, sha256).Scan(&n)
	return n, translate(err)
}

// Evidence implements upload.Store.
func (d Uploads) Evidence(ctx context.Context, evidence string) (map[string]any, error) {
	var text []byte
	query := "SELECT body FROM records WHERE id = " + d.param(1) + " AND collection = 'evidence' AND NOT removed"
	err := d.pool().QueryRowContext(ctx, query, evidence).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, translate(err)
	}
	return wire.Object(text)
}
