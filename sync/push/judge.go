package push

import (
	"context"
	"slices"

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
	if !people.May(grants, right, "", ch.event.Latest) {
		return fault.New(fault.ActionDenied).At("action"), nil
	}
	return w.inScope(ctx, grants, right, ch)
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
// become findings. The server's own ops are not judged.
func (w *work) judge(ctx context.Context, ch change) ([]flagged, *fault.Error, error) {
	if w.byServer() {
		return nil, nil, nil
	}
	var flags []flagged
	for _, g := range ch.c.Gates {
		breaches, err := g.Judge(ctx, ch.event, w)
		if err != nil {
			return nil, nil, err
		}
		for _, b := range breaches {
			if g.Effect == record.Refuse {
				why := fault.New(fault.GateRefused).At(b.Field)
				return nil, why.Detail(g.Code+" "+b.Zh+"（"+g.Basis+"）", g.Code+" "+b.En+" ("+g.Basis+")"), nil
			}
			flags = append(flags, flagged{g, b})
		}
	}
	doubles, err := w.doubles(ctx, ch)
	return append(flags, doubles...), nil, err
}

// numberGate flags a number that two papers carry: the citizen already holds the second, so it cannot be refused.
var numberGate = record.Gate{Code: "number.double", Basis: "行政处罚法第五十二条", Effect: record.Flag}

// doubles finds numbers the op claims that belong to another record already.
func (w *work) doubles(ctx context.Context, ch change) ([]flagged, error) {
	uses := w.claims(ch)
	if len(uses) == 0 {
		return nil, nil
	}
	taken, err := w.tx.NumberClaims(ctx, uses)
	if err != nil {
		return nil, err
	}
	for _, n := range w.batch.Numbers {
		taken[NumberUse{Series: n.Series, N: n.N}] = n.Document
	}
	var out []flagged
	for _, use := range uses {
		if by, ok := taken[NumberUse{Series: use.Series, N: use.N}]; ok && by != use.Document {
			out = append(out, flagged{numberGate, record.Breach{Field: "number",
				Zh: "文书编号已被另一文书（" + by + "）使用", En: "the number is already that of another paper (" + by + ")"}})
		}
	}
	return out, nil
}

func (w *work) claims(ch change) []NumberUse {
	if ch.c.Claims == nil || !ch.changed {
		return nil
	}
	var uses []NumberUse
	for _, claim := range ch.c.Claims(ch.event) {
		uses = append(uses, NumberUse{Series: claim.Series, N: claim.N, Document: ch.event.Op.Record})
	}
	return uses
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
	key := collection + "\x00" + field + "\x00" + value
	committed, ok := w.matches[key]
	if !ok {
		rows, err := w.tx.Match(ctx, collection, field, value)
		if err != nil {
			return nil, err
		}
		committed = map[string]record.Object{}
		for _, row := range rows {
			if committed[row.ID], err = wire.Object(row.Body); err != nil {
				return nil, err
			}
		}
		w.matches[key] = committed
	}
	return w.overlay(committed, collection, field, value), nil
}

// overlay lays what this push has changed over what was committed.
func (w *work) overlay(committed map[string]record.Object, collection, field, value string) map[string]record.Object {
	out := make(map[string]record.Object, len(committed))
	for id, body := range committed {
		out[id] = body
	}
	for _, t := range w.view.order {
		if t.collection != collection {
			continue
		}
		e := w.view.entries[t.id]
		if delete(out, t.id); !e.row.Removed && e.body[field] == value {
			out[t.id] = e.body
		}
	}
	return out
}
