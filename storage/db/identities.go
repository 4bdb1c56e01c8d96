package db

import (
	"bytes"
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

var _ people.Identities = (*DB)(nil)

// take reads one row by a condition.
func take[R any](ctx context.Context, g *gorm.DB, where string, args ...any) (R, error) {
	var r R
	err := g.WithContext(ctx).Where(where, args...).Take(&r).Error
	return r, translate(err)
}

// CreateAccount implements people.Identities.
func (d *DB) CreateAccount(ctx context.Context, a people.Account, by string) error {
	r := accountToRow(a)
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if err := g.Create(&r).Error; err != nil {
			return err
		}
		return d.noted(ctx, g, accountIdentity, []string{a.ID}, change{"made", by, d.now()})
	}))
}

// AccountByName implements people.Identities.
func (d *DB) AccountByName(ctx context.Context, name string) (people.Account, error) {
	r, err := take[accountRow](ctx, d.read, "name = ?", name)
	return accountFromRow(r), err
}

// Account implements people.Identities.
func (d *DB) Account(ctx context.Context, id string) (people.Account, error) {
	r, err := take[accountRow](ctx, d.read, "id = ?", id)
	return accountFromRow(r), err
}

// SetPassword implements people.Identities.
func (d *DB) SetPassword(ctx context.Context, account, hash, by string, at time.Time) error {
	return d.changeAccount(ctx, account, people.EndPasswordChanged, change{"password", by, at}, "password_hash", hash, "1 = 1")
}

// DisableAccount implements people.Identities.
func (d *DB) DisableAccount(ctx context.Context, account, by string, at time.Time) error {
	return d.changeAccount(ctx, account, people.EndDisabled, change{"disabled", by, at}, "disabled_at", micros(at), "disabled_at = 0")
}

// changeAccount sets one column of an account, under a condition, and ends the account's families.
func (d *DB) changeAccount(ctx context.Context, account, reason string, c change, column string, value any, when string) error {
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if _, err := take[accountRow](ctx, g, "id = ?", account); err != nil {
			return err
		}
		done := g.Model(&accountRow{}).Where("id = ? AND "+when, account).Update(column, value)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected > 0 {
			if err := d.noted(ctx, g, accountIdentity, []string{account}, c); err != nil {
				return err
			}
		}
		return endFamilies(g, "account", account, reason, c.at)
	}))
}

// endFamilies ends those families that still live of an account or of a device.
func endFamilies(g *gorm.DB, column, id, reason string, at time.Time) error {
	return g.Model(&familyRow{}).Where(column+" = ? AND ended_at = 0", id).
		Updates(map[string]any{"ended_at": micros(at), "end_reason": reason}).Error
}

// Accounts implements people.Identities.
func (d *DB) Accounts(ctx context.Context) (int, error) {
	var n int64
	err := d.read.WithContext(ctx).Model(&accountRow{}).Count(&n).Error
	return int(n), translate(err)
}

// CreateCode implements people.Identities.
func (d *DB) CreateCode(ctx context.Context, c people.EnrolmentCode) error {
	r := codeToRow(c)
	return translate(d.write.WithContext(ctx).Create(&r).Error)
}

// Enrol implements people.Identities. The code's row is locked, so of two devices with one code the second is refused.
func (d *DB) Enrol(ctx context.Context, digest string, device people.Device, at time.Time) (people.Device, error) {
	err := d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		locked := g
		if d.dialect == postgreSQL {
			locked = g.Clauses(clause.Locking{Strength: "UPDATE"})
		}
		code, err := take[codeRow](ctx, locked, "digest = ?", digest)
		if errors.Is(err, fault.New(fault.NotFound)) {
			return fault.New(fault.EnrolmentUnknown)
		}
		if err != nil {
			return err
		}
		if code.UsedBy != "" {
			device, err = sameDevice(ctx, g, code.UsedBy, device)
			return err
		}
		if moment(code.ExpiresAt).Before(at) {
			return fault.New(fault.EnrolmentExpired)
		}
		device.Unit = code.Unit
		r := deviceToRow(device)
		if err := g.Create(&r).Error; err != nil {
			return err
		}
		if err := g.Exec("INSERT INTO ledger_queue (kind, ref) VALUES (?, ?)", ledger.Device, device.ID).Error; err != nil {
			return err
		}
		if err := d.noted(ctx, g, deviceIdentity, []string{device.ID}, change{"enrolled", code.CreatedBy, at}); err != nil {
			return err
		}
		return g.Model(&codeRow{}).Where("digest = ?", digest).Update("used_by", device.ID).Error
	})
	if err != nil {
		return people.Device{}, translate(err)
	}
	return device, nil
}

// sameDevice answers a repeated enrolment: the device that used the code gets its own record again, any other is refused.
func sameDevice(ctx context.Context, g *gorm.DB, usedBy string, device people.Device) (people.Device, error) {
	r, err := take[deviceRow](ctx, g, "id = ?", usedBy)
	if err != nil {
		return people.Device{}, err
	}
	if !bytes.Equal(r.PublicKey, device.PublicKey) {
		return people.Device{}, fault.New(fault.EnrolmentUsed)
	}
	return deviceFromRow(r), nil
}

// Device implements people.Identities.
func (d *DB) Device(ctx context.Context, id string) (people.Device, error) {
	r, err := take[deviceRow](ctx, d.read, "id = ?", id)
	return deviceFromRow(r), err
}

// Devices implements people.Identities.
func (d *DB) Devices(ctx context.Context, unit, after string, limit int) ([]people.Device, error) {
	var found []deviceRow
	err := d.read.WithContext(ctx).Where("id > ? AND substr(unit, 1, ?) = ?", after, utf8.RuneCountInString(unit), unit).
		Order("id").Limit(limit).Find(&found).Error
	out := make([]people.Device, len(found))
	for i, r := range found {
		out[i] = deviceFromRow(r)
	}
	return out, translate(err)
}

// RevokeDevice implements people.Identities.
func (d *DB) RevokeDevice(ctx context.Context, id, by string, at time.Time) error {
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if _, err := take[deviceRow](ctx, g, "id = ?", id); err != nil {
			return err
		}
		done := g.Model(&deviceRow{}).Where("id = ? AND revoked_at = 0", id).Update("revoked_at", micros(at))
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected > 0 {
			t := &tx{DB: d, conn: g.Statement.ConnPool}
			if err := t.enqueue(ctx, people.RevokedJob, id); err != nil {
				return err
			}
			if err := t.noteIdentity(ctx, deviceIdentity, []string{id}, change{"revoked", by, at}); err != nil {
				return err
			}
		}
		return endFamilies(g, "device", id, people.EndRevoked, at)
	}))
}
