package push_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// check compares the walk with what the server holds at its end.
func (w *walk) check() error {
	for _, p := range w.pockets {
		if err := p.checkTaken(); err != nil {
			return err
		}
	}
	for _, id := range w.records {
		if err := w.checkRecord(id); err != nil {
			return fmt.Errorf("record %s: %w\n%s", id, err, w.story(id))
		}
	}
	for _, p := range w.pullers {
		if err := w.checkFeed(p); err != nil {
			return fmt.Errorf("%s: %w", p.feed, err)
		}
	}
	return nil
}

// checkTaken: every op of the handheld is there once, as it was signed, with the outcome that was answered.
func (p *pocket) checkTaken() error {
	return p.f.db.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
		past, err := tx.Outcomes(ctx, p.id, 1, uint64(len(p.chain))+10)
		if err != nil {
			return err
		}
		if len(past) != len(p.chain) {
			return fmt.Errorf("device %s: %d ops are stored, it made %d", p.id, len(past), len(p.chain))
		}
		for _, m := range p.chain {
			kept := past[m.Seq]
			if kept.Hash != rehash(p.f.t, m.Op) || fmt.Sprint(push.ToWire(kept.Outcome)) != fmt.Sprint(m.first) {
				return fmt.Errorf("op %d of %s is stored as %+v, answered was %+v", m.Seq, p.id, kept, m.first)
			}
		}
		return nil
	})
}

// revision is a version of a record with the op that made it.
type revision struct {
	pull.Revision
	body record.Object
}

func (w *walk) revisions(id string) ([]revision, error) {
	rows, err := w.f.db.Revisions(context.Background(), id)
	out := make([]revision, len(rows))
	for i, r := range rows {
		body, err := wire.Object(r.Body)
		if err != nil {
			return nil, err
		}
		out[i] = revision{r, body}
	}
	return out, err
}

// checkRecord: versions without gaps, each made by one op; no edit of any op lost; nothing overwritten that its author had
// not seen.
func (w *walk) checkRecord(id string) error {
	versions, err := w.revisions(id)
	if err != nil {
		return err
	}
	byVersion := map[uint64]*made{}
	for _, p := range w.pockets {
		for _, m := range p.chain {
			if m.Record == id && !standing(m.first) && !record.IsID(m.first.Letter) {
				return fmt.Errorf("op %d of device %s did not stand and has no letter: %+v", m.Seq, p.id, m.first)
			}
			if m.Record != id || !standing(m.first) {
				continue
			}
			if err := w.checkEdits(m, versions); err != nil {
				return fmt.Errorf("op %d of device %s (%s %v, outcome %+v): %w", m.Seq, p.id, m.Action, m.Patch, m.first, err)
			}
			if v := m.first.Version; v > 0 && v <= uint64(len(versions)) && versions[v-1].Op == m.ID {
				byVersion[v] = m
			}
		}
	}
	for i, v := range versions {
		m := byVersion[v.Version]
		if v.Version != uint64(i+1) || m == nil {
			return fmt.Errorf("version %d at place %d was made by %s, which answered otherwise", v.Version, i+1, v.Op)
		}
		if i > 0 {
			if err := checkUnseen(m, versions[i-1].body, v); err != nil {
				return fmt.Errorf("version %d: %w", v.Version, err)
			}
		}
	}
	return w.checkHead(id, versions)
}

func (w *walk) checkHead(id string, versions []revision) error {
	head, err := w.f.db.Record(context.Background(), "tasks", id)
	if len(versions) == 0 {
		if err == nil {
			return fmt.Errorf("it has version %d and no revision", head.Version)
		}
		return nil
	}
	last := versions[len(versions)-1]
	if err != nil || head.Version != last.Version || string(head.Body) != string(last.Body) || head.Removed != (last.Action == "remove") {
		return fmt.Errorf("head %+v is not its last revision %+v: %w", head, last, err)
	}
	return nil
}

// saw is what the op's author was looking at, without those of its own ops that did not stand.
func (m *made) saw() record.Object {
	body := m.base
	for _, own := range m.on {
		if standing(own.first) {
			body = record.Apply(body, own.Patch)
		}
	}
	return body
}

// checkEdits: each edit of an op that stands is in the version it made, in its conflict, or was nothing new to its author.
func (w *walk) checkEdits(m *made, versions []revision) error {
	if m.first.Version < 1 || m.first.Version > uint64(len(versions)) {
		return fmt.Errorf("it names a version that does not exist")
	}
	after := versions[m.first.Version-1]
	sides, err := w.conflict(m.first.Conflict)
	if err != nil {
		return err
	}
	if m.Action == string(record.Remove) {
		if _, whole := sides["/"]; !whole && after.Action != "remove" {
			return fmt.Errorf("the record is neither removed nor in conflict")
		}
		return nil
	}
	for _, l := range recordtest.Leaves(m.Patch) {
		if !recordtest.Says(m.saw(), l) && !recordtest.Says(after.body, l) && !inConflict(sides, l) {
			return fmt.Errorf("%s = %v is lost: not in %v, not in conflict %v; its author saw %v", l.Path, l.Value, after.body, sides, m.saw())
		}
	}
	return nil
}

func (w *walk) conflict(id string) (record.Object, error) {
	if id == "" {
		return nil, nil
	}
	r, err := w.f.db.Record(context.Background(), "conflicts", id)
	if err != nil {
		return nil, err
	}
	body, err := wire.Object(r.Body)
	fields, _ := body["fields"].(record.Object)
	return fields, err
}

func inConflict(fields record.Object, l recordtest.Leaf) bool {
	for path, sides := range fields {
		rest, ok := recordtest.Under(l.Path, strings.TrimPrefix(path, "/"))
		if ok && recordtest.Says(sides.(record.Object)["ours"], recordtest.Leaf{Path: rest, Value: l.Value}) {
			return true
		}
	}
	return false
}

// checkUnseen: what stood in the version before, and the op's author had not seen, still stands.
func checkUnseen(m *made, before record.Object, v revision) error {
	for _, l := range recordtest.Leaves(before) {
		gone := v.Action == "remove" && !m.touched(l.Path) || v.Action != "remove" && l.Path != "note" && !recordtest.Says(v.body, l)
		if gone && !recordtest.Says(m.saw(), l) {
			return fmt.Errorf("%s = %v is overwritten by one who saw %v", l.Path, l.Value, m.saw())
		}
	}
	return nil
}

// touched reports whether the author had edited the place before, offline, or taken away what holds it: what stands there then is in a conflict
// already.
func (m *made) touched(path string) bool {
	return slices.ContainsFunc(m.on, func(own *made) bool {
		return slices.ContainsFunc(recordtest.Leaves(own.Patch), func(l recordtest.Leaf) bool { return l.Path == path || strings.HasPrefix(path, l.Path+"/") })
	})
}

// checkFeed: a puller ends with exactly what lives in the feed, each record at its newest version; and every number the feed
// has given is accounted for, by an arrival of a version or by a departure.
func (w *walk) checkFeed(p *puller) error {
	if err := p.catchUp(w.f.db); err != nil {
		return err
	}
	numbers := uint64(0)
	for _, id := range w.records {
		versions, err := w.revisions(id)
		if err != nil {
			return err
		}
		where := ""
		for i, v := range versions {
			now := "unit/" + v.body["unit"].(string)
			if now == p.feed {
				numbers++
			} else if where == p.feed {
				numbers++ // the departure
			}
			if where = now; i == len(versions)-1 && v.Action == "remove" {
				where = ""
			}
		}
		version, here := p.held[id]
		if here != (where == p.feed) || here && version != uint64(len(versions)) {
			return fmt.Errorf("record %s is in %q at version %d; a puller has it: %v, at version %d", id, where, len(versions), here, version)
		}
		delete(p.held, id)
	}
	numbers += uint64(len(p.held)) // findings and conflicts: never edited here
	if numbers != p.head {
		return fmt.Errorf("its head is %d, yet %d numbers are accounted for", p.head, numbers)
	}
	return nil
}

// puller reads one feed in small pages while the walk goes on, as a handheld does, and holds what it was told.
type puller struct {
	feed  string
	after uint64
	head  uint64
	held  map[string]uint64 // versions
}

// page reads the next page, and reports whether there was any news.
func (p *puller) page(d *db.DB) (bool, error) {
	page, head, err := d.Changes(context.Background(), p.feed, p.after, 3)
	p.head = max(p.head, head)
	for _, c := range page {
		if c.Seq <= p.after || c.Seq > head {
			return false, fmt.Errorf("%s: seq %d after %d, head %d", p.feed, c.Seq, p.after, head)
		}
		p.after = c.Seq
		if c.Gone != "" {
			delete(p.held, c.ID)
		} else {
			p.held[c.ID] = c.Version
		}
	}
	return len(page) > 0, err
}

func (p *puller) catchUp(d *db.DB) error {
	for {
		if more, err := p.page(d); err != nil || !more {
			return err
		}
	}
}

// story tells how a record came to be what it is, for people who read a failure.
func (w *walk) story(id string) string {
	var b strings.Builder
	for i, p := range w.pockets {
		for _, m := range p.chain {
			if m.Record == id {
				fmt.Fprintf(&b, "handheld %d op %d: %s %v on base %d: %s %s version %d\n", i, m.Seq, m.Action, m.Patch, m.Base,
					m.first.Status, m.first.Code, m.first.Version)
			}
		}
	}
	versions, _ := w.revisions(id)
	for _, v := range versions {
		fmt.Fprintf(&b, "version %d: %s %s\n", v.Version, v.Action, v.Body)
	}
	return b.String()
}
