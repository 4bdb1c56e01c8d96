package push

import (
	"context"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// asideAtOnce is how many records one transaction sets aside: it holds the locks of their feeds.
const asideAtOnce = 200

// SetAside takes records that are closed and have not changed since before the moment out of their feeds, and returns how many. They stay
// as they are and can be read online; an edit brings one back. It may run beside itself and beside pushes.
func (s *Service) SetAside(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for {
		n := 0
		_, err := s.inTx(ctx, func(ctx context.Context, tx Tx) (reply wire.PushReply, err error) {
			n, err = s.setAside(ctx, tx, before)
			return reply, err
		})
		total += n
		if err != nil || n < asideAtOnce {
			return total, err
		}
	}
}

func (s *Service) setAside(ctx context.Context, tx Tx, before time.Time) (int, error) {
	found, err := tx.Closed(ctx, before, asideAtOnce)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	feeds, err := tx.FeedsOf(ctx, found)
	if err != nil {
		return 0, err
	}
	var want []string
	for _, of := range feeds {
		want = append(want, of...)
	}
	slices.Sort(want)
	locked, err := tx.LockFeeds(ctx, slices.Compact(want), Wants{})
	if err != nil {
		return 0, err
	}
	w := &work{s: s, tx: tx, batch: &Batch{At: s.Now()}, heads: locked.Heads}
	still, err := tx.Closed(ctx, before, asideAtOnce) // again, under the locks: one may have been edited meanwhile
	if err != nil {
		return 0, err
	}
	rows, err := tx.Records(ctx, still)
	if err != nil {
		return 0, err
	}
	for _, id := range still {
		if err := w.setAside(rows[id]); err != nil {
			return 0, err
		}
	}
	w.batch.Heads = w.heads
	return len(still), tx.Write(ctx, w.batch)
}

// setAside lets a record leave every feed it is in.
func (w *work) setAside(row Row) error {
	if err := w.locked(row.feeds()); err != nil {
		return err
	}
	for _, feed := range row.feeds() {
		w.depart(feed, row, wire.GoneClosed)
	}
	if len(row.Copies) > 0 {
		w.batch.Uncopied = append(w.batch.Uncopied, row.ID)
	}
	row.Copies, row.Aside = nil, true
	row.Seq = w.heads[row.Feed]
	w.batch.Records = append(w.batch.Records, row)
	return nil
}
