package push

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// authorize asks the table of rights whether the author may do this to the record, where it is and where it would be.
// The author may be another than who brings the push: two officers share a handheld.
func (w *work) authorize(ctx context.Context, op wire.Sealed, ch change) (*fault.Error, error) {
	if w.byServer() {
		return nil, nil
	}
	if w.device != nil && !slices.Contains(w.device.Officers, op.Author) {
		return fault.New(fault.AuthorNotOnDevice).At("author"), nil
	}
	grants, err := w.grantsOf(ctx, op.Author)
	if err != nil {
		return nil, err
	}
	right := people.Right(op.Collection + "." + op.Action)
	switch {
	case !people.Serves(grants, ch.event.Latest):
		return outUnless(false, "record"), nil // whose record it is decides: nobody can say here what his role would have allowed
	case !people.May(grants, right, "", ch.event.Latest):
		return fault.New(fault.ActionDenied).At("action"), nil
	}
	if denied := acts(grants, ch); denied != nil {
		return denied, nil
	}
	return w.inScope(ctx, grants, right, ch)
}

// acts asks the table of rights about what the op does besides its action. It is the home unit's to give: a partner's head does not approve for it.
func acts(grants []people.Grant, ch change) *fault.Error {
	if ch.c.Acts == nil || ch.event.After == nil {
		return nil
	}
	for _, act := range ch.c.Acts(ch.event) {
		right := people.Right(ch.c.Name + "." + act)
		if unit := home(ch.event.After); unit == "" || !people.May(grants, right, unit, ch.event.Latest) {
			return fault.New(fault.ActionDenied).At("action").Detail(string(right), string(right))
		}
	}
	return nil
}

func (w *work) grantsOf(ctx context.Context, officer string) ([]people.Grant, error) {
	body, ok, err := w.Find(ctx, "officers", officer)
	if err != nil || !ok {
		return nil, err
	}
	return people.GrantsOf(body), nil
}

// flagged is a breach of a gate that lets the op stand.
type flagged struct {
	gate   record.Gate
	breach record.Breach
}

// judge asks every gate of the collection. The first breach of a refusing gate refuses the op; breaches of flagging gates
// become findings. The server's own ops are not judged, unless it asks for it: see [Service.ApplyJudged].
func (w *work) judge(ctx context.Context, ch change) ([]flagged, *fault.Error, error) {
	if w.byServer() && !w.batch.judged {
		return nil, nil, nil
	}
	var flags []flagged
	for _, g := range ch.c.Gates {
		breaches, err := g.Judge(ctx, ch.event, w)
		if err != nil {
			return nil, nil, err
		}
		if g.Effect == record.Refuse && len(breaches) > 0 {
			return nil, refused(g, breaches), nil
		}
		for _, b := range breaches {
			flags = append(flags, flagged{g, b})
		}
	}
	return append(flags, ch.doubles()...), nil, nil
}

// mostTold is of how many further breaches a refusal tells the place.
const mostTold = 10

// refused is the first breach of a refusing gate in words, and the places of the others: who corrects one should not have to be refused for each.
func refused(g record.Gate, breaches []record.Breach) *fault.Error {
	first := breaches[0]
	zh, en := g.Code+" "+first.Zh, g.Code+" "+first.En
	if basis := first.BasisOf(g); basis != "" {
		zh, en = zh+"（"+basis+"）", en+" ("+basis+")"
	}
	if more := len(breaches) - 1; more > 0 {
		var places []string
		for _, b := range breaches[1:min(len(breaches), 1+mostTold)] {
			if b.Field != "" && !slices.Contains(places, b.Field) {
				places = append(places, b.Field)
			}
		}
		at := strings.Join(places, "、")
		zh, en = zh+fmt.Sprintf("；另有%d处：%s", more, at), en+fmt.Sprintf("; and %d more: %s", more, at)
	}
	return fault.New(fault.GateRefused).At(first.Field).Detail(zh, en)
}

// numberGate flags a number that two papers carry: the citizen already holds the second, so it cannot be refused.
var numberGate = record.Gate{Code: "number.double", Basis: "行政处罚法第五十二条", Effect: record.Flag}

// claim finds out which of the numbers that a change claims are nobody's yet, and which are another record's already.
func (w *work) claim(ctx context.Context, ch *change) error {
	if ch.c.Claims == nil || !ch.changed {
		return nil
	}
	var uses []NumberUse
	for _, claim := range ch.c.Claims(ch.event) {
		uses = append(uses, NumberUse{Series: claim.Series, N: claim.N})
	}
	if len(uses) == 0 {
		return nil
	}
	taken, err := w.tx.NumberClaims(ctx, uses)
	if err != nil {
		return err
	}
	for _, n := range w.batch.Numbers {
		taken[NumberUse{Series: n.Series, N: n.N}] = n.Document
	}
	for _, use := range uses {
		by, claimed := taken[use]
		use.Document, use.Op = ch.event.Op.Record, ch.event.Op.ID
		switch {
		case !claimed:
			ch.numbers = append(ch.numbers, use)
		case by != use.Document:
			ch.taken = append(ch.taken, double{use, by})
		}
	}
	return nil
}

// double is a number that is claimed and was another record's already.
type double struct {
	NumberUse
	by string
}

// doubles are the findings about such numbers.
func (ch *change) doubles() (flags []flagged) {
	for _, d := range ch.taken {
		flags = append(flags, flagged{numberGate, record.Breach{Field: "number",
			Zh: fmt.Sprintf("编号%d已被另一文书或者作废登记（%s）使用", d.N, d.by), En: fmt.Sprintf("number %d is already that of another paper or void (%s)", d.N, d.by)}})
	}
	return flags
}

// Find implements record.Facts over the transaction with this push's effects on top.
func (w *work) Find(ctx context.Context, collection, id string) (record.Object, bool, error) {
	e, ok := w.view.entries[id]
	if !ok {
		rows, err := w.tx.Records(ctx, []string{id})
		if err != nil {
			return nil, false, err
		}
		if row, found := rows[id]; found {
			if err := w.view.load(id, row); err != nil {
				return nil, false, err
			}
		} else {
			w.view.entries[id] = entry{}
		}
		e = w.view.entries[id]
	}
	if !e.exists || e.row.Removed || e.row.Collection != collection {
		return nil, false, nil
	}
	return e.body, true, nil
}

// Match implements record.Facts over the transaction with this push's effects on top.
func (w *work) Match(ctx context.Context, collection, field, value string) (map[string]record.Object, error) {
	asked := record.Lookup{Collection: collection, Field: field, Value: value}
	if _, ok := w.matches[asked]; !ok {
		rows, err := w.tx.Match(ctx, collection, field, value)
		if err != nil {
			return nil, err
		}
		if err := w.remember(asked, rows); err != nil {
			return nil, err
		}
	}
	return w.overlay(w.matches[asked], asked), nil
}

// remember keeps what a lookup has found for the rest of the push.
func (w *work) remember(asked record.Lookup, rows []Row) (err error) {
	found := make(map[string]record.Object, len(rows))
	for _, row := range rows {
		if found[row.ID], err = w.speaks.Object(row.Collection, row.Schema, row.Body); err != nil {
			return fmt.Errorf("record %s as stored: %w", row.ID, err)
		}
	}
	w.matches[asked] = found
	return nil
}

// overlay lays what this push has changed over what was committed, which is not changed. Most pushes change nothing of what
// gates look up, and are asked for each op.
func (w *work) overlay(committed map[string]record.Object, asked record.Lookup) map[string]record.Object {
	if !slices.ContainsFunc(w.view.order, func(t touched) bool { return t.collection == asked.Collection }) {
		return committed
	}
	out := maps.Clone(committed)
	for _, t := range w.view.order {
		if t.collection != asked.Collection {
			continue
		}
		e := w.view.entries[t.id]
		if delete(out, t.id); !e.row.Removed && record.At(e.body, asked.Field) == asked.Value {
			out[t.id] = e.body
		}
	}
	return out
}
