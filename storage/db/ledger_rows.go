package db

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// leafed is a table whose rows never change and have a leaf each, over all that is in them.
type leafed struct {
	table   string
	ref     string // SQL: what names a row in its leaf
	narrow  string // a column by which rows are found fast,
	by      func(ref string) string
	moment  string // a column, microseconds
	columns []string
}

func itself(ref string) string { return ref }

func before(ref string) string {
	first, _, _ := strings.Cut(ref, "/")
	return first
}

// between is the id in <kind>/<id>/<n>.
func between(ref string) string {
	_, rest, _ := strings.Cut(ref, "/")
	if end := strings.LastIndexByte(rest, '/'); end >= 0 {
		return rest[:end]
	}
	return rest
}

var leafedTables = map[string]leafed{
	ledger.Fork: {"forks", "device || '/' || CAST(seq AS TEXT) || '/' || hash", "device", before, "received_at",
		[]string{"device", "hash", "seq", "op", "text", "head", "signature", "received_at"}},
	ledger.Decision: {"device_decisions", "device || '/' || CAST(at AS TEXT)", "device", before, "at", []string{"device", "at", "officer", "decision", "reason"}},
	ledger.Lease:    {"leases", "id", "id", itself, "at", []string{"id", "series", "first", "count", "at"}},
	ledger.History:  {"epochs", "epoch", "epoch", itself, "began_at", []string{"epoch", "began_at", "floor", "announced"}},
	ledger.Change: {"identity_changes", "kind || '/' || id || '/' || CAST(n AS TEXT)", "id", between, "at",
		[]string{"kind", "id", "n", "at", "act", "by_whom", "state"}},
}

// sources reads rows as their leaves say them: in canonical form, every value as text.
func (l leafed) sources(ctx context.Context, d *DB, refs []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	near := make([]string, len(refs))
	for i, ref := range refs {
		near[i] = l.by(ref)
	}
	slices.Sort(near)
	some, first := d.among(l.narrow, 1, slices.Compact(near))
	exactly, second := d.among(l.ref, 2, refs)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var ref string
		var at int64
		values := make([]string, len(l.columns))
		into := []any{&ref, &at}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		said := record.Object{}
		for i, c := range l.columns {
			said[c] = values[i]
		}
		text, err := wire.Canonical(said)
		found[ref] = ledger.Source{At: moment(at), Row: text}
		return err
	}, "SELECT "+l.ref+", "+l.moment+", "+strings.Join(l.columns, ", ")+" FROM "+l.table+" WHERE "+some+" AND "+exactly, first, second)
	return found, err
}
