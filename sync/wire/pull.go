package wire

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Pull asks for what has changed since the cursor. An empty cursor begins anew. Acked is the last of the device's ops that it
// knows to be committed: with it, a pull that brings nothing costs the server nothing. Schemas says in which form of each collection the
// client wants bodies; what is not named comes in the newest.
type Pull struct {
	Cursor  string         `json:"cursor,omitempty"`
	Limit   int            `json:"limit,omitempty"`
	Acked   *uint64        `json:"acked,omitempty"`
	Schemas map[string]int `json:"schemas,omitempty"`
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
	Body       jsontext.Value `json:"body,omitzero"`  // RFC 8785, as the server stores it
	Gone       string         `json:"gone,omitempty"` // removed · moved · closed · feed
}

// The reasons of a gone change.
const (
	GoneRemoved = "removed" // the record was removed
	GoneMoved   = "moved"   // the record is in another feed now, or shared with this one no longer
	GoneClosed  = "closed"  // the record is done with and kept online: an edit brings it back
	GoneFeed    = "feed"    // the whole feed is out of this device's scope: drop everything of it
)

// SnapshotLine is one line of GET /v1/sync/snapshot/{scope}/{name}: a change, the seal of the changes before it, or the end.
// The last line carries End and nothing else.
type SnapshotLine struct {
	Change
	Chunk *SnapshotChunk `json:"chunk,omitempty"`
	End   *SnapshotEnd   `json:"end,omitempty"`
}

// SnapshotChunk seals the lines since the chunk before. What a device stores is whole chunks that it has verified; it goes on from
// To, however its download ended.
type SnapshotChunk struct {
	From   uint64 `json:"from"`   // the chunk holds what has a seq over From
	To     uint64 `json:"to"`     // and at most To
	Count  uint64 `json:"count"`  // its lines
	SHA256 string `json:"sha256"` // over the octets of its lines, their line feeds included; hex
}

// SnapshotEnd closes a snapshot: the seq to pull from, how many changes were sent since the requested start, and the cursor.
type SnapshotEnd struct {
	UpTo   uint64 `json:"upTo"`
	Count  uint64 `json:"count"`
	Cursor string `json:"cursor"` // the cursor to pull with, this feed moved on to upTo
}
