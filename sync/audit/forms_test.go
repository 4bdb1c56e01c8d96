package audit_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

// Ops in older forms made versions in newer ones: that is no alteration. Everything else still is.
func TestLiftedOpsAreSound(t *testing.T) {
	for name, c := range map[string]struct{ statements, kind string }{
		"untouched":          {},
		"another form":       {"UPDATE revisions SET schema = 2 WHERE collection = 'subjects'; UPDATE records SET schema = 2 WHERE collection = 'subjects'", "version"},
		"a form before it":   {"UPDATE revisions SET schema = 1 WHERE version = 2 AND collection = 'subjects'; UPDATE records SET schema = 1 WHERE collection = 'subjects'", "version"},
		"another body":       {"UPDATE revisions SET body = replace(body, 'lifted', 'forged') WHERE collection = 'subjects'; UPDATE records SET body = replace(body, 'lifted', 'forged')", "version"},
		"a body, at the end": {"UPDATE revisions SET body = replace(body, 'moved', 'forged') WHERE version = 2; UPDATE records SET body = replace(body, 'moved', 'forged')", "version"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *store) {
				aged := recordtest.Aged("subjects")
				check(t, aged.Prepare())
				s.push.Catalogue["subjects"] = aged
				id := newID()
				first := s.opOn("subjects", record.Create, id, record.Object{"unit": street, "name": "lifted", "phone": "1"})
				s.send(first, s.opOn("subjects", record.Update, id, record.Object{"phone": "moved"}))
				if c.statements != "" {
					s.tamper(c.statements)
				}
				if r := s.audit(); c.kind == "" && !r.Sound() {
					t.Errorf("found %+v", r.Problems)
				} else if c.kind != "" {
					wantProblem(t, r, c.kind)
				}
			})
		})
	}
}
