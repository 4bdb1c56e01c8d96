// Package services starts the real programs that tests need: PostgreSQL, MinIO, versitygw. Each runs privately, on loopback,
// in a temporary folder, once per test process, and is stopped with it.
//
// A program that is missing skips the test with a sentence that says what to do; where FIELDWARDEN_TEST_REQUIRE names it, as
// `make test` does, the test fails instead: nothing is skipped silently in CI.
package services

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Missing ends the test for want of a program, or of something that it needs: it skips, or fails where it is required.
func Missing(t testing.TB, name, hint string) {
	t.Helper()
	required := strings.Split(os.Getenv("FIELDWARDEN_TEST_REQUIRE"), ",")
	if slices.Contains(required, name) {
		t.Fatalf("%s is required here and missing: %s", name, hint)
	}
	t.Skipf("skipped: %s is missing; %s", name, hint)
}

// Program returns the path of a program that a test runs once and that needs no starting; hint says how to get it.
func Program(t testing.TB, name, hint string) string {
	t.Helper()
	path, ok := find(name)
	if !ok {
		Missing(t, name, hint)
	}
	return path
}

// find looks a program up in the tools folder, in further folders, and in the PATH.
func find(program string, folders ...string) (string, bool) {
	if tools := os.Getenv("FIELDWARDEN_TOOLS"); tools != "" {
		folders = append([]string{tools}, folders...)
	} else if cache, err := os.UserCacheDir(); err == nil {
		folders = append([]string{filepath.Join(cache, "fieldwarden", "tools", "bin")}, folders...)
	}
	for _, folder := range folders {
		path := filepath.Join(folder, program)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	path, err := exec.LookPath(program)
	return path, err == nil
}

// freePort asks the system for a port that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// daemon is a started program.
type daemon struct {
	cmd  *exec.Cmd
	dir  string
	log  *os.File
	done chan struct{}
}

// unprivileged is the uid and gid for programs that refuse root: nobody.
const unprivileged = 65534

// start runs a program in its own folder. It dies with the test process, even a killed one.
func start(dir string, asNobody bool, environment []string, path string, args ...string) (*daemon, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if asNobody {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	}
	d := &daemon{cmd: cmd, dir: dir, log: log, done: make(chan struct{})}
	// The kernel sends Pdeathsig when the starting thread ends, so that thread must live as long as the program.
	started := make(chan error)
	go func() {
		lockThread()
		started <- cmd.Start()
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
		close(d.done)
	}()
	return d, <-started
}

func (d *daemon) alive() bool {
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

func (d *daemon) stop(signal syscall.Signal) {
	_ = d.cmd.Process.Signal(signal)
	select {
	case <-d.done:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.done
	}
	d.log.Close()
	os.RemoveAll(d.dir)
}

func (d *daemon) lastWords() string {
	text, _ := os.ReadFile(filepath.Join(d.dir, "log"))
	return string(text[max(0, len(text)-2000):])
}

// wait polls until ready answers nil or a minute has gone.
func (d *daemon) wait(ready func() error) error {
	var err error
	for range 600 {
		if err = ready(); err == nil {
			return nil
		}
		if !d.alive() {
			return fmt.Errorf("it ended: %s", d.lastWords())
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("not ready after a minute: %w; %s", err, d.lastWords())
}

// running holds what this test process has started, to be stopped by Main.
var running struct {
	sync.Mutex
	stops []func()
}

// OnExit has fn called when the package's tests are over, the last one first.
func OnExit(fn func()) { onExit(fn) }

func onExit(stop func()) {
	running.Lock()
	defer running.Unlock()
	running.stops = append(running.stops, stop)
}

// Main runs a package's tests, with their temporary folders in memory where there is enough, and then stops every service they started. Call it
// from TestMain.
func Main(m *testing.M) {
	flag.Parse()
	if err := inMemory(); err != nil {
		fmt.Fprintln(os.Stderr, "temporary folders stay on the disk:", err)
	}
	MainOnDisk(m)
}

// MainOnDisk is [Main] for packages whose subject is what a disk does.
func MainOnDisk(m *testing.M) {
	code := m.Run()
	running.Lock()
	for _, stop := range slices.Backward(running.stops) {
		stop()
	}
	os.Exit(code)
}
