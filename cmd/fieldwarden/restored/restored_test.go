// Package restored holds tests that restore a real server from a real backup, and nothing else: what was acknowledged before the
// backup is there once, what the devices have is not lost, and what is in people's hands is not given out twice.
package restored

import (
	"context"
	"encoding/base64"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestMain(m *testing.M) { services.Main(m) }

const password = "Ninefold-Harbour-41"

var ctx = context.Background()

// host is where the server runs, and how its database is copied and put back.
type host struct {
	*testing.T
	environment map[string]string
	running     *server.Server
	district    *seed.District
}

func newHost(t *testing.T, database string) *host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	l.Close()
	h := &host{T: t, environment: map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": listen,
		"FIELDWARDEN_DATABASE_URL": database, "FIELDWARDEN_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32))}}
	t.Cleanup(h.stop)
	h.start()
	h.district, err = seed.Build(7, time.Now())
	h.must(err)
	_, _, err = h.district.Apply(ctx, seed.Target{Push: h.running.Push, History: h.running.DB, Identities: h.running.DB}, password)
	h.must(err)
	h.secondKind()
	return h
}

// second is a kind of paper whose numbers nobody has asked for before the backup.
const second = "second-penalty"

func (h *host) secondKind() {
	h.Helper()
	for _, op := range h.district.Templates {
		if op.Patch["kind"] == document.SummaryPenalty {
			op.Record, op.Patch = uuid.Must(uuid.NewV7()).String(), maps.Clone(op.Patch)
			op.Patch["kind"] = second
			h.must(h.running.Push.ApplyOwn(ctx, []push.ServerOp{op}))
		}
	}
}

func (h *host) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *host) config() config.Config {
	h.Helper()
	cfg, err := config.From(h.environment)
	h.must(err)
	return cfg
}

func (h *host) start() {
	h.Helper()
	s, err := server.Start(ctx, h.config(), slog.New(slog.DiscardHandler))
	h.must(err)
	h.running = s
}

func (h *host) stop() {
	if h.running != nil {
		if err := h.running.Stop(); err != nil {
			h.Error(err)
		}
		h.running = nil
	}
}

// backup copies the database while the server runs, by the means that docs/operations/backup.md names.
func (h *host) backup() string {
	h.Helper()
	file := filepath.Join(h.TempDir(), "backup")
	if database := h.environment["FIELDWARDEN_DATABASE_URL"]; database != "" {
		h.run("pg_dump", "--format=custom", "--file="+file, database)
	} else {
		h.must(h.running.DB.Backup(ctx, file))
	}
	return file
}

// restore puts a backup in the place of the database. The server does not run meanwhile.
func (h *host) restore(file string) {
	h.Helper()
	h.stop()
	if database := h.environment["FIELDWARDEN_DATABASE_URL"]; database != "" {
		u, err := url.Parse(database)
		h.must(err)
		name := path.Base(u.Path)
		u.Path = "/postgres"
		h.run("psql", "--quiet", "--command=DROP DATABASE "+name, u.String())
		h.run("psql", "--quiet", "--command=CREATE DATABASE "+name, u.String())
		h.run("pg_restore", "--exit-on-error", "--dbname="+database, file)
		return
	}
	place := filepath.Join(h.environment["FIELDWARDEN_DATA"], "fieldwarden.db")
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(place + end); err != nil && !os.IsNotExist(err) {
			h.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	h.must(err)
	h.must(os.WriteFile(place, text, 0o600))
}

func (h *host) run(program string, args ...string) {
	h.Helper()
	if out, err := exec.Command(services.Program(h, program, "install PostgreSQL's client programs"), args...).CombinedOutput(); err != nil {
		h.Fatalf("%s: %v: %s", program, err, out)
	}
}

// announce is `admin restored`.
func (h *host) announce() server.Restored {
	h.Helper()
	core, err := server.Open(ctx, h.config(), slog.New(slog.DiscardHandler))
	h.must(err)
	defer core.Close()
	done, err := core.Restored(ctx, server.SkipNumbers)
	h.must(err)
	return done
}

// hand is a handheld and who works with it.
type hand struct {
	*client.Device
	h    *host
	who  seed.Person
	id   string
	made int // ops
}

// hands enrols a handheld for each of n officers of one street.
func (h *host) hands(n int) (hands []*hand) {
	h.Helper()
	officers := map[string][]seed.Person{}
	for _, p := range h.district.People {
		if p.Role == people.RoleOfficer && !p.Left {
			officers[p.Unit] = append(officers[p.Unit], p)
		}
	}
	for _, p := range h.district.People {
		if same := officers[p.Unit]; len(same) >= n {
			for _, who := range same[:n] {
				hands = append(hands, h.hand(who))
			}
			return hands
		}
	}
	h.Fatalf("no street has %d officers", n)
	return nil
}

func (h *host) hand(who seed.Person) *hand {
	h.Helper()
	d, err := client.Open(ctx, client.Config{Dir: h.TempDir(), BaseURL: h.running.URL(), Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	h.must(err)
	h.Cleanup(func() { d.Close() })
	code, err := h.running.Sessions.CreateCodeByServer(ctx, who.Unit, time.Hour)
	h.must(err)
	h.must(d.Enrol(ctx, code.Code, "手持机"))
	a := &hand{Device: d, h: h, who: who}
	a.signIn()
	i, err := d.Identity(ctx)
	h.must(err)
	a.id = i.ID
	return a
}

func (a *hand) signIn() {
	a.h.Helper()
	a.h.must(a.SignIn(ctx, a.who.Account, password))
}

func (a *hand) sync() {
	a.h.Helper()
	a.h.must(a.Sync(ctx))
}

// eachDatabase runs a test with the server on SQLite and on PostgreSQL.
func eachDatabase(t *testing.T, fn func(h *host)) {
	t.Run("sqlite", func(t *testing.T) { fn(newHost(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(newHost(t, services.Postgres(t))) })
}
