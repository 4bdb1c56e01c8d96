package audit_test

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"
)

// guarded are the tables that are altered, with the columns that say something. What is left out is bookkeeping that is made anew from these: where a
// record is in its feed, when a checkpoint was written.
var guarded = map[string][]string{
	"ops": {"id", "device", "seq", "push", "online", "collection", "record", "action", "author", "occurred_at", "earliest", "latest", "received_at", "hash", "status",
		"outcome", "text"},
	"pushes":           {"id", "device", "first_seq", "last_seq", "head", "signature", "received_at"},
	"revisions":        {"record", "version", "collection", "op", "removed", "body", "at", "schema"},
	"records":          {"id", "collection", "version", "removed", "op", "body", "state", "schema"},
	"devices":          {"id", "name", "unit", "public_key", "thumbprint", "enrolled_at", "revoked_at", "set_aside_at", "last_seq", "head_hash"},
	"device_officers":  {"device", "officer"},
	"accounts":         {"id", "name", "officer", "password_hash", "disabled_at"},
	"signing_keys":     {"id", "use", "public", "created_at", "retired_at"},
	"identity_changes": {"kind", "id", "n", "at", "act", "by_whom", "state"},
	"forks":            {"device", "hash", "seq", "op", "text", "head", "signature", "received_at"},
	"device_decisions": {"device", "at", "officer", "decision", "reason"},
	"leases":           {"id", "series", "first", "count", "at"},
	"series":           {"name", "last"},
	"series_floors":    {"suffix", "last"},
	"numbers":          {"series", "n", "document", "at", "op"},
	"number_doubles":   {"series", "n", "document", "at", "op"},
	"epochs":           {"epoch", "began_at", "floor", "announced"},
	"leaves":           {"n", "kind", "ref", "text"},
	"hashes":           {"i", "hash"},
	"checkpoints":      {"n", "size", "note"},
	"stamps":           {"checkpoint", "kind", "signer", "at", "data"},
}

// octets and figures are the columns that are no text.
var (
	octets  = []string{"public_key", "public", "data"}
	figures = []string{"seq", "first_seq", "last_seq", "version", "schema", "n", "i", "size", "checkpoint", "at", "received_at", "occurred_at", "earliest", "latest", "enrolled_at",
		"revoked_at", "set_aside_at", "disabled_at", "created_at", "retired_at", "first", "count", "last", "began_at", "floor"}
)

// keyed is by which column the rows of a table are put in order, for reordering and truncating.
var keyed = map[string]string{"identity_changes": "n", "leases": "first", "numbers": "n", "number_doubles": "n", "forks": "seq", "ops": "seq", "pushes": "first_seq", "revisions": "version", "leaves": "n", "hashes": "i", "checkpoints": "n"}

// open takes the guards away, as whoever owns the database could, and keeps a copy of every table.
func (p *past) open() {
	p.t.Helper()
	for table := range guarded {
		if p.lite {
			for _, action := range []string{"update", "delete"} {
				p.exec("DROP TRIGGER IF EXISTS " + table + "_no_" + action)
			}
		} else {
			p.exec("ALTER TABLE " + table + " DISABLE TRIGGER USER")
		}
		p.exec("CREATE TABLE kept_" + table + " AS SELECT * FROM " + table)
	}
}

// undo puts the tables back.
func (p *past) undo(tables ...string) {
	for _, table := range tables {
		p.exec("DELETE FROM " + table)
		p.exec("INSERT INTO " + table + " SELECT * FROM kept_" + table)
	}
}

// differs tells how many rows of a table are not as they were.
func (p *past) differs(table string) (n int) {
	p.t.Helper()
	query := fmt.Sprintf("SELECT (SELECT count(*) FROM (SELECT * FROM %[1]s EXCEPT SELECT * FROM kept_%[1]s) a) + (SELECT count(*) FROM (SELECT * FROM kept_%[1]s EXCEPT SELECT * FROM %[1]s) b)", table)
	check(p.t, p.raw.QueryRow(query).Scan(&n))
	return n
}

// try runs statements; whether the database refuses them does not matter, the next alteration will not be refused.
func (p *past) try(statements ...string) bool {
	tx, err := p.raw.Begin()
	check(p.t, err)
	for _, statement := range statements {
		if _, err := tx.Exec(statement); err != nil {
			check(p.t, tx.Rollback())
			return false
		}
	}
	check(p.t, tx.Commit())
	return true
}

// pick finds a row of a table at random: the condition that names it, and the text of a column.
func (p *past) pick(table, column string) (where, value string, null bool) {
	p.t.Helper()
	var n int
	check(p.t, p.raw.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
	id := "ctid"
	if p.lite {
		id = "rowid"
	}
	shown := "CAST(" + column + " AS TEXT)"
	if slices.Contains(octets, column) {
		shown = "encode(" + column + ", 'hex')"
		if p.lite {
			shown = "hex(" + column + ")"
		}
	}
	var row string
	var text sql.NullString
	query := fmt.Sprintf("SELECT CAST(%s AS TEXT), %s FROM %s ORDER BY 1 LIMIT 1 OFFSET %d", id, shown, table, p.rng.IntN(n))
	check(p.t, p.raw.QueryRow(query).Scan(&row, &text))
	if p.lite {
		return "rowid = " + row, text.String, !text.Valid
	}
	return "ctid = '" + row + "'", text.String, !text.Valid
}

// altered is another value for a column.
func (p *past) altered(table, column, value string, null bool) string {
	switch {
	case slices.Contains(octets, column):
		data, err := hex.DecodeString(value)
		check(p.t, err)
		data[p.rng.IntN(len(data))] ^= 1 << p.rng.IntN(8)
		if p.lite {
			return "x'" + hex.EncodeToString(data) + "'"
		}
		return `'\x` + hex.EncodeToString(data) + "'"
	case column == "removed" || column == "announced":
		return "NOT " + column
	case slices.Contains(figures, column):
		if null {
			return fmt.Sprint(p.rng.IntN(9) + 1)
		}
		return fmt.Sprintf("%s + %d", column, []int{-3, -1, 1, 2, 1000}[p.rng.IntN(5)])
	case !null && p.rng.IntN(3) == 0: // another row's
		_, other, _ := p.pick(table, column)
		if other != value && other != "" {
			return quoted(other)
		}
	}
	runes := []rune(value)
	if len(runes) == 0 || null {
		return "'x'"
	}
	switch at := p.rng.IntN(len(runes)); p.rng.IntN(3) {
	case 0:
		runes = slices.Delete(runes, at, at+1)
	case 1:
		runes = slices.Insert(runes, at, rune('a'+p.rng.IntN(26)))
	default:
		for runes[at] == []rune(value)[at] {
			runes[at] = rune('!' + p.rng.IntN(90))
		}
	}
	return quoted(string(runes))
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// alter makes one alteration at random and tells what it was, and which tables it touched.
func (p *past) alter() (what string, tables []string) {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range guarded {
			if !yield(name) {
				return
			}
		}
	})
	table := names[p.rng.IntN(len(names))]
	column := guarded[table][p.rng.IntN(len(guarded[table]))]
	where, value, null := p.pick(table, column)
	key := keyed[table]
	switch kind := p.rng.IntN(10); {
	case kind < 5 || key == "" && kind >= 7:
		what = fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, column, p.altered(table, column, value, null), where)
		p.try(what)
	case kind < 7:
		what = fmt.Sprintf("DELETE FROM %s WHERE %s", table, where)
		p.try(what)
	case kind < 9:
		return p.reorder(table, key), []string{table}
	default:
		return p.truncate()
	}
	return what, []string{table}
}

// reorder lets two rows change places.
func (p *past) reorder(table, key string) string {
	a, one, nullA := p.pick(table, key)
	b, two, nullB := p.pick(table, key)
	if a == b || one == two || nullA || nullB {
		return ""
	}
	p.try(fmt.Sprintf("UPDATE %s SET %s = -99 WHERE %s", table, key, a))
	b = fmt.Sprintf("%s = %s", key, two)
	p.try(fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, key, one, b), fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = -99", table, key, two, key))
	return fmt.Sprintf("%s: %s %s and %s change places", table, key, one, two)
}

// truncate cuts the end off: of one table, of the whole ledger, or of a device's history with its row set back.
func (p *past) truncate() (string, []string) {
	switch p.rng.IntN(4) {
	case 0:
		_, size, _ := p.pick("checkpoints", "size")
		p.try("DELETE FROM checkpoints WHERE size > "+size, "DELETE FROM leaves WHERE n >= "+size,
			fmt.Sprintf("DELETE FROM hashes WHERE i >= %d", merkle.Count(number(p.t, size))))
		return "the ledger ends at " + size, []string{"checkpoints", "leaves", "hashes"}
	case 1:
		_, seq, _ := p.pick("pushes", "last_seq")
		p.try("DELETE FROM revisions WHERE op IN (SELECT id FROM ops WHERE seq > "+seq+")", "DELETE FROM ops WHERE seq > "+seq, "DELETE FROM pushes WHERE last_seq > "+seq,
			"UPDATE devices SET last_seq = "+seq+", head_hash = (SELECT head FROM pushes WHERE last_seq = "+seq+")")
		return "the device's history ends at " + seq, []string{"revisions", "ops", "pushes", "devices"}
	default:
		tables := []string{"ops", "pushes", "revisions", "leaves", "hashes", "checkpoints"}
		table := tables[p.rng.IntN(len(tables))]
		_, from, null := p.pick(table, keyed[table])
		if null {
			return "", nil
		}
		what := fmt.Sprintf("DELETE FROM %s WHERE %s >= %s", table, keyed[table], from)
		p.try(what)
		return what, []string{table}
	}
}

func number(t *testing.T, text string) (n int64) {
	t.Helper()
	_, err := fmt.Sscan(text, &n)
	check(t, err)
	return n
}
