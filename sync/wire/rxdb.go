package wire

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// RxPage is a page of documents for RxDB, with the checkpoint behind it.
type RxPage struct {
	Documents  []map[string]any `json:"documents"`
	Checkpoint RxCheckpoint     `json:"checkpoint"`
}

// RxCheckpoint is where an RxDB client stands. Its members are those that rxdb-server's client sends, and always both: RxDB lays a new
// checkpoint over the old one, so a member left out would be the old one's. ID is opaque; LWT only grows.
type RxCheckpoint struct {
	ID  string `json:"id"`
	LWT uint64 `json:"lwt"`
}

// RxRow is one document that an RxDB client has changed: what it wants it to be, and what it assumes that the server has.
type RxRow struct {
	Assumed map[string]any `json:"assumedMasterState"`
	New     map[string]any `json:"newDocumentState"`
	Flawed  bool           `json:"-"` // no op could carry it: it nests too deep
}

// ID is the document's.
func (r RxRow) ID() string {
	id, _ := r.New["id"].(string)
	return id
}

// rxDepth is how deep a row may nest so that the op made of it can be read.
const rxDepth = MaxDepth - 2

// rxHostile is beyond what the decoder is let near.
const rxHostile = 1000

// RxRows reads the body of an RxDB push. It is as lenient as it can be: RxDB sends a row that the server cannot read again for ever,
// and all others with it. JavaScript writes halves of surrogate pairs; they become U+FFFD.
func RxRows(text []byte) ([]RxRow, error) {
	if err := checkDepth(text, rxHostile); err != nil {
		return nil, err
	}
	var raw []jsontext.Value
	if err := json.Unmarshal(text, &raw, jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if raw == nil {
		return nil, errors.New("decode: want an array, got null")
	}
	rows := make([]RxRow, len(raw))
	for i, text := range raw {
		if err := json.Unmarshal(text, &rows[i], jsontext.AllowInvalidUTF8(true)); err != nil {
			return nil, fmt.Errorf("decode: row %d: %w", i, err)
		}
		if rows[i].ID() == "" {
			return nil, fmt.Errorf("decode: row %d has no id", i)
		}
		rows[i].Flawed = checkDepth(text, rxDepth) != nil
	}
	return rows, nil
}
