package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// NumberFacts implements papers.Numbers.
func (d *DB) NumberFacts(ctx context.Context, series string, after uint64, leases int) (f document.NumberFacts, err error) {
	err = d.snapshot(ctx, func(conn gorm.ConnPool) error {
		f = document.NumberFacts{Blocks: map[string]record.Object{}, Uses: map[uint64]document.NumberUse{}, Doubles: map[uint64][]document.NumberUse{},
			Absent: map[string]document.Absence{}}
		v := ledgerOfNumbers{DB: d, conn: conn, series: series, facts: &f}
		return v.read(ctx, after, leases)
	})
	return f, err
}

// SeriesOf implements papers.Numbers.
func (d *DB) SeriesOf(ctx context.Context, organ, after string, limit int) (names []string, last []uint64, err error) {
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var name string
		var n uint64
		err := r.Scan(&name, &n)
		names, last = append(names, name), append(last, n)
		return err
	}, "SELECT name, last FROM series WHERE name > "+d.param(1)+" AND substr(name, 1, length("+d.param(2)+")) = "+d.param(3)+" ORDER BY name LIMIT "+d.param(4),
		after, organ, organ, limit)
	return names, last, err
}

// snapshot lets fn read one committed state.
func (d *DB) snapshot(ctx context.Context, fn func(gorm.ConnPool) error) error {
	pool, err := d.read.DB()
	if err != nil {
		return err
	}
	options := &sql.TxOptions{ReadOnly: true}
	if d.dialect == postgreSQL {
		options.Isolation = sql.LevelRepeatableRead
	}
	x, err := pool.BeginTx(ctx, options)
	if err != nil {
		return translate(err)
	}
	return translate(errors.Join(fn(x), x.Rollback())) // there is nothing to commit
}

// ledgerOfNumbers reads what some leases of a series are accounted by.
type ledgerOfNumbers struct {
	*DB
	conn   gorm.ConnPool
	series string
	facts  *document.NumberFacts
}

func (v *ledgerOfNumbers) read(ctx context.Context, after uint64, leases int) error {
	err := row(ctx, v.conn, "SELECT last FROM series WHERE name = "+v.param(1), v.series).Scan(&v.facts.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound)
	}
	if err != nil {
		return err
	}
	if err := v.leases(ctx, after, leases); err != nil || len(v.facts.Leases) == 0 {
		return err
	}
	end := v.facts.Leases[len(v.facts.Leases)-1]
	for _, step := range []func() error{func() error { return v.blocks(ctx) }, func() error { return v.absent(ctx) },
		func() error {
			return v.uses(ctx, "numbers", after, end.First+end.Count-1, func(n uint64, u document.NumberUse) { v.facts.Uses[n] = u })
		},
		func() error {
			return v.uses(ctx, "number_doubles", after, end.First+end.Count-1, func(n uint64, u document.NumberUse) {
				v.facts.Doubles[n] = append(v.facts.Doubles[n], u)
			})
		}} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// leases reads from the one in which the numbers after one begin.
func (v *ledgerOfNumbers) leases(ctx context.Context, after uint64, limit int) error {
	err := rows(ctx, v.conn, func(r *sql.Rows) error {
		var l document.NumberLease
		var at int64
		err := r.Scan(&l.ID, &l.First, &l.Count, &at)
		l.At = moment(at)
		v.facts.Leases = append(v.facts.Leases, l)
		return err
	}, "SELECT id, first, count, at FROM leases WHERE series = "+v.param(1)+" AND first >= COALESCE((SELECT MAX(first) FROM leases WHERE series = "+v.param(2)+
		" AND first <= "+v.param(3)+"), 0) AND first + count > "+v.param(4)+" ORDER BY first LIMIT "+v.param(5),
		v.series, v.series, int64(after)+1, int64(after)+1, limit+1)
	if v.facts.More = len(v.facts.Leases) > limit; v.facts.More {
		v.facts.Leases = v.facts.Leases[:limit]
	}
	return err
}

// blocks reads the blocks of the leases, and those that they were moved on to.
func (v *ledgerOfNumbers) blocks(ctx context.Context) error {
	var ids []string
	for _, l := range v.facts.Leases {
		ids = append(ids, l.ID)
	}
	for len(ids) > 0 {
		where, arg := v.among("id", 1, ids)
		ids = nil
		err := rows(ctx, v.conn, func(r *sql.Rows) error {
			var id string
			var text []byte
			if err := r.Scan(&id, &text); err != nil {
				return err
			}
			body, err := wire.Object(text)
			if err != nil {
				return fmt.Errorf("block %s as stored: %w", id, err)
			}
			v.facts.Blocks[id] = body
			if to := document.ReadLeasedBlock(id, body).MovedTo; to != "" && v.facts.Blocks[to] == nil {
				ids = append(ids, to)
			}
			return nil
		}, "SELECT id, body FROM records WHERE collection = 'blocks' AND "+where, arg)
		if err != nil {
			return err
		}
	}
	return nil
}

// absent reads which of the blocks' devices are out of use.
func (v *ledgerOfNumbers) absent(ctx context.Context) error {
	devices := map[string]bool{}
	for id, body := range v.facts.Blocks {
		devices[document.ReadLeasedBlock(id, body).Device] = true
	}
	where, arg := v.among("id", 1, slices.Sorted(maps.Keys(devices)))
	return rows(ctx, v.conn, func(r *sql.Rows) error {
		var id string
		var revoked, aside int64
		err := r.Scan(&id, &revoked, &aside)
		v.facts.Absent[id] = document.Absence{Since: moment(aside), Why: "aside"}
		if revoked > 0 {
			v.facts.Absent[id] = document.Absence{Since: moment(revoked), Why: "revoked"}
		}
		return err
	}, "SELECT id, revoked_at, set_aside_at FROM devices WHERE "+where+" AND (revoked_at > 0 OR set_aside_at > 0)", arg)
}

// uses reads who has the numbers, or claims to. Who made a paper void is looked for where one is: there are few.
func (v *ledgerOfNumbers) uses(ctx context.Context, table string, after, last uint64, into func(uint64, document.NumberUse)) error {
	void := v.field("x.body", "state")
	return rows(ctx, v.conn, func(r *sql.Rows) error {
		var n uint64
		var u document.NumberUse
		var received int64
		var issued string
		if err := r.Scan(&n, &u.Record, &u.Paper, &u.State, &u.Reason, &issued, &received, &u.Device, &u.Officer); err != nil {
			return err
		}
		u.ReceivedAt = moment(received)
		u.IssuedAt, _ = time.Parse(time.RFC3339Nano, issued) // as the paper says; zero if it does not
		into(n, u)
		return nil
	}, `SELECT n.n, n.document, COALESCE(r.collection, '') <> 'blocks', COALESCE(r.state, ''), COALESCE(`+v.field("r.body", "voidReason")+`, ''),
			COALESCE(`+v.field("r.body", "issuedAt")+`, ''), n.at, COALESCE(o.device, o.online, ''),
			CASE WHEN r.state = 'voided' THEN COALESCE((SELECT w.author FROM revisions x JOIN ops w ON w.id = x.op AND w.record = x.record
				WHERE x.record = n.document AND `+void+` = 'voided' ORDER BY x.version LIMIT 1), '') ELSE COALESCE(o.author, '') END
		FROM `+table+` n LEFT JOIN records r ON r.id = n.document LEFT JOIN ops o ON o.id = n.op AND o.record = n.document
		WHERE n.series = `+v.param(1)+" AND n.n > "+v.param(2)+" AND n.n <= "+v.param(3)+" ORDER BY n.n", v.series, int64(after), int64(last))
}
