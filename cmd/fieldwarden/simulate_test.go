package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

const (
	simulated = "120102001"
	key       = "Ninefold-Harbour-41"
)

// aged starts a server whose subjects have had four forms, the oldest of which is spoken no more, with one subject and an account.
func aged(t *testing.T) *server.Server {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.From(map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": "127.0.0.1:0"})
	must(err)
	s, err := server.Start(ctx, cfg, slog.New(slog.DiscardHandler))
	must(err)
	t.Cleanup(func() { must(s.Stop()) })
	c := recordtest.Aged("subjects")
	same := func(o record.Object) record.Object { return o }
	c.Schema, c.Older = 4, append(c.Older, record.Form{Lift: same, Lower: same})
	must(c.Prepare())
	s.Catalogue["subjects"] = c
	officer := uuid.Must(uuid.NewV7()).String()
	for _, op := range []push.ServerOp{
		{Collection: "units", Record: uuid.Must(uuid.NewV7()).String(), Patch: record.Object{"code": simulated, "name": "街道", "kind": "street"}},
		{Collection: "officers", Record: officer, Patch: record.Object{"name": "赵一", "unit": simulated, "state": "active",
			"grants": record.Object{"o": record.Object{"role": "officer", "unit": simulated}}}},
		{Collection: "subjects", Record: uuid.Must(uuid.NewV7()).String(), Patch: record.Object{"unit": simulated, "title": "店", "validFrom": "a",
			"contacts": record.Object{"main": record.Object{"phone": "1"}}}},
	} {
		op.Action = record.Create
		must(s.Push.ApplyOwn(ctx, []push.ServerOp{op}))
	}
	_, err = s.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: "zhao", Password: key, Officer: officer})
	must(err)
	return s
}

// Simulated handhelds of several years work with one server, each in the forms of its program; one that is too old is told so, and has sent what it did.
func TestSimulatedProgramsOfSeveralYears(t *testing.T) {
	s, ctx := aged(t), context.Background()
	for schema, want := range map[int]record.Object{
		1: nil,
		2: {"unit": simulated, "title": "店", "validFrom": "a", "phone": "1"},
		3: {"unit": simulated, "title": "店", "validFrom": "a", "contacts": record.Object{"main": record.Object{"phone": "1"}}},
		4: {"unit": simulated, "title": "店", "validFrom": "a", "contacts": record.Object{"main": record.Object{"phone": "1"}}},
	} {
		code, err := s.Sessions.CreateCodeByServer(ctx, simulated, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := simulateCommand{URL: s.URL(), Folder: t.TempDir(), Code: code.Code, Name: "模拟终端", Account: "zhao", Password: key, Visits: 1,
			Schemas: map[string]int{"subjects": schema}}
		err = c.Run(ctx)
		d, openErr := client.Open(ctx, client.Config{Dir: c.Folder, BaseURL: s.URL()})
		if openErr != nil {
			t.Fatal(openErr)
		}
		all, listErr := d.List(ctx, "subjects")
		unsent, unsentErr := d.Unsent(ctx)
		if listErr != nil || unsentErr != nil || len(unsent) > 0 {
			t.Fatalf("form %d: %v, %v, unsent %v", schema, listErr, unsentErr, unsent)
		}
		if f := fault.Of(err); schema == 1 && (f.Code != fault.ClientOutdated || !strings.Contains(f.Error(), "subjects")) || schema > 1 && err != nil {
			t.Errorf("form %d: %v", schema, err)
		}
		if schema > 1 && (len(all) != 1 || !record.Equal(all[0].Body, want)) {
			t.Errorf("form %d holds %v, want %v", schema, all, want)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A handheld names every collection: what it does not name the server would tell in forms that this program does not know.
func TestSimulatedHandheldsNameTheirForms(t *testing.T) {
	for _, c := range []struct {
		command simulateCommand
		want    int
	}{{simulateCommand{}, 1}, {simulateCommand{Back: 5}, 1}, {simulateCommand{Schemas: map[string]int{"tasks": 3}}, 3}} {
		speaks, err := c.command.forms()
		if err != nil || speaks["tasks"] != c.want || speaks["evidence"] < 1 || len(speaks) < 10 {
			t.Errorf("%+v speaks %v, %v", c.command, speaks, err)
		}
	}
}
