package soak

import (
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// stepPaper writes a paper: leases numbers, drafts it, goes on writing, or issues it with a number that is final offline.
func stepPaper(r *run, h *hand) {
	paper := h.some("documents")
	if paper == "" || r.dice.IntN(3) == 0 {
		h.line.weather, h.line.dead = pick(r.dice, fair, rough), false
		err := h.LeaseNumbers(ctx, document.SummaryPenalty, 5)
		switch {
		case h.aside && isFault(err, forked...): // who contradicts himself is given no numbers
		case err != nil && !isFault(err, append(bearable, fault.PaperOrganAbsent)...):
			r.fail(err)
		}
		h.line.weather = fair
		r.must(h.edits(false, func(p *pen) error {
			_, err := p.create("documents", record.Object{"unit": h.street(), "kind": document.SummaryPenalty, "state": "draft",
				"template": r.town.templates[document.SummaryPenalty], "templateVersion": 1.0, "data": record.Object{"facts": h.word("事实")}})
			return err
		}))
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		if r.dice.IntN(2) == 0 {
			return p.update("documents", paper, func(b record.Object) { put(b, h.word("证据"), "data", pick(r.dice, "evidence", "facts")) })
		}
		n, err := h.TakeNumber(ctx, document.SummaryPenalty)
		if isFault(err, fault.NumbersUsedUp) {
			return nil
		}
		if err != nil {
			return err
		}
		return p.update("documents", paper, func(b record.Object) {
			if b["state"] == "draft" {
				b["state"], b["number"], b["issuedAt"] = "issued", n.Body(), h.r.clock.now().Format("2006-01-02T15:04:05Z")
			} else {
				b["state"], b["voidReason"] = "voided", h.word("作废")
			}
		})
	}))
}
