package adapt_test

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// rxPull takes pages in as RxDB does with replicate.mjs: news of a document that is changed here is dropped, remembered, and asked for at the end of the pull. What the
// person writes between the answer and the taking in, and sudden ends, are part of it.
func (c *writer) rxPull(calm bool, edits func()) {
	const limit = 3
	for range 100 {
		page, err := c.w.adapt.RxPull(ctx, c.caller, "subjects", 0, c.rx, limit)
		c.w.must(err)
		docs := map[string]record.Object{}
		for _, doc := range page.Documents {
			docs[doc["id"].(string)] = doc
		}
		if room := limit - 1 - len(docs); room > 0 {
			maps.Copy(docs, c.rxAsk(c.rxMissed(room)))
			if !calm && rapid.IntRange(0, 4).Draw(c.t, "lost") == 0 {
				c.restarts()
				return
			}
		}
		for id, doc := range docs {
			c.remember(id, doc)
		}
		if len(docs) == 0 {
			return
		}
		if !calm && rapid.IntRange(0, 2).Draw(c.t, "meanwhile") == 0 {
			edits()
		}
		if !c.rxTake(calm, docs) {
			return
		}
		c.rx, c.stored = page.Checkpoint.ID, maps.Clone(c.told)
		if len(docs) < limit {
			return
		}
	}
	c.t.Fatal("the pull does not end")
}

// rxTake takes documents in. It reports whether the program has come to storing the checkpoint: it may end suddenly before, also between a document and what RxDB
// assumes of it.
func (c *writer) rxTake(calm bool, docs map[string]record.Object) bool {
	left := len(docs)
	if !calm && rapid.IntRange(0, 3).Draw(c.t, "ends") == 0 {
		left = rapid.IntRange(0, len(docs)).Draw(c.t, "after")
	}
	ends := left < len(docs)
	for _, id := range slices.Sorted(maps.Keys(docs)) {
		if left--; left < -1 || !record.Equal(c.shows[id], c.heard[id]) {
			continue
		}
		was, had := c.heard[id]
		c.take(id, docs[id])
		if left == -1 && had && c.shows[id] != nil {
			c.heard[id] = was
		}
	}
	c.tell("is told %v", docs)
	if ends {
		c.restarts()
	}
	return !ends
}

// restarts is a sudden end: what is not stored is forgotten.
func (c *writer) restarts() {
	c.tell("ends suddenly")
	c.told = maps.Clone(c.stored)
}

const (
	toldGone      = -1
	toldOtherwise = 0
)

// remember is told.mjs's.
func (c *writer) remember(id string, doc record.Object) {
	mine, version := c.shows[id], 0
	switch v, _ := doc["serverVersion"].(float64); {
	case doc["_deleted"] == true:
		version = toldGone
	case mine != nil && mine["serverVersion"] == v && !record.Equal(with(mine, "_deleted", false), doc):
		version = toldOtherwise
	default:
		version = int(v)
	}
	c.told[id] = version
}

// rxMissed is told.mjs's missed, as many as may be asked for.
func (c *writer) rxMissed(room int) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(c.stored)) {
		version := c.stored[id]
		if told, still := c.told[id]; !still || told != version {
			continue
		}
		doc := c.shows[id]
		at, _ := doc["serverVersion"].(float64)
		if version == toldGone && doc == nil || version > 0 && doc != nil && int(at) >= version {
			delete(c.told, id)
			continue
		}
		out = append(out, id)
	}
	return out[:min(room, len(out))]
}

// rxAsk asks how documents stand.
func (c *writer) rxAsk(ids []string) map[string]record.Object {
	if len(ids) == 0 {
		return nil
	}
	rows := make([]wire.RxRow, len(ids))
	for i, id := range ids {
		rows[i] = row(id, record.Object{}, record.Object{})
	}
	return c.w.rx(c.caller, "subjects", rows...)
}

func (c *writer) take(id string, doc record.Object) {
	delete(c.shows, id)
	delete(c.heard, id)
	if doc["_deleted"] != true {
		c.shows[id], c.heard[id] = maps.Clone(doc), maps.Clone(doc)
	}
	c.look()
}

// rxPush sends what is changed. What the person changes while it is on its way, and answers that nobody hears, are part of it.
func (c *writer) rxPush(calm bool, edits func()) {
	var rows []wire.RxRow
	sent := map[string]record.Object{}
	for _, id := range slices.Sorted(maps.Keys(c.shows)) {
		if !record.Equal(c.shows[id], c.heard[id]) {
			rows, sent[id] = append(rows, row(id, c.heard[id], c.shows[id])), c.shows[id]
			c.sends(id)
		}
	}
	if len(rows) == 0 {
		return
	}
	back := c.w.rx(c.caller, "subjects", rows...)
	c.tell("pushes %v; back comes %v", sent, back)
	if !calm {
		if rapid.Bool().Draw(c.t, "lost") {
			c.restarts()
			return
		}
		if rapid.Bool().Draw(c.t, "meanwhile") {
			edits()
		}
	}
	for id, was := range sent {
		if doc, otherwise := back[id]; !otherwise {
			c.heard[id] = was
		} else if record.Equal(c.shows[id], was) {
			c.take(id, doc)
		} // else RxDB lets it be and pushes it again
	}
}
