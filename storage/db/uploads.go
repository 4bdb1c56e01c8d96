package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
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
	Part      bool
	Parts     string // ids, set apart by spaces
	Metadata  string
	Joins     string
	Owner     string
	Docked    bool
}

func (uploadRow) TableName() string { return "uploads" }

func uploadToRow(u upload.Upload) uploadRow {
	return uploadRow{u.ID, u.Evidence, u.Device, u.Unit, u.Length, u.SHA256, string(u.State), micros(u.CreatedAt), micros(u.ExpiresAt),
		u.Part, strings.Join(u.Parts, " "), u.Note.Metadata, u.Note.Joins, u.Owner, u.Docked}
}

func uploadFromRow(r uploadRow) upload.Upload {
	u := upload.Upload{ID: r.ID, Evidence: r.Evidence, Device: r.Device, Unit: r.Unit, Length: r.Length, SHA256: r.SHA256,
		State: upload.State(r.State), CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), Part: r.Part,
		Note: upload.Note{Metadata: r.Metadata, Joins: r.Joins}, Owner: r.Owner, Docked: r.Docked}
	if r.Parts != "" {
		u.Parts = strings.Fields(r.Parts)
	}
	return u
}

// Create implements upload.Store.
func (d Uploads) Create(ctx context.Context, u upload.Upload) (upload.Upload, bool, error) {
	created := false
	err := d.withOthers(ctx, func(ctx context.Context, t *tx) error {
		if err := t.roomForPart(ctx, u); err != nil {
			return err
		}
		r := uploadToRow(u)
		n, err := t.change(ctx, "INSERT INTO uploads (id, evidence, device, unit, length, sha256, state, created_at, expires_at, part, parts, metadata, joins, owner, docked) VALUES ("+
			t.marks(1, 15)+") ON CONFLICT (evidence) WHERE "+living+" DO NOTHING",
			r.ID, r.Evidence, r.Device, r.Unit, r.Length, r.SHA256, r.State, r.CreatedAt, r.ExpiresAt, r.Part, r.Parts, r.Metadata, r.Joins, r.Owner, r.Docked)
		created = n == 1
		return err
	})
	if err != nil || created {
		return u, created, err
	}
	live, err := d.Live(ctx, u.Evidence)
	return live, false, err
}

// living is the condition of the unique index of live uploads, word for word.
const living = "state IN ('receiving', 'whole', 'held') AND NOT part"

// roomForPart refuses a part beyond the most that may wait. Two that come at once may both be the last.
func (t *tx) roomForPart(ctx context.Context, u upload.Upload) error {
	if !u.Part {
		return nil
	}
	n := 0
	query := "SELECT count(*) FROM uploads WHERE evidence = " + t.param(1) + " AND part AND state = 'receiving'"
	if err := row(ctx, t.conn, query, u.Evidence).Scan(&n); err != nil {
		return translate(err)
	}
	if n >= upload.MaxParts {
		return fault.New(fault.UploadParts)
	}
	return nil
}

// Live implements upload.Store.
func (d Uploads) Live(ctx context.Context, evidence string) (upload.Upload, error) {
	var r uploadRow
	err := d.read.WithContext(ctx).Where("evidence = ? AND "+living, evidence).Take(&r).Error
	if err != nil {
		return upload.Upload{}, translate(err)
	}
	return uploadFromRow(r), nil
}

// Declare implements upload.Store.
func (d Uploads) Declare(ctx context.Context, id string, length int64) (bool, error) {
	res := d.write.WithContext(ctx).Model(&uploadRow{}).Where("id = ? AND state = 'receiving' AND length = ?", id, upload.Unknown).Update("length", length)
	return res.RowsAffected == 1, translate(res.Error)
}

// DeviceKey implements upload.Store.
func (d Uploads) DeviceKey(ctx context.Context, device string) ([]byte, error) {
	found, err := d.Device(ctx, device)
	return found.PublicKey, err
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
	return d.withOthers(ctx, func(ctx context.Context, t *tx) error {
		err := t.exec(ctx, "UPDATE uploads SET state = 'whole' WHERE id = "+t.param(1)+" AND state = 'receiving'", id)
		if err != nil {
			return err
		}
		var state string
		err = row(ctx, t.conn, "SELECT state FROM uploads WHERE id = "+t.param(1), id).Scan(&state)
		if err != nil || state != string(upload.Whole) {
			return translate(err)
		}
		return t.enqueue(ctx, jobKind, id)
	})
}

// Expired implements upload.Store.
func (d Uploads) Expired(ctx context.Context, before time.Time, owner string) ([]upload.Upload, error) {
	var found []uploadRow
	err := d.read.WithContext(ctx).Where("state = 'receiving' AND expires_at < ? AND owner IN ('', ?)", micros(before), owner).Order("expires_at").Limit(100).Find(&found).Error
	return uploadsFromRows(found), translate(err)
}

func uploadsFromRows(found []uploadRow) []upload.Upload {
	out := make([]upload.Upload, len(found))
	for i, r := range found {
		out[i] = uploadFromRow(r)
	}
	return out
}

// missing is the condition of the partial index of evidence without its bytes, word for word.
var missing = map[dialect]string{
	postgreSQL: `collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') NOT IN ('held', 'disposing', 'disposed')`,
	sqLite:     `collection = 'evidence' AND NOT removed AND COALESCE(body ->> '$.custody.state', '') NOT IN ('held', 'disposing', 'disposed')`,
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
	err = row(ctx, d.pool(), query, sha256).Scan(&n)
	return n, translate(err)
}

// AnnouncedBy implements upload.Store.
func (d Uploads) AnnouncedBy(ctx context.Context, evidence string) (device string, err error) {
	query := "SELECT COALESCE(o.device, o.online, '') FROM revisions v JOIN ops o ON o.id = v.op AND o.record = v.record WHERE v.version = 1 AND v.record = " +
		d.param(1)
	err = row(ctx, d.pool(), query, evidence).Scan(&device)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return device, translate(err)
}

// Evidence implements upload.Store.
func (d Uploads) Evidence(ctx context.Context, evidence string) (map[string]any, error) {
	var text []byte
	query := "SELECT body FROM records WHERE id = " + d.param(1) + " AND collection = 'evidence' AND NOT removed"
	err := row(ctx, d.pool(), query, evidence).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, translate(err)
	}
	return wire.Object(text)
}
