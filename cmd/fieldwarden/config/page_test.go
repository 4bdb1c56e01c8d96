package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The page operators read must list every variable with its default and both texts, in the struct's order. Run the test with
// FIELDWARDEN_UPDATE_PAGES=1 to rewrite its table.
func TestThePageListsEveryVariable(t *testing.T) {
	const path = "../../../docs/operations/configuration.md"
	var table strings.Builder
	table.WriteString("| 变量 Variable | 默认值 Default | 说明 | Meaning |\n|---|---|---|---|\n")
	for _, v := range Variables() {
		value := ""
		if v.Default != "" {
			value = "`" + v.Default + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", v.Name, value, v.Zh, v.En)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(page), "<!-- variables -->\n")
	old, tail, found := strings.Cut(rest, "<!-- end -->")
	if !found {
		t.Fatalf("%s has no marks around its table", path)
	}
	if os.Getenv("FIELDWARDEN_UPDATE_PAGES") != "" {
		text := head + "<!-- variables -->\n" + table.String() + "<!-- end -->" + tail
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table.String() {
		t.Errorf("%s is not what the program reads:\n%s", path, table.String())
	}
}
