// Package forms reads stored bodies in the form that somebody speaks: the newest for the server itself, for a client the one it says.
// Bodies stay as they were written; they are turned when they are read.
//
// It must not know HTTP, SQL, how ops merge or what a collection means: the collection says how its bodies are turned.
package forms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Spoken is which form of each collection somebody speaks. The zero value takes every body as it is.
type Spoken struct {
	catalogue record.Catalogue
	says      map[string]int // what is not named is spoken in the newest form
	aged      bool           // some collection has older forms; else there is nothing to turn
}

// Newest is what the server itself speaks.
func Newest(catalogue record.Catalogue) Spoken {
	return Spoken{catalogue: catalogue, aged: catalogue.Aged()}
}

// Speak is what a client speaks, as it says by collection; what it does not name it speaks in the newest form, and so does it what
// it says to speak in a form newer than the server's. A form that is spoken no more is fault client.outdated, a number that is none
// fault request.field_invalid. Collections that the server does not know are passed over.
func Speak(catalogue record.Catalogue, says map[string]int) (Spoken, error) {
	s := Newest(catalogue)
	for _, name := range slices.Sorted(maps.Keys(says)) {
		schema, c := says[name], catalogue[name]
		switch {
		case schema < 1:
			return s, fault.New(fault.FieldInvalid).At("schemas/"+name).Detail("应为正整数", "want a whole number from 1")
		case c != nil && schema < c.Oldest():
			return s, Outdated(c, schema).At("schemas/" + name)
		}
	}
	s.says = says
	return s, nil
}

// Outdated is fault client.outdated: it names the collection and what is spoken of it.
func Outdated(c *record.Collection, schema int) *fault.Error {
	return fault.New(fault.ClientOutdated).Detail(
		fmt.Sprintf("%s 第 %d 版已不支持，现支持第 %d 至 %d 版", c.Name, schema, c.Oldest(), c.Schema),
		fmt.Sprintf("%s in form %d is spoken no more, %d to %d are", c.Name, schema, c.Oldest(), c.Schema))
}

// Answer is [Speak] for who brings edits: the forms must be known, but need not be spoken any more.
func Answer(catalogue record.Catalogue, says map[string]int) Spoken {
	s := Newest(catalogue)
	s.says = says
	return s
}

// of is the form that is spoken of a collection.
func (s Spoken) of(c *record.Collection) int {
	if schema, named := s.says[c.Name]; named && schema < c.Schema {
		return schema
	}
	return c.Schema
}

// Text is a stored body, RFC 8785, in the form that is spoken. A body that is in it already is returned as it is, octet for octet. One of a
// form that this program does not know is fault service.unavailable: a newer program runs beside it.
func (s Spoken) Text(collection string, schema int, body []byte) ([]byte, error) {
	c := s.catalogue[collection]
	if c == nil || body == nil || !s.turns(c, schema) {
		return body, nil
	}
	out, err := s.Object(collection, schema, body)
	if err != nil {
		return nil, err
	}
	return wire.Canonical(out)
}

// turns reports whether a stored body is another than what is told of it.
func (s Spoken) turns(c *record.Collection, schema int) bool {
	if !s.aged && schema <= 1 {
		return false
	}
	return max(1, schema) != s.of(c) || c.Shown != nil && len(s.says) > 0
}

// Object is Text, decoded.
func (s Spoken) Object(collection string, schema int, body []byte) (record.Object, error) {
	out, err := wire.Object(body)
	c := s.catalogue[collection]
	if err != nil || c == nil || !s.turns(c, schema) {
		return out, err
	}
	if schema = max(1, schema); !c.Knows(schema) {
		return nil, fault.New(fault.TemporarilyDown).Because(fmt.Errorf("%s in form %d, which this program does not know", collection, schema))
	}
	out = c.BodyIn(out, schema, s.of(c))
	if c.Shown != nil && len(s.says) > 0 {
		out = c.Shown(out, s.form)
	}
	return out, nil
}

// form is the form that is spoken of a collection, by its name; 0 if there is no such collection.
func (s Spoken) form(collection string) int {
	if c := s.catalogue[collection]; c != nil {
		return s.of(c)
	}
	return 0
}

// Said is a short text that is the same for the same words of a client; "" if it said nothing.
func (s Spoken) Said() string {
	if len(s.says) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(list(s.says)))
	return hex.EncodeToString(sum[:8])
}

// Older names the forms that are spoken and not the newest: what is told is the same for all who speak the same ones. "" where there
// are none.
func (s Spoken) Older() string {
	older := map[string]int{}
	for name := range s.says {
		if c := s.catalogue[name]; c != nil && s.of(c) < c.Schema {
			older[name] = s.of(c)
		}
	}
	return list(older)
}

func list(says map[string]int) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(says)) {
		fmt.Fprintf(&b, "%q:%d,", name, says[name])
	}
	return b.String()
}
