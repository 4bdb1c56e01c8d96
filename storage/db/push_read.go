package db

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// LockDevice implements push.Tx.
func (t *tx) LockDevice(ctx context.Context, device string, records []string) (push.Device, map[string][]string, error) {
	d := push.Device{ID: device}
	known, feeds := false, map[string][]string{}
	query := "SELECT d.last_seq, d.head_hash, d.public_key, d.revoked_at, d.set_aside_at, o.officer FROM devices d LEFT JOIN device_officers o ON o.device = d.id" +
		" WHERE d.id = " + t.param(1) + " ORDER BY o.officer" + t.forUpdateOf("d")
	lock := statement{query: query, args: []any{device}, scan: func(r scanner) error {
		var revoked, aside int64
		var officer sql.NullString
		err := r.Scan(&d.LastSeq, &d.HeadHash, &d.PublicKey, &revoked, &aside, &officer)
		known, d.Revoked, d.SetAside = true, revoked != 0, aside != 0
		if officer.Valid {
			d.Officers = append(d.Officers, officer.String)
		}
		return err
	}}
	err := t.together(ctx, append([]statement{lock}, t.feedsOf(records, feeds)...)...)
	if err == nil && !known {
		err = fault.New(fault.NotFound)
	}
	return d, feeds, err
}

// forUpdate locks the selected rows on PostgreSQL; on SQLite the transaction is the only writer.
func (d *DB) forUpdate() string {
	if d.dialect == postgreSQL {
		return " FOR UPDATE"
	}
	return ""
}

// forUpdateOf locks the rows of one table of a join.
func (d *DB) forUpdateOf(alias string) string {
	if d.dialect == postgreSQL {
		return " FOR UPDATE OF " + alias
	}
	return ""
}

// Outcomes implements push.Tx.
func (t *tx) Outcomes(ctx context.Context, device string, from, to uint64) (map[uint64]push.Past, error) {
	past := map[uint64]push.Past{}
	query := fmt.Sprintf("SELECT seq, hash, outcome FROM ops WHERE device = %s AND seq BETWEEN %s AND %s", t.param(1), t.param(2), t.param(3))
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var seq uint64
		var hash string
		var text []byte
		if err := r.Scan(&seq, &hash, &text); err != nil {
			return err
		}
		outcome, err := outcomeFrom(text)
		past[seq] = push.Past{Hash: hash, Outcome: outcome}
		return err
	}, query, device, int64(from), int64(to))
	return past, err
}

// Ops implements push.Tx.
func (t *tx) Ops(ctx context.Context, ids []string) (map[string]push.Taken, error) {
	taken := map[string]push.Taken{}
	where, arg := t.among("id", 1, ids)
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var id string
		var device, online sql.NullString
		var op push.Taken
		var outcome []byte
		err := r.Scan(&id, &device, &online, &op.Text, &outcome)
		if err == nil {
			op.Device, op.Online = device.String, online.String
			op.Outcome, err = outcomeFrom(outcome)
		}
		taken[id] = op
		return err
	}, "SELECT id, device, online, text, outcome FROM ops WHERE "+where, arg)
	return taken, err
}

// FeedsOf implements push.Tx.
func (t *tx) FeedsOf(ctx context.Context, records []string) (map[string][]string, error) {
	feeds := map[string][]string{}
	return feeds, t.together(ctx, t.feedsOf(records, feeds)...)
}

func (d *DB) feedsOf(records []string, into map[string][]string) []statement {
	if len(records) == 0 {
		return nil
	}
	where, arg := d.among("id", 1, records)
	copied, copiedArg := d.among("record", 2, records)
	query := "SELECT id, feed FROM records WHERE " + where + " UNION ALL SELECT record, feed FROM copies WHERE " + copied
	return []statement{{query: query, args: []any{arg, copiedArg}, scan: func(r scanner) error {
		var id, feed string
		err := r.Scan(&id, &feed)
		into[id] = append(into[id], feed)
		return err
	}}}
}

// LockFeeds implements push.Tx. The rows are locked in the order of their names by every writer, so writers never wait for
// each other in a circle. Each statement sees what was committed before it began, so what is read is read under the locks.
func (t *tx) LockFeeds(ctx context.Context, feeds []string, want push.Wants) (push.Locked, error) {
	l := push.Locked{Heads: make(map[string]uint64, len(feeds)), Rows: make(map[string]push.Row, len(want.Records)), Matches: map[record.Lookup][]push.Row{}}
	var all []statement
	if len(feeds) > 0 {
		all = append(all, t.createFeeds(feeds), t.lockFeeds(feeds, &l))
	}
	all = append(all, t.current(want.Records, l.Rows)...)
	matches, err := t.matches(want.Lookups, l.Matches)
	if err != nil {
		return l, err
	}
	err = t.together(ctx, append(all, matches...)...)
	return l, err
}

func (d *DB) createFeeds(feeds []string) statement {
	if d.dialect == postgreSQL {
		return statement{query: "INSERT INTO feeds (name, head) SELECT name, 0 FROM unnest($1::text[]) AS n(name) ORDER BY name ON CONFLICT DO NOTHING", args: []any{feeds}}
	}
	return statement{query: "INSERT INTO feeds (name, head) SELECT value, 0 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", args: []any{jsonArray(feeds)}}
}

func (t *tx) lockFeeds(feeds []string, into *push.Locked) statement {
	where, arg := t.among("name", 1, feeds)
	query := "SELECT name, head, (SELECT COALESCE(MAX(floor), 0) FROM epochs) FROM feeds WHERE " + where + " ORDER BY name" + t.forUpdate()
	return statement{query: query, args: []any{arg}, scan: func(r scanner) error {
		var name string
		var head uint64
		err := r.Scan(&name, &head, &into.Floor)
		into.Heads[name] = head
		return err
	}}
}

const rowColumns = "id, collection, feed, seq, version, removed, op, schema, body, state, closed, aside"

func scanRow(r scanner, more ...any) (push.Row, error) {
	var row push.Row
	err := r.Scan(append([]any{&row.ID, &row.Collection, &row.Feed, &row.Seq, &row.Version, &row.Removed, &row.Op, &row.Schema, &row.Body,
		&row.State, &row.Closed, &row.Aside}, more...)...)
	return row, err
}

// Records implements push.Tx.
func (t *tx) Records(ctx context.Context, records []string) (map[string]push.Row, error) {
	found := make(map[string]push.Row, len(records))
	return found, t.together(ctx, t.current(records, found)...)
}

func (d *DB) current(records []string, into map[string]push.Row) []statement {
	if len(records) == 0 {
		return nil
	}
	where, arg := d.among("id", 1, records)
	query := "SELECT " + rowColumns + ", " + d.copiesOf() + " FROM records WHERE " + where
	return []statement{{query: query, args: []any{arg}, scan: func(r scanner) error {
		var copies sql.NullString
		row, err := scanRow(r, &copies)
		if err == nil && copies.Valid {
			row.Copies, err = copiesFrom(copies.String)
		}
		into[row.ID] = row
		return err
	}}}
}

// Bodies implements push.Tx.
func (t *tx) Bodies(ctx context.Context, refs []push.Version) (map[push.Version]push.Stored, error) {
	bodies := make(map[push.Version]push.Stored, len(refs))
	query := "SELECT schema, body FROM revisions WHERE record = " + t.param(1) + " AND version = " + t.param(2)
	var all []statement
	for _, ref := range refs {
		all = append(all, statement{query: query, args: []any{ref.Record, int64(ref.Version)}, scan: func(r scanner) error {
			var body push.Stored
			err := r.Scan(&body.Schema, &body.Body)
			bodies[ref] = body
			return err
		}})
	}
	return bodies, t.together(ctx, all...)
}

// Below implements push.Tx.
func (t *tx) Below(ctx context.Context, ref push.Version) (push.Version, push.Stored, error) {
	query := "SELECT version, schema, body FROM revisions WHERE record = " + t.param(1) + " AND version < " + t.param(2) + " ORDER BY version DESC LIMIT 1"
	below := push.Version{Record: ref.Record}
	var was push.Stored
	err := row(ctx, t.conn, query, ref.Record, int64(ref.Version)).Scan(&below.Version, &was.Schema, &was.Body)
	if err == sql.ErrNoRows {
		return below, was, fault.New(fault.NotFound)
	}
	return below, was, translate(err)
}

// OwnSince implements push.Tx.
func (t *tx) OwnSince(ctx context.Context, device string, refs []push.Version) (map[string][]push.OwnOp, error) {
	return t.since(ctx, refs, "o.device || '' = "+t.param(3), "o.seq", device)
}

// OnlineSince implements push.Tx.
func (t *tx) OnlineSince(ctx context.Context, device, author string, refs []push.Version) (map[string][]push.OwnOp, error) {
	whose, args := "o.online = "+t.param(3), []any{device}
	if author != "" {
		whose, args = whose+" AND o.author = "+t.param(4), append(args, author)
	}
	own, err := t.since(ctx, refs, whose, "o.received_at", args...)
	for _, ops := range own {
		slices.SortStableFunc(ops, func(a, b push.OwnOp) int { return cmp.Compare(a.Version, b.Version) })
	}
	return own, err
}

// since reads the ops on records that stand, are whose the condition says, and were answered with a newer version. The condition must lead
// to no index of its own: a record has few ops, a device has all it ever sent.
func (t *tx) since(ctx context.Context, refs []push.Version, whose, order string, args ...any) (map[string][]push.OwnOp, error) {
	own := map[string][]push.OwnOp{}
	version := "CAST(o.outcome ->> 'version' AS BIGINT)"
	if t.dialect == postgreSQL {
		version = "((o.outcome::jsonb) ->> 'version')::bigint"
	}
	query := fmt.Sprintf(`SELECT %s, r.op IS NOT NULL, o.text FROM ops o LEFT JOIN revisions r ON r.op = o.id
		WHERE o.record = %s AND %s > %s AND %s AND o.status NOT IN ('rejected', 'held') ORDER BY %s`, version, t.param(1), version, t.param(2), whose, order)
	var all []statement
	for _, ref := range refs {
		all = append(all, statement{query: query, args: append([]any{ref.Record, int64(ref.Version)}, args...), scan: func(r scanner) error {
			var op push.OwnOp
			err := r.Scan(&op.Version, &op.Made, &op.Text)
			own[ref.Record] = append(own[ref.Record], op)
			return err
		}})
	}
	return own, t.together(ctx, all...)
}

// Unmet implements push.Tx.
func (t *tx) Unmet(ctx context.Context, device string, records []string) (map[string]string, error) {
	unmet := map[string]string{}
	where, arg := t.among("record", 2, records)
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var id, op string
		if err := r.Scan(&id, &op); err != nil {
			return err
		}
		unmet[id] = op
		return nil
	}, "SELECT record, id FROM ops WHERE device = "+t.param(1)+" AND "+where+" AND status IN ('rejected', 'held') ORDER BY seq", device, arg)
	return unmet, err
}

// NumberClaims implements push.Tx.
func (t *tx) NumberClaims(ctx context.Context, uses []push.NumberUse) (map[push.NumberUse]string, error) {
	claims := map[push.NumberUse]string{}
	query := "SELECT document FROM numbers WHERE series = " + t.param(1) + " AND n = " + t.param(2)
	for _, use := range uses {
		var document string
		switch err := row(ctx, t.conn, query, use.Series, int64(use.N)).Scan(&document); err {
		case nil:
			claims[push.NumberUse{Series: use.Series, N: use.N}] = document
		case sql.ErrNoRows:
		default:
			return nil, translate(err)
		}
	}
	return claims, nil
}

func outcomeText(o record.Outcome) (string, error) {
	text, err := wire.Canonical(push.ToWire(o))
	return string(text), err
}

func outcomeFrom(text []byte) (record.Outcome, error) {
	var o wire.Outcome
	if err := wire.Decode(text, &o); err != nil {
		return record.Outcome{}, err
	}
	return push.FromWire(o), nil
}
