package soak

import (
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// stepResolve decides a conflict that somebody sees, field by field; or only part of it, which is refused.
func stepResolve(r *run, h *hand) {
	id := h.open("conflicts")
	if id == "" {
		return
	}
	r.must(h.decides("conflicts", id, func(p *pen) error {
		return p.update("conflicts", id, func(b record.Object) {
			h.resolve(b)
		})
	}))
}

// resolve decides a conflict, path by path.
func (h *hand) resolve(b record.Object) {
	fields, _ := b["fields"].(record.Object)
	choices := record.Object{}
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		choices[path] = record.Object{"take": pick(h.r.dice, "ours", "ours", "theirs")}
		if path != "/" && path != "state" && path != "unit" && h.r.dice.IntN(3) == 0 {
			choices[path] = record.Object{"take": "value", "value": h.word("裁定")}
		}
	}
	b["state"], b["resolution"], b["reason"] = "resolved", choices, h.word("理由")
}

// decides edits a conflict or a letter, and notes what the person saw of the record that it is about.
func (h *hand) decides(collection, id string, fn func(p *pen) error) error {
	desk, err := h.Get(ctx, collection, id)
	if err != nil {
		return err
	}
	about, _ := desk.Body["collection"].(string)
	record, _ := desk.Body["record"].(string)
	beside := ""
	if r, err := h.Get(ctx, about, record); err == nil {
		beside = text(r.Body)
	}
	before := len(h.made)
	err = h.edits(false, fn)
	for _, one := range h.made[before:] {
		one.beside = beside
	}
	return err
}

// open chooses one of the records of a collection that wait for a person, or "".
func (h *hand) open(collection string) string {
	all, err := h.List(ctx, collection)
	h.r.must(err)
	var ids []string
	for _, x := range all {
		if x.Body["state"] == "open" {
			ids = append(ids, x.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return pick(h.r.dice, ids...)
}

// stepFinding explains a finding.
func stepFinding(r *run, h *hand) {
	id := h.open("findings")
	if id == "" {
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		return p.update("findings", id, func(b record.Object) { b["state"], b["explanation"] = "explained", h.word("说明") })
	}))
}
