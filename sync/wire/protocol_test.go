package wire_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/collections"
)

var update = flag.Bool("update", false, "write docs/protocol/collections.md anew")

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every way in which reconciliation can fail is explained to authors of clients.
func TestEveryCodeIsExplained(t *testing.T) {
	text := page(t, "sync.md") + page(t, "client.md")
	for code := range fault.Codes() {
		area, _, _ := strings.Cut(string(code), ".")
		if slices.Contains([]string{"push", "pull", "op", "upload", "client"}, area) && !strings.Contains(text, "`"+string(code)+"`") {
			t.Errorf("docs/protocol says nothing of %s", code)
		}
	}
}

// The page of collections is made from their declarations.
func TestCollectionsPage(t *testing.T) {
	want := collectionsPage(t)
	if *update {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", "protocol", "collections.md"), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if page(t, "collections.md") != want {
		t.Error("docs/protocol/collections.md is not what the collections declare; write it anew: go test ./sync/wire -run TestCollectionsPage -update")
	}
}

// frozenWhen says in words when FrozenWhen of a collection holds.
var frozenWhen = map[string]string{
	"documents": "once it is no draft any more",
	"disposals": "from its proposal on",
	"evidence":  "from its announcement on",
	"holds":     "from its beginning on",
}

// closedWhen says in words when Closed of a collection holds.
var closedWhen = map[string]string{
	"conflicts":   "once resolved",
	"custody":     "always",
	"deadletters": "once decided",
	"derivatives": "once made or given up",
	"disposals":   "once recalled or done",
	"documents":   "once issued or voided",
	"evidence":    "once the server holds the bytes, or has disposed of them",
	"findings":    "once closed",
	"holds":       "once released",
	"inspections": "once completed or cancelled",
	"tasks":       "once done or cancelled",
}

func collectionsPage(t *testing.T) string {
	t.Helper()
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# The collections\n\nMade from the declarations by `go test ./sync/wire -run TestCollectionsPage -update`; do not edit. What the merge\n" +
		"classes mean stands in [sync.md](sync.md) §7. `*` stands for any key. A field that is not declared is kept, as a register.\n")
	for _, name := range slices.Sorted(maps.Keys(catalogue)) {
		describe(t, &b, catalogue[name])
	}
	return b.String()
}

func describe(t *testing.T, b *strings.Builder, c *record.Collection) {
	feeds := map[record.Scope]string{record.District: "`ref/<district>`", record.Unit: "`unit/<code>` by the field `unit`", record.Device: "`device/<id>` by the field `device`",
		record.Audit: "`audit/<code>` by the field `unit`, which nobody pulls"}
	fmt.Fprintf(b, "\n## %s\n\nSchema %d, feed %s.", c.Name, c.Schema, feeds[c.Scope])
	if c.FrozenWhen != nil {
		when := frozenWhen[c.Name]
		if when == "" {
			t.Errorf("say in words when %s is frozen", c.Name)
		}
		fmt.Fprintf(b, " Frozen %s.", when)
	}
	if c.Closed != nil {
		when := closedWhen[c.Name]
		if when == "" {
			t.Errorf("say in words when %s is closed", c.Name)
		}
		fmt.Fprintf(b, " Leaves the feed some time after its last change %s.", when)
	}
	if c.Follows != "" {
		fmt.Fprintf(b, " Goes to another unit with the record that `%s` names.", c.Follows)
	}
	for i, from := range slices.Sorted(maps.Keys(c.Transitions)) {
		if i == 0 {
			b.WriteString(" States: ")
		} else {
			b.WriteString("; ")
		}
		name := "`" + from + "`"
		if from == "" {
			name = "a new one"
		}
		fmt.Fprintf(b, "%s → `%s`", name, strings.Join(c.Transitions[from], "`, `"))
	}
	if len(c.Transitions) > 0 {
		b.WriteString(".")
	}
	b.WriteString("\n\n| field | class | form |\n|---|---|---|\n")
	for _, f := range c.Fields {
		form := string(f.Kind)
		if form == "" {
			form = "any"
		}
		if f.Required {
			form += ", required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Path, classOf(c, f.Path), form)
	}
	for i, form := range c.Older {
		if i == 0 {
			b.WriteString("\n| older form | had | had not |\n|---|---|---|\n")
		}
		var had []string
		for _, f := range form.Had {
			had = append(had, "`"+f.Path+"` "+string(f.Kind))
		}
		fmt.Fprintf(b, "| %d | %s | %s |\n", i+1, strings.Join(had, ", "), strings.Join(form.Lacks, ", "))
	}
	for i, g := range c.Gates {
		if i == 0 {
			b.WriteString("\n| gate | effect | basis |\n|---|---|---|\n")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", g.Code, g.Effect, g.Basis)
	}
}

// Older forms are on the page too: none of ours has any yet, so a made one is shown.
func TestOlderFormsAreOnThePage(t *testing.T) {
	aged := recordtest.Aged("aged")
	if err := aged.Prepare(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	describe(t, &b, aged)
	if !strings.Contains(b.String(), "| 1 | `name` string, `term` string | title, validFrom, validTo |\n| 2 | `phone` string | contacts |\n") {
		t.Error(b.String())
	}
}

// classOf is the class by which a field merges: its own, or else what it inherits from the field above.
func classOf(c *record.Collection, path string) record.Class {
	for _, f := range c.Fields {
		if f.Path == path && f.Class != "" {
			return f.Class
		}
	}
	above := strings.LastIndexByte(path, '/')
	if above < 0 {
		return record.Register
	}
	switch class := classOf(c, path[:above]); class {
	case record.Append, record.Server, record.Frozen, record.Latest:
		return class
	}
	return record.Register
}
