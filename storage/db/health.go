package db

import (
	"context"
	"database/sql"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

var _ people.Healths = (*DB)(nil)

// sameReport is for how long a report that says the same is not written again.
const sameReport = 30 * time.Second

// Report implements people.Healths.
func (d *DB) Report(ctx context.Context, device string, r people.Report, at time.Time) error {
	query := "INSERT INTO device_health (device, contact_at, reported_at, unsent, oldest_unsent, app_version) VALUES (" + d.marks(1, 6) + `)
		ON CONFLICT (device) DO UPDATE SET contact_at = excluded.contact_at, reported_at = excluded.reported_at, unsent = excluded.unsent,
			oldest_unsent = excluded.oldest_unsent, app_version = excluded.app_version
		WHERE device_health.reported_at < ` + d.param(7) + ` OR device_health.unsent <> excluded.unsent OR
			device_health.oldest_unsent <> excluded.oldest_unsent OR device_health.app_version <> excluded.app_version`
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, query, device, micros(at), micros(at), r.Unsent, micros(r.OldestUnsent), r.AppVersion, micros(at.Add(-sameReport)))
	})
}

// Contact implements people.Healths.
func (d *DB) Contact(ctx context.Context, device string, at time.Time) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "INSERT INTO device_health (device, contact_at, reported_at, unsent, oldest_unsent, app_version) VALUES ("+t.param(1)+", "+
			t.param(2)+", 0, 0, 0, '') ON CONFLICT (device) DO UPDATE SET contact_at = excluded.contact_at WHERE device_health.contact_at < excluded.contact_at",
			device, micros(at))
	})
}

// HealthOf implements people.Healths.
func (d *DB) HealthOf(ctx context.Context, devices []string, skewOps int) (map[string]people.Health, error) {
	all := map[string]people.Health{}
	for _, read := range []func(context.Context, []string, map[string]people.Health) error{d.known, d.unmet, d.unsentBytes} {
		if err := read(ctx, devices, all); err != nil {
			return nil, err
		}
	}
	for device, h := range all {
		if err := d.lastOps(ctx, device, skewOps, &h); err != nil {
			return nil, err
		}
		all[device] = h
	}
	return all, nil
}

// known reads how far the devices are and what they have told.
func (d *DB) known(ctx context.Context, devices []string, all map[string]people.Health) error {
	where, arg := d.among("d.id", 1, devices)
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var id string
		var h people.Health
		var contact, reported, oldest int64
		err := r.Scan(&id, &h.LastSeq, &contact, &reported, &h.Unsent, &oldest, &h.AppVersion)
		h.ContactAt, h.ReportedAt, h.OldestUnsent = moment(contact), moment(reported), moment(oldest)
		all[id] = h
		return err
	}, `SELECT d.id, d.last_seq, COALESCE(h.contact_at, 0), COALESCE(h.reported_at, 0), COALESCE(h.unsent, 0), COALESCE(h.oldest_unsent, 0),
		COALESCE(h.app_version, '') FROM devices d LEFT JOIN device_health h ON h.device = d.id WHERE `+where, arg)
}

// unmet counts the ops that did not stand.
func (d *DB) unmet(ctx context.Context, devices []string, all map[string]people.Health) error {
	where, arg := d.among("device", 1, devices)
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var device, status string
		var n int
		err := r.Scan(&device, &status, &n)
		h := all[device]
		if status == string(record.Held) {
			h.Held = n
		} else {
			h.Rejected = n
		}
		all[device] = h
		return err
	}, "SELECT device, status, count(*) FROM ops WHERE status IN ('rejected', 'held') AND "+where+" GROUP BY device, status", arg)
}

// unsentBytes counts what was announced and is not held. It walks what is missing everywhere, which is as much as is under way.
func (d *DB) unsentBytes(ctx context.Context, devices []string, all map[string]people.Health) error {
	length := "CAST(m.body ->> 'length' AS INTEGER)"
	if d.dialect == postgreSQL {
		length = "((m.body::jsonb) ->> 'length')::numeric"
	}
	where, arg := d.among("o.device", 1, devices)
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var device string
		var m people.Missing
		var oldest int64
		var octets float64
		err := r.Scan(&device, &m.Recordings, &octets, &oldest)
		m.Octets, m.Oldest = int64(octets), moment(oldest)
		h := all[device]
		h.Missing = m
		all[device] = h
		return err
	}, "SELECT o.device, count(*), COALESCE(SUM("+length+"), 0), MIN(o.received_at) FROM (SELECT id, body FROM records WHERE "+missing[d.dialect]+`) m
		JOIN revisions v ON v.record = m.id AND v.version = 1 JOIN ops o ON o.id = v.op AND o.record = m.id WHERE `+where+" GROUP BY o.device", arg)
}

// lastOps reads the skew of a device, and when it last pushed.
func (d *DB) lastOps(ctx context.Context, device string, limit int, h *people.Health) error {
	var offsets []time.Duration
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var occurred, earliest, latest, received int64
		err := r.Scan(&occurred, &earliest, &latest, &received)
		if o, known := record.Offset(moment(occurred), moment(earliest), moment(latest)); known {
			offsets = append(offsets, o)
		}
		if at := moment(received); at.After(h.ContactAt) {
			h.ContactAt = at
		}
		return err
	}, "SELECT occurred_at, earliest, latest, received_at FROM ops WHERE device = "+d.param(1)+" ORDER BY seq DESC LIMIT "+d.param(2), device, limit)
	h.Skew, h.SkewKnown = record.SkewOf(offsets)
	return err
}
