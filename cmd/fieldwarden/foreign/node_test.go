package foreign

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// library is one of the clients that others wrote, with where its code is laid out to be run.
type library struct {
	name string
	path string
}

// laidOut copies deploy/foreign beside the installed libraries of a project. What is missing skips the test, or fails it where it is
// required.
func laidOut(t *testing.T, name string) library {
	t.Helper()
	from := deployed(t)
	modules := services.NodeModules(t, filepath.Join(from, name))
	into := t.TempDir()
	if err := os.CopyFS(into, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(into, name, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return library{name, into}
}

// client is a running client and its device's folder.
type client struct {
	t       *testing.T
	w       *world
	lib     library
	folder  string
	opening map[string]any
	device  string

	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	last    *tail
	n       int
}

// open starts a client on a new device that somebody signs in on.
func (w *world) open(lib library, who person, unit string, more ...any) *client {
	w.t.Helper()
	c := &client{t: w.t, w: w, lib: lib, folder: w.t.TempDir()}
	c.opening = map[string]any{"url": w.URL(), "folder": c.folder, "code": w.code(unit), "account": who.account, "password": password}
	for i := 0; i < len(more); i += 2 {
		c.opening[more[i].(string)] = more[i+1]
	}
	c.start()
	w.t.Cleanup(c.kill)
	return c
}

func (c *client) start() {
	c.t.Helper()
	c.process = exec.Command("node", "driver.mjs")
	c.process.Dir = filepath.Join(c.lib.path, c.lib.name)
	c.last = &tail{}
	c.process.Stderr = c.last
	var err error
	if c.in, err = c.process.StdinPipe(); err != nil {
		c.t.Fatal(err)
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.out = bufio.NewReaderSize(out, 1<<20)
	if err := c.process.Start(); err != nil {
		c.t.Fatal(err)
	}
	var opened struct{ Device string }
	c.do("open", &opened, flat(c.opening)...)
	c.device = opened.Device
}

func flat(m map[string]any) (pairs []any) {
	for k, v := range m {
		pairs = append(pairs, k, v)
	}
	return pairs
}

// kill ends the process as a battery that is empty would.
func (c *client) kill() {
	if c.process != nil {
		_ = c.process.Process.Kill() // it may have ended by itself
		_ = c.process.Wait()
		c.process = nil
	}
}

// restart kills the process and starts it again on what the device has kept.
func (c *client) restart() {
	c.t.Helper()
	c.kill()
	c.start()
}

// tell sends a command without waiting for its answer.
func (c *client) tell(command string, args ...any) {
	c.t.Helper()
	c.n++
	line := map[string]any{"n": c.n, "command": command}
	for i := 0; i < len(args); i += 2 {
		line[args[i].(string)] = args[i+1]
	}
	text, err := json.Marshal(line)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		c.t.Fatalf("%s: %v\n%s", command, err, c.last)
	}
}

// do has a command done. Lines that are no answers are a library's own talk.
func (c *client) do(command string, into any, args ...any) {
	c.t.Helper()
	c.tell(command, args...)
	c.hear(command, into)
}

// hear waits for the answer to the last command.
func (c *client) hear(command string, into any) {
	c.t.Helper()
	lines := make(chan []byte, 1)
	for {
		go func() {
			line, _ := c.out.ReadBytes('\n') // what is cut is no answer
			lines <- line
		}()
		var line []byte
		select {
		case line = <-lines:
		case <-time.After(3 * time.Minute):
			c.t.Fatalf("%s: no answer after three minutes\n%s", command, c.last)
		}
		var answer struct {
			N     int
			Out   jsontext.Value
			Error string
		}
		if len(line) == 0 {
			c.t.Fatalf("%s: the client has ended\n%s", command, c.last)
		}
		if !bytes.HasPrefix(line, []byte(`{"n":`)) || json.Unmarshal(line, &answer, json.MatchCaseInsensitiveNames(true)) != nil || answer.N != c.n {
			c.last.Write(line)
			continue
		}
		if answer.Error != "" {
			c.t.Fatalf("%s: %s\n%s", command, answer.Error, c.last)
		}
		if into != nil {
			if err := json.Unmarshal(answer.Out, into, json.MatchCaseInsensitiveNames(true)); err != nil {
				c.t.Fatalf("%s: %v in %s", command, err, answer.Out)
			}
		}
		return
	}
}

// holds is what the client holds of a collection, in the form of [world.held].
func (c *client) holds(collection string) map[string]string {
	c.t.Helper()
	var docs []map[string]any
	c.do("dump", &docs, "collection", collection)
	out := map[string]string{}
	for _, doc := range docs {
		id, _ := doc["id"].(string)
		if of, ok := doc["collectionField"]; ok { // RxDB's documents have a property of the name
			doc["collection"] = of
			delete(doc, "collectionField")
		}
		out[id] = canonical(c.t, doc)
	}
	return out
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-4000):]
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
