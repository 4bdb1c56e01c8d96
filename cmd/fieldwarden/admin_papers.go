package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// bringPapers gives a district what it needs to issue papers: the templates of all kinds and the notices on days off that the program brings. What is there
// already, in whatever version, is the district's and is left alone.
type bringPapers struct{}

func (bringPapers) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error {
		forms, err := missingTemplates(ctx, core)
		if err != nil {
			return err
		}
		notices, err := missingCalendars(ctx, core)
		if err != nil {
			return err
		}
		if all := append(forms, notices...); len(all) > 0 {
			if err := core.Push.ApplyOwn(ctx, all); err != nil {
				return err
			}
		}
		fmt.Printf("新增文书模板%d个、放假通知%d份；已有的未改动 / %d templates and %d notices on days off were added; what was there is as it was\n",
			len(forms), len(notices), len(forms), len(notices))
		return nil
	})
}

func missingTemplates(ctx context.Context, core *server.Core) ([]push.ServerOp, error) {
	var ops []push.ServerOp
	for _, name := range templates.Names() {
		kind, _, _ := strings.Cut(name, ".")
		known, err := core.DB.Lookup(ctx, document.Templates.Name, "kind", kind)
		if err != nil {
			return nil, err
		}
		if len(known) > 0 {
			continue
		}
		text, err := templates.Files.ReadFile(name + ".json")
		if err != nil {
			return nil, err
		}
		body, err := wire.Object(text)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
		ops = append(ops, push.ServerOp{Collection: document.Templates.Name, Record: newID(), Action: record.Create, Patch: body})
	}
	return ops, nil
}

func missingCalendars(ctx context.Context, core *server.Core) ([]push.ServerOp, error) {
	notices, err := calendar.Notices()
	if err != nil {
		return nil, err
	}
	var ops []push.ServerOp
	for _, year := range slices.Sorted(maps.Keys(notices)) {
		known, err := core.DB.Lookup(ctx, "calendars", "year", year)
		if err != nil {
			return nil, err
		}
		if len(known) > 0 {
			continue
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(notices[year], "# "), "\n")
		ops = append(ops, push.ServerOp{Collection: "calendars", Record: newID(), Action: record.Create,
			Patch: record.Object{"year": year, "notice": title, "text": notices[year]}})
	}
	return ops, nil
}
