package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The house test holds the map of docs/ARCHITECTURE.md. It parses every file instead of asking the go command, so that it
// sees files behind build tags too and its result can never come from a cache.

const module = "github.com/fieldwarden/fieldwarden"

// rooms are the top-level folders there are.
var rooms = []string{"api", "cmd", "deploy", "docs", "domain", "migrations", "storage", "sync"}

// leftovers are folders that building and running make; version control ignores them.
var leftovers = []string{"bin", "data", "node_modules"}

// rule says what the packages below a folder may import of ours. The first rule whose folder matches holds.
type rule struct {
	folder string
	may    []string // folders; nothing when empty
	why    string
}

var rules = []rule{
	{"migrations", nil, "the schema ages alone"},
	{"deploy", nil, "deployment knows no code"},
	{"sync/wire", nil, "wire shapes age with the oldest handheld"},
	{"domain/ledger", nil, "an auditor must be able to build it alone"},
	{"domain/fault", nil, "errors are the ground everything stands on"},
	{"domain/record", []string{"domain/fault"}, "records are the pure heart"},
	{"domain", []string{"domain/record", "domain/fault"}, "domain packages share only records and faults"},
	{"sync", []string{"sync", "domain"}, "use cases know the domain and nothing of edges or storage"},
	{"storage/storagetest", []string{"storage", "sync", "domain"}, "test suites of ports"},
	{"storage", []string{"storage", "sync/push", "sync/pull", "sync/live", "sync/jobs", "sync/upload", "sync/custody", "sync/papers", "sync/derive", "sync/share", "sync/audit", "sync/ledger", "sync/wire", "domain", "migrations"},
		"storage fulfils the ports of sync and domain"},
	{"api", []string{"api", "sync", "domain"}, "HTTP speaks to use cases, never to storage"},
	{"cmd", []string{"api", "cmd", "domain", "migrations", "storage", "sync"}, "the program puts everything together"},
}

// technology says where a foreign package may be used. Keys are prefixes of import paths.
var technology = map[string][]string{
	"github.com/gofiber/":                   {"api", "cmd"},
	"github.com/valyala/fasthttp":           {"api", "cmd"},
	"gorm.io/":                              {"storage/db"},
	"github.com/jackc/pgx":                  {"storage"},
	"github.com/pressly/goose":              {"storage/db"},
	"github.com/minio/minio-go":             {"storage/blob"},
	"modernc.org/sqlite":                    {"storage/db", "sync/client"},
	"database/sql":                          {"storage/db", "sync/client"},
	"net/http":                              {"api", "cmd", "sync/client", "storage"},
	"encoding/json":                         {}, // sync/wire is the one way into and out of JSON
	"github.com/go-json-experiment/json":    {"sync", "api", "cmd", "storage"},
	"testing":                               {"storage/storagetest"},
	"pgregory.net/rapid":                    {"storage/storagetest"},
	module + "/storage/storagetest":         {"storage/storagetest"},
	"github.com/golang-jwt/jwt":             {"api/token"},
	"github.com/prometheus/client_golang":   {"api", "cmd"},
	"github.com/alecthomas/kong":            {"cmd"},
	"github.com/caarlos0/env":               {"cmd/fieldwarden/config"},
	"github.com/danielgtaylor/huma":         {"api"},
	"github.com/klauspost/compress":         {"api", "sync/client"},
	"codeberg.org/go-pdf/fpdf":              {"domain/document/render"},
	"github.com/Eyevinn/mp4ff":              {"domain/evidence/isobmff"},
	"github.com/emmansun/gmsm":              {"domain/evidence/algorithm"},
	"rsc.io/qr":                             {"domain/document/render", "api"},
	"github.com/alexedwards/argon2id":       {"api/session", "cmd", "domain/people"},
	"github.com/santhosh-tekuri/jsonschema": {"api", "domain/document"},
	"golang.org/x/mod":                      {"domain/ledger", "sync/ledger", "sync/audit", "cmd"},
	"github.com/digitorus":                  {"domain/ledger"},
}

// vague are names that say nothing of what a package is for.
var vague = []string{"base", "common", "core", "helper", "helpers", "lib", "manager", "misc", "model", "models", "shared", "types", "util", "utils"}

// maxLines is where a file has long stopped being one thing.
const maxLines = 500

// inspection walks a source tree and collects what breaks the house's rules, one line each.
type inspection struct {
	tree  fs.FS
	found []string
}

func inspectHouse(tree fs.FS) ([]string, error) {
	in := &inspection{tree: tree}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(d.Name(), ".") || d.IsDir() && slices.Contains(leftovers, d.Name()):
			return skip(d)
		case d.IsDir():
			in.folder(name)
			return nil
		}
		return in.file(name)
	})
	return in.found, err
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (in *inspection) say(format string, args ...any) {
	in.found = append(in.found, fmt.Sprintf(format, args...))
}

func (in *inspection) folder(name string) {
	if !strings.Contains(name, "/") && !slices.Contains(rooms, name) {
		in.say("%s: not a room of the house; the rooms are %s", name, strings.Join(rooms, ", "))
	}
	if slices.Contains(vague, path.Base(name)) && !strings.HasPrefix(name, "docs/") {
		in.say("%s: the name says nothing of what is inside", name)
	}
}

// written are the kinds of files that people write and read.
var written = []string{".go", ".ts", ".tsx", ".css", ".sql", ".sh"}

func (in *inspection) file(name string) error {
	if !slices.Contains(written, path.Ext(name)) || strings.Contains(name, "/testdata/") || strings.Contains(name, "/dist/") {
		return nil
	}
	text, err := fs.ReadFile(in.tree, name)
	if err != nil {
		return err
	}
	if n := bytes.Count(text, []byte("\n")); n > maxLines {
		in.say("%s: %d lines; a file over %d is more than one thing", name, n, maxLines)
	}
	if path.Ext(name) != ".go" {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	in.source(name, file)
	return nil
}

func (in *inspection) source(name string, file *ast.File) {
	folder, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
	if pkg := strings.TrimSuffix(file.Name.Name, "_test"); slices.Contains(vague, pkg) {
		in.say("%s: package %s says nothing of what is inside", name, pkg)
	} else if pkg == "sync" && folder != "sync" {
		in.say("%s: package sync; in code sync is the standard library", name)
	}
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has seen to it
		}
		in.imported(name, spec, target)
		if !test {
			in.ours(name, folder, target)
			in.foreign(name, folder, target)
		}
	}
	if folder == "sync" && len(file.Decls) > 0 {
		in.say("%s: the root of sync is the map of the protocol and holds no code", name)
	}
	if !test && below(folder, "domain") {
		in.clock(name, file)
	}
}

// imported checks what holds for every import, in tests too.
func (in *inspection) imported(name string, spec *ast.ImportSpec, target string) {
	if target == module+"/sync" {
		in.say("%s: imports the root of sync, which holds no code", name)
	}
	if spec.Name != nil && spec.Name.Name == "sync" && target != "sync" {
		in.say("%s: calls %s sync; in code sync is the standard library", name, target)
	}
}

// ours checks an import of the module's own packages against the map.
func (in *inspection) ours(name, folder, target string) {
	to, ours := strings.CutPrefix(target, module+"/")
	if !ours {
		return
	}
	for _, r := range rules {
		if !below(folder, r.folder) {
			continue
		}
		if !slices.ContainsFunc(r.may, func(may string) bool { return below(to, may) }) && !sameDomain(folder, to) {
			in.say("%s: %s imports %s, but may import only %s: %s", name, folder, to, list(r.may), r.why)
		}
		return
	}
	in.say("%s: %s has no rule in the map of imports", name, folder)
}

// sameDomain reports whether two packages belong to the same noun of the domain, e.g. domain/document and …/render.
func sameDomain(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	return len(as) > 1 && len(bs) > 1 && as[0] == "domain" && bs[0] == "domain" && as[1] == bs[1]
}

// foreign keeps each technology where it belongs.
func (in *inspection) foreign(name, folder, target string) {
	for tech, places := range technology {
		if target != tech && !strings.HasPrefix(target, strings.TrimSuffix(tech, "/")+"/") {
			continue
		}
		if !slices.ContainsFunc(places, func(place string) bool { return below(folder, place) }) {
			in.say("%s: %s imports %s, which belongs to %s", name, folder, target, list(places))
		}
	}
}

// clock finds readings of the wall clock: the domain is told what time it is.
func (in *inspection) clock(name string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "Sleep"}, sel.Sel.Name) {
			in.say("%s: reads the clock by time.%s; the domain is told what time it is", name, sel.Sel.Name)
		}
		return true
	})
}

func below(folder, top string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }

func list(folders []string) string {
	if len(folders) == 0 {
		return "nothing"
	}
	return strings.Join(folders, ", ")
}

func TestHouse(t *testing.T) {
	tree := os.DirFS("../..")
	if _, err := fs.Stat(tree, "go.mod"); err != nil {
		t.Fatal(err)
	}
	found, err := inspectHouse(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range found {
		t.Error(line)
	}
}

// The map in the documents and the map that is held must name the same rooms.
func TestRoomsAreDrawn(t *testing.T) {
	text, err := os.Open("../../docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	drawn := map[string]bool{}
	for lines := bufio.NewScanner(text); lines.Scan(); {
		for _, word := range strings.FieldsFunc(lines.Text(), func(r rune) bool { return r < 'a' || r > 'z' }) {
			drawn[word] = true
		}
	}
	for _, room := range rooms {
		if !drawn[room] && room != "docs" {
			t.Errorf("docs/ARCHITECTURE.md does not draw the room %s", room)
		}
	}
}
