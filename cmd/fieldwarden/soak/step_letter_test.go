package soak

import (
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// stepLetter decides a dead letter: the edit is tried again as it was, or amended, or put aside.
func stepLetter(r *run, h *hand) {
	id := h.open("deadletters")
	if id == "" {
		return
	}
	r.must(h.decides("deadletters", id, func(p *pen) error {
		return p.update("deadletters", id, func(b record.Object) {
			h.answerLetter(b)
		})
	}))
}

// answerLetter decides a letter.
func (h *hand) answerLetter(b record.Object) {
	switch h.r.dice.IntN(4) {
	case 0:
		b["state"], b["reason"] = "discarded", h.word("理由")
	case 1:
		b["state"] = "retried"
	default:
		b["state"], b["amendment"] = "retried", h.amendment(b)
	}
}

// amendment makes a patch out of a letter's that can stand: texts where texts belong, and a name.
func (h *hand) amendment(letter record.Object) record.Object {
	patch, _ := letter["patch"].(record.Object)
	out := record.Object{}
	for _, field := range slices.Sorted(maps.Keys(patch)) {
		out[field] = patch[field]
		if _, number := patch[field].(float64); number {
			out[field] = h.word(field)
		}
	}
	if letter["action"] == string(record.Create) && letter["collection"] == "subjects" && out["name"] == nil {
		out["name"] = h.word("店")
	}
	return out
}
