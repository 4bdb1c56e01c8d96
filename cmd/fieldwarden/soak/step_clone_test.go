package soak

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// forked are the faults that a handheld ends with of which there are two.
var forked = []fault.Code{fault.DeviceSetAside, fault.ReplayDiffers}

// twin is a copy of a handheld that somebody has put into use beside it.
type twin struct {
	*hand
	of   *hand
	from int     // how many ops the two have in common
	kept []*made // ops of its own that the server has to keep beside the chain
}

// stepClone copies a handheld; both go on working, and then the copy sends. Nothing of it may be applied, nothing of it may be lost,
// and the handheld is set aside until somebody decides.
func stepClone(r *run, h *hand) {
	if h.revoked || h.gone || h.aside || h.off || !r.host.up || h.who.account == r.town.desk.account || len(r.clones) > 1 {
		return
	}
	c, err := r.copied(h)
	r.must(err)
	r.clones = append(r.clones, c)
	r.must(h.edits(false, func(p *pen) error { return p.any() }))
	r.sync(h, fair)
	r.must(c.edits(false, func(p *pen) error { return p.any() }))
	if len(c.made) == c.from || len(h.made) == c.from || h.made[c.from].told == 0 {
		return // they do not contradict each other
	}
	err = c.exchange(fair)
	switch {
	case isFault(err, forked...):
		h.aside = true
		for _, one := range c.made[c.from:] {
			if one.sent > 0 {
				c.kept = append(c.kept, one)
			}
		}
		r.stats.Clones++
	case err == nil || !isFault(err, bearable...):
		r.fail(fmt.Errorf("a copy of %s went through: %w", h.name, err))
	}
}

// copied puts a copy of a handheld into use.
func (r *run) copied(h *hand) (*twin, error) {
	c := &twin{hand: &hand{r: r, name: fmt.Sprintf("%s′%d", h.name, len(r.clones)+1), id: h.id, who: h.who, unit: h.unit, boots: 1000,
		made: slices.Clone(h.made)}, of: h, from: len(h.made)}
	c.line = &line{h: c.hand}
	c.dir = c.folder()
	if err := os.CopyFS(c.dir, os.DirFS(h.dir)); err != nil {
		return nil, err
	}
	_ = os.Remove(filepath.Join(c.dir, "device.db-shm"))
	r.tell("  %s is copied", h.name)
	return c, c.start()
}

// stepRelease lets a handheld go on that was set aside.
func stepRelease(r *run, _ *hand) {
	for _, h := range r.hands {
		if h.aside && !h.gone && r.host.up {
			r.release(h)
			return
		}
	}
}

// deskHand is that of the security administrator.
func (r *run) deskHand() *hand {
	return r.hands[slices.IndexFunc(r.hands, func(h *hand) bool { return h.who.account == r.town.desk.account })]
}

// release takes a handheld back into use, by the security administrator.
func (r *run) release(h *hand) {
	desk := r.deskHand()
	desk.line.weather, desk.line.dead = fair, false
	_, err := desk.Call(ctx, http.MethodPost, "/v1/devices/"+h.id+"/release", nil, nil, map[string]any{"reason": "是本机"})
	switch {
	case err == nil:
		h.aside = false
		r.tell("  %s may go on", h.name)
	case !isFault(err, bearable...):
		r.fail(err)
	}
}

// setAside: nothing that a copy of a handheld has made is in the history, and all that it sent is kept as it was signed.
func (s *state) setAside(r *run) error {
	for _, c := range r.clones {
		for _, one := range c.made[c.from:] {
			var taken, kept int
			if err := r.host.raw.QueryRow("SELECT count(*) FROM ops WHERE id = '" + one.ID + "'").Scan(&taken); err != nil {
				return err
			}
			if taken > 0 || one.outcome != nil {
				return fmt.Errorf("an op of a copied handheld is in the history: %s", one)
			}
			err := r.host.raw.QueryRow("SELECT count(*) FROM forks WHERE hash = '" + one.hash + "' AND text = '" + string(one.text) + "'").Scan(&kept)
			if err != nil {
				return err
			}
			if slices.Contains(c.kept, one) && kept != 1 {
				return fmt.Errorf("an op of a copied handheld is kept %d times: %s", kept, one)
			}
		}
	}
	return nil
}
