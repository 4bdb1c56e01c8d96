package services

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// ObjectStore is a running S3 server on loopback, over plain HTTP.
type ObjectStore struct {
	Endpoint  string // host:port
	AccessKey string
	SecretKey string
}

var (
	minio  = sync.OnceValues(startMinIO)
	versio = sync.OnceValues(startVersityGW)
)

var errNoProgram = fmt.Errorf("the program was not found")

// MinIO returns a private MinIO server.
func MinIO(t testing.TB) ObjectStore {
	t.Helper()
	return need(t, "minio", minio)
}

// VersityGW returns a private versitygw server over a folder.
func VersityGW(t testing.TB) ObjectStore {
	t.Helper()
	return need(t, "versitygw", versio)
}

func need(t testing.TB, name string, get func() (ObjectStore, error)) ObjectStore {
	t.Helper()
	store, err := get()
	if err == errNoProgram {
		missing(t, name, "run `make tools`")
	}
	if err != nil {
		t.Fatalf("%s does not start: %v", name, err)
	}
	return store
}

func startMinIO() (ObjectStore, error) {
	return startStore("minio", "/minio/health/ready", func(dir, address string) ([]string, []string) {
		return []string{"server", "--quiet", "--address", address, filepath.Join(dir, "data")},
			[]string{"MINIO_ROOT_USER=fieldwarden", "MINIO_ROOT_PASSWORD=fieldwarden-test", "MINIO_BROWSER=off", "MINIO_UPDATE=off"}
	})
}

func startVersityGW() (ObjectStore, error) {
	return startStore("versitygw", "/", func(dir, address string) ([]string, []string) {
		return []string{"--port", address, "--access", "fieldwarden", "--secret", "fieldwarden-test",
			"posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data")}, nil
	})
}

// startStore starts an object store and waits until it answers HTTP, whatever the status.
func startStore(program, health string, command func(dir, address string) (args, environment []string)) (ObjectStore, error) {
	path, ok := find(program)
	if !ok {
		return ObjectStore{}, errNoProgram
	}
	dir, err := os.MkdirTemp("", "fieldwarden-"+program+"-")
	if err != nil {
		return ObjectStore{}, err
	}
	for _, sub := range []string{"data", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return ObjectStore{}, err
		}
	}
	port, err := freePort()
	if err != nil {
		return ObjectStore{}, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	args, environment := command(dir, address)
	d, err := start(dir, false, environment, path, args...)
	if err != nil {
		return ObjectStore{}, err
	}
	onExit(func() { d.stop(syscall.SIGTERM) })
	err = d.wait(func() error {
		res, err := http.Get("http://" + address + health)
		if err == nil {
			res.Body.Close()
		}
		return err
	})
	return ObjectStore{address, "fieldwarden", "fieldwarden-test"}, err
}
