// Package updated holds tests in which programs of different years work with one server, over HTTP, and nothing else: handhelds that speak
// older forms of a collection, servers and handhelds that are updated in the middle of their work.
package updated

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const (
	street   = "120102001"
	password = "Ninefold-Harbour-41"
	changed  = "subjects" // the collection that has had several forms here
)

var ctx = context.Background()

type object = record.Object

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a running server.
type world struct {
	*testing.T
	*server.Server
	environment map[string]string
}

// each runs a story on both databases, on a server whose subjects have had so many forms.
func each(t *testing.T, schema int, story func(w *world)) {
	t.Run("sqlite", func(t *testing.T) { story(newWorld(t, "", schema)) })
	t.Run("postgres", func(t *testing.T) { story(newWorld(t, services.Postgres(t), schema)) })
}

func newWorld(t *testing.T, database string, schema int) *world {
	t.Helper()
	w := &world{T: t, environment: map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": "127.0.0.1:0", "FIELDWARDEN_LOG_LEVEL": "warn",
		"FIELDWARDEN_DATABASE_URL": database, "FIELDWARDEN_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32))}}
	w.start(schema)
	t.Cleanup(func() { w.must(w.Stop()) })
	w.put("units", object{"code": street, "name": "某街道", "kind": "street"})
	return w
}

// start starts the program of a certain year: its subjects have had so many forms. Forms after the third are like it. The services share
// the catalogue.
func (w *world) start(schema int) {
	w.Helper()
	cfg, err := config.From(w.environment)
	w.must(err)
	w.Server, err = server.Start(ctx, cfg, slog.New(slog.DiscardHandler))
	w.must(err)
	c := recordtest.Aged(changed)
	same := func(o object) object { return o }
	for len(c.Older) < schema-1 {
		c.Older = append(c.Older, record.Form{Lift: same, Lower: same})
	}
	c.Schema, c.Older = schema, c.Older[:schema-1]
	if schema < 3 {
		c.Fields = []record.Field{{Path: "unit", Kind: record.String, Required: true}, {Path: "partners", Class: record.Entries, Kind: record.Map},
			{Path: "state", Class: record.State, Kind: record.String}}
	}
	w.must(c.Prepare())
	w.Catalogue[changed] = c
}

// update starts the program of another year in the place of the one that runs.
func (w *world) update(schema int) {
	w.Helper()
	w.environment["FIELDWARDEN_LISTEN"] = w.Listening()
	w.must(w.Stop())
	w.start(schema)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(collection string, body object) string {
	w.Helper()
	id := newID()
	w.must(w.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
	return id
}

// hand is a handheld with a program that speaks one form of the subjects.
type hand struct {
	*client.Device
	w      *world
	schema int
	config client.Config
}

func (w *world) hand(schema int, roles ...string) *hand {
	w.Helper()
	if len(roles) == 0 {
		roles = []string{"officer"}
	}
	grants := object{}
	for _, role := range roles {
		grants[role] = object{"role": role, "unit": street}
	}
	officer := w.put("officers", object{"name": "赵一", "unit": street, "state": "active", "grants": grants})
	account := "user-" + newID()
	_, err := w.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: account, Password: password, Officer: officer})
	w.must(err)
	code, err := w.Sessions.CreateCodeByServer(ctx, street, 0)
	w.must(err)
	h := &hand{w: w, config: client.Config{Dir: w.TempDir(), BaseURL: "http://" + w.Listening(),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}}
	h.open(schema)
	w.Cleanup(func() { h.Close() })
	w.must(h.Enrol(ctx, code.Code, "手持机"))
	w.must(h.SignIn(ctx, account, password))
	return h
}

// open starts the program, of a certain year, on the device's file.
func (h *hand) open(schema int) {
	h.w.Helper()
	if h.Device != nil {
		h.w.must(h.Close())
	}
	h.schema, h.config.Schemas = schema, map[string]int{changed: schema}
	var err error
	h.Device, err = client.Open(ctx, h.config)
	h.w.must(err)
}

func (h *hand) sync() {
	h.w.Helper()
	h.w.must(h.Sync(ctx))
}

// edit lays a patch over what the person sees.
func (h *hand) edit(collection, id string, patch object) {
	h.w.Helper()
	h.w.must(h.Update(ctx, collection, id, func(body object) {
		next := record.Apply(body, patch)
		clear(body)
		for name, value := range next {
			body[name] = value
		}
	}))
}

// sees fails unless the person sees just this of a subject.
func (h *hand) sees(id string, want object) {
	h.w.Helper()
	got, err := h.Get(ctx, changed, id)
	if err != nil || !record.Equal(got.Body, want) {
		h.w.Errorf("who speaks form %d sees %v, %v; want %v", h.schema, got.Body, err, want)
	}
}

// same fails unless each handheld holds what the server holds, in its own form, and the digests say so too.
func (w *world) same(id string, hands ...*hand) {
	w.Helper()
	rec, err := w.DB.Record(ctx, changed, id)
	w.must(err)
	body, err := wire.Object(rec.Body)
	w.must(err)
	for _, h := range hands {
		h.sync()
		want := w.Catalogue[changed].BodyIn(body, rec.Schema, h.schema)
		h.sees(id, want)
		if got := h.fetched(id); !record.Equal(got, want) {
			w.Errorf("who speaks form %d is sent %v for a repair, want %v", h.schema, got, want)
		}
		found, err := h.Check(ctx)
		if err != nil || len(found.Found) > 0 || found.Compared == 0 {
			w.Errorf("the digests of who speaks form %d differ: %+v, %v", h.schema, found, err)
		}
	}
}

// fetched is a subject as the server sends it to whoever repairs his copy.
func (h *hand) fetched(id string) object {
	h.w.Helper()
	q := wire.RecordsQuery{Feed: "unit/" + street, IDs: []string{id}, Schemas: h.config.Schemas}
	reply, err := h.Call(ctx, http.MethodPost, "/v1/sync/records", nil, nil, q)
	h.w.must(err)
	var out wire.RecordsReply
	h.w.must(wire.Decode(reply.Body, &out))
	body, err := wire.Object(out.Changes[0].Body)
	h.w.must(err)
	return body
}

// sound fails unless the one verifier finds nothing.
func (w *world) sound() {
	w.Helper()
	report, err := (&audit.Auditor{Reader: w.DB, Catalogue: w.Catalogue}).Run(ctx)
	if err != nil || !report.Sound() {
		w.Errorf("the audit: %v, %+v", err, report.Problems)
	}
}

// ask makes a request that must succeed and returns what it gives.
func (h *hand) ask(path string, query url.Values) object {
	h.w.Helper()
	reply, err := h.Call(ctx, http.MethodGet, path, query, nil, nil)
	h.w.must(err)
	out, err := wire.Object(reply.Body)
	h.w.must(err)
	return out
}
