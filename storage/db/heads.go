package db

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

var _ live.Heads = (*DB)(nil)

// AllHeads implements live.Heads. It is one statement, so epoch and heads belong together; no feed has an empty name.
func (d *DB) AllHeads(ctx context.Context) (epoch string, heads map[string]uint64, err error) {
	heads = map[string]uint64{}
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var name, of string
		var head uint64
		if err := r.Scan(&name, &head, &of); err != nil {
			return err
		}
		if name == "" {
			epoch = of
		} else {
			heads[name] = head
		}
		return nil
	}, "SELECT name, head, '' FROM feeds UNION ALL SELECT '', 0, value FROM meta WHERE key = 'epoch'")
	return epoch, heads, err
}
