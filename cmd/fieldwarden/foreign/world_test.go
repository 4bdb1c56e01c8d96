// Package foreign holds tests in which the real libraries of others, running in Node, work with the real server, and nothing else: at
// the end they hold what the server holds.
package foreign

import (
	"context"
	"log/slog"
	"maps"
	"os"
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
	t    *testing.T
	data string            // folder
	at   string            // where it listens: the same after a restart
	name string            // its public URL, if that is not where it listens
	more map[string]string // settings besides
	aged int               // how many forms its subjects have had; 0: they are the real ones
	*server.Server
}

func newWorld(t *testing.T) *world { return newWorldAt(t, "") }

// newWorldAt is a server that clients reach by another address.
func newWorldAt(t *testing.T, name string) *world {
	t.Helper()
	w := &world{t: t, data: t.TempDir(), at: "127.0.0.1:0", name: name}
	w.start()
	t.Cleanup(w.stop)
	for _, code := range []string{street, other} {
		w.put("units", newID(), record.Object{"code": code, "name": "街道" + code, "kind": "street"})
	}
	return w
}

func (w *world) config() config.Config {
	w.t.Helper()
	set := map[string]string{"FIELDWARDEN_DATA": w.data, "FIELDWARDEN_LISTEN": w.at, "FIELDWARDEN_LOG_LEVEL": "warn"}
	maps.Copy(set, w.more)
	if w.name != "" {
		set["FIELDWARDEN_PUBLIC_URL"] = w.name
	}
	cfg, err := config.From(set)
	if err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

func (w *world) start() {
	w.t.Helper()
	s, err := server.Start(ctx, w.config(), slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	w.Server, w.at = s, s.Listening()
	if w.aged > 0 {
		w.age()
	}
}

func (w *world) stop() {
	if err := w.Stop(); err != nil {
		w.t.Errorf("stop: %v", err)
	}
}

// backup copies what the server holds, while it stands still.
func (w *world) backup() string {
	w.t.Helper()
	folder := w.t.TempDir()
	w.stop()
	w.must(os.CopyFS(folder, os.DirFS(w.data)))
	w.start()
	return folder
}

// restore puts a backup back and announces it.
func (w *world) restore(backup string) {
	w.t.Helper()
	w.stop()
	w.data = backup
	core, err := server.Open(ctx, w.config(), slog.New(slog.DiscardHandler))
	w.must(err)
	_, err = core.Restored(ctx, server.SkipNumbers)
	w.must(err)
	w.must(core.Close())
	w.start()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
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
		return w.parsed(text)
	}
	return nil
}

func (w *world) parsed(text string) record.Object {
	w.t.Helper()
	body, err := wire.Object([]byte(text))
	w.must(err)
	return body
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
