package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// WmPull is what WatermelonDB's synchronize gives its pullChanges, with the tables wanted, each with the version of the collection's
// form that the client was written against.
type WmPull struct {
	LastPulledAt  *int64         `json:"lastPulledAt"`
	SchemaVersion jsontext.Value `json:"schemaVersion"` // of the client's database: its own affair
	Migration     *WmMigration   `json:"migration"`
	Tables        map[string]int `json:"tables"`
	Limit         int            `json:"limit"`
}

// WmMigration is what has come to the client's database since it last pulled.
type WmMigration struct {
	From    int         `json:"from"`
	Tables  []string    `json:"tables"`
	Columns []WmColumns `json:"columns"`
}

// WmColumns names columns that a table has now and had not.
type WmColumns struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

// WmPage is a page of changes for WatermelonDB. Timestamp is a number of the server's, greater with each page, and no time that
// anybody should read. Strategy is "replacement" where what was not sent must go.
type WmPage struct {
	Changes   map[string]WmTable `json:"changes"`
	Timestamp int64              `json:"timestamp"`
	More      bool               `json:"more"`
	Strategy  string             `json:"experimentalStrategy,omitempty"`
}

// WmTable is what has changed in one table. Rows are flat: what is an object or an array in the body is its JSON text.
type WmTable struct {
	Created []map[string]any `json:"created"`
	Updated []map[string]any `json:"updated"`
	Deleted []string         `json:"deleted"`
}

// WmPush is what synchronize gives its pushChanges, with the tables as in a pull.
type WmPush struct {
	LastPulledAt int64              `json:"lastPulledAt"`
	Tables       map[string]int     `json:"tables"`
	Changes      map[string]WmTable `json:"changes"`
	KeepRefused  bool               `json:"keepRefused"` // the client keeps rows that are refused, unsent: they are not to be taken back
	// DeletedVersions says of deleted rows, by table and id, which version the person who deleted them had before him: of those there is only an id
	// in Changes, and the number is that of a pull after it.
	DeletedVersions map[string]map[string]uint64 `json:"deletedVersions"`
}

// WmPushed tells which rows were refused: by table, as WatermelonDB wants to hear it, and each with the reason.
type WmPushed struct {
	RejectedIDs map[string][]string `json:"experimentalRejectedIds"`
	Refused     []WmRefusal         `json:"refused"`
}

// WmRefusal is why a row was refused.
type WmRefusal struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Code  string `json:"code"`
	Zh    string `json:"zh"`
	En    string `json:"en"`
	Field string `json:"field,omitempty"`
}

// maxWmDepth is how deep rows may nest; they are flat.
const maxWmDepth = MaxDepth

// WmRead reads the body of a pull or a push. Halves of surrogate pairs, which JavaScript writes, become U+FFFD: a row that cannot be
// read would be sent again for ever.
func WmRead(text []byte, out any) error {
	if err := checkDepth(text, maxWmDepth); err != nil {
		return err
	}
	if err := json.Unmarshal(text, out, json.RejectUnknownMembers(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

// columnDepth is how deep the JSON text of a column may nest, so that the op made of it can be read.
const columnDepth = MaxDepth - 6

// Column reads the JSON text of a column.
func Column(text string) (any, error) {
	if err := checkDepth([]byte(text), columnDepth); err != nil {
		return nil, err
	}
	var out any
	err := Decode([]byte(text), &out)
	return out, err
}
