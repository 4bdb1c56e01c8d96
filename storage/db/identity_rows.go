package db

import "github.com/fieldwarden/fieldwarden/domain/people"

// The rows of identity. Converters stand beside them; a reflective test fills every field, goes out and back, and compares.

type accountRow struct {
	ID           string `gorm:"primaryKey"`
	Name         string
	Officer      string
	PasswordHash string
	DisabledAt   int64
}

func (accountRow) TableName() string { return "accounts" }

func accountToRow(a people.Account) accountRow {
	return accountRow{a.ID, a.Name, a.Officer, a.PasswordHash, micros(a.DisabledAt)}
}

func accountFromRow(r accountRow) people.Account {
	return people.Account{ID: r.ID, Name: r.Name, Officer: r.Officer, PasswordHash: r.PasswordHash,
		DisabledAt: moment(r.DisabledAt)}
}

type triesRow struct {
	Name      string `gorm:"primaryKey"`
	Device    string `gorm:"primaryKey"`
	Failures  int
	NextTryAt int64
}

func (triesRow) TableName() string { return "sign_in_tries" }

func triesToRow(name, device string, t people.Tries) triesRow {
	return triesRow{name, device, t.Failures, micros(t.NextTryAt)}
}

func triesFromRow(r triesRow) people.Tries {
	return people.Tries{Failures: r.Failures, NextTryAt: moment(r.NextTryAt)}
}

type deviceRow struct {
	ID         string `gorm:"primaryKey"`
	Name       string
	Unit       string
	PublicKey  []byte
	Thumbprint string
	EnrolledAt int64
	RevokedAt  int64
	SetAsideAt int64
	LastSeq    int64
	HeadHash   string
}

func (deviceRow) TableName() string { return "devices" }

func deviceToRow(d people.Device) deviceRow {
	return deviceRow{ID: d.ID, Name: d.Name, Unit: d.Unit, PublicKey: d.PublicKey, Thumbprint: d.Thumbprint,
		EnrolledAt: micros(d.EnrolledAt), RevokedAt: micros(d.RevokedAt), SetAsideAt: micros(d.SetAsideAt)}
}

func deviceFromRow(r deviceRow) people.Device {
	return people.Device{ID: r.ID, Name: r.Name, Unit: r.Unit, PublicKey: r.PublicKey, Thumbprint: r.Thumbprint,
		EnrolledAt: moment(r.EnrolledAt), RevokedAt: moment(r.RevokedAt), SetAsideAt: moment(r.SetAsideAt)}
}

type codeRow struct {
	Digest    string `gorm:"primaryKey"`
	Unit      string
	CreatedBy string
	ExpiresAt int64
	UsedBy    string
}

func (codeRow) TableName() string { return "enrolment_codes" }

func codeToRow(c people.EnrolmentCode) codeRow {
	return codeRow{c.Digest, c.Unit, c.CreatedBy, micros(c.ExpiresAt), c.UsedBy}
}

func codeFromRow(r codeRow) people.EnrolmentCode {
	return people.EnrolmentCode{Digest: r.Digest, Unit: r.Unit, CreatedBy: r.CreatedBy, ExpiresAt: moment(r.ExpiresAt), UsedBy: r.UsedBy}
}

type familyRow struct {
	ID        string `gorm:"primaryKey"`
	Account   string
	Officer   string
	Device    string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	ExpiresAt int64
	EndedAt   int64
	EndReason string
}

func (familyRow) TableName() string { return "families" }

func familyToRow(f people.Family) familyRow {
	return familyRow{f.ID, f.Account, f.Officer, f.Device, micros(f.CreatedAt), micros(f.ExpiresAt), micros(f.EndedAt), f.EndReason}
}

func familyFromRow(r familyRow) people.Family {
	return people.Family{ID: r.ID, Account: r.Account, Officer: r.Officer, Device: r.Device, CreatedAt: moment(r.CreatedAt),
		ExpiresAt: moment(r.ExpiresAt), EndedAt: moment(r.EndedAt), EndReason: r.EndReason}
}

type tokenRow struct {
	Digest    string `gorm:"primaryKey"`
	Family    string
	ExpiresAt int64
	UsedAt    int64
	Successor string
}

func (tokenRow) TableName() string { return "refresh_tokens" }

func tokenToRow(t people.RefreshToken) tokenRow {
	return tokenRow{t.Digest, t.Family, micros(t.ExpiresAt), micros(t.UsedAt), t.Successor}
}

func tokenFromRow(r tokenRow) people.RefreshToken {
	return people.RefreshToken{Digest: r.Digest, Family: r.Family, ExpiresAt: moment(r.ExpiresAt), UsedAt: moment(r.UsedAt), Successor: r.Successor}
}

type keyRow struct {
	ID        string `gorm:"primaryKey"`
	Use       string
	Public    []byte
	Sealed    []byte
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	RetiredAt int64
}

func (keyRow) TableName() string { return "signing_keys" }

func keyToRow(k people.SigningKey) keyRow {
	return keyRow{k.ID, k.Use, k.Public, k.Sealed, micros(k.CreatedAt), micros(k.RetiredAt)}
}

func keyFromRow(r keyRow) people.SigningKey {
	return people.SigningKey{ID: r.ID, Use: r.Use, Public: r.Public, Sealed: r.Sealed, CreatedAt: moment(r.CreatedAt), RetiredAt: moment(r.RetiredAt)}
}
