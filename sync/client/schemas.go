package client

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// speakAnew sees to it that what the device holds is in the forms that this program speaks. After an update of the program it is not: then
// everything is pulled anew, into a new generation; until that is whole the person goes on seeing the old one. The queue is not
// touched: each op keeps the form in which it was written, and the server lifts it.
func (d *Device) speakAnew(ctx context.Context) error {
	now, err := wire.Canonical(d.schemas())
	if err != nil {
		return err
	}
	was := "{}" // a file that says nothing is new, or was written by a program that named no forms
	err = d.db.QueryRowContext(ctx, `SELECT schemas FROM spoken`).Scan(&was)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil || was == string(now) {
		return err
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		if err := pullAnew(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO spoken (one, schemas) VALUES (1, ?)`, string(now))
		return err
	})
}

func (d *Device) schemas() map[string]int {
	if d.cfg.Schemas == nil {
		return map[string]int{}
	}
	return d.cfg.Schemas
}

// saySchemas puts the forms that the program speaks into the parameters of a request.
func (d *Device) saySchemas(query url.Values) {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Schemas)) {
		parts = append(parts, fmt.Sprintf("%s:%d", name, d.cfg.Schemas[name]))
	}
	if len(parts) > 0 {
		query.Set("schemas", strings.Join(parts, ","))
	}
}
