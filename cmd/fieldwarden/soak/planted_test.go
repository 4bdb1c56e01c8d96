package soak

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// bug is a town in which one thing is wrong: in the server, in the handheld, or between them. Every one of them must be
// caught, or the runs prove nothing.
type bug struct {
	name   string
	breaks string // the invariant it is there for

	server func(*run, *server.Core)                    // changes a server that has just been put together
	file   string                                      // SQL that changes how every handheld's file behaves
	sends  func(h *hand, path string) error            // what a handheld does besides when it sends
	hears  func(h *hand, path string, r *reply) *reply // what a handheld makes of a reply
}

var bugs = []*bug{
	{name: "the server forgets the ops at the end of a push", breaks: "an acknowledged op exists exactly once", server: writing(func(_ *run, b *push.Batch) {
		if b.Device != nil && len(b.Ops) > 1 {
			b.Ops = b.Ops[:len(b.Ops)-1]
		}
	})},
	{name: "the server answers before it commits", breaks: "an acknowledged op exists exactly once", server: uncommitted},
	{name: "the server takes an op again whose reply was lost", breaks: "an unacknowledged op exists at most once", server: again},
	{name: "the handheld takes an op for sent when it sends it", breaks: "an acknowledged op exists exactly once", sends: purge},
	{name: "the handheld drops unsent ops with the feed", breaks: "an acknowledged op exists exactly once",
		file: `CREATE TRIGGER planted AFTER DELETE ON records BEGIN DELETE FROM ops WHERE record = old.id AND status = ''; END`},
	{name: "the server takes an edit again that was made online", breaks: "an unacknowledged op exists at most once", server: onlineAgain},
	{name: "the server notes a decision and does not carry it out", breaks: "what people decide is done", server: writing(undecided)},
	{name: "the server throws away what a copied handheld sends", breaks: "what contradicts itself is kept", server: wrapping(func(tx push.Tx) push.Tx { return careless{tx} })},
	{name: "the server lets two ops of a handheld change places", breaks: "per-device order", server: writing(swap)},
	{name: "the handheld lifts an op when it is answered", breaks: "read your own writes",
		file: `CREATE TRIGGER planted AFTER UPDATE OF status ON ops WHEN new.status <> '' AND new.overlay = 1
			BEGIN UPDATE ops SET overlay = 0 WHERE seq = new.seq; END`},
	{name: "a cursor trusts numbers that are not committed", breaks: "every handheld converges", server: naiveCursor},
	{name: "the handheld keeps the cursor of a page that it has not kept", breaks: "every handheld converges", hears: everyNth(4, func(p *wire.PullReply) { p.Changes = nil })},
	{name: "the server keeps departures to itself", breaks: "no record outside the scope is on a handheld", server: writing(func(_ *run, b *push.Batch) { b.Departures = nil })},
	{name: "the server forgets who a record is shared with when it changes", breaks: "every handheld converges", server: writing(func(_ *run, b *push.Batch) {
		for i := range b.Records {
			if b.Device != nil && b.Records[i].Version > 1 {
				b.Records[i].Copies = nil
			}
		}
	})},
	{name: "the handheld does not let go of what is damaged", breaks: "what is damaged is found and repaired",
		file: `CREATE TRIGGER planted BEFORE DELETE ON records WHEN old.body = '{}' BEGIN SELECT RAISE(IGNORE); END;
			CREATE TRIGGER IF NOT EXISTS planted_too BEFORE INSERT ON records WHEN EXISTS (SELECT 1 FROM records WHERE id = new.id AND body = '{}')
			BEGIN SELECT RAISE(IGNORE); END`},
	{name: "nobody says that a feed is lost", breaks: "no record outside the scope is on a handheld", hears: everyNth(1, func(p *wire.PullReply) {
		p.Changes = slices.DeleteFunc(p.Changes, func(c wire.Change) bool { return c.Gone == wire.GoneFeed })
	})},
	{name: "the server ignores the base", breaks: "every edit is somewhere", server: wrapping(func(tx push.Tx) push.Tx { return newestAsBase{tx} })},
	{name: "the last writer wins", breaks: "every edit is somewhere", server: lastWriterWins},
	{name: "the server keeps no conflicts", breaks: "every edit is somewhere", server: writing(func(_ *run, b *push.Batch) {
		b.Records = slices.DeleteFunc(b.Records, func(r push.Row) bool { return r.Collection == "conflicts" })
		b.Revisions = slices.DeleteFunc(b.Revisions, func(r push.Revision) bool { return r.Collection == "conflicts" })
	})},
	{name: "the server commits a group in two transactions", breaks: "groups stand or fall together", server: tearing},
	{name: "nobody is told of what is committed", breaks: "pokes", server: func(_ *run, core *server.Core) {
		core.Push.Committed = func(push.News) {}
	}},
	{name: "the server has lost its table of outcomes", breaks: "outcomes never change", server: wrapping(func(tx push.Tx) push.Tx { return forgetful{tx} })},
	{name: "a feed skips a number", breaks: "feed numbers without gaps", server: writing(func(_ *run, b *push.Batch) {
		for feed := range b.Heads {
			if b.Device != nil {
				b.Heads[feed]++
			}
		}
	})},
	{name: "signatures are not kept", breaks: "the audit finds nothing", server: writing(func(_ *run, b *push.Batch) {
		if b.Push != nil {
			b.Push.Signature = strings.Repeat("A", len(b.Push.Signature))
		}
	})},
	{name: "pulls come from a replica that lags", breaks: "histories are linearizable", server: lagging},
}

// wrapping lets the server work on transactions that are wrong.
func wrapping(spoil func(push.Tx) push.Tx) func(*run, *server.Core) {
	return func(_ *run, core *server.Core) { core.Push.Store = spoilt{core.Push.Store, spoil} }
}

// writing changes what the server writes.
func writing(change func(*run, *push.Batch)) func(*run, *server.Core) {
	return func(r *run, core *server.Core) {
		core.Push.Store = spoilt{core.Push.Store, func(tx push.Tx) push.Tx { return writer{tx, r, change} }}
	}
}

type spoilt struct {
	push.Store
	spoil func(push.Tx) push.Tx
}

func (s spoilt) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error { return fn(ctx, s.spoil(tx)) })
}

type writer struct {
	push.Tx
	r      *run
	change func(*run, *push.Batch)
}

func (w writer) Write(ctx context.Context, b *push.Batch) error {
	w.change(w.r, b)
	return w.Tx.Write(ctx, b)
}

// uncommitted rolls back now and then and says nothing.
func uncommitted(_ *run, core *server.Core) { core.Push.Store = &hasty{Store: core.Push.Store} }

type hasty struct {
	push.Store
	n int
}

var errHasty = errors.New("rolled back, and nobody is told")

func (s *hasty) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	s.n++
	err := s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		if err := fn(ctx, tx); err != nil || s.n%7 > 0 {
			return err
		}
		return errHasty
	})
	if errors.Is(err, errHasty) {
		return nil
	}
	return err
}

// again forgets which ops it has taken from a handheld, and stores the same edits as new ones.
func again(r *run, core *server.Core) {
	core.Push.Store = spoilt{core.Push.Store, func(tx push.Tx) push.Tx { return &doubling{Tx: tx, r: r} }}
}

type doubling struct {
	push.Tx
	r    *run
	last uint64
}

func (d *doubling) LockDevice(ctx context.Context, device string, records []string) (push.Device, map[string][]string, error) {
	dev, feeds, err := d.Tx.LockDevice(ctx, device, records)
	if d.last = dev.LastSeq; d.last > 0 {
		past, outErr := d.Outcomes(ctx, device, d.last-1, d.last)
		if outErr == nil && len(past) == 2 {
			dev.LastSeq, dev.HeadHash = d.last-1, past[d.last-1].Hash
		}
	}
	return dev, feeds, err
}

// Write gives what was there already other ids, so that no constraint stands in the way.
func (d *doubling) Write(ctx context.Context, b *push.Batch) error {
	for i := range b.Ops {
		if op := &b.Ops[i]; op.Device != "" && op.Seq <= d.last {
			fresh := d.r.ids.next()
			for n := range b.Revisions {
				if b.Revisions[n].Op == op.ID {
					b.Revisions[n].Op = fresh
				}
			}
			for n := range b.Records {
				if b.Records[n].Op == op.ID {
					b.Records[n].Op = fresh
				}
			}
			op.ID, op.Device = fresh, ""
		}
	}
	return d.Tx.Write(ctx, b)
}

// purge marks what is on its way as answered.
func purge(h *hand, path string) error {
	if path != "/v1/sync/push" {
		return nil
	}
	return h.tamper(`UPDATE ops SET status = 'applied', outcome = '{"op":"","seq":0,"status":"applied"}' WHERE status = ''`)
}

// tamper changes a handheld's file behind its back.
func (h *hand) tamper(statement string) error {
	file, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "device.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	_, err = file.Exec(statement)
	return errors.Join(err, file.Close())
}

// swap exchanges the places of two ops of one push in the versions of a record.
func swap(_ *run, b *push.Batch) {
	for i := 1; i < len(b.Revisions) && b.Device != nil; i++ {
		if one, two := &b.Revisions[i-1], &b.Revisions[i]; one.Record == two.Record && one.Version.Version > 1 {
			one.Op, two.Op = two.Op, one.Op
			one.Body, two.Body = two.Body, one.Body
			for n := range b.Records {
				if b.Records[n].ID == two.Record && b.Records[n].Version == two.Version.Version {
					b.Records[n].Op, b.Records[n].Body = two.Op, two.Body
				}
			}
			return
		}
	}
}

// naiveCursor takes for a feed's head whatever number has been given out, committed or not.
func naiveCursor(r *run, core *server.Core) {
	reader := &hurried{Reader: core.Pull.Reader, heads: map[string]uint64{}}
	core.Pull.Reader = reader
	writing(func(_ *run, b *push.Batch) {
		for feed, head := range b.Heads {
			reader.heads[feed] = max(reader.heads[feed], head)
		}
	})(r, core)
}

type hurried struct {
	pull.Reader
	heads map[string]uint64
}

func (h *hurried) Heads(ctx context.Context, feeds []string) (map[string]uint64, error) {
	heads, err := h.Reader.Heads(ctx, feeds)
	for feed := range heads {
		heads[feed] = max(heads[feed], h.heads[feed])
	}
	return heads, err
}

func (h *hurried) Changes(ctx context.Context, feed string, after uint64, limit int) ([]pull.Change, uint64, error) {
	page, head, err := h.Reader.Changes(ctx, feed, after, limit)
	return page, max(head, h.heads[feed]), err
}

// everyNth changes every nth page of a pull that a handheld hears.
func everyNth(n int, change func(*wire.PullReply)) func(*hand, string, *reply) *reply {
	return func(h *hand, path string, r *reply) *reply {
		if path != "/v1/sync/pull" || r.status != 200 {
			return r
		}
		if h.planted++; h.planted%n > 0 {
			return r
		}
		var p wire.PullReply
		if err := json.Unmarshal(r.body, &p); err != nil {
			h.r.fail(err)
		}
		change(&p)
		return &reply{r.status, r.header, []byte(text(p))}
	}
}

// newestAsBase answers the newest body when asked for the one that an author had seen.
type newestAsBase struct{ push.Tx }

func (s newestAsBase) Bodies(ctx context.Context, refs []push.Version) (map[push.Version]push.Stored, error) {
	bodies := map[push.Version]push.Stored{}
	for _, ref := range refs {
		rows, err := s.Records(ctx, []string{ref.Record})
		if err != nil {
			return nil, err
		}
		bodies[ref] = push.Stored{Schema: rows[ref.Record].Schema, Body: rows[ref.Record].Body}
	}
	return bodies, nil
}

// lastWriterWins declares every register a convenience.
func lastWriterWins(r *run, core *server.Core) {
	var all []*record.Collection
	for _, name := range core.Catalogue.Names() {
		c := *core.Catalogue[name]
		c.Fields = slices.Clone(c.Fields)
		for i := range c.Fields {
			if c.Fields[i].Class == "" || c.Fields[i].Class == record.Register {
				c.Fields[i].Class = record.Latest
			}
		}
		all = append(all, &c)
	}
	catalogue, err := record.NewCatalogue(all...)
	r.must(err)
	core.Catalogue, core.Push.Catalogue = catalogue, catalogue
}

// careless keeps nothing beside the chains.
type careless struct{ push.Tx }

func (c careless) KeepForks(_ context.Context, _ string, forks []push.Fork) (int, error) {
	return len(forks), nil
}

// forgetful knows that ops were taken, and not what became of them.
type forgetful struct{ push.Tx }

func (f forgetful) Outcomes(ctx context.Context, device string, from, to uint64) (map[uint64]push.Past, error) {
	past, err := f.Tx.Outcomes(ctx, device, from, to)
	for seq, p := range past {
		p.Outcome = record.Outcome{Op: p.Outcome.Op, Seq: seq, Status: record.Applied, Version: 1}
		past[seq] = p
	}
	return past, err
}

// lagging answers pulls from what was there a few pulls ago.
func lagging(_ *run, core *server.Core) {
	core.Pull.Reader = &replica{Reader: core.Pull.Reader, heads: map[string]uint64{}}
}

type replica struct {
	pull.Reader
	n     int
	heads map[string]uint64
}

func (r *replica) Heads(ctx context.Context, feeds []string) (map[string]uint64, error) {
	heads, err := r.Reader.Heads(ctx, feeds)
	r.n++
	for feed, head := range heads {
		if _, known := r.heads[feed]; !known || r.n%3 == 0 {
			r.heads[feed] = head
		}
		heads[feed] = min(head, r.heads[feed])
	}
	return heads, err
}

// TestPlantedBugs: each bug is caught by some seed. It says by which, and at which step.
func TestPlantedBugs(t *testing.T) {
	if *plantedFlag == 0 {
		t.Skip("planted bugs take minutes to be looked for: make proof")
	}
	for _, planted := range bugs {
		t.Run(planted.breaks+"/"+planted.name, func(t *testing.T) {
			for seed := uint64(1); seed <= *plantedFlag; seed++ {
				r := newRun(t, seed, true, *stepsFlag, planted)
				if err := r.play(); err != nil {
					first, _, _ := strings.Cut(err.Error(), "\n")
					t.Logf("caught by seed %d at step %d of %d: %s", seed, r.step, r.steps, first)
					return
				}
			}
			t.Errorf("%d seeds play on as if nothing were wrong", *plantedFlag)
		})
	}
}
