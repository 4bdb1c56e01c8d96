package soak

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// errLine is all that a handheld learns when something goes wrong on the way.
var errLine = errors.New("the line is dead")

// errKilled is what is left of a transaction in which the server died. Nobody hears it.
var errKilled = errors.New("the server was killed")

// death is when the server dies in the next transaction that changes records.
type death int

const (
	lives        death = iota
	beforeCommit       // everything was written, nothing is committed
	afterCommit        // everything is committed, nobody hears of it
)

// host is where the real server runs, in this process, again and again on the same database and folders.
type host struct {
	r    *run
	lite bool
	data string // folder
	url  string // of PostgreSQL

	core   *server.Core
	app    *fiber.App
	line   *fasthttputil.InmemoryListener
	http   *http.Transport
	stop   context.CancelFunc
	served chan error

	up     bool
	death  death
	kills  int
	raw    *sql.DB // past every service
	ear    *live.Subscription
	told   map[string]uint64 // heads that the ear was poked with
	broken error             // what a watcher in the middle of a transaction has found
	amid   func() error      // called inside a transaction, when all is written and nothing is committed; may be nil
}

// foundations are the founded town on each kind of database, built once in this process.
var foundations = map[bool]*foundation{true: {}, false: {}}

type foundation struct {
	once sync.Once
	err  error
	town *town
	data string
	url  string
}

var cheap = sync.OnceValues(func() (*session.Passwords, error) {
	return session.NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

func founded(t testing.TB, lite bool) *foundation {
	t.Helper()
	f := foundations[lite]
	f.once.Do(func() {
		if !lite {
			f.url = services.Postgres(t) // skips or fails where there is none
		}
		f.err = f.build(lite)
	})
	if f.err != nil {
		t.Fatal(f.err)
	}
	if !lite && f.url == "" {
		services.Postgres(t) // skips this test for the same reason as the first
	}
	return f
}

func (f *foundation) build(lite bool) error {
	root, err := services.MemoryFolder()
	if err != nil {
		return err
	}
	f.data = filepath.Join(root, fmt.Sprintf("town-%v", lite))
	at := newClock(start.Add(-time.Hour))
	made := &ids{now: at.now, dice: rand.New(rand.NewPCG(0, 0))}
	core, err := openCore(f.data, f.url, at.now, made.next)
	if err != nil {
		return err
	}
	f.town, err = found(core, made.next)
	return errors.Join(err, core.Close())
}

func openCore(data, database string, now func() time.Time, newID func() string) (*server.Core, error) {
	passwords, err := cheap()
	if err != nil {
		return nil, err
	}
	cfg, err := config.From(map[string]string{"FIELDWARDEN_DATA": data, "FIELDWARDEN_DATABASE_URL": database,
		"FIELDWARDEN_DERIVE":     "false", // nobody asks for copies, and looking for ffmpeg takes time at every start
		"FIELDWARDEN_PUBLIC_URL": public, "FIELDWARDEN_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		return nil, err
	}
	return server.OpenOn(ctx, cfg, slog.New(slog.DiscardHandler), server.Machine{Now: now, NewID: newID, Passwords: passwords})
}

// newHost copies the founded town for one run. The server is not started yet.
func newHost(r *run, f *foundation, lite bool) (*host, error) {
	h := &host{r: r, lite: lite, data: filepath.Join(r.dir, "server-0")}
	if err := os.CopyFS(h.data, os.DirFS(f.data)); err != nil {
		return nil, err
	}
	if lite {
		return h, nil
	}
	return h, h.copyPostgres(f.url)
}

// copyPostgres makes the run's own database. Commits need not reach the disk: the server is killed here, never the database.
func (h *host) copyPostgres(template string) error {
	name := fmt.Sprintf("soak_%d", databases.Add(1))
	conn, err := pgx.Connect(ctx, beside(template, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+path.Base(template)); err != nil {
		return err
	}
	h.url = beside(template, name)
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" SET synchronous_commit = off")
	return err
}

var databases atomic.Int64

// beside is the URL of another database of the same server.
func beside(one, name string) string {
	u, err := url.Parse(one)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}

// start opens the database and serves it.
func (h *host) start() error {
	var err error
	if h.core, err = openCore(h.data, h.url, h.r.clock.now, h.r.ids.next); err != nil {
		return err
	}
	h.core.Push.Store = store{h.core.Push.Store, h}
	if h.r.bug != nil && h.r.bug.server != nil {
		h.r.bug.server(h.r, h.core)
	}
	if err := errors.Join(h.openRaw(), h.core.Live.Compared(ctx)); err != nil {
		return err
	}
	h.ear = h.core.Live.Subscribe(listened, live.Position{})
	h.told = map[string]uint64{}
	base, stop := context.WithCancel(ctx)
	h.stop = stop
	if h.app, err = h.core.App(base, prometheus.NewRegistry()); err != nil {
		return err
	}
	h.line = fasthttputil.NewInmemoryListener()
	line := h.line
	h.http = &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return line.Dial() }}
	h.served = make(chan error, 1)
	go func(app *fiber.App, served chan error) { served <- api.Serve(app, line) }(h.app, h.served)
	h.up, h.death = true, lives
	return nil
}

// die is called inside a request: from here on nothing that the server does counts. What the database file holds at this
// moment is what the next start finds; a database that is a server of its own loses the connections.
func (h *host) die() {
	h.up = false
	h.kills++
	if !h.lite {
		return
	}
	next := filepath.Join(h.r.dir, fmt.Sprintf("server-%d", h.kills))
	if err := os.CopyFS(next, os.DirFS(h.data)); err != nil {
		panic(err)
	}
	for _, shared := range []string{"fieldwarden.db-shm"} { // memory of the dead process
		_ = os.Remove(filepath.Join(next, shared))
	}
	h.data = next
}

// bury lets go of what a dead server held.
func (h *host) bury() error {
	if h.core == nil {
		return nil
	}
	h.stop()
	err := errors.Join(h.line.Close(), <-h.served, h.core.Close(), h.raw.Close()) // nothing is asked any more: there is nobody to wait for
	h.core = nil
	return err
}

// kill ends the server between two requests.
func (h *host) kill() error {
	if h.up {
		h.die()
	}
	return h.bury()
}

// end closes everything at the end of a run.
func (h *host) end() error {
	h.up = false
	err := h.bury()
	if h.lite || h.url == "" {
		return err
	}
	conn, dropErr := pgx.Connect(ctx, beside(h.url, "postgres"))
	if dropErr == nil {
		_, dropErr = conn.Exec(ctx, "DROP DATABASE "+path.Base(h.url)+" WITH (FORCE)")
		conn.Close(ctx)
	}
	return errors.Join(err, dropErr)
}

// ask sends one request to the server and returns the whole reply, or errLine when there is none.
func (h *host) ask(req *http.Request) (*reply, error) {
	if !h.up {
		return nil, errLine
	}
	if req.URL.Path == "/v1/sync/pull" {
		req.Header.Del("Accept-Encoding") // the model reads pages
	}
	res, err := h.http.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if h.broken != nil {
		h.r.fail(h.broken)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if !h.up {
		return nil, errors.Join(errLine, h.bury())
	}
	if err != nil {
		return nil, err
	}
	return plain(&reply{status: res.StatusCode, header: res.Header, body: body})
}

// plain undoes the compression of a reply, so that the oracle can read it, and planted bugs can change it.
func plain(r *reply) (*reply, error) {
	var err error
	switch r.header.Get("Content-Encoding") {
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)); err == nil {
			r.body, err = d.DecodeAll(r.body, nil)
			d.Close()
		}
	case "gzip":
		var d *gzip.Reader
		if d, err = gzip.NewReader(bytes.NewReader(r.body)); err == nil {
			r.body, err = io.ReadAll(d)
		}
	default:
		return r, nil
	}
	r.header.Del("Content-Encoding")
	r.header.Del("Content-Length")
	return r, err
}

// reply is a whole reply.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// store is the server's store, in which it may die.
type store struct {
	push.Store
	h *host
}

func (s store) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	if !s.h.up {
		return errKilled
	}
	err := s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if s.h.amid != nil {
			if err := s.h.amid(); err != nil {
				s.h.broken = err
			}
		}
		if s.h.death == beforeCommit {
			s.h.die()
			return errKilled
		}
		return nil
	})
	if err == nil && s.h.death == afterCommit {
		s.h.die()
		return errKilled
	}
	return err
}
