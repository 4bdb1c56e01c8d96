package db

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// BeginEpoch names a new history of the database, after it was restored from a backup, in one transaction with what the lost
// history makes necessary: every series of numbers skips the next skip ones, which may stand on papers already, and so does
// every series that comes into being later and whose name ends in suffix. What is skipped is accounted for by a lease that
// names the epoch.
//
// Versions of the new history are above all that the lost one may have given: above the milliseconds since 1970, for nobody edits one record
// a thousand times a second for ever. So a number of the lost history means nothing else now.
//
// When from is not empty and not the present epoch, the epoch has been begun already: nothing is changed and begun is false.
func (d *DB) BeginEpoch(ctx context.Context, from, suffix string, skip uint64) (epoch string, begun bool, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		var old string
		query := "SELECT value FROM meta WHERE key = 'epoch'" + t.forUpdate()
		if err := row(ctx, t.conn, query).Scan(&old); err != nil {
			return translate(err)
		}
		epoch, begun = old, from == "" || from == old
		if !begun {
			return nil
		}
		epoch = uuid.NewString()
		if err := t.setMeta(ctx, "epoch", epoch); err != nil {
			return err
		}
		if err := t.setMeta(ctx, "restored_at", t.now().UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
		if err := t.noteEpoch(ctx, epoch, from == ""); err != nil {
			return err
		}
		return t.skipNumbers(ctx, epoch, suffix, skip)
	})
	return epoch, begun, err
}

// noteEpoch keeps that a history has begun.
func (t *tx) noteEpoch(ctx context.Context, epoch string, announced bool) error {
	var last int64
	if err := row(ctx, t.conn, "SELECT COALESCE(MAX(floor), 0) FROM epochs").Scan(&last); err != nil {
		return translate(err)
	}
	if err := t.together(ctx, t.queueLeaf(ledger.Epoch, epoch), t.queueLeaf(ledger.History, epoch)); err != nil {
		return err
	}
	now := t.now()
	return t.exec(ctx, "INSERT INTO epochs (epoch, began_at, floor, announced) VALUES ("+t.marks(1, 4)+")", epoch, micros(now),
		max(now.UnixMilli(), last+leastEpoch), announced)
}

// leastEpoch is how many versions of one record a history has room for at least, whatever the clock says.
const leastEpoch = 1_000_000

func (t *tx) setMeta(ctx context.Context, key, value string) error {
	return t.exec(ctx, "INSERT INTO meta (key, value) VALUES ("+t.marks(1, 2)+") ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}

func (t *tx) skipNumbers(ctx context.Context, epoch, suffix string, skip uint64) error {
	last := map[string]uint64{}
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var name string
		var n uint64
		err := r.Scan(&name, &n)
		last[name] = n
		return err
	}, "SELECT name, last FROM series ORDER BY name"+t.forUpdate())
	if err != nil || skip == 0 {
		return err
	}
	for name, n := range last {
		if err := t.skipTo(ctx, epoch, name, n, n+skip); err != nil {
			return err
		}
	}
	err = t.exec(ctx, "INSERT INTO series_floors (suffix, last) VALUES ("+t.marks(1, 2)+
		") ON CONFLICT (suffix) DO UPDATE SET last = series_floors.last + excluded.last", suffix, int64(skip))
	if err != nil {
		return err
	}
	return t.noteIdentity(ctx, floorIdentity, []string{suffix}, change{"skipped", record.ServerAuthor, t.now()})
}

// skipTo moves a series on, and accounts for the numbers that are given to nobody.
func (t *tx) skipTo(ctx context.Context, epoch, series string, from, to uint64) error {
	if err := t.exec(ctx, "UPDATE series SET last = "+t.param(1)+" WHERE name = "+t.param(2), int64(to), series); err != nil {
		return err
	}
	return t.keepLease(ctx, document.RestoredLease+epoch+"/"+series, series, from+1, int64(to-from))
}

// firstOf is the last number that a new series counts as given: 0, but for one that the lost history may have had.
func (t *tx) firstOf(ctx context.Context, series string) (last uint64, err error) {
	query := "SELECT COALESCE(MAX(last), 0) FROM series_floors WHERE suffix = substr(" + t.param(1) + ", length(" + t.param(2) + ") - length(suffix) + 1)"
	err = row(ctx, t.conn, query, series, series).Scan(&last)
	if err != nil || last == 0 {
		return 0, translate(err)
	}
	epoch, err := t.Epoch(ctx)
	if err != nil {
		return 0, err
	}
	return last, t.skipTo(ctx, epoch, series, 0, last)
}

// RestoredAt tells when the database was last said to be restored from a backup; zero if never.
func (d *DB) RestoredAt(ctx context.Context) (time.Time, error) {
	var text string
	err := row(ctx, d.pool(), "SELECT value FROM meta WHERE key = 'restored_at'").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, translate(err)
	}
	return time.Parse(time.RFC3339Nano, text)
}

// LastRestoration implements people.Healths.
func (d *DB) LastRestoration(ctx context.Context) (people.Restoration, error) {
	var r people.Restoration
	var at int64
	err := row(ctx, d.pool(), "SELECT began_at, announced FROM epochs ORDER BY began_at DESC, floor DESC LIMIT 1").Scan(&at, &r.Announced)
	if errors.Is(err, sql.ErrNoRows) {
		return people.Restoration{}, nil
	}
	r.At = moment(at)
	return r, translate(err)
}

// Backup writes a copy of the whole database, as of one moment, into a new file, on a connection of its own: nobody waits for it.
// It is for SQLite; PostgreSQL is backed up by its own programs.
func (d *DB) Backup(ctx context.Context, path string) error {
	if d.dialect != sqLite {
		return fault.New(fault.BackupByPostgres)
	}
	source, err := sql.Open("sqlite", "file:"+(&url.URL{Path: d.path}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer source.Close()
	if _, err = source.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return translate(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
