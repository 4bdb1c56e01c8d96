package audit_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// lines of the table in docs/protocol/ledger.md: table, by what it is protected, append-only.
var tableLine = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (leaf|recomputed|nothing) \\| (yes)? *\\| .+ \\|$")

// Every table of the schema says what protects it, in the protocol's page. What is said to be protected is altered by the test of 1,000 alterations, what is said to be
// append-only has its triggers, and nothing else is or has.
func TestEveryTableSaysWhatProtectsIt(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "ledger.md"))
	check(t, err)
	type line struct{ by, appendOnly string }
	said := map[string]line{}
	for _, m := range tableLine.FindAllStringSubmatch(string(page), -1) {
		said[m[1]] = line{m[2], m[3]}
	}
	onSQLite(t, func(t *testing.T, s *store) {
		found, err := s.raw.Query(`SELECT name, EXISTS (SELECT 1 FROM sqlite_master g WHERE g.type = 'trigger' AND g.name = t.name || '_no_update')
			FROM sqlite_master t WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`)
		check(t, err)
		defer found.Close()
		tables := 0
		for ; found.Next(); tables++ {
			var name string
			var guard bool
			check(t, found.Scan(&name, &guard))
			l, ok := said[name]
			if !ok {
				t.Errorf("docs/protocol/ledger.md does not say what protects the table %s", name)
				continue
			}
			if guard != (l.appendOnly == "yes") {
				t.Errorf("%s: said to be append-only %q, has triggers %v", name, l.appendOnly, guard)
			}
			// What waits for its leaf can still be altered, so nothing waits in that test: see TestWhatWaitsIsNotForgotten.
			if tried := guarded[name] != nil || name == "ledger_queue"; tried != (l.by != "nothing") {
				t.Errorf("%s: said to be protected by %s, altered in the test %v", name, l.by, tried)
			}
		}
		check(t, found.Err())
		if tables != len(said) {
			t.Errorf("the page tells of %d tables, there are %d", len(said), tables)
		}
	})
}
