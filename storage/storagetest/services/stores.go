package services

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ObjectStore is a running S3 server on loopback, over plain HTTP.
type ObjectStore struct {
	Endpoint  string // host:port
	AccessKey string
	SecretKey string

	process *os.Process
}

// Freeze stops the server in the middle of what it does, as a machine that hangs; it neither answers nor closes anything. Thaw lets it go on. A
// cluster has Kill instead.
func (o ObjectStore) Freeze() error { return o.process.Signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (o ObjectStore) Thaw() error { return o.process.Signal(syscall.SIGCONT) }

// ProcessorTime is what the server has had of the processor since it began, as Linux counts it in hundredths of a second; 0 where that is not told.
func (o ObjectStore) ProcessorTime() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.process.Pid))
	_, after, _ := strings.Cut(string(text), ") ") // behind the program's name, which may hold anything
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100
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
		Missing(t, name, "run `make tools`")
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
	return ObjectStore{address, "fieldwarden", "fieldwarden-test", d.cmd.Process}, err
}

// Cluster is a MinIO of several nodes on one machine, each with a drive of its own; what is stored is spread over all with parity.
type Cluster struct {
	ObjectStore // of the first node
	Nodes       []string
	daemons     []*daemon
	start       func(node int) (*daemon, error)
}

// MinIOCluster starts a MinIO of so many nodes, at least four, which is stopped with the test.
func MinIOCluster(t testing.TB, nodes int) *Cluster {
	t.Helper()
	path, ok := find("minio")
	if !ok {
		Missing(t, "minio", "run `make tools`")
	}
	dir := t.TempDir()
	var drives []string
	c := &Cluster{daemons: make([]*daemon, nodes)}
	for i := range nodes {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		c.Nodes = append(c.Nodes, fmt.Sprintf("127.0.0.1:%d", port))
		drives = append(drives, fmt.Sprintf("http://%s%s", c.Nodes[i], filepath.Join(dir, fmt.Sprint("drive", i))))
	}
	c.ObjectStore = ObjectStore{Endpoint: c.Nodes[0], AccessKey: "fieldwarden", SecretKey: "fieldwarden-test"}
	c.start = func(node int) (*daemon, error) {
		home, err := os.MkdirTemp("", "fieldwarden-node-")
		if err != nil {
			return nil, err
		}
		// MINIO_CI_CD lets drives be folders of the system's own disk. Where MinIO takes the machine for a container it has to be told which node it
		// is: it would wait for an address that is not loopback.
		environment := []string{"MINIO_ROOT_USER=" + c.AccessKey, "MINIO_ROOT_PASSWORD=" + c.SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CI_CD=1",
			"_MINIO_SERVER_LOCAL=" + c.Nodes[node]}
		return start(home, false, environment, path, append([]string{"server", "--quiet", "--address", c.Nodes[node]}, drives...)...)
	}
	for i := range nodes {
		c.launch(t, i)
	}
	t.Cleanup(func() {
		for _, d := range c.daemons {
			if d != nil {
				d.stop(syscall.SIGKILL)
			}
		}
	})
	for i := range nodes {
		c.ready(t, i)
	}
	return c
}

func (c *Cluster) launch(t testing.TB, node int) {
	t.Helper()
	d, err := c.start(node)
	if err != nil {
		t.Fatal(err)
	}
	c.daemons[node] = d
}

func (c *Cluster) ready(t testing.TB, node int) {
	t.Helper()
	err := c.daemons[node].wait(func() error {
		res, err := http.Get("http://" + c.Nodes[node] + "/minio/health/cluster")
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("the cluster says %s", res.Status)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("node %d: %v", node, err)
	}
}

// Kill ends a node as a power cut would.
func (c *Cluster) Kill(node int) {
	c.daemons[node].stop(syscall.SIGKILL)
	c.daemons[node] = nil
}

// Restart starts a node that was killed, with what its drive has kept, and waits until it sees the others.
func (c *Cluster) Restart(t testing.TB, node int) {
	t.Helper()
	c.launch(t, node)
	c.ready(t, node)
}
