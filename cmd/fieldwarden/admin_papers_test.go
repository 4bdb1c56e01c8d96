package main

import (
	"context"
	"log/slog"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// A new server, set up as README says and without the demo, has every kind of paper and the working days; running it again changes nothing, and what the
// district has made its own stays.
func TestADistrictGetsItsPapers(t *testing.T) {
	ctx := context.Background()
	t.Setenv("FIELDWARDEN_DATA", t.TempDir())
	if err := (createAdmins{DistrictName: "某区", System: "sysadmin", Security: "secadmin", Audit: "auditadmin"}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	own := push.ServerOp{Collection: document.Templates.Name, Record: newID(), Action: record.Create}
	count := func() (forms, notices int) {
		err := withCore(ctx, func(core *server.Core) error {
			for _, kind := range templates.Kinds() {
				found, err := core.DB.Lookup(ctx, document.Templates.Name, "kind", kind)
				if err != nil {
					return err
				}
				if forms += len(found); kind == document.SummaryPenalty && len(found) > 0 {
					own.Record = found[0].ID
				}
			}
			found, err := core.DB.Lookup(ctx, "calendars", "year", "2026")
			notices = len(found)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return forms, notices
	}
	for range 2 {
		if err := (bringPapers{}).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if forms, notices := count(); forms != len(templates.Names()) || notices != 1 {
			t.Fatalf("%d templates, %d notices", forms, notices)
		}
		own.Action, own.Patch = record.Update, record.Object{"name": "某区当场行政处罚决定书"}
		cfg, err := loaded()
		if err != nil {
			t.Fatal(err)
		}
		core, err := server.Open(ctx, cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		err = core.Push.ApplyOwn(ctx, []push.ServerOp{own})
		core.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}
