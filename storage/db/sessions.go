package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// deviceOfficerRow notes that an officer has signed in on a device: its ops may name that officer as author.
type deviceOfficerRow struct {
	Device  string `gorm:"primaryKey"`
	Officer string `gorm:"primaryKey"`
}

func (deviceOfficerRow) TableName() string { return "device_officers" }

// BeginFamily implements people.Identities.
func (d *DB) BeginFamily(ctx context.Context, f people.Family, first people.RefreshToken) error {
	err := d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		family, token := familyToRow(f), tokenToRow(first)
		if err := g.Create(&family).Error; err != nil {
			return err
		}
		if err := g.Create(&token).Error; err != nil {
			return err
		}
		first := g.Clauses(clause.OnConflict{DoNothing: true}).Create(&deviceOfficerRow{f.Device, f.Officer})
		if first.Error != nil || first.RowsAffected == 0 {
			return first.Error
		}
		return d.noted(ctx, g, authorIdentity, []string{f.Device + "/" + f.Officer}, change{"signed_in", f.Officer, f.CreatedAt})
	})
	return translate(err)
}

// Family implements people.Identities.
func (d *DB) Family(ctx context.Context, id string) (people.Family, error) {
	r, err := take[familyRow](ctx, d.read, "id = ?", id)
	return familyFromRow(r), err
}

// SignedIn implements people.Identities.
func (d *DB) SignedIn(ctx context.Context, device, officer string) (bool, error) {
	_, err := take[deviceOfficerRow](ctx, d.read, "device = ? AND officer = ?", device, officer)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return false, nil
	}
	return err == nil, err
}

// Token implements people.Identities.
func (d *DB) Token(ctx context.Context, digest string) (people.RefreshToken, error) {
	r, err := take[tokenRow](ctx, d.read, "digest = ?", digest)
	return tokenFromRow(r), err
}

// Exchange implements people.Identities.
func (d *DB) Exchange(ctx context.Context, digest string, successor people.RefreshToken, at time.Time) error {
	err := d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		res := g.Model(&tokenRow{}).Where("digest = ? AND used_at = 0", digest).
			Updates(map[string]any{"used_at": micros(at), "successor": successor.Digest})
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			if _, err := take[tokenRow](ctx, g, "digest = ?", digest); err != nil {
				return err
			}
		}
		r := tokenToRow(successor)
		return g.Clauses(clause.OnConflict{DoNothing: true}).Create(&r).Error
	})
	return translate(err)
}

// EndFamily implements people.Identities.
func (d *DB) EndFamily(ctx context.Context, id, reason string, at time.Time) error {
	if _, err := d.Family(ctx, id); err != nil {
		return err
	}
	return translate(d.write.WithContext(ctx).Model(&familyRow{}).Where("id = ? AND ended_at = 0", id).
		Updates(map[string]any{"ended_at": micros(at), "end_reason": reason}).Error)
}

// CreateKey implements people.Identities.
func (d *DB) CreateKey(ctx context.Context, k people.SigningKey) error {
	r := keyToRow(k)
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if err := g.Create(&r).Error; err != nil {
			return err
		}
		return d.noted(ctx, g, keyIdentity, []string{k.ID}, change{"made", record.ServerAuthor, k.CreatedAt})
	}))
}

// Keys implements people.Identities.
func (d *DB) Keys(ctx context.Context, use string) ([]people.SigningKey, error) {
	var found []keyRow
	err := d.read.WithContext(ctx).Where("use = ?", use).Order("created_at DESC, id").Find(&found).Error
	out := make([]people.SigningKey, len(found))
	for i, r := range found {
		out[i] = keyFromRow(r)
	}
	return out, translate(err)
}

// RetireKeys implements people.Identities.
func (d *DB) RetireKeys(ctx context.Context, use, except string, at time.Time) error {
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		var retired []keyRow
		query := g.Where("use = ? AND id <> ? AND retired_at = 0", use, except)
		if d.dialect == postgreSQL { // of two at once the second finds nothing left
			query = query.Clauses(clause.Locking{Strength: "UPDATE"})
		}
		if err := query.Order("id").Find(&retired).Error; err != nil || len(retired) == 0 {
			return err
		}
		ids := collect(retired, func(r keyRow) string { return r.ID })
		if err := g.Model(&keyRow{}).Where("id IN ?", ids).Update("retired_at", micros(at)).Error; err != nil {
			return err
		}
		return d.noted(ctx, g, keyIdentity, ids, change{"retired", record.ServerAuthor, at})
	}))
}
