package db

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/share"
)

var _ share.Store = (*DB)(nil)

// shareRow is a link as stored.
type shareRow struct {
	ID         string `gorm:"primaryKey"`
	TokenHash  string
	Evidence   string
	Derivative string
	Unit       string
	Name       string
	Organ      string
	Reason     string
	CreatedBy  string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	ExpiresAt  int64
	MaxViews   int
	Views      int
	RevokedAt  int64
}

func (shareRow) TableName() string { return "shares" }

func shareToRow(s share.Share) shareRow {
	return shareRow{s.ID, s.TokenHash, s.Evidence, s.Derivative, s.Unit, s.Name, s.Organ, s.Reason, s.CreatedBy, micros(s.CreatedAt),
		micros(s.ExpiresAt), s.MaxViews, s.Views, micros(s.RevokedAt)}
}

func shareFromRow(r shareRow) share.Share {
	return share.Share{ID: r.ID, TokenHash: r.TokenHash, Evidence: r.Evidence, Derivative: r.Derivative, Unit: r.Unit, Name: r.Name, Organ: r.Organ,
		Reason: r.Reason, CreatedBy: r.CreatedBy, CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), MaxViews: r.MaxViews, Views: r.Views,
		RevokedAt: moment(r.RevokedAt)}
}

// AddShare implements share.Store.
func (d *DB) AddShare(ctx context.Context, s share.Share) error {
	r := shareToRow(s)
	return translate(d.write.WithContext(ctx).Create(&r).Error)
}

// Share implements share.Store.
func (d *DB) Share(ctx context.Context, id string) (share.Share, error) {
	r, err := take[shareRow](ctx, d.read, "id = ?", id)
	return shareFromRow(r), err
}

// ShareOf implements share.Store.
func (d *DB) ShareOf(ctx context.Context, tokenHash string) (share.Share, error) {
	r, err := take[shareRow](ctx, d.read, "token_hash = ?", tokenHash)
	return shareFromRow(r), err
}

// SharesOn implements share.Store.
func (d *DB) SharesOn(ctx context.Context, evidence string) ([]share.Share, error) {
	var found []shareRow
	err := d.read.WithContext(ctx).Where("evidence = ?", evidence).Order("id").Find(&found).Error
	out := make([]share.Share, len(found))
	for i, r := range found {
		out[i] = shareFromRow(r)
	}
	return out, translate(err)
}

// UseShare implements share.Store.
func (d *DB) UseShare(ctx context.Context, id string, at time.Time) (bool, error) {
	used := false
	err := d.transact(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.conn.ExecContext(ctx, "UPDATE shares SET views = views + 1 WHERE id = "+t.param(1)+
			" AND views < max_views AND revoked_at = 0 AND expires_at > "+t.param(2), id, micros(at))
		if err != nil {
			return translate(err)
		}
		n, err := res.RowsAffected()
		used = n == 1
		return err
	})
	return used, err
}

// RevokeShare implements share.Store.
func (d *DB) RevokeShare(ctx context.Context, id string, at time.Time) error {
	res := d.write.WithContext(ctx).Model(&shareRow{}).Where("id = ? AND revoked_at = 0", id).Update("revoked_at", micros(at))
	return translate(res.Error)
}
