package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Living implements people.Identities.
func (d *DB) Living(ctx context.Context, families []string, at time.Time) ([]string, error) {
	among, ids := d.among("id", 1, families)
	var living []string
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		living = append(living, id)
		return err
	}, fmt.Sprintf("SELECT id FROM families WHERE %s AND ended_at = 0 AND expires_at > %s", among, d.param(2)), ids, micros(at))
	return living, err
}
