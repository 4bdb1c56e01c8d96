package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Rows of identity change, so a leaf over one would be of the past. Every change is written down in identity_changes, which does not change, with what
// the row says after it; the change has the leaf.

// identity is a kind of row whose changes are written down.
type identity struct {
	kind, table string
	id          string   // SQL
	columns     []string // what a change says of the row
	hashed      []string // of these the SHA-256 only: secrets, and what is long
}

const (
	accountIdentity = "account"
	deviceIdentity  = "device"
	authorIdentity  = "author"
	keyIdentity     = "key"
	floorIdentity   = "floor"
	unnamedNumbers  = "numbers" // the numbers of which no op is known, all together
)

// identities are the kinds. What is left out of columns: where a device's chain stands, which its ops say; the sealed half of a key, which opens under
// its id and use or not at all.
var identities = []identity{
	{accountIdentity, "accounts", "r.id", []string{"name", "officer", "password_hash", "disabled_at"}, []string{"password_hash"}},
	{deviceIdentity, "devices", "r.id", []string{"name", "unit", "public_key", "thumbprint", "enrolled_at", "revoked_at", "set_aside_at"}, []string{"public_key"}},
	{authorIdentity, "device_officers", "r.device || '/' || r.officer", nil, nil},
	{keyIdentity, "signing_keys", "r.id", []string{"use", "public", "created_at", "retired_at"}, []string{"public"}},
	{floorIdentity, "series_floors", "r.suffix", []string{"last"}, nil},
}

func identityOf(kind string) identity {
	return identities[slices.IndexFunc(identities, func(i identity) bool { return i.kind == kind })]
}

// selected are the id and the columns, as scanState reads them.
func (i identity) selected() string {
	all := i.id
	for _, c := range i.columns {
		all += ", r." + c
	}
	return all
}

// scanState reads a row that begins with what selected names.
func (i identity) scanState(r scanner, more ...any) (id, state string, err error) {
	values := make([]string, len(i.columns))
	into := []any{&id}
	for at := range values {
		into = append(into, &values[at])
	}
	if err := r.Scan(append(into, more...)...); err != nil {
		return "", "", err
	}
	said := record.Object{}
	for at, c := range i.columns {
		if slices.Contains(i.hashed, c) {
			sum := sha256.Sum256([]byte(values[at]))
			values[at] = hex.EncodeToString(sum[:])
		}
		said[c] = values[at]
	}
	text, err := wire.Canonical(said)
	return id, string(text), err
}

// change says what has been done with a row of identity.
type change struct {
	act string // made · password · disabled · enrolled · set_aside · released · revoked · signed_in · retired · skipped · found
	by  string // an officer, or record.ServerAuthor
	at  time.Time
}

// noteIdentity writes down what was done with rows, as they are now. Whoever calls it has locked them by what he has done.
func (t *tx) noteIdentity(ctx context.Context, kind string, ids []string, c change) error {
	i := identityOf(kind)
	where, arg := t.among(i.id, 1, ids)
	states := map[string]string{}
	err := rows(ctx, t.conn, func(r *sql.Rows) error {
		id, state, err := i.scanState(r)
		states[id] = state
		return err
	}, "SELECT "+i.selected()+" FROM "+i.table+" r WHERE "+where, arg)
	for _, id := range slices.Sorted(maps.Keys(states)) {
		err = errors.Join(err, t.keepChange(ctx, kind, id, states[id], c))
	}
	return err
}

func (t *tx) keepChange(ctx context.Context, kind, id, state string, c change) error {
	var n int64
	query := "SELECT COALESCE(MAX(n), 0) + 1 FROM identity_changes WHERE kind = " + t.param(1) + " AND id = " + t.param(2)
	if err := row(ctx, t.conn, query, kind, id).Scan(&n); err != nil {
		return translate(err)
	}
	return t.together(ctx, statement{query: "INSERT INTO identity_changes (kind, id, n, at, act, by_whom, state) VALUES (" + t.marks(1, 7) + ")",
		args: []any{kind, id, n, micros(c.at), c.act, c.by, state}}, t.queueLeaf(ledger.Change, fmt.Sprintf("%s/%s/%d", kind, id, n)))
}

// queueLeaf queues a row for its leaf.
func (d *DB) queueLeaf(kind, ref string) statement {
	return statement{query: "INSERT INTO ledger_queue (kind, ref) VALUES (" + d.marks(1, 2) + ")", args: []any{kind, ref}}
}

// noted is noteIdentity in a transaction of gorm's.
func (d *DB) noted(ctx context.Context, g *gorm.DB, kind string, ids []string, c change) error {
	return (&tx{DB: d, conn: g.Statement.ConnPool}).noteIdentity(ctx, kind, ids, c)
}

// firstChanges writes down once how identities are, when the program begins to do so: from then on they are held. That it has been done the change of the
// numbers without an op says, which are held by their digest.
func (d *DB) firstChanges(ctx context.Context) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		var epoch string
		if err := row(ctx, t.conn, "SELECT value FROM meta WHERE key = 'epoch'"+t.forUpdate()).Scan(&epoch); err != nil { // one replica does
			return translate(err)
		}
		var done int
		query := "SELECT count(*) FROM identity_changes WHERE kind = " + t.param(1)
		if err := row(ctx, t.conn, query, unnamedNumbers).Scan(&done); err != nil || done > 0 {
			return translate(err)
		}
		found := change{"found", record.ServerAuthor, t.now()}
		for _, i := range identities {
			var ids []string
			err := rows(ctx, t.conn, func(r *sql.Rows) error {
				var id string
				err := r.Scan(&id)
				ids = append(ids, id)
				return err
			}, "SELECT "+i.id+" FROM "+i.table+" r WHERE NOT EXISTS (SELECT 1 FROM identity_changes c WHERE c.kind = "+t.param(1)+" AND c.id = "+i.id+") ORDER BY 1", i.kind)
			for part := range slices.Chunk(ids, 1000) {
				err = errors.Join(err, t.noteIdentity(ctx, i.kind, part, found))
			}
			if err != nil {
				return err
			}
		}
		digest, err := t.unnamedDigest(ctx, t.conn)
		if err != nil {
			return err
		}
		return t.keepChange(ctx, unnamedNumbers, "unnamed", digest, found)
	})
}

// unnamedDigest is the SHA-256 over the numbers that were claimed before ops were noted with them, a line each.
func (d *DB) unnamedDigest(ctx context.Context, conn gorm.ConnPool) (string, error) {
	h := sha256.New()
	err := rows(ctx, conn, func(r *sql.Rows) error {
		var series, document string
		var n, at int64
		if err := r.Scan(&series, &n, &document, &at); err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d %s %d\n", series, n, document, at)
		return nil
	}, "SELECT series, n, document, at FROM numbers WHERE op = '' ORDER BY "+d.byOctets("series")+", n")
	return hex.EncodeToString(h.Sum(nil)), err
}

// byOctets orders text alike on both databases.
func (d *DB) byOctets(column string) string {
	if d.dialect == postgreSQL {
		return column + ` COLLATE "C"`
	}
	return column
}

// Standing implements audit.Reader. Row and change are of one moment.
func (d *DB) Standing(ctx context.Context, fn func(kind, id, state, noted string) error) error {
	newest := "c.n = (SELECT MAX(n) FROM identity_changes x WHERE x.kind = c.kind AND x.id = c.id)"
	for _, i := range identities {
		err := rows(ctx, d.pool(), func(r *sql.Rows) error {
			var noted string
			id, state, err := i.scanState(r, &noted)
			if err != nil {
				return err
			}
			return fn(i.kind, id, state, noted)
		}, "SELECT "+i.selected()+", COALESCE(c.state, '') FROM "+i.table+" r LEFT JOIN identity_changes c ON c.kind = "+d.param(1)+" AND c.id = "+i.id+" AND "+newest, i.kind)
		if err != nil {
			return err
		}
		err = rows(ctx, d.pool(), func(r *sql.Rows) error {
			var id, noted string
			if err := r.Scan(&id, &noted); err != nil {
				return err
			}
			return fn(i.kind, id, "", noted)
		}, "SELECT c.id, c.state FROM identity_changes c WHERE c.kind = "+d.param(1)+" AND "+newest+" AND NOT EXISTS (SELECT 1 FROM "+i.table+" r WHERE "+i.id+" = c.id)", i.kind)
		if err != nil {
			return err
		}
	}
	digest, err := d.unnamedDigest(ctx, d.pool())
	if err != nil {
		return err
	}
	var noted []string
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		var state string
		err := r.Scan(&state)
		noted = append(noted, state)
		return err
	}, "SELECT state FROM identity_changes WHERE kind = "+d.param(1), unnamedNumbers)
	if err != nil {
		return err
	}
	return fn(unnamedNumbers, "unnamed", digest, strings.Join(noted, " "))
}
