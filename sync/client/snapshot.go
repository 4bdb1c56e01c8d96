package client

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// keepLines is how many lines of a snapshot are kept in one transaction.
const keepLines = 500

// bootstrap takes feeds in as snapshots, which are compressed and read in one go, when a device that holds nothing has more
// before it than one page. A snapshot that cannot be had is no harm: its feed then comes page by page.
func (d *Device) bootstrap(ctx context.Context, upTo map[string]uint64) error {
	for _, feed := range slices.Sorted(maps.Keys(upTo)) {
		err := d.takeSnapshot(ctx, feed, upTo[feed])
		var p *Problem
		if errors.As(err, &p) && !transient(ctx, err) {
			d.cfg.Logger.WarnContext(ctx, "no snapshot; the feed is pulled by pages", "feed", feed, "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeSnapshot downloads one feed, however often the download is cut: each try goes on behind the last whole line.
func (d *Device) takeSnapshot(ctx context.Context, feed string, from uint64) error {
	for failures := 0; ; {
		after, err := d.snapshotSeq(ctx, feed, from)
		if err != nil {
			return err
		}
		if err = d.download(ctx, feed, after); err == nil {
			return nil
		}
		reached, seqErr := d.snapshotSeq(ctx, feed, from)
		if seqErr != nil {
			return seqErr
		}
		if reached > after {
			failures = 0
		}
		failures++
		if failures >= maxTries || !transient(ctx, err) {
			return err
		}
		if err := d.cfg.Sleep(ctx, d.backoff(failures, err)); err != nil {
			return err
		}
	}
}

// snapshotSeq is how far a feed has been taken in: by pages up to from, or further by a snapshot that was cut.
func (d *Device) snapshotSeq(ctx context.Context, feed string, from uint64) (uint64, error) {
	var seq uint64
	err := d.db.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM snapshots WHERE feed = ?), 0)`, feed).Scan(&seq)
	return max(seq, from), err
}

func (d *Device) download(ctx context.Context, feed string, after uint64) error {
	query := url.Values{"after": {strconv.FormatUint(after, 10)}}
	var cursor string
	if err := d.db.QueryRowContext(ctx, `SELECT cursor FROM device`).Scan(&cursor); err != nil {
		return err
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	_, err := d.call(ctx, request{method: http.MethodGet, path: "/v1/sync/snapshot/" + feed, query: query, by: signedIn, tries: 1,
		header: http.Header{"Accept-Encoding": {"zstd, gzip"}},
		take: func(reply *http.Response) error {
			body, err := plain(reply)
			if err != nil {
				return err
			}
			defer body.Close()
			return d.readSnapshot(ctx, feed, body)
		}})
	return err
}

// plain undoes the compression of a reply.
func plain(reply *http.Response) (io.ReadCloser, error) {
	switch encoding := reply.Header.Get("Content-Encoding"); encoding {
	case "":
		return reply.Body, nil
	case "gzip":
		return gzip.NewReader(reply.Body)
	case "zstd":
		r, err := zstd.NewReader(reply.Body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	default:
		return nil, fault.New(fault.Unexpected).Because(fmt.Errorf("content encoding %q was not asked for", encoding))
	}
}

// readSnapshot takes a snapshot in, some lines at a time. Without the last line, which holds the cursor, it is not whole: what
// has come is kept, and the error is fault client.unreachable.
func (d *Device) readSnapshot(ctx context.Context, feed string, body io.Reader) error {
	lines := bufio.NewReaderSize(body, 64<<10)
	var batch []wire.Change
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return errors.Join(fault.New(fault.Unreachable).Because(err), d.keepSnapshot(ctx, feed, batch, nil))
		}
		var line wire.SnapshotLine
		if err := decode(text, &line); err != nil {
			return err
		}
		if line.End != nil {
			return d.keepSnapshot(ctx, feed, batch, line.End)
		}
		if batch = append(batch, line.Change); len(batch) == keepLines {
			if err := d.keepSnapshot(ctx, feed, batch, nil); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
}

// keepSnapshot stores lines with how far they reach; with the end comes the cursor that has this feed behind it.
func (d *Device) keepSnapshot(ctx context.Context, feed string, batch []wire.Change, end *wire.SnapshotEnd) error {
	if end != nil && end.Cursor == "" {
		return fault.New(fault.Unexpected)
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		for _, ch := range batch {
			if err := takeIn(ctx, tx, ch); err != nil {
				return err
			}
		}
		var err error
		if len(batch) > 0 {
			_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO snapshots (feed, seq) VALUES (?, ?)`, feed, batch[len(batch)-1].Seq)
		}
		if err == nil && end != nil {
			_, err = tx.ExecContext(ctx, `UPDATE device SET cursor = ?`, end.Cursor)
		}
		return err
	})
}
