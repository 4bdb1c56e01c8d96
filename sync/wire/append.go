package wire

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Pages and snapshots are most of what a server writes, and nearly all of each is bodies that are JSON text already. So they are
// written by appending instead of by the encoder, which would parse every body again. The shape stays defined by the structs: a fuzz
// test holds that what is appended here is octet for octet what [Write] writes.

// Append appends the text of a change. Its Body is copied as it stands and must be RFC 8785, as stored bodies are.
func (c *Change) Append(b []byte) ([]byte, error) {
	b = append(b, '{')
	var err error
	if b, err = appendText(b, `"feed":`, c.Feed); err != nil {
		return nil, err
	}
	b = appendCount(b, `"seq":`, c.Seq)
	if b, err = appendText(b, `"collection":`, c.Collection); err != nil {
		return nil, err
	}
	if b, err = appendText(b, `"id":`, c.ID); err != nil {
		return nil, err
	}
	b = appendCount(b, `"version":`, c.Version)
	if c.Body != nil {
		b = append(append(member(b), `"body":`...), c.Body...)
	}
	if b, err = appendText(b, `"gone":`, c.Gone); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// Append appends the text of a page; see [Change.Append]. Only the changes are appended by hand: the rest of the page is put
// around them by the encoder.
func (r *PullReply) Append(b []byte) ([]byte, error) {
	frame := *r
	frame.Changes = []Change{}
	return appendAround(b, frame, r.Changes)
}

// appendAround appends the text of a reply whose first member is an empty list of changes, with the changes in it.
func appendAround(b []byte, reply any, changes []Change) ([]byte, error) {
	frame, err := json.Marshal(reply, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	const head = len(`{"changes":[`)
	b = append(b, frame[:head]...)
	for i := range changes {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = changes[i].Append(b); err != nil {
			return nil, err
		}
	}
	return append(b, frame[head:]...), nil
}

// member sets a member apart from the one before it.
func member(b []byte) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return b
}

func appendCount(b []byte, name string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(member(b), name...), n, 10)
}

func appendText(b []byte, name, text string) ([]byte, error) {
	if text == "" {
		return b, nil
	}
	b = append(member(b), name...)
	if plain(text) {
		return append(append(append(b, '"'), text...), '"'), nil
	}
	return jsontext.AppendQuote(b, text)
}

// plain reports whether a text stands in JSON as it is. Ids and names do.
func plain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
