package typescript

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

var update = flag.Bool("update", false, "write docs/protocol/vectors/papers.json anew")

// cases are what is asked of both clients.
type cases struct {
	About     string                   `json:"about,omitempty"`
	Notices   []string                 `json:"notices"`
	Remedies  []any                    `json:"remedies"`
	Templates map[string]record.Object `json:"templates"`
	Money     []money                  `json:"money"`
	Numbers   []number                 `json:"numbers"`
	Periods   []period                 `json:"periods"`
	Papers    []paper                  `json:"papers"`
	Answers   *answers                 `json:"answers,omitempty"` // of a file of vectors
}

type money struct {
	Yuan float64 `json:"yuan"`
}

type number struct {
	Pattern string `json:"pattern"`
	N       uint64 `json:"n"`
}

type period struct {
	Begins string              `json:"begins"`
	N      int                 `json:"n"`
	Unit   document.PeriodUnit `json:"unit"`
	Roll   bool                `json:"roll"`
}

type paper struct {
	Kind  string        `json:"kind"`
	Paper record.Object `json:"paper"`
	Organ string        `json:"organ"`
	Texts []string      `json:"texts"`
}

// answers are what a client says of cases, in their order.
type answers struct {
	Money   []amount  `json:"money"`
	Numbers []written `json:"numbers"`
	Periods []last    `json:"periods"`
	Papers  []checked `json:"papers"`
}

type amount struct {
	Figures  string `json:"figures,omitempty"`
	Capitals string `json:"capitals,omitempty"`
}

type written struct {
	Text string `json:"text"`
}

type last struct {
	Last    string `json:"last,omitempty"`
	Missing int    `json:"missing,omitempty"` // the year whose notice is missing
}

type checked struct {
	Flaws []flaw   `json:"flaws"`
	Steps []step   `json:"steps"` // of signing
	Texts []string `json:"texts"`
}

type step struct {
	Signer string             `json:"signer"`
	Signed int                `json:"signed"`
	State  document.StepState `json:"state"`
}

type flaw struct {
	Path string `json:"path"`
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

// askGo answers cases by the code of the server.
func askGo(t testing.TB, c cases) (out answers) {
	t.Helper()
	cal, err := calendar.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Money {
		a := amount{}
		if fen, ok := document.FenOf(m.Yuan); ok {
			a = amount{document.Figures(fen), document.Capitals(fen)}
		}
		out.Money = append(out.Money, a)
	}
	for _, n := range c.Numbers {
		out.Numbers = append(out.Numbers, written{document.NumberText(n.Pattern, n.N)})
	}
	for _, p := range c.Periods {
		out.Periods = append(out.Periods, lastOf(t, p, cal))
	}
	for _, p := range c.Papers {
		out.Papers = append(out.Papers, checkedBy(c.Templates[p.Kind], p, cal))
	}
	return out
}

var units = map[document.PeriodUnit]law.Unit{document.Days: law.CalendarDays, document.WorkingDays: law.WorkingDays, document.Months: law.Months}

func lastOf(t testing.TB, p period, cal *calendar.Calendar) last {
	first, err := parseDay(p.Begins)
	if err != nil {
		t.Fatal(err)
	}
	due, err := law.Period{N: p.N, Unit: units[p.Unit], Roll: p.Roll}.Due(first, cal)
	if err != nil {
		return last{Missing: missingYear(t, err)}
	}
	return last{Last: due.Day.Format("2006-01-02")}
}

func checkedBy(body record.Object, p paper, cal *calendar.Calendar) checked {
	w := document.Words{Template: document.ReadTemplate(body), Instance: document.ReadInstance(p.Paper), Organ: p.Organ}
	out := checked{Flaws: []flaw{}, Steps: []step{}, Texts: []string{}}
	found := document.Check(w.Template, w.Instance)
	found = append(found, document.CheckPeriods(w.Template, w.Instance, dueBy(cal))...)
	for _, s := range document.Steps(w.Template, w.Instance) {
		out.Steps = append(out.Steps, step{s.ID, s.Signed, s.State})
	}
	for _, f := range found {
		out.Flaws = append(out.Flaws, flaw{f.Path, f.Zh, f.En})
	}
	for _, text := range p.Texts {
		out.Texts = append(out.Texts, w.Expand(text))
	}
	return out
}

// askTypeScript answers cases by our client in TypeScript, compiled as its users would.
func askTypeScript(t testing.TB, c cases) (out answers) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	modules := services.NodeModules(t, here)
	into := t.TempDir()
	if err := os.CopyFS(into, os.DirFS(here)); err != nil {
		t.Fatal(err)
	}
	compiler := filepath.Join(modules, "typescript", "bin", "tsc")
	run(t, into, nil, compiler, "--project", into, "--outDir", filepath.Join(into, "dist"))
	asked, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	said := run(t, into, asked, "answers.mjs")
	if err := json.Unmarshal(said, &out); err != nil {
		t.Fatalf("%v: %.400s", err, said)
	}
	return out
}

func run(t testing.TB, folder string, input []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("node", args...)
	cmd.Dir, cmd.Stdin = folder, bytes.NewReader(input)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s%s", args[0], err, out, complaints.Bytes())
	}
	return out
}

// differ names every case that the two answer otherwise.
func differ(t testing.TB, c cases, want, got answers) {
	t.Helper()
	each(t, "money", c.Money, want.Money, got.Money)
	each(t, "number", c.Numbers, want.Numbers, got.Numbers)
	each(t, "period", c.Periods, want.Periods, got.Periods)
	each(t, "paper", c.Papers, want.Papers, got.Papers)
}

func each[C, A any](t testing.TB, what string, asked []C, want, got []A) {
	t.Helper()
	if len(want) != len(asked) || len(got) != len(asked) {
		t.Fatalf("%s: %d cases, %d and %d answers", what, len(asked), len(want), len(got))
	}
	for i := range asked {
		if !reflect.DeepEqual(want[i], got[i]) {
			t.Errorf("%s %.600s\n Go:         %.600s\n TypeScript: %.600s", what, text(asked[i]), text(want[i]), text(got[i]))
		}
	}
}

func text(value any) []byte {
	out, err := json.Marshal(value, json.Deterministic(true), jsontext.EscapeForHTML(false))
	if err != nil {
		return []byte(err.Error())
	}
	return out
}
