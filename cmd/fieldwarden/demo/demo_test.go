package demo_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	_ "modernc.org/sqlite"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
)

// result is the table as machines read it, decoded on its own terms.
type result struct {
	OK       bool
	URL      string
	Seconds  float64
	Password string
	Lines    []struct {
		ID, Zh, En, Expected, Held string
		OK                         bool
	}
	SignIns []struct{ Account, Name, Role, Unit string }
}

func (r result) broken() []string {
	var ids []string
	for _, l := range r.Lines {
		if !l.OK {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

func run(t *testing.T, o demo.Options) (result, error) {
	t.Helper()
	var out bytes.Buffer
	o.Out, o.JSON, o.Exit = &out, true, true
	err := demo.Run(context.Background(), o)
	var r result
	if jsonErr := json.Unmarshal(out.Bytes(), &r, json.MatchCaseInsensitiveNames(true)); jsonErr != nil {
		t.Fatalf("%v; the run said %v; the output was %q", jsonErr, err, out.String())
	}
	return r, err
}

// The day is played and every line holds, for machines; and once more on the same folder, for a visitor who then looks around
// and presses Ctrl-C.
func TestTheDayHolds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r, err := run(t, demo.Options{Folder: folder})
	if err != nil || !r.OK {
		t.Errorf("first run: %v", err)
	}
	for _, l := range r.Lines {
		if !l.OK {
			t.Errorf("first run: %s: expected %q, the server holds %q", l.ID, l.Expected, l.Held)
		}
	}
	if len(r.Lines) < 35 || len(r.SignIns) < 8 || !strings.HasPrefix(r.URL, "http://127.0.0.1:") || len(r.Password) < 12 {
		t.Errorf("first run: %d lines, %d sign-ins, %q", len(r.Lines), len(r.SignIns), r.URL)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	out := &watched{until: "Ctrl-C", then: stop}
	if err := demo.Run(ctx, demo.Options{Out: out, Folder: folder}); err != nil {
		t.Errorf("second run: %v", err)
	}
	text := out.String()
	if strings.Contains(text, "×") || strings.Count(text, "| √") != len(r.Lines) || !strings.Contains(text, r.Password) || !strings.Contains(text, "wangkun") {
		t.Errorf("second run, after %d lines in the first:\n%s", len(r.Lines), text)
	}
}

// plant changes something behind the server's back, after a scene that has gone well.
type plant struct {
	after string
	do    func(t *testing.T, data string)
}

// The table is no promise: what is changed behind the server's back makes lines fail.
func TestPlantedFaultsAreFound(t *testing.T) {
	cases := map[string]struct {
		plants []plant
		want   []string // lines that must be broken
	}{
		"bytes": {[]plant{{"video", flipInStore}}, []string{"audit"}},
		"records": {[]plant{
			{"certificates", change(`UPDATE records SET body = replace(body, '"kind":"suspended"', '"kind":"amended"') WHERE collection = 'certificates'`)},
			{"penalty", change(`UPDATE records SET body = replace(body, '"fine":100', '"fine":900') WHERE collection = 'documents'`)},
			{"frozen", change(`DELETE FROM records WHERE collection = 'tasks'`)},
		}, []string{"suspended.finding", "frozen.rejected", "evening.wangkun.unit/120102001", "audit"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			r, err := run(t, demo.Options{Folder: folder, Scene: func(id string, _ *server.Server) {
				for _, p := range c.plants {
					if p.after == id {
						p.do(t, filepath.Join(folder, "data"))
					}
				}
			}})
			if !errors.Is(err, demo.ErrUnsound) || r.OK {
				t.Errorf("the run said %v", err)
			}
			for _, line := range c.want {
				if !slices.Contains(r.broken(), line) {
					t.Errorf("broken lines %v, want %s among them", r.broken(), line)
				}
			}
			if len(r.broken()) > len(r.Lines)/2 {
				t.Errorf("broken lines %v: more than what was planted", r.broken())
			}
		})
	}
}

// change runs a statement past the server.
func change(statement string) func(*testing.T, string) {
	return func(t *testing.T, data string) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "fieldwarden.db")+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		done, err := db.Exec(statement)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("nothing was planted: %v", err)
		}
	}
}

// flipInStore changes one byte of the largest stored object.
func flipInStore(t *testing.T, data string) {
	var largest string
	var size int64
	err := filepath.WalkDir(filepath.Join(data, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			largest, size = path, info.Size()
		}
		return err
	})
	if err != nil || size < 50_000 {
		t.Fatalf("the largest object has %d octets: %v", size, err)
	}
	body, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if err := errors.Join(os.Chmod(largest, 0o600), os.WriteFile(largest, body, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// A visitor who presses Ctrl-C in the middle of the day has seen enough: that is a clean end too. But with Exit the day must be
// whole.
func TestCtrlCInTheMiddle(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stopAt := func(scene string, _ *server.Server) {
		if scene == "morning" {
			stop()
		}
	}
	var out bytes.Buffer
	if err := demo.Run(ctx, demo.Options{Out: &out, Folder: t.TempDir(), Scene: stopAt}); err != nil || strings.Contains(out.String(), "| √") {
		t.Errorf("%v; the output was\n%s", err, out.String())
	}
	if err := demo.Run(ctx, demo.Options{Out: &out, Folder: t.TempDir(), Exit: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("a day that was not played ends with %v", err)
	}
}

// watched calls then once a text has been written.
type watched struct {
	bytes.Buffer
	until string
	then  func()
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.until) {
		time.AfterFunc(0, w.then)
	}
	return n, err
}

// Without a folder nothing is left behind.
func TestATemporaryFolderIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := demo.Run(ctx, demo.Options{Out: &bytes.Buffer{}}); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
