package client

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

// maxSealed bounds the lines of one chunk, in octets: they are held until they have been verified.
const maxSealed = maxReply

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

// takeSnapshot downloads one feed, however often the download is cut: each try goes on behind the last whole chunk. A chunk that is not
// what its seal says is thrown away and asked for again; the second time somebody has to know.
func (d *Device) takeSnapshot(ctx context.Context, feed string, from uint64) error {
	for failures, damaged := 0, false; ; {
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
			failures, damaged = 0, false
		}
		failures++
		if is(err, fault.SnapshotDamaged) && !damaged {
			damaged = true
			d.cfg.Logger.WarnContext(ctx, "a part of a snapshot has changed on its way", "feed", feed, "after", reached, "error", err)
			continue
		}
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
	d.saySchemas(query)
	_, err := d.call(ctx, request{method: http.MethodGet, path: "/v1/sync/snapshot/" + feed, query: query, by: signedIn, tries: 1,
		take: func(reply *http.Response) error {
			body, err := plain(reply)
			if err != nil {
				return err
			}
			defer body.Close()
			return d.readSnapshot(ctx, feed, after, body)
		}})
	return err
}

// acceptEncoding is what plain can undo.
const acceptEncoding = "zstd, gzip"

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

// readSnapshot takes a snapshot in, a chunk at a time, from behind a seq. Only chunks that are what their seal says are kept. Without
// the last line, which holds the cursor, it is not whole: the error is fault client.unreachable.
func (d *Device) readSnapshot(ctx context.Context, feed string, after uint64, body io.Reader) error {
	lines := bufio.NewReaderSize(body, 64<<10)
	c := chunk{feed: feed, from: after, sum: sha256.New()}
	for {
		text, err := readLine(lines, maxSealed-c.octets)
		if err != nil {
			return err
		}
		var line wire.SnapshotLine
		if err := decode(text, &line); err != nil {
			return fault.New(fault.SnapshotDamaged).Because(err)
		}
		switch {
		case line.End != nil && (len(c.changes) > 0 || line.End.Count != c.sealed), line.Chunk != nil && !c.sealedBy(line.Chunk):
			return fault.New(fault.SnapshotDamaged)
		case line.End != nil:
			return d.keepEnd(ctx, line.End)
		case line.Chunk != nil:
			if err := d.keepChunk(ctx, &c, line.Chunk.To); err != nil {
				return err
			}
			c.begin(line.Chunk)
		default:
			c.add(text, line.Change)
		}
	}
}

// readLine reads a line with its end. One that is cut, and one over the limit, is a fault.
func readLine(from *bufio.Reader, limit int) (line []byte, err error) {
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return nil, fault.New(fault.SnapshotDamaged).Because(errReplyTooLarge)
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fault.New(fault.Unreachable).Because(err)
		}
	}
}

// chunk is what has come since the last seal.
type chunk struct {
	feed    string
	from    uint64
	changes []wire.Change
	octets  int
	sum     hash.Hash
	sealed  uint64 // lines of the chunks before it
}

// begin begins the next chunk behind a seal.
func (c *chunk) begin(behind *wire.SnapshotChunk) {
	c.from, c.changes, c.octets, c.sealed = behind.To, c.changes[:0], 0, c.sealed+behind.Count
	c.sum.Reset()
}

func (c *chunk) add(text []byte, ch wire.Change) {
	c.changes = append(c.changes, ch)
	c.octets += len(text)
	c.sum.Write(text)
}

// sealedBy reports whether a seal is that of the chunk: the octets are those that were sent, and the lines are of the feed and lie in the
// order and between the bounds that the seal says.
func (c *chunk) sealedBy(seal *wire.SnapshotChunk) bool {
	at := c.from
	for _, ch := range c.changes {
		if ch.Feed != c.feed || ch.Seq <= at || ch.ID == "" {
			return false
		}
		at = ch.Seq
	}
	return seal.From == c.from && seal.To >= at && seal.To > c.from && seal.Count == uint64(len(c.changes)) &&
		seal.SHA256 == hex.EncodeToString(c.sum.Sum(nil))
}

// keepChunk stores the changes of a chunk together with how far they reach.
func (d *Device) keepChunk(ctx context.Context, c *chunk, to uint64) error {
	return d.inTx(ctx, func(tx *sql.Tx) error {
		for _, ch := range c.changes {
			if err := takeIn(ctx, tx, ch); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO snapshots (feed, seq) VALUES (?, ?)`, c.feed, to)
		return err
	})
}

// keepEnd stores the cursor that has the feed behind it.
func (d *Device) keepEnd(ctx context.Context, end *wire.SnapshotEnd) error {
	if end.Cursor == "" {
		return fault.New(fault.Unexpected)
	}
	_, err := d.db.ExecContext(ctx, `UPDATE device SET cursor = ?`, end.Cursor)
	return err
}
