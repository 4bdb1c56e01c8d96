package audit_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// What only the server writes has no device's signature: whoever owns the database can make op, version and record anew so that all of it fits together. The ledger
// says that it was another.
func TestForgedWordsOfTheServerAreFound(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *store) {
		p := newPast(s)
		p.open()
		for _, part := range [][2]string{{`"length":7,"sha256"`, `"length":8,"sha256"`}, {`2026-11-27`, `2026-11-20`}, {`2026-11-28T01:00:00Z`, `2026-11-28T02:00:00Z`}, {`.receipt.`, `.forgery.`}} {
			var id, record, text string
			check(t, p.raw.QueryRow("SELECT id, record, text FROM ops WHERE push IS NULL AND collection IN ('documents', 'evidence') AND instr(text, ?) > 0", part[0]).Scan(&id, &record, &text))
			sealed, err := wire.Open([]byte(strings.ReplaceAll(text, part[0], part[1])))
			check(t, err)
			for _, one := range []struct {
				query string
				args  []any
			}{{"UPDATE ops SET text = ?, hash = ? WHERE id = ?", []any{string(sealed.Text), sealed.Hash, id}},
				{"UPDATE revisions SET body = replace(body, ?, ?) WHERE record = ?", []any{part[0], part[1], record}},
				{"UPDATE records SET body = replace(body, ?, ?) WHERE id = ?", []any{part[0], part[1], record}}} {
				_, err := p.raw.Exec(one.query, one.args...)
				check(t, err)
			}
			r := p.audit()
			wantProblem(t, r, "leaf")
			for _, problem := range r.Problems {
				if problem.Kind != "leaf" && problem.Kind != "bytes" {
					t.Errorf("the forgery of %s does not fit together, and shows nothing: %+v", part[0], problem)
				}
			}
			p.undo("ops", "revisions", "records")
		}
		p.untouched("after")
	})
}

// What chance seldom hits of accounts, devices and numbers, each with the kind of problem by which it must be told.
func TestForgedIdentitiesAndNumbersAreFound(t *testing.T) {
	planted := "INSERT INTO identity_changes (kind, id, n, at, act, by_whom, state) SELECT kind, id, n + 1, at, 'password', by_whom, "
	for name, c := range map[string]struct {
		kind       string
		statements []string
	}{
		"a planted account":                     {"identity", []string{"INSERT INTO accounts (id, name, officer, password_hash, disabled_at) SELECT 'x', 'x', officer, password_hash, 0 FROM accounts LIMIT 1"}},
		"an account in use again":               {"identity", []string{"UPDATE accounts SET disabled_at = 0 WHERE disabled_at > 0"}},
		"an account in use again, and its past": {"leaf", []string{"UPDATE accounts SET disabled_at = 0 WHERE disabled_at > 0", "DELETE FROM identity_changes WHERE act = 'disabled'"}},
		"a planted change":                      {"leaf", []string{planted + "state FROM identity_changes WHERE act = 'disabled'"}},
		"a planted author":                      {"identity", []string{"INSERT INTO device_officers (device, officer) SELECT device, 'x' FROM device_officers"}},
		"a device revoked behind its back":      {"identity", []string{"UPDATE devices SET revoked_at = 1"}},
		"a planted lease":                       {"leaf", []string{"INSERT INTO leases (id, series, first, count, at) VALUES ('x', 's', 1, 1, 1)"}},
		"a planted lease, and its series":       {"leaf", []string{"INSERT INTO leases (id, series, first, count, at) VALUES ('x', 's', 1, 1, 1)", "INSERT INTO series (name, last) VALUES ('s', 1)"}},
		"a planted decision":                    {"leaf", []string{"INSERT INTO device_decisions (device, at, officer, decision, reason) SELECT device, at + 1, officer, decision, reason FROM device_decisions LIMIT 1"}},
		"a planted restore":                     {"leaf", []string{"INSERT INTO epochs (epoch, began_at, floor, announced) VALUES ('x', 1, 1, TRUE)"}},
		"holder and double change places": {"number", []string{"CREATE TEMP TABLE h AS SELECT * FROM numbers WHERE n = 2", "CREATE TEMP TABLE d AS SELECT * FROM number_doubles WHERE n = 2",
			"DELETE FROM numbers WHERE n = 2", "DELETE FROM number_doubles WHERE n = 2", "INSERT INTO numbers SELECT series, n, document, at, op FROM d",
			"INSERT INTO number_doubles SELECT series, n, document, at, op FROM h", "DROP TABLE h", "DROP TABLE d"}},
		"a number whose op is not told":   {"identity", []string{"UPDATE numbers SET op = '' WHERE n = 3"}},
		"a number that nobody claims":     {"number", []string{"DELETE FROM numbers WHERE n = 3"}},
		"a number that nobody has used":   {"number", []string{"INSERT INTO numbers (series, n, document, at, op) SELECT series, 9, document, at, op FROM numbers WHERE n = 3"}},
		"a double is forgotten":           {"number", []string{"DELETE FROM number_doubles WHERE n = 2"}},
		"a series goes on somewhere else": {"number", []string{"UPDATE series SET last = last - 5"}},
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, s *store) {
				p := newPast(s)
				p.open()
				for _, statement := range c.statements {
					p.exec(statement)
				}
				wantProblem(t, p.audit(), c.kind)
			})
		})
	}
}

// What waits for its leaf is no problem; what should wait and does not is.
func TestWhatWaitsIsNotForgotten(t *testing.T) {
	each(t, func(t *testing.T, s *store) {
		p := newPast(s)
		check(t, s.db.CreateAccount(t.Context(), people.Account{ID: newID(), Name: "waiting", Officer: newID()}, s.author))
		p.untouched("while a change waits")
		s.exec("DELETE FROM ledger_queue")
		wantProblem(t, p.audit(), "leaf")
	})
}
