package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

var _ push.Forks = (*DB)(nil)

// KeepForks implements push.Tx. The device's row is locked, so nobody else counts its forks meanwhile.
func (t *tx) KeepForks(ctx context.Context, device string, forks []push.Fork) (news int, err error) {
	hashes := collect(forks, func(f push.Fork) string { return f.Hash })
	known, err := t.forksOf(ctx, t.conn, device, hashes)
	if err != nil {
		return 0, err
	}
	var count, size int64
	query := "SELECT count(*), COALESCE(SUM(length(text)), 0) FROM forks WHERE device = " + t.param(1)
	if err := row(ctx, t.conn, query, device).Scan(&count, &size); err != nil {
		return 0, err
	}
	var keep []push.Fork
	for _, f := range forks {
		if _, ok := known[f.Hash]; ok {
			continue
		}
		news++
		count, size = count+1, size+int64(len(f.Text))
		if count <= push.MaxForks && size <= push.MaxForkBytes {
			keep = append(keep, f)
		}
	}
	if len(keep) == 0 {
		return news, nil
	}
	refs := collect(keep, func(f push.Fork) string { return fmt.Sprintf("%s/%d/%s", f.Device, f.Seq, f.Hash) })
	kinds := slices.Repeat([]string{ledger.Fork}, len(keep))
	return news, t.together(ctx, append(t.inserts(table{name: "forks", columns: []column{
		{"device", collect(keep, func(f push.Fork) string { return f.Device })},
		{"hash", collect(keep, func(f push.Fork) string { return f.Hash })},
		{"seq", collect(keep, func(f push.Fork) int64 { return int64(f.Seq) })},
		{"op", collect(keep, func(f push.Fork) string { return f.Op })},
		{"text", collect(keep, func(f push.Fork) string { return string(f.Text) })},
		{"head", collect(keep, func(f push.Fork) string { return f.Head })},
		{"signature", collect(keep, func(f push.Fork) string { return f.Signature })},
		{"received_at", collect(keep, func(f push.Fork) int64 { return micros(f.ReceivedAt) })},
	}}, len(keep)), t.inserts(table{name: "ledger_queue", columns: []column{{"kind", kinds}, {"ref", refs}}}, len(keep))...)...)
}

// SetAside implements push.Tx.
func (t *tx) SetAside(ctx context.Context, device string, at time.Time) error {
	if err := t.exec(ctx, "UPDATE devices SET set_aside_at = "+t.param(1)+" WHERE id = "+t.param(2)+" AND set_aside_at = 0", micros(at), device); err != nil {
		return err
	}
	return t.noteIdentity(ctx, deviceIdentity, []string{device}, change{"set_aside", record.ServerAuthor, at})
}

// forkColumns tell a fork and whether it has become part of the chain since.
const forkColumns = `SELECT f.device, f.hash, f.seq, f.op, f.text, f.head, f.signature, f.received_at, o.id IS NOT NULL
	FROM forks f LEFT JOIN ops o ON o.device = f.device AND o.seq = f.seq AND o.hash = f.hash WHERE f.device = `

func scanFork(r *sql.Rows) (push.Fork, error) {
	var f push.Fork
	var at int64
	err := r.Scan(&f.Device, &f.Hash, &f.Seq, &f.Op, &f.Text, &f.Head, &f.Signature, &at, &f.Taken)
	f.ReceivedAt = moment(at)
	return f, err
}

// Forks implements push.Forks.
func (d *DB) Forks(ctx context.Context, device string, seq uint64, hash string, limit int) ([]push.Fork, error) {
	var found []push.Fork
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		f, err := scanFork(r)
		found = append(found, f)
		return err
	}, forkColumns+d.param(1)+" AND (f.seq, f.hash) > ("+d.param(2)+", "+d.param(3)+") ORDER BY f.seq, f.hash LIMIT "+d.param(4),
		device, int64(seq), hash, limit)
	if err != nil || len(found) == 0 {
		return found, err
	}
	made, err := (&tx{DB: d, conn: d.pool()}).Ops(ctx, collect(found, func(f push.Fork) string { return f.Edit() }))
	for i := range found {
		edit, ok := made[found[i].Edit()]
		found[i].Adopted = ok && edit.Outcome.Status != record.Rejected && edit.Outcome.Status != record.Held
	}
	return found, err
}

// ForksOf implements push.Forks.
func (d *DB) ForksOf(ctx context.Context, device string, hashes []string) (map[string]push.Fork, error) {
	return d.forksOf(ctx, d.pool(), device, hashes)
}

func (d *DB) forksOf(ctx context.Context, conn gorm.ConnPool, device string, hashes []string) (map[string]push.Fork, error) {
	found := map[string]push.Fork{}
	where, arg := d.among("f.hash", 2, hashes)
	err := rows(ctx, conn, func(r *sql.Rows) error {
		f, err := scanFork(r)
		found[f.Hash] = f
		return err
	}, forkColumns+d.param(1)+" AND "+where, device, arg)
	return found, err
}

type decisionRow struct {
	Device   string `gorm:"primaryKey"`
	At       int64  `gorm:"primaryKey;autoCreateTime:false"`
	Officer  string
	Decision string
	Reason   string
}

func (decisionRow) TableName() string { return "device_decisions" }

// ReleaseDevice implements people.Identities.
func (d *DB) ReleaseDevice(ctx context.Context, decision people.Decision) error {
	return translate(d.write.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		if _, err := take[deviceRow](ctx, g, "id = ?", decision.Device); err != nil {
			return err
		}
		done := g.Model(&deviceRow{}).Where("id = ? AND set_aside_at <> 0", decision.Device).Update("set_aside_at", 0)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		r := decisionRow{decision.Device, micros(decision.At), decision.Officer, decision.Decision, decision.Reason}
		if err := g.Create(&r).Error; err != nil {
			return err
		}
		t := &tx{DB: d, conn: g.Statement.ConnPool}
		if err := t.together(ctx, t.queueLeaf(ledger.Decision, fmt.Sprintf("%s/%d", r.Device, r.At))); err != nil {
			return err
		}
		return t.noteIdentity(ctx, deviceIdentity, []string{r.Device}, change{r.Decision, r.Officer, decision.At})
	}))
}

// Decisions implements people.Identities.
func (d *DB) Decisions(ctx context.Context, device string, limit int) ([]people.Decision, error) {
	var found []decisionRow
	err := d.read.WithContext(ctx).Where("device = ?", device).Order("at DESC").Limit(limit).Find(&found).Error
	out := make([]people.Decision, len(found))
	for i, r := range found {
		out[i] = people.Decision{Device: r.Device, Officer: r.Officer, Decision: r.Decision, Reason: r.Reason, At: moment(r.At)}
	}
	return out, translate(err)
}
