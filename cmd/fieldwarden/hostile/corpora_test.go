package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What fuzzing tries on SQLite, PostgreSQL is asked too: every seed and every text that is kept.
func TestCorporaOnPostgreSQL(t *testing.T) {
	w := founded(t, false)
	for _, x := range targets {
		t.Run(x.name, func(t *testing.T) {
			w.TB = t
			for _, s := range append(x.seeds(), kept(t, x.name)...) {
				x.play(w, s.which, []byte(s.text))
			}
		})
	}
	w.TB = t
}

// kept reads the corpus of a target in the form that the go command writes.
func kept(t *testing.T, name string) (out []seed) {
	files, err := filepath.Glob(filepath.Join("testdata", "fuzz", name, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(lines) != 3 {
			t.Fatalf("%s has %d lines", file, len(lines))
		}
		which, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(lines[1], "byte("), ")"))
		if err != nil {
			t.Fatalf("%s: %q: %v", file, lines[1], err)
		}
		said, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(lines[2], "[]byte("), ")"))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, seed{uint8([]rune(which)[0]), said})
	}
	return out
}

// The oracle can fail: the witness sees what is committed, and not what is only read or rolled back.
func TestTheWitnessSees(t *testing.T) {
	for _, lite := range []bool{true, false} {
		t.Run(fmt.Sprintf("sqlite=%v", lite), func(t *testing.T) {
			w := founded(t, lite)
			w.mustAsk(w.officer, "POST", "/v1/sync/pull", `{"limit":1000}`)
			w.ask(w.officer, "POST", "/v1/ops", []byte(`{"ops":[{}]}`))
			if w.witness.changed(w) {
				t.Error("something was written by a pull, or by what was refused")
			}
			w.mustAsk(w.officer, "POST", "/v1/ops", `{"ops":[{"id":"`+w.newID()+`","collection":"subjects","record":"`+subject+`","action":"update","base":2,"patch":{"name":"新"}}]}`)
			if !w.witness.changed(w) || w.witness.changed(w) {
				t.Error("an edit was not seen, or seen twice")
			}
		})
	}
}
