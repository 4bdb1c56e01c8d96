package client

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// checkEvery is how often Sync checks the device by itself. Pulls and verified snapshots leave nothing to find, so what is found is
// damage: of the file, by another program, or by a defect of ours. Once a day is early enough to hear of it.
const checkEvery = 24 * time.Hour

// checkAgain is how long after a check that could not be made the next one is due.
const checkAgain = time.Hour

// checkRounds is how often a check begins again because a feed has moved on, or because something was repaired.
const checkRounds = 6

// Divergence is what a device turned out to hold otherwise than the server, all of it repaired.
type Divergence struct {
	Compared uint64       // records of the device that were compared
	Fetched  uint64       // records whose bodies came from the server
	Found    []Difference // empty: the device holds what the server holds
}

// Difference is one record.
type Difference struct {
	Feed string
	ID   string
	What What
}

// What is how a record differed.
type What string

// The ways.
const (
	Missing What = "missing" // the feed has it and the device did not
	Altered What = "altered" // of another version, or with another body
	Surplus What = "surplus" // the device had it and the feed does not
)

// Check compares what the server sent with what the server has, feed by feed, and repairs what differs: by digests, so that nothing
// but those and the records that differ travels. It pulls first. The device's own ops are not touched and not compared. When the
// feeds move on faster than they can be compared the error is fault digest.head_moved; what was found until then is repaired.
func (d *Device) Check(ctx context.Context) (Divergence, error) {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	found, err := d.check(ctx)
	return found, errors.Join(err, d.checked(ctx, err))
}

// checkDaily checks if it is time, and says in the log what it found. It is no matter of the person who synchronises: whatever
// hinders it, the next time will do.
func (d *Device) checkDaily(ctx context.Context) {
	due, err := d.checkDue(ctx)
	if err != nil || !due {
		return
	}
	found, err := d.check(ctx)
	if len(found.Found) > 0 {
		d.cfg.Logger.WarnContext(ctx, "the device held records otherwise than the server; they are repaired", "records", len(found.Found), "first", found.Found[0])
	}
	if err = errors.Join(err, d.checked(ctx, err)); err != nil {
		d.cfg.Logger.WarnContext(ctx, "the device could not be checked", "error", err)
	}
}

// checkDue reports whether the last check, or the first pull, was long ago; also when the clock has gone back since.
func (d *Device) checkDue(ctx context.Context) (due bool, err error) {
	var text string
	err = d.db.QueryRowContext(ctx, `SELECT due_at FROM checks`).Scan(&text)
	if err == sql.ErrNoRows {
		return false, d.checked(ctx, nil)
	}
	at, parseErr := time.Parse(time.RFC3339Nano, text)
	away := at.Sub(d.now())
	return parseErr != nil || away <= 0 || away > checkEvery, err
}

// checked sets when the next check is due.
func (d *Device) checked(ctx context.Context, err error) error {
	wait := checkEvery
	if err != nil {
		wait = checkAgain
	}
	_, err = d.db.ExecContext(ctx, `INSERT OR REPLACE INTO checks (one, due_at) VALUES (1, ?)`, timeText(d.now().Add(wait)))
	return err
}

func (d *Device) check(ctx context.Context) (Divergence, error) {
	var all Divergence
	var last error
	equal := map[string]bool{}
	for range checkRounds {
		if _, err := d.pull(ctx); err != nil {
			return all, err
		}
		if err := d.tidy(ctx, &all); err != nil {
			return all, err
		}
		last = nil
		for _, feed := range slices.Sorted(maps.Keys(d.reached)) {
			if equal[feed] {
				continue
			}
			differed, err := d.checkFeed(ctx, feed, d.reached[feed], &all)
			switch {
			case is(err, fault.HeadMoved, fault.FeedForbidden): // the next pull brings what has happened
				last = err
			case err != nil:
				return all, err
			case differed: // and is compared again: a repair is not believed either
				last = fault.New(fault.Diverged)
			default:
				equal[feed] = true
			}
		}
		if last == nil {
			return all, nil
		}
	}
	return all, last
}

// tidy makes the file agree with itself, so that feeds can be compared one by one: it drops what is of no feed of the device, and news
// that waits for nothing; what that may have told is compared.
func (d *Device) tidy(ctx context.Context, all *Divergence) error {
	feeds, err := wire.Canonical(slices.Collect(maps.Keys(d.reached)))
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM arrivals WHERE id NOT IN (SELECT record FROM ops WHERE overlay = 1 AND status = '');
			DELETE FROM holds WHERE id NOT IN (SELECT id FROM records) AND id NOT IN (SELECT id FROM arrivals);
			INSERT INTO holds (id, feed, generation) SELECT id, feed, generation FROM records
				WHERE id NOT IN (SELECT id FROM holds) AND id NOT IN (SELECT id FROM arrivals)`) // what waits may have left its feed
		if err != nil {
			return err
		}
		var strays []Difference
		err = each(ctx, tx, func(rows *sql.Rows) error {
			f := Difference{What: Surplus}
			err := rows.Scan(&f.ID, &f.Feed)
			strays = append(strays, f)
			return err
		}, `SELECT id, feed FROM holds WHERE feed NOT IN (SELECT value FROM json_each(?))`, string(feeds))
		for _, f := range strays {
			if err == nil {
				err = mend(ctx, tx, wire.Change{Feed: f.Feed, ID: f.ID, Gone: wire.GoneMoved}, 0)
			}
		}
		if err != nil {
			return err
		}
		all.Found = append(all.Found, strays...)
		_, err = tx.ExecContext(ctx, `UPDATE records SET feed = (SELECT min(feed) FROM holds h WHERE h.id = records.id)
			WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.id = records.id AND h.feed = records.feed)
			AND EXISTS (SELECT 1 FROM holds h WHERE h.id = records.id)`)
		return err
	})
}

// checkFeed compares one feed at the seq at which the device stands, and repairs it. It reports whether anything differed.
func (d *Device) checkFeed(ctx context.Context, feed string, seq uint64, all *Divergence) (differed bool, err error) {
	var told wire.FeedDigest
	query := url.Values{}
	d.saySchemas(query)
	get := request{method: http.MethodGet, path: "/v1/sync/digests/" + feed, query: query, by: signedIn}
	if _, err := d.askWith(ctx, get, nil, &told); err != nil {
		return false, err
	}
	if told.Head != seq {
		return false, fault.New(fault.HeadMoved)
	}
	theirs, err := told.Sums()
	if err != nil {
		return false, fault.New(fault.Unexpected).Because(err)
	}
	ours := &wire.Sums{}
	if err := d.eachSent(ctx, feed, func(id string, digest wire.Digest) { ours.Add(wire.BucketOf(id), digest) }); err != nil {
		return false, err
	}
	all.Compared += ours.Count
	buckets := ours.Differ(theirs)
	if len(buckets) == 0 {
		return false, nil
	}
	r, err := d.differing(ctx, feed, seq, buckets)
	if err != nil {
		return true, err
	}
	all.Found = append(all.Found, r.found...)
	return true, d.repair(ctx, r, all)
}

// eachSent calls fn with the digest of each record that a feed holds, as the server last sent it: news that waits for unsent ops goes
// before what it waits to replace.
func (d *Device) eachSent(ctx context.Context, feed string, fn func(id string, digest wire.Digest)) error {
	digester := wire.NewDigester()
	return each(ctx, d.db, func(rows *sql.Rows) error {
		var id, collection string
		var version int64 // a damaged one may be negative
		var body sql.RawBytes
		if err := rows.Scan(&id, &collection, &version, &body); err != nil {
			return err
		}
		fn(id, digester.Record(id, collection, uint64(version), body))
		return nil
	}, `SELECT r.id, r.collection, r.version, r.body FROM holds h JOIN records r ON r.id = h.id
		WHERE h.feed = ?1 AND h.id NOT IN (SELECT id FROM arrivals)
		UNION ALL SELECT a.id, a.collection, a.version, a.body FROM holds h JOIN arrivals a ON a.id = h.id WHERE h.feed = ?1 AND a.body IS NOT NULL`, feed)
}

// repairs is what differs in a feed.
type repairs struct {
	feed     string
	versions map[string]uint64 // of the records to fetch, as the server listed them
	found    []Difference
}

// differing lists the records of the buckets that differ.
func (d *Device) differing(ctx context.Context, feed string, seq uint64, buckets []wire.Bucket) (*repairs, error) {
	r := &repairs{feed: feed, versions: map[string]uint64{}}
	q := wire.DigestQuery{Head: seq, Schemas: d.cfg.Schemas}
	inside := [256]bool{}
	for _, b := range buckets {
		q.Buckets = append(q.Buckets, b.String())
		inside[b] = true
	}
	ours := map[string]wire.Digest{}
	err := d.eachSent(ctx, feed, func(id string, digest wire.Digest) {
		if inside[wire.BucketOf(id)] {
			ours[id] = digest
		}
	})
	for more := err == nil; more && err == nil; {
		var list wire.DigestList
		if _, err = d.ask(ctx, signedIn, http.MethodPost, "/v1/sync/digests/"+feed, q, &list); err != nil {
			break
		}
		for _, theirs := range list.Records {
			digest, have := ours[theirs.ID]
			delete(ours, theirs.ID)
			if have && digest == theirs.Digest {
				continue
			}
			r.versions[theirs.ID] = theirs.Version
			what := Missing
			if have {
				what = Altered
			}
			r.found = append(r.found, Difference{feed, theirs.ID, what})
		}
		more = list.Next > q.After
		q.After = list.Next
	}
	for _, id := range slices.Sorted(maps.Keys(ours)) {
		r.found = append(r.found, Difference{feed, id, Surplus})
	}
	return r, err
}

// repair fetches what is missing or altered and drops what is too much.
func (d *Device) repair(ctx context.Context, r *repairs, all *Divergence) error {
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		for _, f := range r.found {
			if f.What != Surplus {
				continue
			}
			if err := mend(ctx, tx, wire.Change{Feed: f.Feed, ID: f.ID, Gone: wire.GoneMoved}, 0); err != nil {
				return err
			}
		}
		return nil
	})
	wanted := slices.Sorted(maps.Keys(r.versions))
	for err == nil && len(wanted) > 0 {
		const atOnce = 500
		q := wire.RecordsQuery{Feed: r.feed, IDs: wanted[:min(atOnce, len(wanted))], Schemas: d.cfg.Schemas}
		var reply wire.RecordsReply
		if _, err = d.ask(ctx, signedIn, http.MethodPost, "/v1/sync/records", q, &reply); err == nil {
			wanted, err = d.takeRepairs(ctx, r, reply.Changes, wanted, all)
		}
	}
	return err
}

// takeRepairs stores fetched records, and returns those that are still wanted.
func (d *Device) takeRepairs(ctx context.Context, r *repairs, changes []wire.Change, wanted []string, all *Divergence) ([]string, error) {
	came := map[string]bool{}
	err := d.inTx(ctx, func(tx *sql.Tx) error {
		for _, ch := range changes {
			version, asked := r.versions[ch.ID]
			if !asked || ch.Feed != r.feed || came[ch.ID] {
				return fault.New(fault.Unexpected)
			}
			came[ch.ID] = true
			if err := mend(ctx, tx, ch, version); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(came) == 0 {
		err = fault.New(fault.Unexpected)
	}
	for _, ch := range changes {
		if ch.Gone == "" {
			all.Fetched++
		}
	}
	return slices.DeleteFunc(wanted, func(id string) bool { return came[id] }), err
}

// mend puts one record right, whatever version the device believes it has. Of a record with unsent ops it is the place that was
// compared: the news that waits for them, else what they lie on, which is then what their base should have been. A version that is not
// the one that was compared is news like any other.
func mend(ctx context.Context, tx *sql.Tx, ch wire.Change, compared uint64) error {
	busy, err := waits(ctx, tx, ch.ID)
	if err != nil {
		return err
	}
	if ch.Gone == "" && !busy {
		if _, err := tx.ExecContext(ctx, `DELETE FROM records WHERE id = ?`, ch.ID); err != nil {
			return err
		}
	}
	if ch.Gone != "" || !busy || ch.Version != compared {
		return takeIn(ctx, tx, ch)
	}
	table := "arrivals"
	var waiting bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM arrivals WHERE id = ?)`, ch.ID).Scan(&waiting); err != nil {
		return err
	}
	if !waiting {
		table = "records"
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+table+` SET collection = ?, feed = ?, version = ?, body = ? WHERE id = ?`,
		ch.Collection, ch.Feed, ch.Version, string(ch.Body), ch.ID)
	if err != nil {
		return err
	}
	return hold(ctx, tx, ch)
}
