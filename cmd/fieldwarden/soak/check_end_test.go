package soak

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// quiesce gives everybody a good network until nothing is on its way any more.
func (r *run) quiesce() {
	r.tell("安静下来 quiescence")
	r.quiet = true
	if !r.host.up {
		r.must(r.host.start())
	}
	r.host.amid = nil
	for len(r.parked) > 0 {
		r.must(r.deliver(len(r.parked) - 1))
	}
	r.settle(r.deskHand()) // so that it is signed in
	for _, h := range r.hands {
		if h.aside && !h.gone {
			r.release(h)
		}
	}
	for range 3 {
		for _, h := range r.hands {
			r.clock.pass(5 * time.Second)
			r.host.core.Jobs.Drain(ctx)
			if !h.revoked {
				r.settle(h)
			}
		}
	}
	for _, h := range r.hands {
		if !h.revoked {
			r.must(r.compared(h))
		}
	}
}

// over are the faults of a sign-in that has ended.
var over = []fault.Code{fault.SignedOut, fault.SessionEnded, fault.RefreshInvalid, fault.RefreshReused}

// settle lets one handheld come to rest. A sign-in that is over is made anew; a handheld that is revoked is told so.
func (r *run) settle(h *hand) {
	err := h.exchange(fair)
	if isFault(err, over...) && r.signIn(h, h.who) {
		err = h.exchange(fair)
	}
	if h.revoked {
		return
	}
	r.must(err)
	r.must(h.atRest())
	r.must(h.ownWrites())
}

// judge checks what must hold when everything is quiet.
func (r *run) judge() {
	s, err := r.read()
	r.must(err)
	for _, h := range r.hands {
		if h.gone != h.revoked {
			r.fail(fmt.Errorf("%s: revoked %v, told so %v", h.name, h.gone, h.revoked))
		}
		r.must(s.exactlyOnce(r, h))
		r.must(r.onlineOnce(h))
		r.must(s.inOrder(h))
		if !h.revoked {
			r.must(s.converged(h))
		}
	}
	r.must(s.noEditLost(r))
	r.must(s.decisions(r))
	r.must(s.setAside(r))
	r.must(s.numbersWithoutGaps())
	for _, w := range r.watch {
		r.must(s.watched(r, w))
	}
	r.must(r.groups())
	r.must(r.audit())
	r.must(r.histories(s))
	r.count(s)
}

// exactlyOnce: an acknowledged op exists exactly once, an unacknowledged one at most once, each as its author has sealed it and
// with the outcome that was told.
func (s *state) exactlyOnce(r *run, h *hand) error {
	there := s.ops[h.id]
	if len(there) > len(h.made) {
		return fmt.Errorf("%s has made %d ops, the server has %d", h.name, len(h.made), len(there))
	}
	for i, one := range h.made {
		if i >= len(there) {
			if one.outcome != nil {
				return fmt.Errorf("an acknowledged op is not there: %s", one)
			}
			if !h.revoked {
				return fmt.Errorf("an op was never taken: %s", one)
			}
			continue
		}
		if there[i].Seq != one.Seq || there[i].ID != one.ID || there[i].Hash != one.hash || string(there[i].Text) != string(one.text) {
			return fmt.Errorf("in the place of %s the server has %s", one, there[i].Text)
		}
		kept, ok := s.outcomes[h.id][one.Seq]
		if !ok || one.outcome != nil && text(kept) != text(*one.outcome) {
			return fmt.Errorf("the outcome of %s is kept as %s", one, text(kept))
		}
		if one.outcome == nil {
			one.outcome, one.answered = &kept, r.model.now()
		}
		if one.told == 0 && !h.revoked {
			return fmt.Errorf("nobody was told what became of %s", one)
		}
	}
	return nil
}

// inOrder: the versions that a handheld has made of a record are in the order in which it made them, and an op makes at most one.
func (s *state) inOrder(h *hand) error {
	madeBy := map[string]uint64{}
	for _, id := range slices.Sorted(maps.Keys(s.versions)) {
		last := uint64(0)
		for n, v := range s.versions[id] {
			if madeBy[v.op.ID] != 0 {
				return fmt.Errorf("op %s made two versions", v.op.ID)
			}
			madeBy[v.op.ID] = v.number
			if v.made == nil || v.made.hand != h || v.made.online {
				continue
			}
			if v.op.Seq <= last {
				return fmt.Errorf("version %d of %s: %s comes after #%d", n+1, short(id), v.made, last)
			}
			last = v.op.Seq
		}
	}
	for _, one := range h.all() {
		n := madeBy[one.ID]
		if n > 0 && (!one.stands() || one.outcome.Version != n) {
			return fmt.Errorf("version %d was made by %s", n, one)
		}
	}
	return nil
}

// converged: a handheld holds what the server has for it, byte by byte, and shows just that.
func (s *state) converged(h *hand) error {
	rows, waiting, err := h.holds()
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return fmt.Errorf("%s still lets news wait: %v", h.name, waiting)
	}
	feeds, err := h.feeds()
	if err != nil {
		return err
	}
	holds, want := map[string]bool{}, map[string]bool{}
	for _, feed := range feeds {
		for id, c := range s.feeds[feed] {
			if c.Gone != "" {
				continue
			}
			want[id], holds[feed+" "+id] = true, true
			if got := rows[id]; !slices.Contains(feeds, got.feed) || got.version != c.Version || got.body != string(c.Body) || got.collection != c.Collection {
				return fmt.Errorf("%s does not hold %s/%s as it is in %s: %+v; the server has version %d %s", h.name, c.Collection, short(id), feed,
					got, c.Version, c.Body)
			}
			shown, err := h.Get(ctx, c.Collection, id)
			if err != nil || shown.Unsent != 0 || shown.Version != c.Version || text(shown.Body) != string(c.Body) {
				return fmt.Errorf("%s shows %s/%s as %+v (%w); the server has version %d %s", h.name, c.Collection, short(id), shown, err, c.Version, c.Body)
			}
		}
	}
	if there, err := h.holdings(); err != nil || !maps.Equal(there, holds) {
		return fmt.Errorf("%s has its records by other feeds than they are in: %v, not %v (%w)", h.name, there, holds, err)
	}
	if len(rows) != len(want) {
		for id, x := range rows {
			if c := s.feeds[x.feed][id]; c.Gone != "" || c.ID == "" {
				return fmt.Errorf("%s holds %s/%s version %d of %s, which is not there any more", h.name, x.collection, short(id), x.version, x.feed)
			}
		}
	}
	return nil
}

// numbersWithoutGaps: every number that a feed has given is accounted for, by a version or by a departure.
func (s *state) numbersWithoutGaps() error {
	numbers := map[string]uint64{}
	for _, versions := range s.versions {
		var before []string
		for _, v := range versions {
			for _, feed := range v.feeds {
				numbers[feed]++
			}
			for _, feed := range before {
				if !slices.Contains(v.feeds, feed) {
					numbers[feed]++ // the departure
				}
			}
			before = v.feeds
		}
	}
	for feed, head := range s.heads {
		if numbers[feed] != head {
			return fmt.Errorf("the head of %s is %d, %d numbers are accounted for", feed, head, numbers[feed])
		}
	}
	return nil
}

// watched: who has read a feed bit by bit, all the while it grew, ends with what lives in it.
func (s *state) watched(r *run, w *watcher) error {
	for range 10000 {
		before := w.after
		if err := w.page(r); err != nil {
			return err
		}
		if w.after == before {
			break
		}
	}
	for id, c := range s.feeds[w.feed] {
		version, here := w.held[id]
		if here != (c.Gone == "") || here && version != c.Version {
			return fmt.Errorf("who has watched %s holds %s/%s: %v, at version %d; it is at %d, gone %q", w.feed, c.Collection, short(id), here, version,
				c.Version, c.Gone)
		}
	}
	return nil
}

// audit asks the one verifier.
func (r *run) audit() error {
	report, err := r.host.core.Audit(ctx)
	if err == nil && !report.Sound() {
		err = fmt.Errorf("the audit finds %+v", report.Problems[:min(3, len(report.Problems))])
	}
	return err
}

// noEditLost: every edit is in the record, in a conflict, rejected or held; and what stood is gone only where somebody who had
// seen it took it away.
func (s *state) noEditLost(r *run) error {
	var errs []error
	for _, h := range r.hands {
		for _, one := range h.all() {
			if one.stands() {
				errs = append(errs, s.edits(one))
			}
			if r.restores.restore > 0 {
				continue // what people saw may have gone with the history that is lost
			}
			if one.saw != nil && !record.Equal(one.saw, s.shown(one)) {
				errs = append(errs, fmt.Errorf("%s showed %s when its person made %s; the op says that it was %s", h.name, text(one.saw), one, text(s.shown(one))))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.versions)) {
		versions := s.versions[id]
		for n := 1; n < len(versions); n++ {
			errs = append(errs, s.unseen(id, n, versions[n-1], versions[n]))
		}
	}
	return errors.Join(errs...)
}

// edits: each edit of an op that stands is in the version that it ended in, or on its side of a conflict.
func (s *state) edits(one *made) error {
	after, known := s.version(one.Record, one.outcome.Version)
	if !known {
		return fmt.Errorf("%s names a version that does not exist", one)
	}
	sides := record.Object{}
	if one.outcome.Conflict != "" {
		conflict := s.versions[one.outcome.Conflict]
		if len(conflict) == 0 || conflict[0].body["ours"] != one.ID {
			return fmt.Errorf("there is no conflict of %s", one)
		}
		sides, _ = conflict[0].body["fields"].(record.Object)
	}
	if one.Action == string(record.Remove) {
		if _, whole := sides["/"]; !whole && !after.removed {
			return fmt.Errorf("neither removed nor in conflict: %s", one)
		}
		return nil
	}
	saw := s.saw(one)
	for _, l := range leaves(one.Patch) {
		if !says(saw, l) && !says(after.body, l) && !inConflict(sides, l) {
			return fmt.Errorf("lost: %s = %v of %s; it is not in version %d, %s, and not in a conflict, %s; its author saw %s", l.path, l.value, one,
				one.outcome.Version, after.text, text(sides), text(saw))
		}
	}
	return nil
}

func inConflict(fields record.Object, l leaf) bool {
	for path, sides := range fields {
		rest, ok := under(l.path, path)
		ours := sides.(record.Object)["ours"]
		if ok && (len(rest) == 0 && record.Equal(ours, l.value) || len(rest) > 0 && says(ours, leaf{strings.Join(rest, sep), l.value})) {
			return true
		}
	}
	return false
}

// saw is what the author of an op was looking at, without those of his own edits that turned out not to stand: the version
// that the op names, with own ops on top that could not be in it.
func (s *state) saw(one *made) record.Object { return s.fold(one, (*made).stands) }

// shown is what the op says that its author was looking at: the same, with every own op on top of which he did not know yet that
// it does not stand.
func (s *state) shown(one *made) record.Object {
	return s.fold(one, func(own *made) bool { return own.stands() || own.told == 0 || own.told > one.at })
}

func (s *state) fold(one *made, counts func(*made) bool) record.Object {
	var body record.Object
	if one.Base > 0 {
		base, _ := s.version(one.Record, one.Base)
		body = base.body
	}
	for _, own := range one.hand.made {
		if own.Seq >= one.Seq { // of what was written online, all: it was made by what the server said
			break
		}
		if own.Record != one.Record || !counts(own) || own.stands() && own.told > 0 && own.told < one.at && own.outcome.Version <= one.Base {
			continue
		}
		if own.Action == string(record.Remove) {
			body = nil
		} else {
			body = record.Apply(body, own.Patch)
		}
	}
	return body
}

// unseen: what stood in the version before is gone from the next one only if the author of that had seen it.
func (s *state) unseen(id string, n int, before, after version) error {
	var saw, wrote record.Object
	by := "the server"
	if after.made != nil {
		saw, wrote, by = after.made.saw, s.saw(after.made), after.made.String()
	}
	if !record.Equal(before.body["fields"], after.body["fields"]) { // of conflicts: paths are keys there, so it is no tree of fields
		return fmt.Errorf("version %d of %s, by %s, changes the sides of a conflict", n+1, short(id), by)
	}
	if before.removed {
		return nil // who removed it gave up what stood there, and was asked about it then; what comes back is what was decided
	}
	for _, l := range leaves(before.body) {
		if strings.HasPrefix(l.path, "fields"+sep) {
			continue
		}
		word, ok := l.value.(string)
		if !ok || !strings.Contains(word, "~") {
			continue
		}
		if after.made != nil && after.made.decidedOn(word) {
			continue // the author had decided about it before, in the same push: so he knew what would become of it
		}
		if strings.Contains(s.desk[after.op.ID], word) {
			continue // whoever decided had it before him
		}
		if (after.removed && !before.removed || !says(after.body, l)) && !says(saw, l) && !says(wrote, l) {
			return fmt.Errorf("overwritten by one who never saw it: %s = %v of %s, by version %d, %s; its author saw %s", l.path, l.value, short(id), n+1,
				by, text(saw))
		}
	}
	return nil
}

// decidedOn reports whether the author of an op had the word before him when he decided a conflict or a letter about the same record.
func (one *made) decidedOn(word string) bool {
	for _, own := range one.hand.made {
		if own.Seq >= one.Seq {
			return false
		}
		desk := own.Collection == "conflicts" || own.Collection == "deadletters"
		if desk && own.saw["record"] == one.Record && strings.Contains(text(own.saw)+text(own.Patch), word) {
			return true
		}
	}
	return false
}
