package services

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

var postgres = sync.OnceValues(startPostgres)

var databases atomic.Int64

// Postgres returns the URL of a fresh, empty database on a private server with fsync on. The server is started with the
// first call and shared by the tests of the process.
func Postgres(t testing.TB) string {
	t.Helper()
	return create(t, "template1")
}

// CopyPostgres returns the URL of a fresh copy of a database that [Postgres] has given and nobody is connected to.
func CopyPostgres(t testing.TB, original string) string {
	t.Helper()
	return create(t, path.Base(original))
}

func create(t testing.TB, template string) string {
	t.Helper()
	server, err := postgres()
	if err == errNoPostgres {
		Missing(t, "postgres", "install PostgreSQL, on Debian: apt-get install postgresql")
	}
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	name := fmt.Sprintf("t%d", databases.Add(1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server+"postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	return server + name
}

var errNoPostgres = fmt.Errorf("initdb and postgres were not found")

// startPostgres makes a cluster and starts it. PostgreSQL refuses root, so as root it runs as nobody.
func startPostgres() (string, error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	initdb, ok1 := find("initdb", installed...)
	server, ok2 := find("postgres", installed...)
	if !ok1 || !ok2 {
		return "", errNoPostgres
	}
	dir, err := os.MkdirTemp("", "fieldwarden-postgres-")
	if err != nil {
		return "", err
	}
	asNobody := os.Geteuid() == 0
	if asNobody {
		if err := os.Chown(dir, unprivileged, unprivileged); err != nil {
			return "", err
		}
	}
	data := filepath.Join(dir, "data")
	init := exec.Command(initdb, "-D", data, "-U", "fieldwarden", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-instructions")
	init.Dir = dir
	if asNobody {
		init.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: unprivileged, Gid: unprivileged}}
	}
	if out, err := init.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	d, err := start(dir, asNobody, nil, server, "-D", data, "-p", fmt.Sprint(port), "-h", "127.0.0.1", "-k", dir,
		"-c", "max_connections=200", "-c", "shared_buffers=128MB")
	if err != nil {
		return "", err
	}
	onExit(func() { d.stop(syscall.SIGINT) })
	url := fmt.Sprintf("postgres://fieldwarden@127.0.0.1:%d/", port)
	return url, d.wait(func() error {
		conn, err := pgx.Connect(context.Background(), url+"postgres")
		if err == nil {
			conn.Close(context.Background())
		}
		return err
	})
}
