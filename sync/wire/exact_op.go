package wire

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// exactOp reads the canonical text of an op; see [exact]. body is the text of its patch.
func exactOp(text []byte) (o Op, body []byte, ok bool) {
	x, ok := newExact(text)
	if !ok {
		return o, nil, false
	}
	ok = x.members(maxOpDepth, func(name string, depth int) (ok bool) {
		begin := x.at
		if ok = x.opMember(&o, name, depth); name == "patch" {
			body = text[begin:x.at:x.at]
		}
		return ok
	})
	return o, body, ok && x.at == len(x.text)
}

func (x *exact) opMember(o *Op, name string, depth int) (ok bool) {
	var n int64
	switch name {
	case "id":
		o.ID, ok = x.string()
	case "seq":
		o.Seq, ok = x.count()
	case "txn":
		o.Txn, ok = x.string()
	case "collection":
		o.Collection, ok = x.string()
	case "record":
		o.Record, ok = x.string()
	case "action":
		o.Action, ok = x.string()
	case "base":
		o.Base, ok = x.count()
	case "patch":
		o.Patch, ok = x.object(depth)
	case "occurredAt":
		o.OccurredAt, ok = x.moment()
	case "clock":
		ok = x.members(depth, func(name string, depth int) bool { return x.clockMember(&o.Clock, name, depth) })
	case "author":
		o.Author, ok = x.string()
	case "schema":
		n, ok = x.integer()
		o.Schema = int(n)
	case "prev":
		o.Prev, ok = x.string()
	}
	return ok
}

func (x *exact) clockMember(c *Clock, name string, depth int) (ok bool) {
	switch name {
	case "boot":
		c.Boot, ok = x.string()
	case "monotonicMs":
		c.MonotonicMs, ok = x.integer()
	case "anchor":
		c.Anchor = &Anchor{}
		ok = x.members(depth, func(name string, _ int) (ok bool) {
			switch name {
			case "server":
				c.Anchor.Server, ok = x.moment()
			case "monotonicMs":
				c.Anchor.MonotonicMs, ok = x.integer()
			}
			return ok
		})
	}
	return ok
}

// appendOp writes the canonical text of an op at once; see [appendDecoded]. Members are in the order of their names.
func appendOp(b []byte, o *Op) ([]byte, bool) {
	ok := o.Schema >= -maxInteger && o.Schema <= maxInteger
	text := func(name, text string) {
		quoted, err := jsontext.AppendQuote(append(b, name...), text)
		b, ok = quoted, ok && err == nil
	}
	text(`{"action":`, o.Action)
	text(`,"author":`, o.Author)
	b = strconv.AppendUint(append(b, `,"base":`...), o.Base, 10)
	b = append(b, `,"clock":{`...)
	if a := o.Clock.Anchor; a != nil {
		b = strconv.AppendInt(append(b, `"anchor":{"monotonicMs":`...), a.MonotonicMs, 10)
		b, ok = appendMoment(append(b, `,"server":`...), a.Server, ok)
		b = append(b, `},`...)
	}
	text(`"boot":`, o.Clock.Boot)
	b = strconv.AppendInt(append(b, `,"monotonicMs":`...), o.Clock.MonotonicMs, 10)
	text(`},"collection":`, o.Collection)
	text(`,"id":`, o.ID)
	b, ok = appendMoment(append(b, `,"occurredAt":`...), o.OccurredAt, ok)
	if len(o.Patch) > 0 {
		patch, plain := appendObject(append(b, `,"patch":`...), o.Patch)
		b, ok = patch, ok && plain
	}
	text(`,"prev":`, o.Prev)
	text(`,"record":`, o.Record)
	b = strconv.AppendInt(append(b, `,"schema":`...), int64(o.Schema), 10)
	b = strconv.AppendUint(append(b, `,"seq":`...), o.Seq, 10)
	if o.Txn != "" {
		text(`,"txn":`, o.Txn)
	}
	return append(b, '}'), ok
}

// appendMoment writes a time as the encoder does, as long as nothing is odd about it.
func appendMoment(b []byte, at time.Time, ok bool) ([]byte, bool) {
	if at.Location() != time.UTC || at.Year() < 1 || at.Year() > 9999 {
		return b, false
	}
	return append(at.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), ok
}
