package db

import (
	"context"
	"database/sql"
)

// Written implements pull.Reader: a range of the index over the names as octets, whatever the database's collation.
func (d *DB) Written(ctx context.Context, prefix string) ([]string, error) {
	from, to := ">=", "<"
	if d.dialect == postgreSQL {
		from, to = "~>=~", "~<~"
	}
	var names []string
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, "SELECT name FROM feeds WHERE name "+from+" "+d.param(1)+" AND name "+to+" "+d.param(2)+" AND head > 0 ORDER BY name", prefix, behind(prefix))
	return names, err
}

// behind is the first text after all that begin with an ASCII prefix.
func behind(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]+1)
}
