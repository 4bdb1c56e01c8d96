package wire

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Pull asks for what has changed since the cursor. An empty cursor begins anew.
type Pull struct {
	Cursor string `json:"cursor,omitempty"`
	Limit  int    `json:"limit,omitempty"`
}

// PullReply is one page of changes. More tells whether the next page exists already.
type PullReply struct {
	Changes  []Change          `json:"changes"`
	Cursor   string            `json:"cursor"`
	More     bool              `json:"more"`
	UpTo     map[string]uint64 `json:"upTo"`  // per feed, the seq this cursor stands at
	Acked    uint64            `json:"acked"` // the last op seq of this device that is committed
	ServerAt time.Time         `json:"serverAt"`
}

// Change is one record at its newest version, or the notice that it is gone from the feed. The notice that a whole feed is
// gone names only the feed.
type Change struct {
	Feed       string         `json:"feed,omitempty"`
	Seq        uint64         `json:"seq,omitzero"`
	Collection string         `json:"collection,omitempty"`
	ID         string         `json:"id,omitempty"`
	Version    uint64         `json:"version,omitzero"`
	Body       jsontext.Value `json:"body,omitempty"`
	Gone       string         `json:"gone,omitempty"` // removed · moved · feed
}

// The reasons of a gone change.
const (
	GoneRemoved = "removed" // the record was removed
	GoneMoved   = "moved"   // the record is in another feed now
	GoneFeed    = "feed"    // the whole feed is out of this device's scope: drop everything of it
)

// SnapshotLine is one line of GET /v1/sync/snapshot/{scope}/{name}. The last line carries End and nothing else.
type SnapshotLine struct {
	Change
	End *SnapshotEnd `json:"end,omitempty"`
}

// SnapshotEnd closes a snapshot: the seq to pull from, how many records were sent since the requested start, and the cursor.
type SnapshotEnd struct {
	UpTo   uint64 `json:"upTo"`
	Count  uint64 `json:"count"`
	Cursor string `json:"cursor"` // the cursor to pull with, this feed moved on to upTo
}
