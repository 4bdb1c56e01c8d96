// Package foreign holds tests in which the real libraries of others, running in Node, work with the real server, and nothing else: at
// the end they hold what the server holds.
package foreign

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const (
	street   = "120102001"
	other    = "120102002"
	password = "Ninefold-Harbour-41"
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a running server.
type world struct {
	t *testing.T
	*server.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cfg, err := config.From(map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": "127.0.0.1:0", "FIELDWARDEN_LOG_LEVEL": "warn"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Start(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	w := &world{t, s}
	for _, code := range []string{street, other} {
		w.put("units", newID(), record.Object{"code": code, "name": "街道" + code, "kind": "street"})
	}
	return w
}

func (w *world) own(ops ...push.ServerOp) {
	w.t.Helper()
	if err := w.Push.ApplyOwn(ctx, ops); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(collection, id string, body record.Object) {
	w.t.Helper()
	w.own(push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body})
}

func (w *world) change(collection, id string, patch record.Object) {
	w.t.Helper()
	w.own(push.ServerOp{Collection: collection, Record: id, Action: record.Update, Patch: patch})
}

// person is somebody who can sign in.
type person struct{ officer, account string }

// hire makes an officer with roles in a unit.
func (w *world) hire(unit string, roles ...string) person {
	w.t.Helper()
	p := person{officer: newID(), account: "user-" + newID()}
	w.put("officers", p.officer, record.Object{"name": "赵一", "unit": unit, "state": "active", "grants": grants(unit, roles...)})
	_, err := w.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: p.account, Password: password, Officer: p.officer})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func grants(unit string, roles ...string) record.Object {
	set := record.Object{}
	for _, role := range roles {
		set[role] = record.Object{"role": role, "unit": unit}
	}
	return set
}

func (w *world) code(unit string) string {
	w.t.Helper()
	code, err := w.Sessions.CreateCodeByServer(ctx, unit, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return code.Code
}

// held is what the server holds of a collection in a unit: by id, the body with id and version, as canonical JSON.
func (w *world) held(unit, collection string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	after := uint64(0)
	for {
		page, _, err := w.DB.Changes(ctx, "unit/"+unit, after, 500)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range page {
			after = c.Seq
			if c.Gone != "" || c.Collection != collection {
				continue
			}
			body, err := wire.Object(c.Body)
			if err != nil {
				w.t.Fatal(err)
			}
			body["id"], body["serverVersion"] = c.ID, float64(c.Version)
			out[c.ID] = canonical(w.t, body)
		}
		if len(page) < 500 {
			return out
		}
	}
}

// only is the one record of a collection in a unit.
func (w *world) only(unit, collection string) record.Object {
	w.t.Helper()
	held := w.held(unit, collection)
	if len(held) != 1 {
		w.t.Fatalf("%d records of %s, want one: %v", len(held), collection, held)
	}
	for _, text := range held {
		body, err := wire.Object([]byte(text))
		if err != nil {
			w.t.Fatal(err)
		}
		return body
	}
	return nil
}

func canonical(t *testing.T, value any) string {
	t.Helper()
	text, err := wire.Canonical(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func deployed(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../../deploy/foreign")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
