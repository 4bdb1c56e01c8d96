package db

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// lines takes the rows of a feed into memory: feeds are read by the tens of thousands of rows, and what one row costs is what a
// bootstrap costs. So bodies share blocks of memory, which the next page uses again.
type lines struct {
	feed    string
	limit   int    // of the bodies together, in octets; the line that reaches it is the last
	head    uint64 // of the feed, where the query told it
	changes []pull.Change
	octets  int
	blocks  [][]byte
	block   int // the one being filled

	seq, version                 uint64 // of the row being read
	schema                       int64
	collection, id, body, reason string
}

// blockSize is the size of a block, unless one body is larger.
const blockSize = 128 << 10

func newLines(feed string, limit int) *lines { return &lines{feed: feed, limit: limit} }

// errFull ends the reading of rows.
var errFull = errors.New("the page is full")

// read runs a query with the columns seq, collection, id, version, schema, body and reason, and takes its rows in until the page is full. A row
// whose seq is 0 is none: its version is the head of the feed.
func (l *lines) read(ctx context.Context, pool gorm.ConnPool, query string, args ...any) error {
	into := []any{&l.seq, &l.collection, &l.id, &l.version, &l.schema, &l.body, &l.reason} // texts come without a copy
	err := rows(ctx, pool, func(r *sql.Rows) error {
		if err := r.Scan(into...); err != nil {
			return err
		}
		if l.seq == 0 {
			l.head = l.version
			return nil
		}
		if l.full() {
			return errFull
		}
		l.take()
		return nil
	}, query, args...)
	if err == errFull {
		return nil
	}
	return err
}

func (l *lines) take() {
	c := pull.Change{Feed: l.feed, Seq: l.seq, Collection: l.collection, ID: l.id, Version: l.version, Schema: int(l.schema), Gone: l.reason}
	if c.Gone == "" {
		c.Body = l.keep(l.body)
	}
	l.changes = append(l.changes, c)
}

// keep copies a body into the blocks.
func (l *lines) keep(body string) []byte {
	l.octets += len(body)
	for l.block < len(l.blocks) && cap(l.blocks[l.block])-len(l.blocks[l.block]) < len(body) {
		l.block++
	}
	if l.block == len(l.blocks) {
		l.blocks = append(l.blocks, make([]byte, 0, max(blockSize, len(body))))
	}
	b := l.blocks[l.block]
	begin := len(b)
	b = append(b, body...)
	l.blocks[l.block] = b
	return b[begin:len(b):len(b)]
}

// full reports whether the bodies have reached the limit.
func (l *lines) full() bool { return l.octets >= l.limit }

// clear makes room for the next page in the same memory, but for blocks that a single body made large.
func (l *lines) clear() {
	l.changes, l.octets, l.block = l.changes[:0], 0, 0
	kept := l.blocks[:0]
	for _, b := range l.blocks {
		if cap(b) == blockSize {
			kept = append(kept, b[:0])
		}
	}
	l.blocks = kept
}
