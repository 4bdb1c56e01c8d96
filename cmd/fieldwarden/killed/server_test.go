// Package killed holds tests that kill -9 the real program at random moments, or look at what it would leave if the power failed, and nothing
// else: what was acknowledged must be there afterwards, once.
package killed

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestMain(m *testing.M) {
	if at := os.Getenv(dyingAt); at != "" {
		serveUntil(at)
	}
	folder, err := os.MkdirTemp("", "fieldwarden-killed-")
	if err != nil {
		panic(err)
	}
	program.path = filepath.Join(folder, "fieldwarden")
	defer os.RemoveAll(folder) // services.MainOnDisk ends the process; the folder is small and temporary
	services.MainOnDisk(m)
}

// program is the real binary, built once, the way it is shipped.
var program struct {
	once sync.Once
	path string
	err  error
}

func built(t *testing.T) string {
	t.Helper()
	program.once.Do(func() {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program.path, "github.com/fieldwarden/fieldwarden/cmd/fieldwarden")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("go build: %w: %s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}

const (
	street   = "120102001"
	password = "Ninefold-Harbour-41"
)

var ctx = context.Background()

// host is where the server runs again and again: its data, its database, its address.
type host struct {
	t           *testing.T
	environment map[string]string
	url         string   // where clients reach it
	own         string   // where the process itself listens
	under       []string // a program that runs the server, with its arguments; nil for none
	program     []string // what is started; nil for the program as it is shipped
	running     *exec.Cmd
	gone        chan struct{} // closed when what runs has ended
	log         *os.File
}

// newHost prepares a server on an empty database: "" is SQLite in its folder.
func newHost(t *testing.T, database string) *host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	l.Close()
	secret := base64.StdEncoding.EncodeToString(make([]byte, 32))
	h := &host{t: t, url: "http://" + listen, own: "http://" + listen, environment: map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": listen,
		"FIELDWARDEN_DATABASE_URL": database, "FIELDWARDEN_SECRET": secret, "FIELDWARDEN_LOG_LEVEL": "warn",
		"FIELDWARDEN_DERIVE": "false"}} // nobody asks for copies, and looking for ffmpeg takes time at every start
	if h.log, err = os.Create(filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.kill()
		h.log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(h.log.Name())
			t.Logf("the server's log:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return h
}

// core opens what the server works on, while it does not run.
func (h *host) core(fn func(*server.Core)) {
	h.t.Helper()
	cfg, err := config.From(h.environment)
	if err != nil {
		h.t.Fatal(err)
	}
	core, err := server.Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		h.t.Fatal(err)
	}
	defer core.Close()
	fn(core)
}

// start runs the program and waits until it answers.
func (h *host) start() {
	h.t.Helper()
	program := h.program
	if program == nil {
		program = []string{built(h.t), "serve"}
	}
	command := append(slices.Clone(h.under), program...)
	cmd := exec.Command(command[0], command[1:]...)
	for name, value := range h.environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, gone := make(chan error), make(chan struct{})
	go func() {
		defer close(gone)
		runtime.LockOSThread() // the signal comes when the thread that started the program ends: it must not end before
		started <- cmd.Start()
		_ = cmd.Wait()
		runtime.UnlockOSThread()
	}()
	if err := <-started; err != nil {
		h.t.Fatal(err)
	}
	h.running, h.gone = cmd, gone
	for range 600 {
		res, err := http.Get(h.own + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatal("the server does not answer after half a minute")
}

// kill ends the program as a power cut would, and returns when it is gone.
func (h *host) kill() {
	if h.running == nil {
		return
	}
	_ = h.running.Process.Kill()
	for h.running.Process.Signal(syscall.Signal(0)) == nil {
		time.Sleep(time.Millisecond)
	}
	h.running = nil
}

// handhelds enrols n devices and signs an officer in on each.
func (h *host) handhelds(n int, transport func() http.RoundTripper) []*client.Device {
	h.t.Helper()
	codes := make([]string, n)
	h.core(func(core *server.Core) {
		officer := newID()
		err := core.Push.ApplyOwn(ctx, []push.ServerOp{
			{Collection: "units", Record: newID(), Action: record.Create, Patch: record.Object{"code": street, "name": "街道", "kind": "street"}},
			{Collection: "officers", Record: officer, Action: record.Create, Patch: record.Object{"name": "甲", "unit": street, "state": "active",
				"grants": record.Object{"g": record.Object{"role": "officer", "unit": street}}}}})
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := core.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: "officer", Password: password, Officer: officer}); err != nil {
			h.t.Fatal(err)
		}
		for i := range codes {
			code, err := core.Sessions.CreateCodeByServer(ctx, street, time.Hour)
			if err != nil {
				h.t.Fatal(err)
			}
			codes[i] = code.Code
		}
	})
	h.start()
	devices := make([]*client.Device, n)
	for i := range devices {
		d, err := client.Open(ctx, client.Config{Dir: h.t.TempDir(), BaseURL: h.url, HTTP: transport(), Chunk: 256 << 10})
		if err == nil {
			h.t.Cleanup(func() { d.Close() })
			err = d.Enrol(ctx, codes[i], fmt.Sprint("终端", i))
		}
		if err == nil {
			err = d.SignIn(ctx, "officer", password)
		}
		if err != nil {
			h.t.Fatal(err)
		}
		devices[i] = d
	}
	return devices
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// eachDatabase runs a test with the server on SQLite and on PostgreSQL.
func eachDatabase(t *testing.T, fn func(t *testing.T, h *host)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHost(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHost(t, services.Postgres(t))) })
}
