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
func (t *tx) LockDevice(ctx context.Context, device string) (push.Device, error) {
	d := push.Device{ID: device}
	known := false
	query := "SELECT d.last_seq, d.head_hash, d.public_key, d.revoked_at, d.set_aside_at, o.officer FROM devices d LEFT JOIN device_officers o ON o.device = d.id" +
		" WHERE d.id = " + t.param(1) + " ORDER BY o.officer" + t.forUpdateOf("d")
	err := t.together(ctx, statement{query: query, args: []any{device}, scan: func(r scanner) error {
		var revoked, aside int64
		var officer sql.NullString
		err := r.Scan(&d.LastSeq, &d.HeadHash, &d.PublicKey, &revoked, &aside, &officer)
		known, d.Revoked, d.SetAside = true, revoked != 0, aside != 0
		if officer.Valid {
			d.Officers = append(d.Officers, officer.String)
		}
		return err
	}})
	if err == nil && !known {
		err = fault.New(fault.NotFound)
	}
	return d, err
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
	if len(records) == 0 {
		return feeds, nil
	}
	where, arg := t.among("id", 1, records)
	copied, copiedArg := t.among("record", 2, records)
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var id, feed string
		if err := r.Scan(&id, &feed); err != nil {
			return err
		}
		feeds[id] = append(feeds[id], feed)
		return nil
	}, "SELECT id, feed FROM records WHERE "+where+" UNION ALL SELECT record, feed FROM copies WHERE "+copied, arg, copiedArg)
	return feeds, err
}

// LockFeeds implements push.Tx. The rows are locked in the order of their names by every writer, so writers never wait for
// each other in a circle.
func (t *tx) LockFeeds(ctx context.Context, feeds []string) (map[string]uint64, error) {
	heads := make(map[string]uint64, len(feeds))
	if len(feeds) == 0 {
		return heads, nil
	}
	return heads, t.together(ctx, t.createFeeds(feeds), t.lockFeeds(feeds, heads))
}

func (d *DB) createFeeds(feeds []string) statement {
	if d.dialect == postgreSQL {
		return statement{query: "INSERT INTO feeds (name, head) SELECT name, 0 FROM unnest($1::text[]) AS n(name) ORDER BY name ON CONFLICT DO NOTHING", args: []any{feeds}}
	}
	return statement{query: "INSERT INTO feeds (name, head) SELECT value, 0 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING", args: []any{jsonArray(feeds)}}
}

func (d *DB) lockFeeds(feeds []string, into map[string]uint64) statement {
	where, arg := d.among("name", 1, feeds)
	query := "SELECT name, head FROM feeds WHERE " + where + " ORDER BY name" + d.forUpdate()
	return statement{query: query, args: []any{arg}, scan: func(r scanner) error {
		var name string
		var head uint64
		err := r.Scan(&name, &head)
		into[name] = head
		return err
	}}
}

const rowColumns = "id, collection, feed, seq, version, removed, op, body, closed, aside"

func scanRow(r *sql.Rows, more ...any) (push.Row, error) {
	var row push.Row
	err := r.Scan(append([]any{&row.ID, &row.Collection, &row.Feed, &row.Seq, &row.Version, &row.Removed, &row.Op, &row.Body,
		&row.Closed, &row.Aside}, more...)...)
	return row, err
}

// Records implements push.Tx.
func (t *tx) Records(ctx context.Context, records []string) (map[string]push.Row, error) {
	found := make(map[string]push.Row, len(records))
	if len(records) == 0 {
		return found, nil
	}
	where, arg := t.among("id", 1, records)
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var copies sql.NullString
		row, err := scanRow(r, &copies)
		if err == nil && copies.Valid {
			row.Copies, err = copiesFrom(copies.String)
		}
		found[row.ID] = row
		return err
	}, "SELECT "+rowColumns+", "+t.copiesOf()+" FROM records WHERE "+where, arg)
	return found, err
}

// Bodies implements push.Tx.
func (t *tx) Bodies(ctx context.Context, refs []push.Version) (map[push.Version][]byte, error) {
	bodies := make(map[push.Version][]byte, len(refs))
	for _, ref := range refs {
		var body []byte
		query := "SELECT body FROM revisions WHERE record = " + t.param(1) + " AND version = " + t.param(2)
		switch err := t.conn.QueryRowContext(ctx, query, ref.Record, int64(ref.Version)).Scan(&body); err {
		case nil:
			bodies[ref] = body
		case sql.ErrNoRows:
		default:
			return nil, translate(err)
		}
	}
	return bodies, nil
}

// OwnSince implements push.Tx.
func (t *tx) OwnSince(ctx context.Context, device string, refs []push.Version) (map[string][]push.OwnOp, error) {
	return t.since(ctx, refs, "o.device = "+t.param(2), "o.seq", device)
}

// OnlineSince implements push.Tx.
func (t *tx) OnlineSince(ctx context.Context, device, author string, refs []push.Version) (map[string][]push.OwnOp, error) {
	own, err := t.since(ctx, refs, "o.online = "+t.param(2)+" AND o.author = "+t.param(3), "o.received_at", device, author)
	for _, ops := range own {
		slices.SortStableFunc(ops, func(a, b push.OwnOp) int { return cmp.Compare(a.Version, b.Version) })
	}
	return own, err
}

// since reads the ops on records that stand, are whose the condition says, and were answered with a newer version.
func (t *tx) since(ctx context.Context, refs []push.Version, whose, order string, args ...any) (map[string][]push.OwnOp, error) {
	own := map[string][]push.OwnOp{}
	query := fmt.Sprintf(`SELECT o.outcome, r.op IS NOT NULL, o.text FROM ops o LEFT JOIN revisions r ON r.op = o.id
		WHERE o.record = %s AND %s AND o.status NOT IN ('rejected', 'held') ORDER BY %s`, t.param(1), whose, order)
	for _, ref := range refs {
		err := rows(ctx, t.conn, func(r *sql.Rows) error {
			var op push.OwnOp
			var text []byte
			if err := r.Scan(&text, &op.Made, &op.Text); err != nil {
				return err
			}
			outcome, err := outcomeFrom(text)
			if op.Version = outcome.Version; op.Version > ref.Version {
				own[ref.Record] = append(own[ref.Record], op)
			}
			return err
		}, query, append([]any{ref.Record}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	return own, nil
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

// Match implements push.Tx. The collection and the field stand in the text of the statement, so that the partial expression
// index of the migrations applies; both come from our own declarations and are checked to be plain names.
func (t *tx) Match(ctx context.Context, collection, field, value string) ([]push.Row, error) {
	if !plain(collection) || !plain(field) {
		return nil, fmt.Errorf("match %q.%q: not plain names", collection, field)
	}
	path := "body ->> '" + field + "'"
	if t.dialect == postgreSQL {
		path = "(body::jsonb) ->> '" + field + "'"
	}
	var found []push.Row
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		row, err := scanRow(r)
		found = append(found, row)
		return err
	}, "SELECT "+rowColumns+" FROM records WHERE collection = '"+collection+"' AND "+path+" = "+t.param(1)+" AND NOT removed ORDER BY id", value)
	return found, err
}

func plain(name string) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return name != ""
}

// NumberClaims implements push.Tx.
func (t *tx) NumberClaims(ctx context.Context, uses []push.NumberUse) (map[push.NumberUse]string, error) {
	claims := map[push.NumberUse]string{}
	query := "SELECT document FROM numbers WHERE series = " + t.param(1) + " AND n = " + t.param(2)
	for _, use := range uses {
		var document string
		switch err := t.conn.QueryRowContext(ctx, query, use.Series, int64(use.N)).Scan(&document); err {
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
