package db

import (
	"context"
	"fmt"
	"testing"
)

// What was there before the ledger waits for its leaf after migration 12: devices, then pushes and the ops that are in none, as they came.
func TestWhatWasThereBeforeTheLedgerGetsLeaves(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 11); err != nil {
			t.Fatal(err)
		}
		run := func(query string) {
			t.Helper()
			if err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, query) }); err != nil {
				t.Fatal(err)
			}
		}
		op := func(id, device, push string, at int) {
			run(fmt.Sprintf(`INSERT INTO ops (id, device, seq, push, collection, record, action, author, occurred_at, earliest, latest, received_at, hash, status, outcome, text)
				VALUES ('%s', %s, %s, %s, 'tasks', 'r', 'create', 'a', 1, 1, 1, %d, 'h', 'applied', '{}', '{}')`, id, device, map[bool]string{true: "NULL", false: "1"}[device == "NULL"], push, at))
		}
		run("INSERT INTO devices (id, name, unit, public_key, thumbprint, enrolled_at, revoked_at, last_seq, head_hash) VALUES ('d', 'n', 'u', 'k', 't', 5, 0, 1, 'h')")
		op("later", "NULL", "NULL", 30)
		op("earlier", "NULL", "NULL", 10)
		run("INSERT INTO pushes (id, device, first_seq, last_seq, head, signature, received_at) VALUES ('p', 'd', 1, 1, 'h', 's', 20)")
		op("of the push", "'d'", "'p'", 20)
		if _, err := p.UpTo(ctx, 12); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(texts(t, d, "SELECT kind || ' ' || ref FROM ledger_queue ORDER BY id"))
		if want := "[device d op earlier push p op later]"; got != want {
			t.Errorf("queued: %s, want %s", got, want)
		}
		if _, err := p.Down(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 12); err != nil {
			t.Fatal(err)
		}
	})
}
