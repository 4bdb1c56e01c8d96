package adapt

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// wmAgain is how soon an edit that was refused is judged again. WatermelonDB sends a row that was refused with every push until it is
// changed; each judgement is kept, so they must not be many.
const wmAgain = 24 * time.Hour

// WmPush takes in what a client has changed. Whatever is wrong with one row concerns that row alone. Rows whose edit did not stand as it
// was made are sent once more with the next pull: the client takes what it has pushed for what the server has. Rows in a form that is spoken no
// more are refused, and kept for people to decide.
func (s *Service) WmPush(ctx context.Context, caller people.Caller, in wire.WmPush) (wire.WmPushed, error) {
	out := wire.WmPushed{RejectedIDs: map[string][]string{}, Refused: []wire.WmRefusal{}}
	if err := s.wmTables(in.Tables); err != nil {
		return out, err
	}
	speaks := forms.Answer(s.Catalogue, in.Tables)
	for name := range in.Changes {
		if _, named := in.Tables[name]; !named {
			return out, fault.New(fault.FieldInvalid).At("changes/" + name)
		}
	}
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return out, err
	}
	at, err := s.standing(ctx, caller, in.LastPulledAt)
	if err != nil {
		return out, err
	}
	again := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(in.Changes)) {
		p := &wmPush{s: s, c: s.Catalogue[name], schema: in.Tables[name], speaks: speaks, caller: caller, at: at.Tables[name], keep: in.KeepRefused,
			had: in.DeletedVersions[name]}
		if again[name], err = p.table(ctx, feeds, in.Changes[name], &out); err != nil {
			return out, err
		}
	}
	return out, s.sendAgain(ctx, caller, in.LastPulledAt, at, again)
}

// standing is the mark of a number; an unknown one is empty.
func (s *Service) standing(ctx context.Context, caller people.Caller, n int64) (mark, error) {
	text, known, err := s.Marks.Mark(ctx, caller.Device, n)
	if err != nil || !known {
		return mark{}, err
	}
	var at mark
	err = wire.Decode(text, &at)
	return at, err
}

// sendAgain notes which records the next pull from a number has to send once more.
func (s *Service) sendAgain(ctx context.Context, caller people.Caller, n int64, at mark, ids map[string][]string) error {
	if at.Again == nil {
		at.Again = map[string][]string{}
	}
	total, added := 0, 0
	for name, more := range ids {
		for _, id := range more {
			if !slices.Contains(at.Again[name], id) {
				at.Again[name] = append(at.Again[name], id)
				added++
			}
		}
		total += len(at.Again[name])
	}
	if added == 0 || at.Epoch == "" {
		return nil
	}
	if total > maxAgain {
		at = mark{} // of no epoch: the client begins anew
	}
	text, err := wire.Canonical(at)
	if err != nil {
		return err
	}
	return s.Marks.SetMark(ctx, caller.Device, n, text)
}

// wmPush is the push of one table.
type wmPush struct {
	s      *Service
	c      *record.Collection
	schema int
	speaks forms.Spoken
	caller people.Caller
	at     place             // where the client stands
	keep   bool              // the client keeps what is refused
	had    map[string]uint64 // versions of deleted rows, as the client says
	states map[string]state
}

// table takes in the rows of a table, notes those that were refused, and returns the records that no new
// version will bring to the client although it has them otherwise than the server.
func (p *wmPush) table(ctx context.Context, feeds []string, rows wire.WmTable, out *wire.WmPushed) (again []string, err error) {
	ids := newPage(len(rows.Created) + len(rows.Updated) + len(rows.Deleted))
	changed := slices.Concat(rows.Created, rows.Updated)
	for _, row := range changed {
		if id, _ := row[nameID].(string); record.IsID(id) {
			ids.add(id)
		}
	}
	for _, id := range rows.Deleted {
		if record.IsID(id) {
			ids.add(id)
		}
	}
	if p.states, err = p.s.states(ctx, p.c.Name, p.speaks, feeds, ids.ids); err != nil {
		return nil, err
	}
	refuse := func(id string, o record.Outcome) {
		if !p.keep {
			again = append(again, id)
		}
		if named := out.RejectedIDs[p.c.Name]; len(named) == 0 || named[len(named)-1] != id { // a row may be several edits
			out.RejectedIDs[p.c.Name] = append(named, id)
		}
		out.Refused = append(out.Refused, wire.WmRefusal{Table: p.c.Name, ID: id, Code: o.Code, Zh: o.Zh, En: o.En, Field: o.Field})
	}
	var edits []edit
	take := func(id string, wants []edit, why error) {
		switch {
		case why != nil:
			f := fault.Of(why)
			refuse(id, record.Outcome{Code: string(f.Code), Zh: f.Zh, En: f.En, Field: f.Field})
			return
		case len(wants) == 0: // but the client may have the row with another version
			again = append(again, id)
		}
		for _, e := range wants {
			e.record, e.collection, e.schema = id, p.c.Name, p.schema
			edits = append(edits, e)
		}
	}
	for i, row := range changed {
		id, _ := row[nameID].(string)
		if !record.IsID(id) {
			take(id, nil, fault.New(fault.OpInvalid).At("id"))
			continue
		}
		wants, why, err := p.row(ctx, id, row, i >= len(rows.Created))
		if err != nil {
			return nil, err
		}
		take(id, wants, why)
	}
	for _, id := range rows.Deleted {
		if st, known := p.states[id]; known && st.live() || !known && record.IsID(id) {
			take(id, []edit{{action: record.Remove, base: p.removed(id, st)}}, nil)
		}
	}
	outcomes, err := p.s.apply(ctx, p.caller, edits, wmAgain)
	if err != nil {
		return nil, err
	}
	for i, o := range outcomes {
		if o.Status == record.Rejected || o.Status == record.Held {
			refuse(edits[i].record, o)
			continue
		}
		if stands := o.Status == record.Applied || o.Status == record.Merged; !stands || o.Version <= p.states[edits[i].record].version {
			again = append(again, edits[i].record)
		}
	}
	return again, nil
}

// base is the version of a record that the client has, where it does not say: the newest, if that had come to its feed by then; else the
// first, so that nothing that it has not seen is taken for seen.
func (p *wmPush) base(st state) uint64 {
	if st.version == 0 || st.seq <= p.at.held(st.feed) {
		return st.version
	}
	return 1
}

// removed is the version that whoever deleted a row had before him: the one that the client says, or else where it stands.
func (p *wmPush) removed(id string, st state) uint64 {
	if said := p.had[id]; said > 0 && said <= maxVersion {
		return said
	}
	return p.base(st)
}

// row finds out what a row wants. why is what is wrong with the row itself.
func (p *wmPush) row(ctx context.Context, id string, row map[string]any, updated bool) (edits []edit, why, err error) {
	st, known := p.states[id]
	if !known && !updated {
		patch, why := p.patch(row, columnsOf(row), nil)
		return []edit{{action: record.Create, patch: record.Diff(nil, patch)}}, why, nil
	}
	looked := &sight{p: p, id: id, st: st, bodies: map[sighted]record.Object{}, fresh: !updated}
	if why, err = looked.open(ctx, row); why != nil || err != nil {
		return nil, why, err
	}
	return looked.edits(ctx, row)
}

// columnsOf lists the columns of a row that are the body's.
func columnsOf(row map[string]any) []string {
	var names []string
	for name := range row {
		if !slices.Contains(wmOwn, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// patch is what leads from what was seen to what the columns say.
func (p *wmPush) patch(row map[string]any, columns []string, seen record.Object) (record.Object, error) {
	from, to := record.Object{}, record.Object{}
	for _, name := range columns {
		if slices.Contains(wmOwn, name) {
			continue
		}
		value, err := p.value(name, row[name], seen[name])
		if err != nil {
			return nil, err
		}
		if value != nil {
			to[name] = value
		}
		if was, had := seen[name]; had {
			from[name] = was
		}
	}
	return record.Diff(from, to), nil
}

// value raises what lies flat in a column. What WatermelonDB puts into a column that is not optional and has no value is none where the
// field could not be that.
func (p *wmPush) value(name string, flat, seen any) (any, error) {
	text, isText := flat.(string)
	switch kind := p.kind(name, seen); {
	case !isText:
		return flat, nil
	case kind == record.Map || kind == record.Array:
		if text == "" {
			return nil, nil
		}
		value, err := wire.Column(text)
		if err != nil {
			return nil, fault.New(fault.FieldKind).At(name).Because(err)
		}
		return value, nil
	case text == "" && (kind == record.Time || kind == record.Date || kind == record.IDKind):
		return nil, nil
	}
	return text, nil
}

// kind is the declared kind of a field; of one that is not declared, the kind of its present value.
func (p *wmPush) kind(name string, seen any) record.Kind {
	for _, f := range p.c.FieldsIn(p.schema) {
		if f.Path == name && f.Kind != record.Any {
			return f.Kind
		}
	}
	switch seen.(type) {
	case record.Object:
		return record.Map
	case []any:
		return record.Array
	}
	return record.Any
}
