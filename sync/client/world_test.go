package client_test

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

func TestMain(m *testing.M) {
	// Each round of a property starts two handhelds against a real server on a disk: fewer rounds than rapid's hundred,
	// unless somebody asks for more.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	services.Main(m)
}

const (
	district = "120102"
	password = "一把很长的钥匙 2026"
	public   = "http://fw.test" // where the server is for its clients, whatever it listens on
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is the real server, on a fresh SQLite database and a folder.
type world struct {
	t     testing.TB
	dir   string
	path  string // of the database
	db    *db.DB
	deps  api.Deps
	where atomic.Value // address that public stands for
	units atomic.Int64
	lines []*http.Transport
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.path = filepath.Join(w.dir, "server.db")
	w.start()
	w.own(push.ServerOp{Collection: "units", Record: newID(), Action: record.Create,
		Patch: record.Object{"code": district, "name": "河东区", "kind": "district"}})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start opens the database and serves it.
func (w *world) start() {
	w.t.Helper()
	opened, err := db.Open(ctx, db.Config{URL: "sqlite://" + w.path, Now: time.Now})
	w.must(err)
	w.t.Cleanup(func() { opened.Close() })
	_, err = opened.MigrateUp(ctx)
	w.must(err)
	w.db = opened
	base, stop := context.WithCancel(ctx)
	w.deps = w.build(base)
	app, err := api.New(w.deps)
	w.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.where.Store(listener.Addr().String())
	served := make(chan error, 1)
	go func() { served <- api.Serve(app, listener) }()
	w.t.Cleanup(func() {
		stop()
		if err := app.ShutdownWithTimeout(20 * time.Second); err != nil {
			w.t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			w.t.Errorf("serve: %v", err)
		}
	})
}

func (w *world) build(base context.Context) api.Deps {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	secret := func(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }
	catalogue, err := collections.Catalogue()
	w.must(err)
	keys, err := keyring.New(w.db, secret(1), time.Now)
	w.must(err)
	passwords, err := session.NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	w.must(err)
	sessions, err := session.New(session.Config{Identities: w.db, History: w.db, Keys: keys, Secret: secret(2),
		PublicURL: public, Now: time.Now, NewID: newID, Log: log, Passwords: passwords})
	w.must(err)
	incoming, err := spool.Open(filepath.Join(w.t.TempDir(), "spool"))
	w.must(err)
	folder, err := blob.OpenFolder(filepath.Join(w.dir, "blobs"), time.Now)
	w.must(err)
	blobs := blob.Verified(folder)
	hub := live.NewHub(live.Config{Heads: w.db, Now: time.Now, Log: log})
	go hub.Run(base)
	pushes := &push.Service{Store: w.db, Catalogue: catalogue, District: district, Now: time.Now, NewID: newID,
		Committed: func(n push.News) { hub.Note(live.News(n)) }}
	return api.Deps{Base: base, Now: time.Now, NewID: newID, Log: log, Metrics: prometheus.NewRegistry(), Ready: w.db.Ready,
		PublicURL: public, District: district, Version: "test", Sessions: sessions, Keys: keys, Push: pushes,
		Pull:    &pull.Service{Reader: w.db, Memory: hub, Catalogue: catalogue, Cursors: pull.Cursors{Key: secret(3)}, District: district, Now: time.Now},
		History: w.db, Forks: w.db, Health: w.db, Live: hub, Blobs: blobs, Catalogue: catalogue,
		Papers: &papers.Service{History: w.db, Records: pushes, Blobs: blobs, Watch: w.db, Numbers: w.db, Devices: w.db, Judged: pushes, PublicURL: public, NumberTTL: time.Hour,
			Now: time.Now, NewID: newID, Log: log},
		Uploads: &upload.Service{Store: db.Uploads{DB: w.db}, Spool: incoming, Blobs: blobs, Records: pushes, Keys: keys,
			Issuer: public, TTL: time.Hour, Now: time.Now, NewID: newID, Log: log}}
}

func (w *world) own(ops ...push.ServerOp) {
	w.t.Helper()
	w.must(w.deps.Push.ApplyOwn(ctx, ops))
}

// put creates a record by the server and returns its id.
func (w *world) put(collection string, body record.Object) string {
	w.t.Helper()
	id := newID()
	w.own(push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body})
	return id
}

// body reads a record on the server.
func (w *world) body(collection, id string) record.Object {
	w.t.Helper()
	r, err := w.db.Record(ctx, collection, id)
	w.must(err)
	return objectOf(w.t, r.Body)
}

// street makes a unit of its own, so that tests and rounds do not see each other's records.
func (w *world) street() string {
	w.t.Helper()
	code := fmt.Sprintf("%s%03d", district, w.units.Add(1))
	w.put("units", record.Object{"code": code, "name": "街道" + code, "kind": "street", "short": "简"})
	return code
}

// dial is a network that reaches the server wherever it is now.
func (w *world) dial() http.RoundTripper {
	dialer := &net.Dialer{}
	transport := &http.Transport{MaxIdleConnsPerHost: 4, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, w.where.Load().(string))
	}}
	w.t.Cleanup(transport.CloseIdleConnections)
	w.lines = append(w.lines, transport)
	return transport
}

// person is an officer with an account.
type person struct{ officer, account string }

// hire makes an officer with the roles officer and leader in a unit.
func (w *world) hire(unit string) person {
	w.t.Helper()
	p := person{account: "user-" + newID()}
	p.officer = w.put("officers", record.Object{"name": "赵一", "unit": unit, "state": "active", "grants": record.Object{
		"o": record.Object{"role": "officer", "unit": unit}, "l": record.Object{"role": "leader", "unit": unit}}})
	_, err := w.deps.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: p.account, Password: password, Officer: p.officer})
	w.must(err)
	return p
}

// handheld is a device in somebody's hands, on a network that can be made bad.
type handheld struct {
	*client.Device
	t    testing.TB
	w    *world
	cfg  client.Config
	line *line
	who  person
}

// handheld enrols a device of a unit and signs a new officer in on it.
func (w *world) handheld(unit string, change ...func(*client.Config)) *handheld {
	w.t.Helper()
	return w.handheldOf(w.hire(unit), unit, change...)
}

// handheldOf enrols a device of a unit and signs somebody in on it.
func (w *world) handheldOf(who person, unit string, change ...func(*client.Config)) *handheld {
	w.t.Helper()
	h := &handheld{t: w.t, w: w, line: &line{next: w.dial()}, who: who}
	h.cfg = client.Config{Dir: w.t.TempDir(), BaseURL: public, HTTP: h.line,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	for _, c := range change {
		c(&h.cfg)
	}
	h.open()
	code, err := w.deps.Sessions.CreateCodeByServer(ctx, unit, 0)
	w.must(err)
	w.must(h.Enrol(ctx, code.Code, "手持机"))
	w.must(h.SignIn(ctx, h.who.account, password))
	return h
}

func (h *handheld) open() {
	h.t.Helper()
	d, err := client.Open(ctx, h.cfg)
	h.w.must(err)
	h.Device = d
	h.w.t.Cleanup(func() { d.Close() })
}

// restart is what a battery does: nothing is said, and the file is all that is left.
func (h *handheld) restart() {
	h.t.Helper()
	h.w.must(h.Close())
	h.open()
}

func (h *handheld) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *handheld) sync() {
	h.t.Helper()
	h.must(h.Sync(ctx))
}

// create makes a subject.
func (h *handheld) create(unit, name string) string {
	h.t.Helper()
	id, err := h.Create(ctx, "subjects", record.Object{"kind": "household", "name": name, "unit": unit})
	h.must(err)
	return id
}

// set changes one field of a subject.
func (h *handheld) set(id, field string, value any) {
	h.t.Helper()
	h.must(h.Update(ctx, "subjects", id, func(body record.Object) { body[field] = value }))
}

// get reads what the person sees of a subject.
func (h *handheld) get(id string) client.Record {
	h.t.Helper()
	r, err := h.Get(ctx, "subjects", id)
	h.must(err)
	return r
}

// file opens the device's own file to look into it.
func (h *handheld) file() *sql.DB {
	h.t.Helper()
	return look(h.t, filepath.Join(h.cfg.Dir, "device.db"))
}

func look(t testing.TB, path string) *sql.DB {
	t.Helper()
	f, err := sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// writable opens the device's own file to spoil it.
func writable(t testing.TB, h *handheld) *sql.DB {
	t.Helper()
	f, err := sql.Open("sqlite", "file:"+filepath.Join(h.cfg.Dir, "device.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// want checks that an error is a fault of a code.
func want(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// backup copies the server's database as it is now.
func (w *world) backup() string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "backup.db")
	f, err := sql.Open("sqlite", "file:"+w.path)
	w.must(err)
	defer f.Close()
	_, err = f.Exec("VACUUM INTO ?", path)
	w.must(err)
	return path
}

// restore serves a copy of a backup from now on, in a new epoch: what happened since is gone.
func (w *world) restore(backup string) {
	w.t.Helper()
	text, err := os.ReadFile(backup)
	w.must(err)
	w.path = filepath.Join(w.t.TempDir(), "restored.db")
	w.must(os.WriteFile(w.path, text, 0o600))
	restored, err := db.Open(ctx, db.Config{URL: "sqlite://" + w.path, Now: time.Now})
	w.must(err)
	_, _, err = restored.BeginEpoch(ctx, "", "2026", 0)
	w.must(err)
	w.must(restored.Close())
	w.start()
	for _, l := range w.lines {
		l.CloseIdleConnections() // they lead to the server that is no more
	}
}
