package collections

import (
	"context"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// gates says which law judges which collection. Tasks wait for the server and are refused; inspections and papers have
// happened between people and are flagged (decision 0003).
func gates() map[string][]record.Gate {
	return map[string][]record.Gate{
		people.Certificates.Name: people.CertificateGates(),
		people.Officers.Name:     people.OfficerGates(),
		people.Units.Name:        people.UnitGates(),
		law.Calendars.Name:       law.CalendarGates(),
		Conflicts.Name:           {decided, conflictStays},
		DeadLetters.Name:         {explained, letterStays},
		inspect.Tasks.Name: slices.Concat([]record.Gate{people.CertifiedOnly(inspect.Assigns)},
			law.ItemGates(record.Refuse, whenReceived(inspect.TaskItems))),
		inspect.Inspections.Name: slices.Concat([]record.Gate{people.TwoOfficers(inspect.Performs), inspect.ShownFirst},
			law.ItemGates(record.Flag, whenItHappened(inspect.Items))),
		document.Templates.Name: document.TemplateGates(),
		document.Documents.Name: slices.Concat([]record.Gate{people.TwoOfficers(issues)}, document.Gates(Calendar),
			law.ItemGates(record.Flag, whenItHappened(paperItems))),
	}
}

// itemsOf lists the codes or record ids of the enforcement items that an event relies on.
type itemsOf func(context.Context, record.Event, record.Facts) ([]string, error)

func whenReceived(items itemsOf) law.Naming {
	return naming(items, func(ev record.Event) (from, to time.Time) { return ev.Received, ev.Received })
}

func whenItHappened(items itemsOf) law.Naming {
	return naming(items, func(ev record.Event) (from, to time.Time) { return ev.Earliest, ev.Latest })
}

func naming(items itemsOf, when func(record.Event) (from, to time.Time)) law.Naming {
	return func(ctx context.Context, ev record.Event, facts record.Facts) (law.Named, error) {
		n := law.Named{}
		var err error
		n.Items, err = items(ctx, ev, facts)
		n.Unit, _ = ev.After["unit"].(string)
		n.From, n.To = when(ev)
		return n, err
	}
}

// issues tells how many certified officers the issue of a paper takes, by its template or by its kind.
func issues(ctx context.Context, ev record.Event, facts record.Facts) (int, error) {
	if !document.BecameIssued(ev) {
		return 0, nil
	}
	id, _ := ev.After["template"].(string)
	template, _, err := facts.Find(ctx, document.Templates.Name, id)
	kind, _ := ev.After["kind"].(string)
	return document.OfficersNeeded(kind, template), err
}

// paperItems is the item that a paper punishes by, when it is issued.
func paperItems(_ context.Context, ev record.Event, _ record.Facts) ([]string, error) {
	data, _ := ev.After["data"].(record.Object)
	item, _ := data["item"].(string)
	if item == "" || !document.BecameIssued(ev) {
		return nil, nil
	}
	return []string{item}, nil
}

// once keeps a flagging gate from raising what is on somebody's desk already: while a finding with the same code about the
// same field of the same record is not closed, it is not raised again. An inspection has dozens of ops, and one breach.
func once(g record.Gate) record.Gate {
	if g.Effect != record.Flag {
		return g
	}
	judge := g.Judge
	g.Judge = func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		breaches, err := judge(ctx, ev, facts)
		if err != nil || len(breaches) == 0 || ev.Before == nil {
			return breaches, err
		}
		found, err := facts.Match(ctx, Findings.Name, "record", ev.Op.Record)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(breaches, func(b record.Breach) bool { return stands(found, g, b) }), nil
	}
	return g
}

func stands(findings map[string]record.Object, g record.Gate, b record.Breach) bool {
	code := b.Code
	if code == "" {
		code = g.Code
	}
	for _, f := range findings {
		field, _ := f["field"].(string)
		if f["code"] == code && field == b.Field && f["state"] != FindingClosed {
			return true
		}
	}
	return false
}
