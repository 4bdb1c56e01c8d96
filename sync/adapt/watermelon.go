package adapt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// mark is what a number of WatermelonDB means: a place in each table's collection.
type mark struct {
	Epoch  string              `json:"e"`
	Tables map[string]place    `json:"t"`
	Again  map[string][]string `json:"a,omitempty"` // records to send once more: the client's own edit of them did not stand
	Anew   bool                `json:"n,omitempty"` // the client began anew, and has not had everything yet
}

const (
	// wmPage is a page's size where the client names none.
	wmPage = MaxPage
	// maxTables bounds how many tables a client may have.
	maxTables = 64
	// maxAgain bounds how many records a mark has to send once more.
	maxAgain = 5000
	// replacement is what WatermelonDB calls it when what was not sent must go.
	replacement = "replacement"
)

// WmPull returns what has changed in the tables since a number, as much as goes on a page, and the number to go on from. A number that
// is not known, is of a history before a backup, or is so old that not all departures since are kept, is told by beginning anew: then what was
// not sent must go.
func (s *Service) WmPull(ctx context.Context, caller people.Caller, in wire.WmPull) (wire.WmPage, error) {
	if in.Limit == 0 {
		in.Limit = wmPage
	}
	if in.Limit < 1 || in.Limit > MaxPage {
		return wire.WmPage{}, fault.New(fault.FieldInvalid).At("limit").Detail("应在一至一千之间", "want 1 to 1000")
	}
	speaks, err := s.wmSpoken(in.Tables)
	if err != nil {
		return wire.WmPage{}, err
	}
	at, before, err := s.markOf(ctx, caller, in)
	if err != nil {
		return wire.WmPage{}, err
	}
	page := wire.WmPage{Changes: map[string]wire.WmTable{}}
	if at.Anew {
		page.Strategy = replacement
	}
	if page.More, err = s.wmFill(ctx, caller, speaks, &at, in, page.Changes); err != nil {
		return wire.WmPage{}, err
	}
	at.Anew = at.Anew && page.More
	text, err := wire.Canonical(at)
	if err != nil {
		return wire.WmPage{}, err
	}
	if string(text) == string(before) {
		page.Timestamp = *in.LastPulledAt
		return page, nil
	}
	page.Timestamp, err = s.Marks.AddMark(ctx, caller.Device, standsAt(in), s.Now().UnixMilli(), text)
	return page, err
}

func standsAt(in wire.WmPull) int64 {
	if in.LastPulledAt == nil {
		return 0
	}
	return *in.LastPulledAt
}

// wmTables checks the tables of a client: each a collection, in a form that there is or was.
func (s *Service) wmTables(tables map[string]int) error {
	if len(tables) == 0 || len(tables) > maxTables {
		return fault.New(fault.FieldInvalid).At("tables")
	}
	for name, schema := range tables {
		if _, err := s.collection(name, schema); err != nil {
			return fault.Of(err).At("tables/" + name)
		}
	}
	return nil
}

// wmSpoken is what a client that asks speaks. A form that is spoken no more is fault client.outdated.
func (s *Service) wmSpoken(tables map[string]int) (forms.Spoken, error) {
	if err := s.wmTables(tables); err != nil {
		return forms.Spoken{}, err
	}
	speaks, err := forms.Speak(s.Catalogue, tables)
	if err != nil {
		f := fault.Of(err)
		return speaks, f.At("tables/" + strings.TrimPrefix(f.Field, "schemas/"))
	}
	return speaks, nil
}

// markOf reads what the client's number means, and returns its text beside it. A table that is new to it, has new columns, or is wanted in
// another form, begins at its beginning.
func (s *Service) markOf(ctx context.Context, caller people.Caller, in wire.WmPull) (at mark, text []byte, err error) {
	epoch, err := s.Reader.Epoch(ctx)
	if err != nil {
		return at, nil, err
	}
	if in.LastPulledAt != nil && *in.LastPulledAt > 0 {
		var known bool
		if text, known, err = s.Marks.Mark(ctx, caller.Device, *in.LastPulledAt); err != nil {
			return at, nil, err
		}
		if known {
			if err := wire.Decode(text, &at); err != nil {
				return at, nil, err
			}
		}
		if at.Epoch != epoch {
			at, text = mark{Anew: true}, nil
		}
	}
	at.Epoch = epoch
	return at, text, s.places(ctx, caller, &at, in)
}

// places gives each table of the client its place.
func (s *Service) places(ctx context.Context, caller people.Caller, at *mark, in wire.WmPull) error {
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return err
	}
	tables, missed := map[string]place{}, false
	for name, schema := range in.Tables {
		p, known := at.Tables[name]
		if !known {
			p = place{Epoch: at.Epoch, Device: caller.Device, Collection: name, Feeds: map[string]uint64{}}
		}
		if err := s.rescope(ctx, &p, feeds); err != nil {
			return err
		}
		gone, err := s.missed(ctx, &p)
		if err != nil {
			return err
		}
		missed = missed || gone
		if renewed(in.Migration, name) || p.form() != schema {
			p.anew()
		}
		p.tell(schema)
		tables[name] = p
	}
	at.Tables = tables
	if !missed {
		return nil
	}
	*at = mark{Epoch: at.Epoch, Anew: true}
	return s.places(ctx, caller, at, in)
}

func renewed(m *wire.WmMigration, table string) bool {
	return m != nil && slices.ContainsFunc(m.Columns, func(c wire.WmColumns) bool { return c.Table == table })
}

// wmFill fills the tables' changes and moves the mark. It reports whether there may be more.
func (s *Service) wmFill(ctx context.Context, caller people.Caller, speaks forms.Spoken, at *mark, in wire.WmPull, changes map[string]wire.WmTable) (bool, error) {
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return false, err
	}
	room := in.Limit
	for _, name := range slices.Sorted(maps.Keys(in.Tables)) {
		table := at.Tables[name]
		p := newPage(room)
		again := at.Again[name]
		for len(again) > 0 && p.room() {
			p.add(again[0])
			again = again[1:]
		}
		if delete(at.Again, name); len(again) > 0 {
			at.Again[name] = again
		}
		if err := s.walk(ctx, &table, p); err != nil {
			return false, err
		}
		at.Tables[name] = table
		if changes[name], err = s.wmTable(ctx, name, in.Tables[name], speaks, feeds, p.ids); err != nil {
			return false, err
		}
		room -= len(p.ids)
	}
	if len(at.Again) == 0 {
		at.Again = nil
	}
	return room == 0, nil
}

// wmTable tells of records as they stand. All are told as updated: whether the client has them, only it knows.
func (s *Service) wmTable(ctx context.Context, name string, schema int, speaks forms.Spoken, feeds, ids []string) (wire.WmTable, error) {
	out := wire.WmTable{Created: []map[string]any{}, Updated: []map[string]any{}, Deleted: []string{}}
	states, err := s.states(ctx, name, speaks, feeds, ids)
	if err != nil {
		return out, err
	}
	for _, id := range ids {
		st := states[id]
		if !st.live() {
			out.Deleted = append(out.Deleted, id)
			continue
		}
		row, err := wmRow(s.Catalogue[name].FieldsIn(schema), id, st)
		if err != nil {
			return out, err
		}
		out.Updated = append(out.Updated, row)
	}
	return out, nil
}

// wmRow lays a body flat. Fields that are not there are null: WatermelonDB keeps what it has in a column that a row does not name.
func wmRow(fields []record.Field, id string, st state) (map[string]any, error) {
	row := make(map[string]any, len(fields)+2)
	for _, f := range fields {
		if !strings.Contains(f.Path, "/") {
			row[f.Path] = nil
		}
	}
	for name, value := range st.body {
		switch value.(type) {
		case record.Object, []any:
			text, err := wire.Canonical(value)
			if err != nil {
				return nil, err
			}
			value = string(text)
		}
		row[name] = value
	}
	for _, name := range wmOwn {
		delete(row, name)
	}
	row[nameID], row[nameVersion] = id, float64(st.version)
	return row, nil
}

// wmOwn are the columns that are no part of the body.
var wmOwn = []string{nameID, nameVersion, nameSeen, nameStatus, nameChanged}
