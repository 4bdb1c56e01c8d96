package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// standing lists what does not stand as its newest change says.
func standing(t *testing.T, d *DB) (wrong []string, all int) {
	t.Helper()
	err := d.Standing(context.Background(), func(kind, id, state, noted string) error {
		if all++; state != noted {
			wrong = append(wrong, kind+"/"+id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return wrong, all
}

// Whatever is done with accounts, devices, keys and floors of series is written down, with who did it, and waits for its leaf. What changes nothing is not.
func TestEveryChangeOfAnIdentityIsWrittenDown(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx, now := context.Background(), time.Now()
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check(d.CreateAccount(ctx, people.Account{ID: "a", Name: "zhang.wei", Officer: "o", PasswordHash: "$argon2id$secret"}, "admin"))
		check(d.SetPassword(ctx, "a", "$argon2id$other", "o", now))
		check(d.DisableAccount(ctx, "a", "admin", now))
		check(d.DisableAccount(ctx, "a", "again", now))
		check(d.CreateCode(ctx, people.EnrolmentCode{Digest: "c", Unit: "120102", CreatedBy: "leader", ExpiresAt: now.Add(time.Hour)}))
		for range 2 {
			_, err := d.Enrol(ctx, "c", people.Device{ID: "d", Name: "终端", PublicKey: []byte("k"), Thumbprint: "t", EnrolledAt: now}, now)
			check(err)
		}
		for i := range 2 {
			id := fmt.Sprint("f", i)
			check(d.BeginFamily(ctx, people.Family{ID: id, Account: "a", Officer: "o", Device: "d", CreatedAt: now, ExpiresAt: now}, people.RefreshToken{Digest: id, Family: id}))
		}
		check(d.InTx(ctx, func(ctx context.Context, tx push.Tx) error { return tx.SetAside(ctx, "d", now) }))
		check(d.ReleaseDevice(ctx, people.Decision{Device: "d", At: now, Officer: "leader", Decision: people.Released, Reason: "已核实"}))
		check(d.ReleaseDevice(ctx, people.Decision{Device: "d", At: now.Add(time.Second), Officer: "leader", Decision: people.Released}))
		check(d.RevokeDevice(ctx, "d", "leader", now))
		check(d.RevokeDevice(ctx, "d", "again", now))
		for _, id := range []string{"k1", "k2"} {
			check(d.CreateKey(ctx, people.SigningKey{ID: id, Use: "token", Public: []byte(id), Sealed: []byte("s"), CreatedAt: now}))
		}
		check(d.RetireKeys(ctx, "token", "k2", now))
		check(d.RetireKeys(ctx, "token", "k2", now))
		_, _, err := d.BeginEpoch(ctx, "", "2026", 5)
		check(err)

		got := texts(t, d, "SELECT kind || '/' || id || ' ' || CAST(n AS TEXT) || ' ' || act || ' ' || by_whom FROM identity_changes ORDER BY kind, id, n")
		want := []string{"account/a 1 made admin", "account/a 2 password o", "account/a 3 disabled admin", "author/d/o 1 signed_in o", "device/d 1 enrolled leader",
			"device/d 2 set_aside server", "device/d 3 released leader", "device/d 4 revoked leader", "floor/2026 1 skipped server", "key/k1 1 made server",
			"key/k1 2 retired server", "key/k2 1 made server", "numbers/unnamed 1 found server"}
		if !slices.Equal(got, want) {
			t.Errorf("changes\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, state := range texts(t, d, "SELECT state FROM identity_changes") {
			if strings.Contains(state, "argon2id") {
				t.Errorf("a change holds a secret: %s", state)
			}
		}
		waiting := texts(t, d, "SELECT ref FROM ledger_queue WHERE kind = 'change' ORDER BY ref")
		if len(waiting) != len(want) {
			t.Errorf("%d changes wait for a leaf, want %d", len(waiting), len(want))
		}
		if wrong, all := standing(t, d); len(wrong) > 0 || all != 7 {
			t.Errorf("not as noted: %v of %d", wrong, all)
		}
	})
}

// What was there before changes were written down is found once: from then on it is held, and nothing that comes into being past the program is
// found ever again.
func TestWhatWasThereBeforeIsHeld(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 26); err != nil {
			t.Fatal(err)
		}
		run := func(query string) {
			t.Helper()
			if err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, query) }); err != nil {
				t.Fatal(err)
			}
		}
		run("INSERT INTO accounts (id, name, officer, password_hash, disabled_at) VALUES ('a', 'zhang.wei', 'o', 'h', 0), ('b', 'li.na', 'p', 'h', 7)")
		run("INSERT INTO devices (id, name, unit, public_key, thumbprint, enrolled_at, revoked_at, last_seq, head_hash) VALUES ('d', 'n', 'u', 'k', 't', 5, 0, 1, 'h')")
		run("INSERT INTO device_officers (device, officer) VALUES ('d', 'o')")
		run("INSERT INTO signing_keys (id, use, public, sealed, created_at, retired_at) VALUES ('k', 'token', 'p', 's', 5, 0)")
		run("INSERT INTO numbers (series, n, document, at, op) VALUES ('s', 1, 'x', 5, ''), ('s', 2, 'y', 6, 'op')")
		run("INSERT INTO leases (id, series, first, count, at) VALUES ('l', 's', 1, 10, 4)")
		run("INSERT INTO series (name, last) VALUES ('s', 10)")
		run("INSERT INTO forks (device, hash, seq, op, text, head, signature, received_at) VALUES ('d', 'h', 1, 'o', '{}', 'h', 's', 9)")
		run("INSERT INTO device_decisions (device, at, officer, decision, reason) VALUES ('d', 11, 'o', 'released', 'r')")
		run("INSERT INTO epochs (epoch, began_at, floor, announced) VALUES ('e', 3, 1, true), ('queued', 13, 2, true)")
		run("INSERT INTO ledger_queue (kind, ref) VALUES ('epoch', 'queued')")
		for range 2 {
			if _, err := d.MigrateUp(ctx); err != nil {
				t.Fatal(err)
			}
		}
		got := fmt.Sprint(texts(t, d, "SELECT kind || ' ' || ref FROM ledger_queue ORDER BY id"))
		if want := "[epoch queued epoch e history e lease l fork d/1/h decision d/11 history queued change account/a/1 change account/b/1 change device/d/1 " +
			"change author/d/o/1 change key/k/1 change numbers/unnamed/1]"; got != want {
			t.Errorf("queued: %s, want %s", got, want)
		}
		if wrong, all := standing(t, d); len(wrong) > 0 || all != 6 {
			t.Errorf("not as noted: %v of %d", wrong, all)
		}
		var refs []ledger.Ref
		waiting, err := d.Queue(ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range waiting {
			refs = append(refs, q.Ref)
		}
		if sources, err := d.Sources(ctx, refs); err != nil || len(sources) != len(refs) {
			t.Errorf("%d of %d sources, %v", len(sources), len(refs), err)
		}
		run("INSERT INTO accounts (id, name, officer, password_hash, disabled_at) VALUES ('c', 'planted', 'o', 'h', 0)")
		run("DELETE FROM signing_keys")
		run("UPDATE devices SET revoked_at = 1")
		if _, err := d.MigrateUp(ctx); err != nil {
			t.Fatal(err)
		}
		wrong, _ := standing(t, d)
		slices.Sort(wrong)
		if want := []string{"account/c", "device/d", "key/k"}; !slices.Equal(wrong, want) {
			t.Errorf("not as noted: %v, want %v", wrong, want)
		}
	})
}
