package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// deskPage is how many matters a page has at most, and when nothing is said.
const deskPage = 200

// Desk is a page of what waits for people, by the time it arose.
type Desk struct {
	Matters []Record `json:"matters"`
	Cursor  string   `json:"cursor,omitempty" doc:"of the next page; absent on the last"`
}

// Matter is one thing that waits for people, with all they need to decide it: the record it is about as it stands, how it came to be so, what
// was recorded of it, and the op that did not stand.
type Matter struct {
	Record
	About    *Record        `json:"about,omitempty"`
	History  []Version      `json:"history,omitempty"`
	Evidence []Record       `json:"evidence,omitempty"`
	Op       jsontext.Value `json:"op,omitempty" doc:"as its device signed it"`
}

// desks are the collections that tell of what people must decide.
var desks = []string{collections.Conflicts.Name, collections.DeadLetters.Name, collections.Findings.Name}

// listDesk gives out what waits on the desks of the units that the caller may see.
func (s *server) listDesk(r *request) error {
	name := r.Params("collection")
	if !slices.Contains(desks, name) {
		return fault.New(fault.NotFound)
	}
	speaks, err := s.speaks(r)
	if err != nil {
		return err
	}
	w := pull.Waiting{Collection: name, State: r.Query("state", "open"), After: r.Query("cursor"), Limit: deskPage}
	if text := r.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > deskPage {
			return fault.New(fault.FieldInvalid).At("limit").Detail("应在一至二百之间", "want 1 to 200")
		}
		w.Limit = n
	}
	if w.After != "" && !record.IsID(w.After) {
		return fault.New(fault.CursorInvalid).At("cursor")
	}
	if strings.ContainsRune(w.State, 0) {
		return fault.New(fault.FieldInvalid).At("state")
	}
	w.Units = r.caller.Reach("desk.read", s.Now())
	if unit := r.Query("unit"); unit != "" {
		if !r.caller.May("desk.read", unit, s.Now()) {
			return fault.New(fault.NotFound).At("unit")
		}
		w.Units = []string{unit}
	}
	found, err := s.History.Waiting(r.ctx, w)
	if err != nil {
		return err
	}
	var out Desk
	if out.Matters, err = allShown(found, speaks); err != nil {
		return err
	}
	if len(found) == w.Limit {
		out.Cursor = found[len(found)-1].ID
	}
	return r.reply(http.StatusOK, out)
}

// readDesk gives out one matter with what it is about.
func (s *server) readDesk(r *request) error {
	if !slices.Contains(desks, r.Params("collection")) {
		return fault.New(fault.NotFound)
	}
	speaks, err := s.speaks(r)
	if err != nil {
		return err
	}
	rec, err := s.visible(r, "desk.read")
	if err != nil {
		return err
	}
	body, err := wire.Object(rec.Body)
	if err != nil {
		return err
	}
	var m Matter
	if m.Record, err = shown(rec, speaks); err != nil {
		return err
	}
	if err := s.explain(r, &m, body, speaks); err != nil {
		return err
	}
	m.Op, err = s.opOf(r.ctx, body)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, m)
}

// explain adds the record that a matter is about, its past and its evidence. An edit that never stood may name none, or one that is not for
// the caller's eyes.
func (s *server) explain(r *request, m *Matter, matter record.Object, speaks forms.Spoken) error {
	c := s.Catalogue[text(matter, "collection")]
	if c == nil || !record.IsID(text(matter, "record")) {
		return nil
	}
	rec, body, err := s.record(r.ctx, c.Name, text(matter, "record"))
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil
	}
	if err != nil || !s.sees(r, c, body, "desk.read") {
		return err
	}
	past, err := s.History.Revisions(r.ctx, rec.ID)
	if err != nil {
		return err
	}
	about, err := shown(rec, speaks)
	if err != nil {
		return err
	}
	m.About = &about
	if m.History, err = versionsOf(past, speaks); err != nil {
		return err
	}
	inspection := text(body, "inspection")
	if inspection == "" {
		inspection = rec.ID
	}
	found, err := s.History.Lookup(r.ctx, evidence.Evidence.Name, "inspection", inspection)
	if err != nil {
		return err
	}
	m.Evidence, err = allShown(found, speaks)
	return err
}

// opOf is the text of the op that a matter came from.
func (s *server) opOf(ctx context.Context, matter record.Object) (jsontext.Value, error) {
	id := text(matter, "op")
	if id == "" {
		id = text(matter, "ours")
	}
	taken, err := s.History.OpText(ctx, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil, nil
	}
	return taken, err
}
