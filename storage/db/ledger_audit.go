package db

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

var _ audit.Ledger = (*DB)(nil)

// Ends implements audit.Ledger. One statement sees one moment.
func (d *DB) Ends(ctx context.Context) (e audit.Ends, err error) {
	err = row(ctx, d.pool(), `SELECT
		(SELECT COALESCE(MIN(n), -1) FROM leaves), (SELECT COALESCE(MAX(n), -1) FROM leaves),
		(SELECT COALESCE(MIN(i), -1) FROM hashes), (SELECT COALESCE(MAX(i), -1) FROM hashes),
		(SELECT COALESCE(MIN(n), -1) FROM checkpoints), (SELECT COALESCE(MAX(n), -1) FROM checkpoints), (SELECT COALESCE(MAX(size), 0) FROM checkpoints)`).
		Scan(&e.FirstLeaf, &e.LastLeaf, &e.FirstHash, &e.LastHash, &e.FirstCheckpoint, &e.LastCheckpoint, &e.Size)
	return e, translate(err)
}

// HashTexts implements audit.Ledger.
func (d *DB) HashTexts(ctx context.Context, from, to int64) (map[int64]string, error) {
	found := map[int64]string{}
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var i int64
		var text string
		err := r.Scan(&i, &text)
		found[i] = text
		return err
	}, "SELECT i, hash FROM hashes WHERE i >= "+d.param(1)+" AND i < "+d.param(2), from, to)
	return found, err
}

// Checkpoints implements audit.Ledger.
func (d *DB) Checkpoints(ctx context.Context, from int64, limit int) (found []ledger.Checkpoint, err error) {
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var c ledger.Checkpoint
		err := scanCheckpoint(r, &c)
		found = append(found, c)
		return err
	}, fmt.Sprintf("SELECT n, size, at, note FROM checkpoints WHERE n >= %s ORDER BY n LIMIT %d", d.param(1), limit), from)
	return found, err
}

// Unleafed implements audit.Ledger.
func (d *DB) Unleafed(ctx context.Context, fn func(ledger.Ref) error) error {
	var single strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(leafedTables)) {
		l := leafedTables[kind]
		fmt.Fprintf(&single, " UNION ALL SELECT '%s', %s FROM %s", kind, l.ref, l.table)
	}
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var ref ledger.Ref
		if err := r.Scan(&ref.Kind, &ref.ID); err != nil {
			return err
		}
		return fn(ref)
	}, `SELECT s.kind, s.ref FROM (
			SELECT 'push' AS kind, id AS ref FROM pushes UNION ALL SELECT 'op', id FROM ops WHERE push IS NULL UNION ALL SELECT 'device', id FROM devices
			UNION ALL SELECT 'vouch', CAST(checkpoint AS TEXT) || '/' || kind || '/' || signer FROM stamps UNION ALL SELECT 'epoch', epoch FROM epochs
			`+single.String()+`) s WHERE NOT EXISTS (SELECT 1 FROM leaves l WHERE l.kind = s.kind AND l.ref = s.ref)
			AND NOT EXISTS (SELECT 1 FROM ledger_queue q WHERE q.kind = s.kind AND q.ref = s.ref)`)
}

// AllStamps implements audit.Ledger.
func (d *DB) AllStamps(ctx context.Context, fn func(ledger.Stamp) error) error {
	return d.eachStamp(ctx, fn, "")
}
