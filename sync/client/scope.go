package client

import (
	"context"
	"database/sql"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// noteFeeds remembers which feeds the cursor speaks of. Those that are new are not whole.
func noteFeeds(ctx context.Context, tx *sql.Tx, upTo map[string]uint64) error {
	for feed := range upTo {
		if _, err := tx.ExecContext(ctx, `INSERT INTO feeds (name) VALUES (?) ON CONFLICT DO NOTHING`, feed); err != nil {
			return err
		}
	}
	return nil
}

// fillNew bootstraps the feeds that are not whole yet, each from where the pages have come to: all of them on a device that
// holds nothing, a single one when its officer was given another unit. The others are not touched.
func (d *Device) fillNew(ctx context.Context, upTo map[string]uint64) error {
	fresh := map[string]uint64{}
	err := each(ctx, d.db, func(rows *sql.Rows) error {
		var feed string
		err := rows.Scan(&feed)
		if seq, there := upTo[feed]; there {
			fresh[feed] = seq
		}
		return err
	}, `SELECT name FROM feeds WHERE whole = 0`)
	if err != nil || len(fresh) == 0 {
		return err
	}
	return d.bootstrap(ctx, fresh)
}

// hold remembers that a record has come by a feed.
func hold(ctx context.Context, tx *sql.Tx, ch wire.Change) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO holds (id, feed, generation) SELECT ?, ?, generation FROM device WHERE true
		ON CONFLICT (id, feed) DO UPDATE SET generation = excluded.generation`, ch.ID, ch.Feed)
	return err
}

// leave takes in that a record has left a feed. It goes when no other feed holds it; if unsent ops lie on it, when those are
// answered.
func leave(ctx context.Context, tx *sql.Tx, ch wire.Change, busy bool) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM holds WHERE id = ? AND feed = ?`, ch.ID, ch.Feed); err != nil {
		return err
	}
	if !busy {
		return settle(ctx, tx, ch.ID)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO arrivals (id, collection, feed, version, generation)
		SELECT ?1, ?2, ?3, 0, generation FROM device WHERE NOT EXISTS (SELECT 1 FROM holds WHERE id = ?1)
		ON CONFLICT (id) DO UPDATE SET body = NULL`, ch.ID, ch.Collection, ch.Feed)
	return err
}

// settle makes a record's row agree with the feeds that hold it: it names one of them, or goes.
func settle(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM records WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM holds WHERE id = ?1);
		UPDATE records SET feed = (SELECT min(feed) FROM holds WHERE id = ?1)
			WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM holds WHERE id = ?1 AND feed = records.feed)`, id)
	return err
}

// dropFeed forgets a feed that the device may no longer see, and what hangs on it: its records unless another feed holds
// them, news of them that waits, a snapshot under way. Unsent ops on its records stay in the queue: the server keeps them for
// a person to look at. Recordings stay too, until they are receipted.
func dropFeed(ctx context.Context, tx *sql.Tx, feed string) error {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM feeds WHERE name = ?1;
		DELETE FROM snapshots WHERE feed = ?1;
		DELETE FROM records WHERE (feed = ?1 OR id IN (SELECT id FROM holds WHERE feed = ?1))
			AND NOT EXISTS (SELECT 1 FROM holds WHERE id = records.id AND feed <> ?1);
		DELETE FROM arrivals WHERE id NOT IN (SELECT id FROM records);
		DELETE FROM holds WHERE feed = ?1;
		UPDATE records SET feed = (SELECT min(feed) FROM holds WHERE id = records.id) WHERE feed = ?1`, feed)
	return err
}

// purge forgets everything that the server has sent, because the device is revoked: whoever holds it now is not to read it.
// What only this device has stays, since nothing that was done may be lost: its ops with their chain and key, the numbers
// it has given out, and recordings without a receipt. A person brings them in.
func (d *Device) purge(ctx context.Context) error {
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM records; DELETE FROM holds; DELETE FROM arrivals; DELETE FROM snapshots; DELETE FROM feeds;
			UPDATE device SET cursor = '', generation = generation + 1, whole = 0`)
		return err
	})
	if err != nil {
		return err
	}
	return d.scrub(ctx)
}

// scrub takes what was deleted out of the log beside the file too. SQLite overwrites it in the file itself (secure_delete).
func (d *Device) scrub(ctx context.Context) error {
	var busy, logged, moved int
	return d.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &moved)
}
