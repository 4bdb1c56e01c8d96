package push

import (
	"context"
	"maps"
)

// News is what one commit has changed, for whoever tells others.
type News struct {
	Heads  map[string]uint64 // of the feeds that have moved
	Device string            // whose sequence went on; "" for online ops and the server's own
	Since  uint64            // the last of its ops that was committed before
	Acked  uint64            // and the last that is now
}

// overheard is a transaction that remembers what is written through it.
type overheard struct {
	Tx
	before map[string]uint64 // heads when they were locked
	since  uint64            // the device's last op when it was locked
	news   News
}

func overhear(tx Tx) *overheard { return &overheard{Tx: tx, before: map[string]uint64{}} }

// LockDevice implements Tx.
func (o *overheard) LockDevice(ctx context.Context, device string, records []string) (Device, map[string][]string, error) {
	d, feeds, err := o.Tx.LockDevice(ctx, device, records)
	o.since = d.LastSeq
	return d, feeds, err
}

// LockFeeds implements Tx.
func (o *overheard) LockFeeds(ctx context.Context, feeds []string, want Wants) (Locked, error) {
	locked, err := o.Tx.LockFeeds(ctx, feeds, want)
	maps.Copy(o.before, locked.Heads) // the caller goes on counting in what is returned
	return locked, err
}

// Write implements Tx.
func (o *overheard) Write(ctx context.Context, batch *Batch) error {
	o.news.Heads = map[string]uint64{}
	for feed, head := range batch.Heads {
		if head > o.before[feed] {
			o.news.Heads[feed] = head
		}
	}
	if d := batch.Device; d != nil {
		o.news.Device, o.news.Since, o.news.Acked = d.ID, o.since, d.LastSeq
	}
	return o.Tx.Write(ctx, batch)
}
