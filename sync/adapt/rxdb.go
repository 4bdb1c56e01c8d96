package adapt

import (
	"context"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// rxAgain is how soon an edit that was refused is judged again. RxDB takes a refused edit back and does not send it again by itself;
// if it comes again, a person has made it again, or the answer was lost.
const rxAgain = time.Minute

// rxCollection finds the collection of an RxDB client's address, by its name and the version of the client's schema: RxDB counts those
// from 0, the server from 1. A version that is spoken no more is fault client.outdated.
func (s *Service) rxCollection(name string, version int) (*record.Collection, forms.Spoken, error) {
	c, err := s.collection(name, version+1)
	if err != nil {
		return nil, forms.Spoken{}, err
	}
	speaks, err := forms.Speak(s.Catalogue, map[string]int{name: version + 1})
	return c, speaks, err
}

// collection finds a collection that there is, or was, in a form.
func (s *Service) collection(name string, schema int) (*record.Collection, error) {
	c, ok := s.Catalogue[name]
	if !ok || !c.Knows(schema) {
		return nil, fault.New(fault.NotFound)
	}
	return c, nil
}

// RxPull returns the next page of a collection's documents behind a checkpoint. The page is full unless there is no more.
func (s *Service) RxPull(ctx context.Context, caller people.Caller, collection string, version int, checkpoint string, limit int) (wire.RxPage, error) {
	c, speaks, err := s.rxCollection(collection, version)
	if err != nil {
		return wire.RxPage{}, err
	}
	if limit < 1 || limit > MaxPage {
		return wire.RxPage{}, fault.New(fault.FieldInvalid).At("limit").Detail("应在一至一千之间", "want 1 to 1000")
	}
	at, err := s.open(ctx, caller, c.Name, checkpoint)
	if err != nil {
		return wire.RxPage{}, err
	}
	return s.rxPage(ctx, caller, speaks, &at, version+1, limit)
}

// rxPage makes the page behind a place, in the form schema. A client that was told another form before is told everything once more.
func (s *Service) rxPage(ctx context.Context, caller people.Caller, speaks forms.Spoken, at *place, schema, limit int) (wire.RxPage, error) {
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return wire.RxPage{}, err
	}
	if err := s.rescope(ctx, at, feeds); err != nil {
		return wire.RxPage{}, err
	}
	if missed, err := s.missed(ctx, at); err != nil || missed {
		return wire.RxPage{}, orElse(err, fault.New(fault.DeparturesGone).At("id"))
	}
	if at.form() != schema {
		at.anew()
	}
	at.tell(schema)
	p := newPage(limit)
	if err := s.walk(ctx, at, p); err != nil {
		return wire.RxPage{}, err
	}
	states, err := s.states(ctx, at.Collection, speaks, feeds, p.ids)
	if err != nil {
		return wire.RxPage{}, err
	}
	out := wire.RxPage{Documents: make([]map[string]any, len(p.ids)), Checkpoint: wire.RxCheckpoint{LWT: at.sum()}}
	for i, id := range p.ids {
		out.Documents[i] = document(id, states[id])
	}
	out.Checkpoint.ID, err = s.Cursors.Seal(purpose, at)
	return out, err
}

func orElse(err error, otherwise *fault.Error) error {
	if err == nil {
		return otherwise
	}
	return err
}

// rxReserved are names that RxDB's documents have for themselves: a field of such a name cannot be read there, and bears the suffix.
var rxReserved = map[string]bool{"collection": true, "deleted": true, "primary": true, "primaryPath": true, "revision": true, "get": true,
	"update": true, "remove": true, "patch": true, "modify": true, "populate": true, "close": true, "attachments": true}

const rxSuffix = "Field"

// document is a record as RxDB holds it. What is removed, or not the client's to see, is deleted and has nothing else: what is
// out of somebody's scope must not stay on his device, and RxDB keeps deleted documents for long.
func document(id string, st state) map[string]any {
	doc := make(map[string]any, len(st.body)+3)
	for name, value := range st.body {
		if rxReserved[name] {
			name += rxSuffix
		}
		doc[name] = value
	}
	doc[nameID], doc[nameDeleted] = id, !st.live()
	if st.version > 0 {
		doc[nameVersion] = float64(st.version)
	}
	return doc
}

// RxPush takes rows of a client in and returns the documents that are otherwise on the server than the client now has them: where
// others had changed a record too, where an edit was refused, or was merged with others'. Whatever is wrong with one row concerns
// that row alone. Rows in a form that is spoken no more are taken too: each is refused, and kept for people to decide.
func (s *Service) RxPush(ctx context.Context, caller people.Caller, collection string, version int, rows []wire.RxRow) ([]map[string]any, error) {
	c, err := s.collection(collection, version+1)
	if err != nil {
		return nil, err
	}
	speaks := forms.Answer(s.Catalogue, map[string]int{collection: version + 1})
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return nil, err
	}
	ids := rowIDs(rows)
	before, err := s.states(ctx, c.Name, speaks, feeds, ids)
	if err != nil {
		return nil, err
	}
	var edits []edit
	for _, row := range rows {
		e, err := s.rxEdit(ctx, caller, speaks, row, before)
		if err != nil {
			return nil, err
		}
		if e != nil {
			e.collection, e.schema = c.Name, version+1
			edits = append(edits, *e)
		}
	}
	if len(edits) == 0 {
		return differing(rows, before), nil
	}
	if _, err := s.apply(ctx, caller, edits, rxAgain); err != nil {
		return nil, err
	}
	after, err := s.states(ctx, c.Name, speaks, feeds, ids)
	return differing(rows, after), err
}

// rowIDs lists the records that rows are about, each once, of those that can be one.
func rowIDs(rows []wire.RxRow) []string {
	p := newPage(len(rows))
	for _, row := range rows {
		if id := row.ID(); record.IsID(id) {
			p.add(id)
		}
	}
	return p.ids
}

// differing returns the server's state of each row's record that is not what the client has said. So it does where the client has heard
// of a version and its document bears none: it was cut off between the two, its pull has gone past the record, and it would never bear one.
func differing(rows []wire.RxRow, states map[string]state) []map[string]any {
	out := []map[string]any{}
	told := map[string]bool{}
	for _, row := range rows {
		id := row.ID()
		st, deleted := states[id], row.New[nameDeleted] == true
		same := deleted == !st.live() && (deleted || len(record.Diff(st.body, content(row.New))) == 0 &&
			(versionIn(row.New) > 0 || versionIn(row.Assumed) == 0))
		if !same && !told[id] {
			told[id] = true
			out = append(out, document(id, st))
		}
	}
	return out
}

// content is a document without what is no part of the body.
func content(doc map[string]any) record.Object {
	body := make(record.Object, len(doc))
	for name, value := range doc {
		if name == nameID || name == nameVersion || name == nameDeleted {
			continue
		}
		if ours, ok := strings.CutSuffix(name, rxSuffix); ok && rxReserved[ours] {
			name = ours
		}
		body[name] = value
	}
	return body
}

// rxEdit finds out what a row wants; nil is nothing.
//
// The base is the version that came with what the client had last heard of the record. The client shows own edits on top of it,
// which push knows too; so the patch is from what it assumes to what it wants, and the base does not move.
func (s *Service) rxEdit(ctx context.Context, caller people.Caller, speaks forms.Spoken, row wire.RxRow, states map[string]state) (*edit, error) {
	id := row.ID()
	if !record.IsID(id) || row.Flawed {
		return nil, nil
	}
	st, known := states[id]
	assumed := row.Assumed
	wants, has := row.New[nameDeleted] != true, assumed != nil && assumed[nameDeleted] != true
	e := &edit{record: id, action: record.Update, base: versionIn(assumed)}
	switch {
	case has && wants:
		e.patch = record.Diff(content(assumed), content(row.New))
		if len(e.patch) == 0 {
			return nil, nil
		}
	case has:
		e.action = record.Remove
	case !wants && !known:
		return nil, nil // made and taken away again before the server heard of it
	case !wants:
		return s.rxWithdrawn(assumed, row, st, e), nil
	case !known:
		e.action, e.base, e.patch = record.Create, 0, record.Diff(nil, content(row.New))
	default:
		return s.rxKnown(ctx, caller, speaks, row, e)
	}
	return e, nil
}

// rxWithdrawn is a document that the client has deleted and of which it assumes nothing live. If it assumes it deleted there is
// nothing to do; else it made it itself, and has not heard that the server has it.
func (s *Service) rxWithdrawn(assumed map[string]any, row wire.RxRow, st state, e *edit) *edit {
	if assumed != nil || !st.live() {
		return nil
	}
	e.action, e.base = record.Remove, versionIn(row.New)
	return e
}

// rxKnown is a document that is new to the client, as it says, although the server has the record: its creation was answered and the
// answer lost, or the client has forgotten what it had heard. The version in the document, or else the client's own
// creation, says what it was looking at; own edits behind that do not: its file may be an old copy, which must not undo them.
func (s *Service) rxKnown(ctx context.Context, caller people.Caller, speaks forms.Spoken, row wire.RxRow, e *edit) (*edit, error) {
	past, err := s.Reader.Revisions(ctx, e.record)
	if err != nil {
		return nil, err
	}
	e.base = max(versionIn(row.New), versionIn(row.Assumed))
	if e.base == 0 && len(past) > 0 && past[0].Device == caller.Device {
		e.base = past[0].Version
	}
	seen, err := version(speaks, past, e.base)
	if err != nil {
		return nil, err
	}
	if e.patch = record.Diff(seen, content(row.New)); len(e.patch) == 0 {
		return nil, nil
	}
	return e, nil
}

// maxVersion is the greatest number that an op may name.
const maxVersion = 1<<53 - 1

// versionIn is the version that a document carries; 0 if it carries none that could be one.
func versionIn(doc map[string]any) uint64 { return versionOf(doc[nameVersion]) }

// versionOf is a value as a version; 0 if it could not be one.
func versionOf(value any) uint64 {
	n, _ := value.(float64)
	if n < 1 || n > maxVersion || n != float64(uint64(n)) {
		return 0
	}
	return uint64(n)
}
