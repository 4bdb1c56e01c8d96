// Package collections is the catalogue: every collection the server reconciles, each with the gates that judge it. What a
// collection is stands in the domain; here only stands which ones there are and which law judges which acts.
package collections

import (
	"context"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// units are those of document.PeriodUnit as domain/law names them.
var units = map[document.PeriodUnit]law.Unit{document.Days: law.CalendarDays, document.WorkingDays: law.WorkingDays, document.Months: law.Months}

// Calendar computes the last days of papers by the rules of domain/law and the notices on record. It implements document.Calendar.
func Calendar(ctx context.Context, facts record.Facts) document.Due {
	return func(first time.Time, n int, unit document.PeriodUnit, roll bool) (time.Time, error) {
		var cal *calendar.Calendar
		if roll || unit == document.WorkingDays { // all others need no calendar
			var err error
			if cal, err = law.CalendarFrom(ctx, first, facts); err != nil {
				return time.Time{}, err
			}
		}
		due, err := law.Period{N: n, Unit: units[unit], Roll: roll}.Due(first, cal)
		return due.Day, err
	}
}

// Catalogue builds the catalogue. It fails only when a declaration contradicts itself.
func Catalogue() (record.Catalogue, error) {
	all := []record.Collection{
		people.Units, people.Officers, people.Certificates,
		law.Items, law.Calendars, inspect.Checklists, document.Templates, inspect.Subjects,
		inspect.Tasks, inspect.Inspections, document.Documents, evidence.Evidence, evidence.Custodies, evidence.Derivatives, evidence.Holds, evidence.Disposals,
		Findings, Conflicts, DeadLetters, document.Blocks, document.Exports,
	}
	judged := gates()
	pointers := make([]*record.Collection, len(all))
	for i := range all {
		own := slices.Concat(all[i].Gates, judged[all[i].Name])
		all[i].Gates = make([]record.Gate, len(own))
		for n, g := range own {
			all[i].Gates[n] = once(g)
		}
		pointers[i] = &all[i]
	}
	return record.NewCatalogue(pointers...)
}
