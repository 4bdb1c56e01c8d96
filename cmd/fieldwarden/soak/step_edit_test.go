package soak

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// pen is what a person edits with: the handheld, or one transaction of it.
type pen struct {
	h     *hand
	edit  *client.Edit // nil: each edit stands alone
	looks []look       // what the person saw, edit by edit
}

// look is what somebody saw when he edited a record.
type look struct {
	record string
	saw    record.Object
}

// edits runs some edits in one local transaction if grouped, else one by one, and tells the oracle of the ops they made.
func (h *hand) edits(grouped bool, fn func(p *pen) error) error {
	p := &pen{h: h}
	var err error
	if grouped {
		err = h.Group(ctx, func(e *client.Edit) error {
			p.edit = e
			return fn(p)
		})
	} else {
		err = fn(p)
	}
	if noteErr := h.note(p.looks); noteErr != nil {
		return noteErr
	}
	return err
}

// note tells the oracle of the ops that have been sealed since it last looked.
func (h *hand) note(looks []look) error {
	unsent, err := h.Unsent(ctx)
	if err != nil {
		return err
	}
	for _, q := range unsent {
		if q.Seq <= uint64(len(h.made)) {
			continue
		}
		i := slices.IndexFunc(looks, func(l look) bool { return l.record == q.Record })
		if i < 0 {
			return fmt.Errorf("%s has an op on %s that nobody made: %s", h.name, q.Record, text(q.Op))
		}
		sealed, err := wire.Seal(q.Op)
		if err != nil {
			return err
		}
		h.r.model.makes(h, sealed, looks[i].saw)
		looks = slices.Delete(slices.Clone(looks), i, i+1)
		h.r.tell("  %s #%d %s %s/%s base %d %s", h.name, q.Seq, q.Action, q.Collection, short(q.Record), q.Base, text(q.Patch))
	}
	return nil
}

func (p *pen) create(collection string, body record.Object) (id string, err error) {
	if p.edit != nil {
		id, err = p.edit.Create(collection, body)
	} else {
		id, err = p.h.Create(ctx, collection, body)
	}
	p.looks = append(p.looks, look{record: id})
	return id, err
}

// update changes a record. An edit that changes nothing makes no op, and its look must not be taken for another's.
func (p *pen) update(collection, id string, change func(record.Object)) error {
	var saw record.Object
	changed := false
	wrapped := func(body record.Object) {
		saw = clone(body)
		change(body)
		changed = !record.Equal(saw, body)
	}
	var err error
	if p.edit != nil {
		err = p.edit.Update(collection, id, wrapped)
	} else {
		err = p.h.Update(ctx, collection, id, wrapped)
	}
	if err == nil && changed {
		p.looks = append(p.looks, look{id, saw})
	}
	return err
}

func (p *pen) remove(collection, id string) error {
	var r client.Record
	var err error
	if p.edit != nil {
		if r, err = p.edit.Get(collection, id); err == nil {
			err = p.edit.Remove(collection, id)
		}
	} else if r, err = p.h.Get(ctx, collection, id); err == nil {
		err = p.h.Remove(ctx, collection, id)
	}
	if err == nil {
		p.looks = append(p.looks, look{id, r.Body})
	}
	return err
}

// clone copies a body as JSON would.
func clone(body record.Object) record.Object {
	out, err := wire.Object([]byte(text(body)))
	if err != nil {
		panic(err)
	}
	return out
}

// word invents a value that nobody else ever writes, so that it can be looked for.
func (h *hand) word(what string) string {
	h.words++
	return fmt.Sprintf("%s~%s.%d~", what, h.name[len("手持机"):], h.words)
}

// some chooses one of the records of a collection that the person sees, or "". Now and then it is any; mostly one of a few,
// so that people meet.
func (h *hand) some(collection string) string {
	all, err := h.List(ctx, collection)
	h.r.must(err)
	if len(all) == 0 {
		return ""
	}
	n := len(all)
	if h.r.dice.IntN(4) > 0 {
		n = min(n, 2)
	}
	return all[h.r.dice.IntN(n)].ID // the oldest: whatever is new, everybody knows those
}

// stepEdit makes one edit.
func stepEdit(r *run, h *hand) {
	r.must(h.edits(false, func(p *pen) error { return p.any() }))
}

// stepGroup makes several edits that stand or fall together; sometimes the last cannot stand.
func stepGroup(r *run, h *hand) {
	street := h.street()
	subject, task, id := h.some("subjects"), h.some("tasks"), h.some("inspections")
	r.must(h.edits(true, func(p *pen) (err error) {
		if id == "" || r.dice.IntN(4) == 0 {
			id, err = p.create("inspections", record.Object{"unit": street, "state": "planned", "summary": h.word("检查")})
		}
		if err == nil && subject != "" {
			err = p.update("subjects", subject, func(b record.Object) { b["phone"] = h.word("电话") })
		}
		if err == nil && task != "" && r.dice.IntN(2) == 0 {
			err = p.update("tasks", task, func(b record.Object) { b["title"] = h.word("任务") })
		}
		if err == nil && r.dice.IntN(6) == 0 {
			_, err = p.create("subjects", record.Object{"kind": "household", "unit": street, "name": 7.0}) // of the wrong kind
		}
		if err == nil {
			err = p.update("inspections", id, func(b record.Object) { b["opinion"] = h.word("意见") })
		}
		return err
	}))
}

// street is where the person works, mostly; now and then the other one, where he may have no business.
func (h *hand) street() string {
	if h.r.dice.IntN(12) == 0 {
		return pick(h.r.dice, streets...)
	}
	if h.unit == district {
		return streets[0]
	}
	return h.unit
}

// any makes one edit, good or bad.
func (p *pen) any() error {
	dice := p.h.r.dice
	what := pick(dice, "subject", "task", "inspection", "change", "change", "change", "change", "change", "change", "change", "change",
		"answer", "answer", "answer", "answer", "state", "remove", "officers", "drop", "bad", "nameless")
	subject, task, visit := p.h.some("subjects"), p.h.some("tasks"), p.h.some("inspections")
	switch {
	case what == "nameless":
		id, err := p.create("subjects", record.Object{"kind": "household", "unit": p.h.street()}) // rejected, and what follows is held
		if err == nil {
			err = p.update("subjects", id, func(b record.Object) { b["phone"] = p.h.word("电话") })
		}
		return err
	case what == "subject" && dice.IntN(2) == 0 || subject == "":
		_, err := p.create("subjects", record.Object{"kind": "household", "unit": p.h.street(), "name": p.h.word("店")})
		return err
	case what == "task" && dice.IntN(2) == 0 || task == "":
		_, err := p.create("tasks", record.Object{"unit": p.h.street(), "kind": "routine", "state": "draft", "title": p.h.word("任务")})
		return err
	case what == "inspection" && dice.IntN(2) == 0 || visit == "":
		_, err := p.create("inspections", record.Object{"unit": p.h.street(), "state": "planned", "summary": p.h.word("检查")})
		return err
	case slices.Contains([]string{"change", "subject", "task", "inspection"}, what):
		return p.change(subject, task, visit)
	case what == "answer":
		return p.update("inspections", visit, func(b record.Object) { p.answer(b) })
	case what == "state":
		if dice.IntN(2) == 0 {
			state := pick(dice, "open", "completed", "cancelled", "planned")
			return p.update("inspections", visit, func(b record.Object) { b["state"] = state })
		}
		state := pick(dice, "assigned", "accepted", "done", "cancelled", "draft")
		return p.update("tasks", task, func(b record.Object) { b["state"] = state })
	case what == "remove":
		return p.remove("tasks", task)
	case what == "officers":
		who := pick(dice, p.h.r.town.people...).officer
		return p.update("tasks", task, func(b record.Object) { put(b, p.h.word("分工"), "officers", who, "role") })
	case what == "drop":
		return p.update("inspections", visit, func(b record.Object) { p.dropAnswer(b) })
	default:
		return p.update("subjects", subject, func(b record.Object) { b["phone"] = 7.0 })
	}
}

// change rewrites one or two fields that the person sees.
func (p *pen) change(subject, task, visit string) error {
	dice := p.h.r.dice
	collection, id, fields := "subjects", subject, []string{"name", "phone", "address"}
	switch dice.IntN(4) {
	case 0:
		collection, id, fields = "tasks", task, []string{"title", "due"}
	case 1:
		collection, id, fields = "inspections", visit, []string{"summary", "opinion"}
	}
	return p.update(collection, id, func(b record.Object) {
		for range 1 + dice.IntN(2) {
			field := pick(dice, fields...)
			if dice.IntN(6) == 0 && field != "name" && field != "title" {
				delete(b, field)
			} else {
				b[field] = p.h.word(field)
			}
		}
	})
}

// answer answers a question of a checklist, or adds a note to the answer.
func (p *pen) answer(b record.Object) {
	q := pick(p.h.r.dice, "q1", "q2", "q3")
	if p.h.r.dice.IntN(3) == 0 {
		put(b, p.h.word("说明"), "answers", q, "note")
	} else {
		put(b, p.h.word("答"), "answers", q, "value")
	}
}

// dropAnswer takes an answer away, with all that is in it.
func (p *pen) dropAnswer(b record.Object) {
	answers, _ := b["answers"].(record.Object)
	if keys := slices.Sorted(maps.Keys(answers)); len(keys) > 0 {
		delete(answers, pick(p.h.r.dice, keys...))
	}
}

// put sets a value deep in a body.
func put(b record.Object, value any, path ...string) {
	for _, step := range path[:len(path)-1] {
		inner, ok := b[step].(record.Object)
		if !ok {
			inner = record.Object{}
			b[step] = inner
		}
		b = inner
	}
	b[path[len(path)-1]] = value
}
