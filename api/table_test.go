package api

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

func bareApp(t *testing.T) *fiber.App {
	t.Helper()
	app, err := New(Deps{Base: context.Background(), Now: time.Now, NewID: func() string { return "test-id-0" }, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), PublicURL: "https://warden.example", District: "120102", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestEveryRegisteredRouteIsInTheTable(t *testing.T) {
	table := Routes()
	known := map[string]bool{}
	for i := range table {
		for _, method := range table[i].methods() {
			known[method+" "+table[i].pattern()] = true
		}
	}
	found := map[string]bool{}
	for _, r := range bareApp(t).GetRoutes(true) { // without those of middleware
		key := r.Method + " " + r.Path
		found[key] = true
		if !known[key] {
			t.Errorf("%s is registered and not in the table", key)
		}
	}
	for key := range known {
		if !found[key] {
			t.Errorf("%s is in the table and not registered", key)
		}
	}
}

func TestEveryRouteSaysWhoMayCallIt(t *testing.T) {
	rights := map[people.Right]bool{}
	for _, right := range people.Rights() {
		rights[right] = true
	}
	seen := map[string]bool{}
	for _, r := range Routes() {
		if err := r.check(); err != nil {
			t.Error(err)
		}
		if r.Access == signedIn && !rights[r.Right] {
			t.Errorf("%s %s asks for %q, which is not in the table of rights", r.Method, r.Path, r.Right)
		}
		if key := r.Method + " " + r.Path; seen[key] || seen[r.Name] {
			t.Errorf("%s (%s) is there twice", key, r.Name)
		} else {
			seen[key], seen[r.Name] = true, true
		}
		if strings.HasPrefix(r.Path, "/v1/") && r.Access == public && r.Method != fiber.MethodGet && r.Method != fiber.MethodOptions {
			t.Errorf("%s %s changes something and is public", r.Method, r.Path)
		}
	}
}

// TestARouteThatLeavesSomethingOpenIsNotRegistered proves that the check would catch what it is for.
func TestARouteThatLeavesSomethingOpenIsNotRegistered(t *testing.T) {
	whole := Route{Method: "POST", Path: "/x", Name: "x", Zh: "试验", En: "test", Access: signedIn, Right: "self.read", Body: jsonBody,
		Limit: 1, In: Health{}, Status: 200, Serve: (*server).healthy}
	if err := whole.check(); err != nil {
		t.Fatalf("a whole route is refused: %v", err)
	}
	for name, spoil := range map[string]func(*Route){
		"no access":          func(r *Route) { r.Access = undecided },
		"no right":           func(r *Route) { r.Right = "" },
		"public with right":  func(r *Route) { r.Access = public },
		"body without limit": func(r *Route) { r.Limit = 0 },
		"limit without body": func(r *Route) { r.Body = noBody },
		"JSON without type":  func(r *Route) { r.In = nil },
		"no summary":         func(r *Route) { r.Zh = "" },
		"no handler":         func(r *Route) { r.Serve = nil },
	} {
		r := whole
		spoil(&r)
		if r.check() == nil {
			t.Errorf("%s: registered all the same", name)
		}
	}
}

func TestTheListedStatusesAreThoseOfTheKinds(t *testing.T) {
	for kind, status := range statuses {
		if status < 400 {
			t.Errorf("kind %v has status %d", kind, status)
		}
	}
}

func TestThePageOfTheProtocolListsEveryRouteAndItsTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "protocol", "http.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, r := range Routes() {
		who := map[access]string{public: "public", proof: "proof", signedIn: string(r.Right)}[r.Access]
		if line := "| `" + r.Method + " " + r.Path + "` | " + who + " | "; !strings.Contains(page, line) {
			t.Errorf("the page lacks %q", line)
		}
	}
	if listed := strings.Count(page, "\n| `"); listed-strings.Count(page, "\n| `Immutable") != len(Routes()) {
		t.Errorf("the page lists %d routes, there are %d", listed, len(Routes()))
	}
	tests := testsHere(t)
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(page, -1) {
		if !tests[name[1]] {
			t.Errorf("the page names %s, which is no test", name[1])
		}
	}
}

// testsHere are the names of the tests of this package and of the guards.
func testsHere(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "guard/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				names[string(found[1])] = true
			}
		}
	}
	return names
}
