package db

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Outstanding implements people.Healths.
func (d *DB) Outstanding(ctx context.Context, device string, limit int) (people.Outstanding, error) {
	var o people.Outstanding
	health, err := d.HealthOf(ctx, []string{device}, 0)
	if err != nil {
		return o, err
	}
	h, known := health[device]
	if !known {
		return o, nil
	}
	o.Report, o.ReportedAt, o.Recordings = h.Report, h.ReportedAt, h.Missing.Recordings
	for _, read := range []func(context.Context, string, int, *people.Outstanding) error{d.missingOf, d.blocksOf, d.lettersOf} {
		if err := read(ctx, device, limit, &o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// field is a member of a record's body, as a text or as a number.
func (d *DB) field(body, name string) string {
	if d.dialect == postgreSQL {
		return "((" + body + "::jsonb) ->> '" + name + "')"
	}
	return "(" + body + " ->> '" + name + "')"
}

func (d *DB) missingOf(ctx context.Context, device string, limit int, o *people.Outstanding) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var m people.MissingRecording
		var octets float64
		var at int64
		err := r.Scan(&m.Evidence, &octets, &at)
		m.Octets, m.AnnouncedAt = int64(octets), moment(at)
		o.Missing = append(o.Missing, m)
		return err
	}, "SELECT m.id, COALESCE(CAST("+d.field("m.body", "length")+" AS DOUBLE PRECISION), 0), o.received_at FROM (SELECT id, body FROM records WHERE "+
		missing[d.dialect]+`) m JOIN revisions v ON v.record = m.id AND v.version = 1 JOIN ops o ON o.id = v.op AND o.record = m.id
		WHERE o.device = `+d.param(1)+" ORDER BY o.received_at, m.id LIMIT "+d.param(2), device, limit)
}

// blocksOf counts, of every block of the device, the numbers that papers have claimed. What has moved to another device is that one's; what was given
// back is nobody's.
func (d *DB) blocksOf(ctx context.Context, device string, limit int, o *people.Outstanding) error {
	number := func(name string) string {
		return "CAST(CAST(" + d.field("b.body", name) + " AS DOUBLE PRECISION) AS BIGINT)"
	}
	path, moved := "body ->> 'device'", "CAST(b.body ->> '$.moved.from' AS BIGINT)"
	if d.dialect == postgreSQL {
		path, moved = "(body::jsonb) ->> 'device'", "CAST(CAST((b.body::jsonb) -> 'moved' ->> 'from' AS DOUBLE PRECISION) AS BIGINT)"
	}
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var b people.LeasedBlock
		var text []byte
		if err := r.Scan(&b.ID, &b.Series, &b.Kind, &b.From, &b.To, &b.Used, &text); err != nil {
			return err
		}
		body, err := wire.Object(text)
		if err != nil {
			return fmt.Errorf("block %s as stored: %w", b.ID, err)
		}
		leased := document.ReadLeasedBlock(b.ID, body)
		left := -b.Used
		for n := b.From; n <= b.To; n++ {
			if _, back := leased.Returned(n); leased.Has(n) && !back {
				left++
			}
		}
		if o.Numbers += max(left, 0); left > 0 && len(o.Blocks) < limit {
			o.Blocks = append(o.Blocks, b)
		}
		return nil
	}, "SELECT b.id, "+d.field("b.body", "series")+", "+d.field("b.body", "kind")+", "+number("from")+", "+number("to")+
		", (SELECT count(*) FROM numbers n WHERE n.series = "+d.field("b.body", "series")+" AND n.n BETWEEN "+number("from")+" AND COALESCE("+moved+" - 1, "+number("to")+`)), b.body
		FROM (SELECT id, body FROM records WHERE collection = 'blocks' AND `+path+" = "+d.param(1)+" AND NOT removed) b ORDER BY b.id", device)
}

func (d *DB) lettersOf(ctx context.Context, device string, limit int, o *people.Outstanding) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		if o.Letters++; len(o.Open) < limit {
			o.Open = append(o.Open, id)
		}
		return err
	}, "SELECT id FROM records WHERE collection = 'deadletters' AND state = 'open' AND NOT removed AND "+d.field("body", "device")+" = "+d.param(1)+
		" ORDER BY id", device)
}
