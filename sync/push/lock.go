package push

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// recordsOf lists the records that ops name, each once.
func recordsOf(ops []wire.Sealed) []string {
	ids := map[string]bool{}
	for _, op := range ops {
		if record.IsID(op.Record) {
			ids[op.Record] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// lock finds the feeds that the ops touch, locks them in sorted order, and only then reads the records.
func (w *work) lock(ctx context.Context, in map[string][]string) error {
	ids := map[string]bool{}
	for _, id := range recordsOf(w.queue) {
		ids[id] = true
	}
	named := len(ids)
	want := map[string]bool{}
	err := w.foresee(ctx, ids, want)
	if err != nil {
		return err
	}
	records := slices.Sorted(maps.Keys(ids))
	if in == nil || len(ids) > named {
		if in, err = w.tx.FeedsOf(ctx, records); err != nil {
			return err
		}
	}
	for _, of := range in {
		for _, feed := range of {
			want[feed] = true
		}
	}
	for _, op := range w.queue {
		for _, feed := range w.aimsAt(op) {
			want[feed] = true
		}
	}
	w.besides(in, want)
	if w.caller != nil {
		want["unit/"+w.caller.Unit] = true // findings and conflicts about district records go to the device's own unit
	}
	locked, err := w.tx.LockFeeds(ctx, slices.Sorted(maps.Keys(want)), w.wants(records))
	if err != nil {
		return err
	}
	w.heads, w.floor = locked.Heads, locked.Floor
	for asked, rows := range locked.Matches {
		if err := w.remember(asked, rows); err != nil {
			return err
		}
	}
	w.view, err = newView(ctx, w, records, locked.Rows)
	return err
}

// besides adds, where the server's ops may have it say something of records, the feeds in which that is said. Of a person's ops that do so there are
// few: they begin again.
func (w *work) besides(in map[string][]string, want map[string]bool) {
	for _, op := range w.queue {
		c, ok := w.s.Catalogue[op.Collection]
		if !ok || c.Notes == nil || !w.byServer() {
			continue
		}
		for _, feed := range append(w.aimsAt(op), in[op.Record]...) {
			if beside, ok := record.BesideUnit(feed); ok {
				want[beside] = true
			}
		}
	}
}

// mostAsked bounds what a push makes the server read ahead. What is beyond is asked for when it is needed.
const mostAsked = 100

// wants is what is read under the locks: the records, the authors, whom every op asks for, and what the gates will ask.
func (w *work) wants(records []string) Wants {
	want := Wants{Records: slices.Clone(records)}
	switch {
	case w.device != nil:
		want.Records = append(want.Records, w.device.Officers...)
	case w.caller != nil:
		want.Records = append(want.Records, w.caller.Officer)
	default:
		return want
	}
	for ask := range w.asked() {
		if ask.Field == "" {
			want.Records = append(want.Records, ask.Value)
		} else {
			want.Lookups = append(want.Lookups, ask)
		}
	}
	return want
}

// asked is what the gates foresee that they will ask. Nothing has been checked yet of the patches that they foresee it from.
func (w *work) asked() map[record.Lookup]bool {
	asked := map[record.Lookup]bool{}
	for _, op := range w.queue {
		c, ok := w.s.Catalogue[op.Collection]
		if !ok {
			continue
		}
		for _, g := range c.Gates {
			if g.Asks == nil {
				continue
			}
			for _, ask := range g.Asks(op.Patch) {
				if len(asked) < mostAsked && record.Storable(ask.Value) {
					asked[ask] = true
				}
			}
		}
	}
	return asked
}

// aimsAt names the feeds an op's patch would put its record in, if the patch says.
func (w *work) aimsAt(op wire.Sealed) []string {
	c, ok := w.s.Catalogue[op.Collection]
	if !ok {
		return nil
	}
	var feeds []string
	if len(c.PartnersOf(op.Patch)) <= maxPartners {
		feeds = c.CopiesOf(op.Patch, w.s.District)
	}
	if feed, err := c.FeedOf(op.Patch, w.s.District); err == nil {
		feeds = append(feeds, feed)
	}
	return feeds
}
