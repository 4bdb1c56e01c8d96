package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Tries implements people.Identities.
func (d *DB) Tries(ctx context.Context, name, device string) (people.Tries, error) {
	r, err := take[triesRow](ctx, d.read, "name = ? AND device = ?", name, device)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return people.Tries{}, nil
	}
	return triesFromRow(r), err
}

// CountTry implements people.Identities: compare and set, by one statement.
func (d *DB) CountTry(ctx context.Context, t people.Try) error {
	seen, now := triesToRow(t.Name, t.Device, t.Seen), triesToRow(t.Name, t.Device, t.Now)
	g := d.write.WithContext(ctx)
	if t.Seen == (people.Tries{}) {
		g = g.Clauses(clause.OnConflict{DoNothing: true}).Create(&now)
	} else {
		g = g.Model(&triesRow{}).
			Where("name = ? AND device = ? AND failures = ? AND next_try_at = ?", seen.Name, seen.Device, seen.Failures, seen.NextTryAt).
			Updates(map[string]any{"failures": now.Failures, "next_try_at": now.NextTryAt})
	}
	if g.Error == nil && g.RowsAffected == 0 {
		return fault.New(fault.PreconditionLost)
	}
	return translate(g.Error)
}

// ClearTries implements people.Identities.
func (d *DB) ClearTries(ctx context.Context, name, device string) error {
	return translate(d.write.WithContext(ctx).Where("name = ? AND device = ?", name, device).Delete(&triesRow{}).Error)
}

// Forget implements people.Identities.
func (d *DB) Forget(ctx context.Context, before time.Time) error {
	at := micros(before)
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		return errors.Join(
			g.Where("next_try_at < ?", at).Delete(&triesRow{}).Error,
			g.Where("used_by = '' AND expires_at < ?", at).Delete(&codeRow{}).Error,
			g.Where(`family IN (SELECT id FROM families WHERE expires_at < ? OR ended_at <> 0 AND ended_at < ?)`, at, at).
				Delete(&tokenRow{}).Error,
			g.Where(`successor IN (SELECT digest FROM refresh_tokens WHERE used_at <> 0 AND used_at < ?)`, at).
				Delete(&tokenRow{}).Error,
		)
	}))
}
