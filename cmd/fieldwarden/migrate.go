package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/db"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"应用全部未执行的迁移 / apply what is pending"`
	Down   migrateDown   `cmd:"" help:"回退最近一次迁移 / take the newest migration back"`
	Status migrateStatus `cmd:"" help:"列出迁移 / list migrations"`
}

type (
	migrateUp   struct{}
	migrateDown struct {
		Yes bool `help:"确认：回退会删除该迁移中的数据 / yes: going down drops that migration's data"`
	}
	migrateStatus struct{}
)

func (migrateUp) Run(ctx context.Context) error { return migrate(ctx, (*db.DB).MigrateUp) }

func (c migrateDown) Run(ctx context.Context) error {
	if !c.Yes {
		return fmt.Errorf("回退会删除数据，确认请加 --yes / going down drops data; say --yes to go on")
	}
	return migrate(ctx, (*db.DB).MigrateDown)
}

func (migrateStatus) Run(ctx context.Context) error { return migrate(ctx, (*db.DB).MigrateStatus) }

func migrate(ctx context.Context, step func(*db.DB, context.Context) ([]db.Migration, error)) error {
	cfg, err := loaded()
	if err != nil {
		return err
	}
	url, err := cfg.Database()
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
	if err != nil {
		return err
	}
	defer d.Close()
	all, err := step(d, ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, m := range all {
		applied := "pending"
		if !m.AppliedAt.IsZero() {
			applied = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", m.Version, m.Name, applied)
	}
	return table.Flush()
}
