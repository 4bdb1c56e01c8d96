package adapt_test

import (
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// wmSync is a synchronize of WatermelonDB with sync.mjs: a pull, then a push.
func (c *writer) wmSync(calm bool, edits func()) {
	rows := map[string]record.Object{}
	at, strategy := c.wm, ""
	for more := true; more; {
		page, err := c.w.adapt.WmPull(ctx, c.caller, wire.WmPull{LastPulledAt: at, Tables: map[string]int{"subjects": 1}, Limit: 3})
		c.w.must(err)
		for _, row := range page.Changes["subjects"].Updated {
			rows[row["id"].(string)] = row
		}
		for _, id := range page.Changes["subjects"].Deleted {
			rows[id] = nil
		}
		at, more = &page.Timestamp, page.More
		strategy = page.Strategy
	}
	// The server keeps few numbers of a device: who is cut off often in the midst of a pull begins anew, and drops what it is not told of.
	anew := strategy != ""
	leaving := func(id string) bool { row, told := rows[id]; return told && row == nil || anew && !told && !c.made[id] }
	c.w.wmPush(c.caller, 0, c.unsent(leaving)) // the rescue
	if !calm && rapid.IntRange(0, 3).Draw(c.t, "lost") == 0 {
		return
	}
	for id := range c.shows {
		if _, told := rows[id]; leaving(id) && !told {
			rows[id] = nil
		}
	}
	for id, row := range rows {
		switch local, there := c.shows[id]; {
		case row == nil:
			delete(c.shows, id)
			delete(c.heard, id)
			delete(c.changed, id)
			delete(c.made, id)
		case !there || len(c.changed[id]) == 0 && !c.made[id]:
			c.shows[id], c.heard[id] = row, row
		default:
			c.shows[id] = c.w.kept(local, row, strings.Join(slices.Collect(maps.Keys(c.changed[id])), ","))
			if c.heard[id] = maps.Clone(c.heard[id]); c.heard[id] == nil {
				c.heard[id] = record.Object{}
			}
			for _, field := range fields {
				if !c.changed[id][field] { // he sees what the server has
					c.heard[id][field] = row[field]
				}
			}
		}
	}
	if c.look(); !calm && rapid.IntRange(0, 3).Draw(c.t, "ends") == 0 {
		return // before it has noted how far it has come
	}
	c.wm = at
	c.look()
	changes, was := c.unsent(func(string) bool { return true }), maps.Clone(c.shows)
	if len(changes["subjects"].Updated)+len(changes["subjects"].Created) == 0 {
		return
	}
	c.tell("pulled %v; pushes %v: %+v", rows, changes, c.w.wmPush(c.caller, *at, changes))
	if !calm {
		if rapid.Bool().Draw(c.t, "lost") {
			return
		}
		if rapid.Bool().Draw(c.t, "meanwhile") {
			edits()
		}
	}
	for _, row := range slices.Concat(changes["subjects"].Created, changes["subjects"].Updated) {
		if id := row["id"].(string); record.Equal(was[id], c.shows[id]) {
			c.heard[id] = was[id]
			delete(c.changed, id)
			delete(c.made, id)
		}
	}
}

func (c *writer) unsent(which func(id string) bool) map[string]wire.WmTable {
	var out wire.WmTable
	for _, id := range slices.Sorted(maps.Keys(c.shows)) {
		if len(c.changed[id]) == 0 && !c.made[id] || !which(id) {
			continue
		}
		c.sends(id)
		row := with(c.shows[id], "serverVersion", c.shows[id]["serverVersion"], "_changed", strings.Join(slices.Sorted(maps.Keys(c.changed[id])), ","))
		if c.made[id] {
			out.Created = append(out.Created, with(row, "_status", "created"))
		} else {
			out.Updated = append(out.Updated, with(row, "_status", "updated"))
		}
	}
	return map[string]wire.WmTable{"subjects": out}
}
