package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/adapt"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/share"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

// The units of the little district: two streets that must not see each other.
const (
	district = "120102"
	street   = "120102001"
	foreign  = "120102002"
	password = "一把很长的钥匙 2026"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a whole server on a loopback port, with its database at hand.
type world struct {
	t       testing.TB
	db      *db.DB
	dbURL   string
	address string
	deps    api.Deps
	app     *fiber.App
	log     *journal
	spool   *counting
	stop    context.CancelFunc // of the base context
	later   time.Duration      // by how much the clock of the ledger is ahead

	officer, leader, stranger, supervisor, sysadmin, secadmin *person
}

// journal keeps the server's log for looking into.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newWorld starts a server on a fresh SQLite database. Its parts may be changed before it starts.
func newWorld(t testing.TB, change ...func(*api.Deps)) *world {
	t.Helper()
	return newWorldOn(t, "sqlite://"+filepath.Join(t.TempDir(), "world.db"), change...)
}

func newWorldOn(t testing.TB, dbURL string, change ...func(*api.Deps)) *world {
	t.Helper()
	w := &world{t: t, dbURL: dbURL, log: &journal{}}
	ctx := context.Background()
	var err error
	w.db, err = db.Open(ctx, db.Config{URL: dbURL, Now: time.Now})
	w.must(err)
	t.Cleanup(func() { w.db.Close() })
	_, err = w.db.MigrateUp(ctx)
	w.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.address = listener.Addr().String()
	w.build()
	for _, c := range change {
		c(&w.deps)
	}
	w.app, err = api.New(w.deps)
	w.must(err)
	served := make(chan error, 1)
	go func() { served <- api.Serve(w.app, listener) }()
	t.Cleanup(func() {
		w.stop()
		if err := w.app.ShutdownWithTimeout(20 * time.Second); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	w.settle()
	return w
}

func (w *world) build() {
	var base context.Context
	base, w.stop = context.WithCancel(context.Background())
	log := slog.New(guard.Named(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	catalogue, err := collections.Catalogue()
	w.must(err)
	keys, err := keyring.New(w.db, bytes.Repeat([]byte{1}, 32), time.Now)
	w.must(err)
	passwords, err := session.NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	w.must(err)
	here := "http://" + w.address
	sessions, err := session.New(session.Config{Identities: w.db, History: w.db, Keys: keys, Secret: bytes.Repeat([]byte{2}, 32),
		PublicURL: here, Now: time.Now, NewID: newID, Log: log, Passwords: passwords})
	w.must(err)
	incoming, err := spool.Open(filepath.Join(w.t.TempDir(), "spool"))
	w.must(err)
	w.spool = &counting{Spool: incoming, given: map[string]int{}}
	folder, err := blob.OpenFolder(filepath.Join(w.t.TempDir(), "blobs"), time.Now)
	w.must(err)
	blobs := blob.Verified(folder)
	hub := live.NewHub(live.Config{Heads: w.db, Now: time.Now, Log: log})
	go hub.Run(base)
	pushes := &push.Service{Store: w.db, Catalogue: catalogue, District: district, Now: time.Now, NewID: newID,
		Committed: func(n push.News) { hub.Note(live.News(n)) }}
	w.deps = api.Deps{Base: base, Now: time.Now, NewID: newID, Log: log, Metrics: prometheus.NewRegistry(), Ready: w.db.Ready,
		PublicURL: here, District: district, Version: "test", Sessions: sessions, Keys: keys, Push: pushes,
		Pull:    &pull.Service{Reader: w.db, Memory: hub, Catalogue: catalogue, Cursors: pull.Cursors{Key: bytes.Repeat([]byte{3}, 32)}, District: district, Now: time.Now},
		History: w.db, Forks: w.db, Health: w.db, Live: hub, Blobs: blobs, Catalogue: catalogue,
		Ledger: ledger.Log{Reader: w.db}, Bundles: &bundle.Maker{Reader: w.db, Ledger: ledger.Log{Reader: w.db}, Now: time.Now},
		Uploads: &upload.Service{Store: db.Uploads{DB: w.db}, Spool: w.spool, Blobs: blobs, Records: pushes, Keys: keys,
			Issuer: here, TTL: time.Hour, Now: time.Now, NewID: newID, Log: log},
		Custody: &custody.Service{Records: pushes, History: w.db, Blobs: blobs, Checks: w.db, Board: db.Uploads{DB: w.db}, Feeds: w.db, District: district, Now: time.Now, NewID: newID, Log: log},
		Papers: &papers.Service{History: w.db, Records: pushes, Blobs: blobs, Watch: w.db, Numbers: w.db, Devices: w.db, Judged: pushes, PublicURL: here, NumberTTL: 24 * time.Hour,
			Now: time.Now, NewID: newID, Log: log}}
	w.deps.Derive = &derive.Service{History: w.db, Records: pushes, Blobs: blobs, Custody: w.deps.Custody, Now: time.Now, NewID: newID, Log: log}
	w.deps.Shares = &share.Service{Store: w.db, Derive: w.deps.Derive, Custody: w.deps.Custody, Key: bytes.Repeat([]byte{4}, 32), Now: time.Now, NewID: newID}
	w.deps.Foreign = &adapt.Service{Reader: w.db, Writer: pushes, Marks: w.db, Catalogue: catalogue, Cursors: w.deps.Pull.Cursors,
		Feeds: w.deps.Pull.Feeds, Now: time.Now}
}

// settle brings in the units and the people, each on their own device.
func (w *world) settle() {
	var ops []push.ServerOp
	for code, name := range map[string]string{district: "河东区", street: "大王庄街道", foreign: "大直沽街道"} {
		ops = append(ops, push.ServerOp{Collection: "units", Record: newID(), Action: record.Create,
			Patch: record.Object{"code": code, "name": name, "kind": "street"}})
	}
	w.own(ops...)
	w.officer = w.hire("赵一", "officer", street)
	w.leader = w.hire("钱二", "leader", street)
	w.stranger = w.hire("孙三", "officer", foreign)
	w.supervisor = w.hire("李四", "supervisor", district)
	w.sysadmin = w.hire("周五", "sysadmin", district)
	w.secadmin = w.hire("吴六", "secadmin", district)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) own(ops ...push.ServerOp) {
	w.t.Helper()
	w.must(w.deps.Push.ApplyOwn(context.Background(), ops))
}

// put creates a record and returns its id.
func (w *world) put(collection string, body record.Object) string {
	w.t.Helper()
	id := newID()
	w.own(push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body})
	return id
}

// rows counts the rows of every table of the database, through a connection of its own.
func (w *world) rows() map[string]int {
	w.t.Helper()
	driver, dsn, list := "pgx", w.dbURL, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if u, err := url.Parse(w.dbURL); err == nil && u.Scheme == "sqlite" {
		driver, dsn, list = "sqlite", "file:"+u.Path, "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	pool, err := sql.Open(driver, dsn)
	w.must(err)
	defer pool.Close()
	counts := map[string]int{}
	found, err := pool.Query(list)
	w.must(err)
	for found.Next() {
		var name string
		w.must(found.Scan(&name))
		counts[name] = 0
	}
	w.must(found.Err())
	for table := range counts {
		n := 0
		query := fmt.Sprintf("SELECT count(*) FROM %q", table)
		if table == "device_health" {
			query += " WHERE reported_at > 0" // that a device was heard of is noted of each that pulls
		}
		w.must(pool.QueryRow(query).Scan(&n))
		counts[table] = n
	}
	return counts
}

// announce puts the manifest of a recording of some bytes.
func (w *world) announce(unit string, content []byte) string {
	w.t.Helper()
	sum := sha256.Sum256(content)
	return w.announceAs(unit, hex.EncodeToString(sum[:]), len(content))
}

// announceAs puts a manifest of bytes that need not be at hand.
func (w *world) announceAs(unit, sum string, length int) string {
	w.t.Helper()
	return w.manifest(unit, sum, length, "video/mp4")
}

func (w *world) manifest(unit, sum string, length int, mime string) string {
	w.t.Helper()
	return w.put("evidence", record.Object{"unit": unit, "kind": "video", "officer": w.officer.officer, "mime": mime,
		"startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:01:00Z", "length": float64(length), "sha256": sum})
}

// hold puts bytes into the blob store as an evidence that the server holds.
func (w *world) hold(unit string, content []byte) string {
	w.t.Helper()
	return w.held(w.announce(unit, content), content)
}

// holdAs is hold for what was announced under a media type.
func (w *world) holdAs(content, mime string) string {
	w.t.Helper()
	sum := sha256.Sum256([]byte(content))
	return w.held(w.manifest(street, hex.EncodeToString(sum[:]), len(content), mime), []byte(content))
}

func (w *world) held(id string, content []byte) string {
	w.t.Helper()
	sum := sha256.Sum256(content)
	digest := evidence.Digest{Length: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	key := evidence.Key(evidence.Recordings, digest.SHA256)
	w.must(w.deps.Blobs.Put(context.Background(), key, digest, bytes.NewReader(content)))
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{
		"state": "held", "key": key, "sha256": digest.SHA256, "length": float64(digest.Length)}}})
	return id
}

// counting is a spool that tells how many bytes it has been given of each upload.
type counting struct {
	evidence.Spool
	mu    sync.Mutex
	given map[string]int
}

func (c *counting) Append(ctx context.Context, id string, offset int64, body io.Reader) (int64, error) {
	return c.Spool.Append(ctx, id, offset, tally(func(p []byte) (int, error) {
		n, err := body.Read(p)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.given[id] += n
		return n, err
	}))
}

func (c *counting) of(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given[id]
}

type tally func([]byte) (int, error)

func (t tally) Read(p []byte) (int, error) { return t(p) }

// arrived waits until the server has read the first n bytes of an upload. It asks the spool: asking the server takes over.
func (w *world) arrived(upload string, n int) {
	w.t.Helper()
	for range 2000 {
		if w.spool.of(upload) >= n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("%d of the first %d bytes arrived", w.spool.of(upload), n)
}

// spoolBytes are the bytes of an upload in the spool.
func (w *world) spoolBytes(upload string) []byte {
	w.t.Helper()
	file, err := w.deps.Uploads.Spool.Open(context.Background(), upload, 0)
	w.must(err)
	defer file.Close()
	content, err := io.ReadAll(file)
	w.must(err)
	return content
}

func canonical(t testing.TB, value any) string {
	t.Helper()
	text, err := wire.Canonical(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
