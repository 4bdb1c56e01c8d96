package db

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/push"
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

// Closed implements push.Tx.
func (t *tx) Closed(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var ids []string
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM records WHERE closed AND NOT aside AND updated_at < "+t.param(1)+" ORDER BY updated_at LIMIT "+t.param(2), micros(before), limit)
	return ids, err
}

// copiesOf is a column of records: the feeds a record is copied to and its numbers there, as one text.
func (d *DB) copiesOf() string {
	gather := "group_concat"
	if d.dialect == postgreSQL {
		gather = "string_agg"
	}
	return "(SELECT " + gather + "(c.feed || ' ' || c.seq, ' ') FROM copies c WHERE c.record = records.id)"
}

// copiesFrom reads what copiesOf says.
func copiesFrom(text string) (map[string]uint64, error) {
	copies := map[string]uint64{}
	for pair := range slices.Chunk(strings.Fields(text), 2) {
		if len(pair) != 2 {
			return nil, fmt.Errorf("copies %q", text)
		}
		seq, err := strconv.ParseUint(pair[1], 10, 64)
		if err != nil {
			return nil, err
		}
		copies[pair[0]] = seq
	}
	return copies, nil
}

// copies replaces the copies of the records that had any, and adds those of the others.
func (t *tx) copies(b *push.Batch) (all []statement) {
	if len(b.Uncopied) > 0 {
		where, arg := t.among("record", 1, b.Uncopied)
		all = append(all, statement{query: "DELETE FROM copies WHERE " + where, args: []any{arg}})
	}
	var feeds, records []string
	var seqs []int64
	for _, r := range b.Records {
		for _, feed := range slices.Sorted(maps.Keys(r.Copies)) {
			feeds, records, seqs = append(feeds, feed), append(records, r.ID), append(seqs, int64(r.Copies[feed]))
		}
	}
	return append(all, t.inserts(table{name: "copies", columns: []column{{"feed", feeds}, {"seq", seqs}, {"record", records}}}, len(feeds))...)
}

// live is the query of what a feed shows: its own records and those copied to it, with after < seq ≤ upTo, in the order of seq. Pages, walks
// and digests all read by it. Its parameters are the first four of the statement: the feed, after, upTo and how many lines are wanted. Its
// columns are those that [lines.read] takes.
func (d *DB) live() string {
	half := func(lines, of string) string {
		return d.inOrder(fmt.Sprintf("%[1]s%[2]sfeed = %[3]s AND %[2]sseq > %[4]s AND %[2]sseq <= %[5]s", lines, of, d.nth(1), d.nth(2), d.nth(3)), of+"seq")
	}
	return half(ownLines, "") + " UNION ALL " + half(copiedLines, "c.")
}

// inOrder makes a query that is read by an index a part of a union in the order of seq, of which the fourth parameter limits the lines: the parts
// are merged as they are read, none further than that. PostgreSQL is told the limit in each, so that it goes by the index whatever it takes the
// sizes for. SQLite would sort a copy of a part that has a limit of its own.
func (d *DB) inOrder(query, seq string) string {
	query += " ORDER BY " + seq
	if d.dialect == postgreSQL {
		query += " LIMIT $4"
	}
	return "SELECT * FROM (" + query + ") part"
}

// liveAmong is what a feed, the first parameter, shows of the records that the second names.
func (d *DB) liveAmong() string {
	among := func(feed, id string) string {
		if d.dialect == postgreSQL {
			return feed + " || '' = $1 AND " + id + " = ANY($2::text[])"
		}
		return feed + " || '' = ?1 AND " + id + " IN (SELECT value FROM json_each(?2))"
	}
	return ownLines + among("feed", "id") + " UNION ALL " + copiedLines + among("c.feed", "c.record")
}

const (
	ownLines    = "SELECT seq, collection, id, version, schema, body, '' AS reason FROM records WHERE NOT removed AND NOT aside AND "
	copiedLines = "SELECT c.seq, r.collection, r.id, r.version, r.schema, r.body, '' FROM copies c JOIN records r ON r.id = c.record WHERE "

	// What has left a feed. The types are those of the other lines: PostgreSQL sorts what it has to convert.
	goneLines = `SELECT d.seq, d.collection, d.record, CAST(0 AS BIGINT), CAST(0 AS BIGINT), '', d.reason FROM departures d
		WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = d.record AND r.feed = d.feed AND r.seq > d.seq)
			AND NOT EXISTS (SELECT 1 FROM copies c WHERE c.record = d.record AND c.feed = d.feed AND c.seq > d.seq)
			AND `
	// The head of a feed, as a line before all others.
	headLine = "SELECT CAST(0 AS BIGINT) AS seq, '' AS collection, '' AS id, head AS version, CAST(0 AS BIGINT) AS schema, '' AS body, '' AS reason FROM feeds WHERE "
)

// nth is a parameter that may stand in a statement more than once.
func (d *DB) nth(n int) string {
	if d.dialect == postgreSQL {
		return fmt.Sprintf("$%d", n)
	}
	return fmt.Sprintf("?%d", n)
}
