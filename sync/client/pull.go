package client

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// pageSize is how many changes a page has, unless they turn out to be too large.
const pageSize = 500

// pull takes in what has changed, page by page; a page and the cursor behind it are one transaction. It reports whether the
// server has forgotten ops it had answered, which are unsent again then.
func (d *Device) pull(ctx context.Context) (forgotten bool, err error) {
	begunAnew, bootstrapped, limit := false, false, pageSize
	if err := d.speakAnew(ctx); err != nil {
		return false, err
	}
	for {
		reply, res, err := d.nextPage(ctx, limit)
		if errors.Is(err, errReplyTooLarge) && limit > 1 {
			limit = max(limit/8, 1)
			continue
		}
		if is(err, fault.EpochChanged, fault.CursorInvalid) && !begunAnew {
			begunAnew = true
			d.cfg.Logger.WarnContext(ctx, "the server's history has changed; everything is pulled anew", "error", err)
			if err := d.beginAnew(ctx); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, err
		}
		if forgotten, err = d.keepPage(ctx, reply); err != nil {
			return false, err
		}
		if !reply.More {
			d.stand(reply.UpTo)
		}
		if err := d.learnTime(ctx, reply.ServerAt, res); err != nil || !reply.More {
			return forgotten, err
		}
		if !bootstrapped {
			bootstrapped = true
			if err := d.fillNew(ctx, reply.UpTo); err != nil {
				return false, err
			}
		}
	}
}

func (d *Device) nextPage(ctx context.Context, limit int) (reply wire.PullReply, res response, err error) {
	in := wire.Pull{Limit: limit, Acked: new(uint64), Schemas: d.cfg.Schemas}
	err = d.db.QueryRowContext(ctx, `SELECT cursor, coalesce((SELECT min(seq) - 1 FROM ops WHERE status = ''), last_seq) FROM device`).
		Scan(&in.Cursor, in.Acked) // what is answered is committed
	if err != nil {
		return reply, res, err
	}
	res, err = d.ask(ctx, signedIn, http.MethodPost, "/v1/sync/pull", in, &reply)
	if err == nil && reply.Cursor == "" {
		err = fault.New(fault.Unexpected)
	}
	return reply, res, err
}

// beginAnew drops the cursor. The cache stays usable meanwhile: its rows are of an older generation, and go when the new one
// is whole. Unsent ops are not touched. A receipt of the lost history frees no file any more: whether this server holds
// the bytes is asked anew.
func (d *Device) beginAnew(ctx context.Context) error {
	return d.inTx(ctx, func(tx *sql.Tx) error { return beginAnew(ctx, tx) })
}

func beginAnew(ctx context.Context, tx *sql.Tx) error {
	if err := pullAnew(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE uploads SET state = 'waiting', url = '', sent = 0 WHERE state IN ('sent', 'receipted')`)
	return err
}

func pullAnew(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE device SET cursor = '', generation = generation + 1, whole = 0;
		DELETE FROM arrivals; DELETE FROM snapshots; DELETE FROM feeds`)
	return err
}

func (d *Device) keepPage(ctx context.Context, reply wire.PullReply) (forgotten bool, err error) {
	d.reached = reply.UpTo
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		for _, ch := range reply.Changes {
			if err := takeIn(ctx, tx, ch); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE device SET cursor = ?`, reply.Cursor); err != nil {
			return err
		}
		if err := noteFeeds(ctx, tx, reply.UpTo); err != nil {
			return err
		}
		if reply.More {
			return nil
		}
		forgotten, err = d.finishPull(ctx, tx, reply.Acked)
		return err
	})
	if err == nil && slices.ContainsFunc(reply.Changes, func(ch wire.Change) bool { return ch.Gone == wire.GoneFeed }) {
		err = d.scrub(ctx)
	}
	return forgotten, err
}

// finishPull tidies up at the end of a pull: stale rows of an older generation go, and so do overlays that have come back.
func (d *Device) finishPull(ctx context.Context, tx *sql.Tx, acked uint64) (forgotten bool, err error) {
	_, err = tx.ExecContext(ctx, `DELETE FROM records WHERE generation < (SELECT generation FROM device WHERE whole = 0);
		DELETE FROM holds WHERE generation < (SELECT generation FROM device WHERE whole = 0);
		UPDATE device SET whole = 1; UPDATE feeds SET whole = 1; DELETE FROM snapshots`)
	if err != nil {
		return false, err
	}
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM ops WHERE status <> '' AND seq > ?)`, acked).Scan(&forgotten)
	if err != nil {
		return false, err
	}
	if forgotten {
		return true, reopen(ctx, tx, acked+1)
	}
	return false, d.lift(ctx, tx, acked)
}

// takeIn applies one change. News about a record with unsent ops waits in arrivals: the person goes on seeing the version
// those ops are based on, with them on top, which is what the server takes them to mean.
func takeIn(ctx context.Context, tx *sql.Tx, ch wire.Change) error {
	if ch.Gone == wire.GoneFeed {
		return dropFeed(ctx, tx, ch.Feed)
	}
	busy, err := waits(ctx, tx, ch.ID)
	if err != nil {
		return err
	}
	if ch.Gone != "" {
		return leave(ctx, tx, ch, busy)
	}
	if err := put(ctx, tx, ch, busy); err != nil {
		return err
	}
	return hold(ctx, tx, ch)
}

// put stores a body, unless a newer one of the same generation is there.
func put(ctx context.Context, tx *sql.Tx, ch wire.Change, busy bool) error {
	table := "records"
	if busy {
		table = "arrivals"
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (id, collection, feed, version, body, generation)
		SELECT ?, ?, ?, ?, ?, generation FROM device WHERE true
		ON CONFLICT (id) DO UPDATE SET collection = excluded.collection, feed = excluded.feed, version = excluded.version,
			body = excluded.body, generation = excluded.generation
		WHERE excluded.version >= version OR excluded.generation > generation`,
		ch.ID, ch.Collection, ch.Feed, ch.Version, string(ch.Body))
	return err
}

// waits reports whether news of a record must wait: it has a row, which unsent ops are based on.
func waits(ctx context.Context, tx *sql.Tx, id string) (busy bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM records WHERE id = ?1 AND generation = (SELECT generation FROM device))
		AND EXISTS (SELECT 1 FROM ops WHERE record = ?1 AND overlay = 1 AND status = '')`, id).Scan(&busy)
	return busy, err
}

// letIn applies the news that waited for the ops of a batch, of records that have no other unsent op.
func letIn(ctx context.Context, tx *sql.Tx, batch []waiting) error {
	for _, w := range batch {
		busy, err := waits(ctx, tx, w.record)
		if err != nil {
			return err
		}
		if busy {
			continue
		}
		ch := wire.Change{ID: w.record}
		var body sql.NullString
		err = tx.QueryRowContext(ctx, `DELETE FROM arrivals WHERE id = ? RETURNING collection, feed, version, body`, w.record).
			Scan(&ch.Collection, &ch.Feed, &ch.Version, &body)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err == nil && body.Valid {
			ch.Body = []byte(body.String)
			err = put(ctx, tx, ch, false)
		}
		if err == nil {
			err = settle(ctx, tx, w.record)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
