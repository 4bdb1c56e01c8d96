package soak

import "github.com/fieldwarden/fieldwarden/domain/record"

// stepResolve decides a conflict that somebody sees.
func stepResolve(r *run, h *hand) {
	id := h.some("conflicts")
	if id == "" {
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		return p.update("conflicts", id, func(b record.Object) {
			if b["state"] == "open" {
				b["state"], b["reason"] = "resolved", h.word("理由")
			} else {
				b["reason"] = h.word("理由")
			}
		})
	}))
}

// stepFinding explains a finding.
func stepFinding(r *run, h *hand) {
	id := h.some("findings")
	if id == "" {
		return
	}
	r.must(h.edits(false, func(p *pen) error {
		return p.update("findings", id, func(b record.Object) { b["state"], b["explanation"] = "explained", h.word("说明") })
	}))
}
