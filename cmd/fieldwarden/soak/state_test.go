package soak

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// state is what the server holds at the end of a run, read past every service.
type state struct {
	ops      map[string][]audit.Op              // by device, in order
	outcomes map[string]map[uint64]wire.Outcome // by device and seq
	versions map[string][]version               // by record, in order
	feeds    map[string]map[string]pull.Change  // what lives in each feed
	heads    map[string]uint64
	desk     map[string]string // op that a decision made: everything that those who had a part in it had seen, as text
}

// version is one version of a record, with the op that made it.
type version struct {
	collection string
	op         wire.Op
	made       *made // nil: the server's own
	removed    bool
	text       string
	body       record.Object
	feeds      []string // its home feed, and those of its partners
	number     uint64   // its place in the history, but after a restore
}

// version finds a version of a record by its number. Where a restore has lost it, known is false and it is the newest that led to it.
func (s *state) version(id string, number uint64) (v version, known bool) {
	versions := s.versions[id]
	n, known := slices.BinarySearchFunc(versions, number, func(v version, number uint64) int { return cmp.Compare(v.number, number) })
	switch {
	case known:
		return versions[n], true
	case n == 0:
		return version{}, false
	}
	return versions[n-1], false
}

func (r *run) read() (*state, error) {
	s := &state{ops: map[string][]audit.Op{}, outcomes: map[string]map[uint64]wire.Outcome{}, versions: map[string][]version{},
		feeds: map[string]map[string]pull.Change{}, heads: map[string]uint64{}, desk: map[string]string{}}
	d := r.host.core.DB
	for _, h := range r.hands {
		err := d.OpsOf(ctx, h.id, func(o audit.Op) error {
			o.Text = append([]byte(nil), o.Text...)
			s.ops[h.id] = append(s.ops[h.id], o)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if err := s.readOutcomes(d, h); err != nil {
			return nil, err
		}
	}
	err := d.AllVersions(ctx, func(v audit.Version) error { return s.readVersion(r, v) })
	if err != nil {
		return nil, err
	}
	s.readDesk(r)
	return s, s.readFeeds(r)
}

// readDesk finds the ops that decisions have made: of conflicts, in the name of who decided; of dead letters, in that of their first author.
func (s *state) readDesk(r *run) {
	deciders := map[string][]*made{} // by conflict or letter
	for _, h := range r.hands {
		for _, one := range h.all() {
			deciders[one.Record] = append(deciders[one.Record], one)
		}
	}
	for id, versions := range s.versions {
		last := versions[len(versions)-1].body
		op, ok := last["appliedAs"].(string)
		if !ok {
			continue
		}
		for _, one := range deciders[id] {
			s.desk[op] += text(one.saw) + one.beside
		}
		if first, ok := last["op"].(string); ok && r.model.ops[first] != nil {
			one := r.model.ops[first]
			s.desk[op] += text(one.saw) + text(s.saw(one))
		}
	}
}

func (s *state) readOutcomes(d push.Store, h *hand) error {
	return d.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		past, err := tx.Outcomes(ctx, h.id, 1, uint64(len(h.made))+10)
		s.outcomes[h.id] = map[uint64]wire.Outcome{}
		for seq, p := range past {
			s.outcomes[h.id][seq] = push.ToWire(p.Outcome)
		}
		return err
	})
}

func (s *state) readVersion(r *run, v audit.Version) error {
	body, err := wire.Object(v.Body)
	if err != nil {
		return err
	}
	sealed, err := wire.Open(append([]byte(nil), v.OpText...))
	if err != nil {
		return fmt.Errorf("version %d of %s: its op: %w", v.Version, v.Record, err)
	}
	// After a restore versions go on above all that the lost history may have given; that nothing else leaves a gap is for the audit.
	if want := uint64(len(s.versions[v.Record]) + 1); v.Version < want || v.Version > want && r.restores.restore == 0 {
		return fmt.Errorf("record %s has version %d where %d should be", v.Record, v.Version, want)
	}
	c := r.host.core.Catalogue[v.Collection]
	home, err := c.FeedOf(body, district)
	feeds := []string{home}
	if !v.Removed {
		feeds = append(feeds, c.CopiesOf(body, district)...)
	}
	s.versions[v.Record] = append(s.versions[v.Record], version{v.Collection, sealed.Op, r.model.ops[v.Op], v.Removed, string(v.Body), body, feeds, v.Version})
	return err
}

// readFeeds pages through every feed from its beginning: each record once, in order.
func (s *state) readFeeds(r *run) error {
	names := map[string]bool{"ref/" + district: true}
	for _, versions := range s.versions {
		for _, v := range versions {
			for _, feed := range v.feeds {
				names[feed] = true
			}
		}
	}
	for name := range names {
		s.feeds[name] = map[string]pull.Change{}
		after := uint64(0)
		for {
			page, head, err := r.host.core.DB.Changes(ctx, name, after, 4)
			if err != nil {
				return err
			}
			s.heads[name] = head
			for _, c := range page {
				if c.Seq <= after || c.Seq > head {
					return fmt.Errorf("%s gives number %d after %d, its head is %d", name, c.Seq, after, head)
				}
				if _, twice := s.feeds[name][c.ID]; twice {
					return fmt.Errorf("%s gives %s/%s twice", name, c.Collection, c.ID)
				}
				after = c.Seq
				c.Body = append([]byte(nil), c.Body...)
				s.feeds[name][c.ID] = c
			}
			if len(page) == 0 {
				break
			}
		}
	}
	return nil
}
