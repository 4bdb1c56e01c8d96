package soak

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// onlineOnce: what somebody wrote online exists exactly once if it was answered, and else at most once.
func (r *run) onlineOnce(h *hand) error {
	for _, one := range h.online {
		var outcome string
		err := r.host.raw.QueryRow("SELECT outcome FROM ops WHERE id = '" + one.ID + "'").Scan(&outcome)
		switch {
		case errors.Is(err, sql.ErrNoRows) && one.outcome == nil:
			continue
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("an acknowledged edit is not there: %s", one)
		case err != nil:
			return err
		}
		var kept wire.Outcome
		if err := wire.Decode([]byte(outcome), &kept); err != nil {
			return err
		}
		if one.outcome == nil {
			one.outcome, one.answered = &kept, r.model.now()
		}
		if text(kept) != text(*one.outcome) {
			return fmt.Errorf("the outcome of %s is kept as %s", one, outcome)
		}
	}
	return nil
}

// all are the ops of a handheld and what was written online through it.
func (h *hand) all() []*made { return slices.Concat(h.made, h.online) }

// decisions: what people decide is done. A conflict that is resolved has in its record what was chosen for each path; a letter that was
// retried has an op that stands, one that was put aside has none.
func (s *state) decisions(r *run) error {
	madeBy := map[string]version{}
	for _, versions := range s.versions {
		for _, v := range versions {
			madeBy[v.op.ID] = v
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.versions)) {
		last := s.versions[id][len(s.versions[id])-1]
		op, _ := last.body["appliedAs"].(string)
		switch state := last.body["state"]; {
		case last.collection == "deadletters" && state == "discarded" && op != "":
			return fmt.Errorf("letter %s was put aside and applied by %s", short(id), op)
		case last.collection == "deadletters" && state == "retried" && op == "":
			return fmt.Errorf("letter %s was retried and nothing was done: %s", short(id), last.text)
		case last.collection == "conflicts" && state == "resolved" && op != "":
			v, ok := madeBy[op]
			if !ok && chosen(last.body, "theirs") {
				continue // nothing was to be done
			}
			if !ok {
				return fmt.Errorf("conflict %s was decided, and no version follows: %s", short(id), last.text)
			}
			if err := decided(id, last.body, v); err != nil {
				return err
			}
			r.stats.Decided++
		}
	}
	return nil
}

// chosen reports whether one side was taken for every path.
func chosen(conflict record.Object, side string) bool {
	resolution, _ := conflict["resolution"].(record.Object)
	for _, choice := range resolution {
		if choice.(record.Object)["take"] != side {
			return false
		}
	}
	return true
}

// decided looks for what was chosen in the version that the decision made.
func decided(id string, conflict record.Object, v version) error {
	fields, resolution := conflict["fields"].(record.Object), conflict["resolution"].(record.Object)
	for path, sides := range fields {
		choice, _ := resolution[path].(record.Object)
		if path == record.WholeRecord {
			continue // a removal against an edit: what follows is for the tests of decisions
		}
		take := fmt.Sprint(choice["take"])
		want := sides.(record.Object)[take]
		if take == "value" {
			want = choice["value"]
		}
		if got := at(v.body, stepped(path)); !record.Equal(got, want) {
			return fmt.Errorf("conflict %s was decided: %s is to be %v, and is %v in %s", short(id), path, want, got, v.text)
		}
	}
	return nil
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// stepped is a path of a conflict as [at] takes it.
func stepped(path string) string {
	steps := strings.Split(path, "/")
	for i, step := range steps {
		steps[i] = unescape.Replace(step)
	}
	return strings.Join(steps, sep)
}
