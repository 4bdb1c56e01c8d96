package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
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
	if os.Getenv(bringer) != "" {
		if err := bringAll(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	services.Main(m)
}

const (
	district = "120102"
	street   = "120102001"
	password = "Ninefold-Harbour-41"
	public   = "http://fw.test" // of all replicas together
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// settings are those of a replica: the replicas of one server share database, secret and public address.
func settings(t testing.TB, database string, more map[string]string) config.Config {
	t.Helper()
	env := map[string]string{"FIELDWARDEN_DATA": t.TempDir(), "FIELDWARDEN_LISTEN": "127.0.0.1:0", "FIELDWARDEN_PUBLIC_URL": public,
		"FIELDWARDEN_DATABASE_URL": database, "FIELDWARDEN_SECRET": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))}
	for name, value := range more {
		env["FIELDWARDEN_"+name] = value
	}
	cfg, err := config.From(env)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// replica is a running server.
type replica struct {
	*server.Server
	t testing.TB
}

func start(t testing.TB, cfg config.Config) *replica {
	t.Helper()
	s, err := server.Start(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{s, t}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return r
}

func (r *replica) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *replica) put(collection string, body record.Object) string {
	r.t.Helper()
	id := newID()
	r.must(r.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
	return id
}

// inTurn sends each request to the next replica, as a proxy may.
type inTurn struct {
	lines []http.RoundTripper
	n     atomic.Int64
}

func (l *inTurn) RoundTrip(r *http.Request) (*http.Response, error) {
	return l.lines[int(l.n.Add(1))%len(l.lines)].RoundTrip(r)
}

// handheld is the device of a new officer of the street, who reaches this replica, and others in turn.
func (r *replica) handheld(others ...*replica) *client.Device {
	r.t.Helper()
	officer := r.put("officers", record.Object{"name": "赵一", "unit": street, "state": "active", "grants": record.Object{
		"o": record.Object{"role": "officer", "unit": street}}})
	return r.handheldOf(officer, r.t.TempDir(), others...)
}

// handheldOf is the device of an officer, in a folder.
func (r *replica) handheldOf(officer, dir string, others ...*replica) *client.Device {
	r.t.Helper()
	lines := &inTurn{}
	for _, to := range append(others, r) {
		transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, to.Listening())
		}}
		r.t.Cleanup(transport.CloseIdleConnections)
		lines.lines = append(lines.lines, transport)
	}
	d, err := client.Open(ctx, client.Config{Dir: dir, BaseURL: public, HTTP: lines,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	r.must(err)
	r.t.Cleanup(func() { d.Close() })
	account := "user-" + newID()
	_, err = r.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: account, Password: password, Officer: officer})
	r.must(err)
	code, err := r.Sessions.CreateCodeByServer(ctx, street, 0)
	r.must(err)
	r.must(d.Enrol(ctx, code.Code, "手持机"))
	r.must(d.SignIn(ctx, account, password))
	return d
}

func (r *replica) units() {
	r.t.Helper()
	for code, name := range map[string]string{district: "河东区", street: "大王庄街道"} {
		r.put("units", record.Object{"code": code, "name": name, "kind": "street"})
	}
}

// subject makes a subject on a device and sends it.
func subject(t testing.TB, d *client.Device) string {
	t.Helper()
	id, err := d.Create(ctx, "subjects", record.Object{"kind": "household", "name": "户", "unit": street})
	if err == nil {
		err = d.Sync(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// eventually waits until something is so; how long it takes is not what is tested.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for range 2000 {
		if so() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}
