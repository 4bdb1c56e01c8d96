package db

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/sync/audit"
)

// claimColumns are those of a claim.
const claimColumns = "series, n, document, at, op"

// ClaimsOf implements audit.Reader. Numbers of a page are near each other, in few series.
func (d *DB) ClaimsOf(ctx context.Context, wanted []audit.Number, fn func(audit.Claimed) error) error {
	if len(wanted) == 0 {
		return nil
	}
	asked, series, numbers := map[audit.Number]bool{}, map[string]bool{}, []int64{}
	var names []string
	for _, w := range wanted {
		if !series[w.Series] {
			names = append(names, w.Series)
		}
		asked[w], series[w.Series], numbers = true, true, append(numbers, int64(w.N))
	}
	for table, double := range map[string]bool{"numbers": false, "number_doubles": true} {
		some, first := d.among("series", 1, names)
		of, second := d.amongNumbers("n", 2, numbers)
		err := rows(ctx, d.pool(), func(r *sql.Rows) error {
			c := audit.Claimed{Double: double}
			if err := r.Scan(&c.Series, &c.N, &c.Document, &c.At, &c.Op); err != nil || !asked[c.Number] {
				return err
			}
			return fn(c)
		}, "SELECT "+claimColumns+" FROM "+table+" WHERE "+some+" AND "+of, first, second)
		if err != nil {
			return err
		}
	}
	return nil
}

// AllClaims implements audit.Reader.
func (d *DB) AllClaims(ctx context.Context, fn func(audit.Claimed) error) error {
	for table, double := range map[string]bool{"numbers": false, "number_doubles": true} {
		err := rows(ctx, d.pool(), func(r *sql.Rows) error {
			c := audit.Claimed{Double: double}
			v, b := &c.Made, &c.Before
			err := r.Scan(&c.Series, &c.N, &c.Document, &c.At, &c.Op, &v.Record, &v.Collection, &v.Version, &v.Op, &v.Removed, &v.Schema, &v.Body, &c.MadeAt,
				&b.Version, &b.Removed, &b.Schema, &b.Body)
			if err != nil {
				return err
			}
			return fn(c)
		}, `SELECT n.series, n.n, n.document, n.at, n.op, COALESCE(v.record, ''), COALESCE(v.collection, ''), COALESCE(v.version, 0), COALESCE(v.op, ''),
				COALESCE(v.removed, FALSE), COALESCE(v.schema, 0), COALESCE(v.body, ''), COALESCE(v.at, 0),
				COALESCE(b.version, 0), COALESCE(b.removed, FALSE), COALESCE(b.schema, 0), COALESCE(b.body, '')
			FROM `+table+` n LEFT JOIN revisions v ON v.op = n.op
				LEFT JOIN revisions b ON b.record = v.record AND b.version = (SELECT MAX(x.version) FROM revisions x WHERE x.record = v.record AND x.version < v.version)`)
		if err != nil {
			return err
		}
	}
	return nil
}

// LateHolders implements audit.Reader. Who claims a number that another has just claimed begins his transaction again, so his place in the ledger is behind.
func (d *DB) LateHolders(ctx context.Context, fn func(audit.Number) error) error {
	place := func(op string) string {
		return "(SELECT l.n FROM ops o JOIN leaves l ON (l.kind = 'push' AND l.ref = o.push) OR (l.kind = 'op' AND l.ref = o.id AND o.push IS NULL) WHERE o.id = " + op + ")"
	}
	seq := func(op string) string { return "(SELECT COALESCE(o.seq, 0) FROM ops o WHERE o.id = " + op + ")" }
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var n audit.Number
		var holds bool
		var theirs, theirSeq, ours, ourSeq sql.NullInt64
		if err := r.Scan(&n.Series, &n.N, &holds, &theirs, &theirSeq, &ours, &ourSeq); err != nil {
			return err
		}
		if holds && (!theirs.Valid || !ours.Valid || theirs.Int64 < ours.Int64 || theirs.Int64 == ours.Int64 && theirSeq.Int64 < ourSeq.Int64) {
			return nil
		}
		return fn(n)
	}, "SELECT d.series, d.n, h.document IS NOT NULL, "+place("h.op")+", "+seq("h.op")+", "+place("d.op")+", "+seq("d.op")+
		" FROM number_doubles d LEFT JOIN numbers h ON h.series = d.series AND h.n = d.n")
}

// UnevenSeries implements audit.Reader.
func (d *DB) UnevenSeries(ctx context.Context, fn func(string) error) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var name string
		if err := r.Scan(&name); err != nil {
			return err
		}
		return fn(name)
	}, `SELECT COALESCE(s.name, l.series) FROM series s FULL JOIN
			(SELECT series, MIN(first) AS begins, SUM(count) AS leased, MAX(first + count - 1) AS ends FROM leases GROUP BY series) l ON l.series = s.name
		WHERE s.name IS NULL OR s.last <> COALESCE(l.ends, 0) OR l.begins <> 1 OR l.leased <> l.ends`)
}
