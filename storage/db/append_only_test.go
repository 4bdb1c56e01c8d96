package db

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// appendOnly are the tables that are history: what stands in them was signed or shown to people.
var appendOnly = []string{"ops", "revisions", "pushes", "numbers", "number_doubles"}

// aside are such tables that a push does not write.
var aside = map[string]string{
	"forks":            "INSERT INTO forks (device, hash, seq, op, text, head, signature, received_at) VALUES ('d', 'h', 1, 'o', '{}', 'h', 's', 1)",
	"leaves":           "INSERT INTO leaves (n, kind, ref, text) VALUES (0, 'push', 'p', '{}')",
	"hashes":           "INSERT INTO hashes (i, hash) VALUES (0, 'h')",
	"checkpoints":      "INSERT INTO checkpoints (n, size, at, note) VALUES (0, 1, 1, 'n')",
	"stamps":           "INSERT INTO stamps (checkpoint, kind, signer, at, data) VALUES (0, 'rfc3161', 's', 1, 'd')",
	"leases":           "INSERT INTO leases (id, series, first, count, at) VALUES ('l', 's', 1, 1, 1)",
	"device_decisions": "INSERT INTO device_decisions (device, at, officer, decision, reason) VALUES ('d', 1, 'o', 'released', 'r')",
}

// written is a small push with a row in every append-only table.
func written(device string) *push.Batch {
	return &push.Batch{
		Push:      &push.Provenance{ID: "p", Device: device, FirstSeq: 1, LastSeq: 1, Head: "h", Signature: "s"},
		Ops:       []push.OpRow{{Op: record.Op{ID: "o", Seq: 1, Collection: "tasks", Record: "r"}, Device: device, Push: "p", Text: []byte("{}")}},
		Revisions: []push.Revision{{Version: push.Version{Record: "r", Version: 1}, Collection: "tasks", Op: "o", Body: []byte("{}")}},
		Records:   []push.Row{{ID: "r", Collection: "tasks", Feed: "unit/a", Seq: 1, Version: 1, Op: "o", Body: []byte("{}")}},
		Heads:     map[string]uint64{"unit/a": 1},
		Numbers:   []push.NumberUse{{Series: "s", N: 1, Document: "r"}},
		Doubles:   []push.NumberUse{{Series: "s", N: 1, Document: "q"}},
		At:        time.Now(),
	}
}

func TestHistoryRefusesChange(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		err := d.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/a"}, push.Wants{}); err != nil {
				return err
			}
			return tx.Write(ctx, written("d"))
		})
		if err != nil {
			t.Fatal(err)
		}
		for table, row := range aside {
			must(t, d, row)
			refuses(t, d, []string{table})
		}
		refuses(t, d, append(appendOnly, "identity_changes")) // whose first row each database has
	})
}

// refuses checks that rows of the tables can neither be changed nor taken away.
func refuses(t *testing.T, d *DB, tables []string) {
	t.Helper()
	ctx := context.Background()
	for _, table := range tables {
		column := strings.TrimSpace(columnsOf(t, d, table)[0])
		statements := []string{
			fmt.Sprintf("UPDATE %s SET %s = %s", table, column, column),
			"DELETE FROM " + table,
		}
		if d.dialect == postgreSQL {
			statements = append(statements, "TRUNCATE "+table)
		}
		for _, statement := range statements {
			err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, statement) })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v, want refused as append-only", statement, err)
			}
		}
		var n int
		if err := d.pool().QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 1 {
			t.Errorf("%s holds %d rows, %v", table, n, err)
		}
	}
}
