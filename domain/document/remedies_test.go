package document_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

func beijing(day string) time.Time {
	at, err := time.ParseInLocation(time.DateOnly, day, record.Beijing)
	if err != nil {
		panic(err)
	}
	return at
}

// While the law is the same, the second version of the penalty on the spot, which leaves the remedies to the table, says word for word what the first says.
func TestVersionsOfThePenaltySayTheSame(t *testing.T) {
	say := func(name string) (all []string) {
		w := document.Words{Template: document.ReadTemplate(seed(t, name)), Instance: document.ReadInstance(penalty()), Organ: "某街道办事处"}
		for _, b := range w.Template.Layout {
			all = append(all, b.ID+": "+w.Expand(b.Text))
		}
		return all
	}
	first, second := say(document.SummaryPenalty), say(secondPenalty)
	if !slices.Equal(first, second) || !slices.ContainsFunc(first, func(b string) bool { return strings.Contains(b, "六十日内，先向") }) {
		t.Errorf("first\n%s\nsecond\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
}

// No template holds a period of remedies, which the law may change, but the first version of the penalty on the spot: papers are made with it.
func TestTheLastVersionsLeaveRemediesToTheTable(t *testing.T) {
	last, told := map[string]string{}, 0
	for _, name := range templates.Names() {
		kind, _, _ := strings.Cut(name, ".")
		last[kind] = name
	}
	for _, name := range last {
		tpl := document.ReadTemplate(seed(t, name))
		for _, b := range tpl.Layout {
			if strings.Contains(b.Text, "{remedies}") {
				told++
			} else if strings.Contains(b.Text, "行政复议") && strings.Contains(b.Text, "日内") {
				t.Errorf("%s holds a period of its own: %s", name, b.Text)
			}
		}
		if tpl.Terms["reconsiderationDays"]+tpl.Terms["suitDays"]+tpl.Terms["suitMonths"] != "" {
			t.Errorf("%s holds periods of remedies: %v", name, tpl.Terms)
		}
	}
	if told < 10 {
		t.Errorf("only %d templates tell remedies", told)
	}
}

// Every kind that must tell remedies says the right way to them: on the spot first reconsideration, otherwise either; with the
// periods of the law in force and nothing left to fill in.
func TestRemediesOfEveryKind(t *testing.T) {
	told := 0
	for _, d := range document.Statutory() {
		if d.Type != document.RemediesDemand {
			continue
		}
		told++
		k, _ := document.KindOf(d.Kind)
		w := document.Words{Template: document.Template{Kind: d.Kind, Name: k.Name, Terms: map[string]string{"reconsiderationOrgan": "某政府", "suitCourt": "某法院"}},
			Instance: document.Instance{IssuedAt: beijing("2026-11-25")}}
		text := w.Expand("{remedies}")
		// There is nothing to execute in a decision that imposes nothing.
		for _, want := range []string{"六十日内", "某政府", "某法院", "收到行政复议决定书之日起十五日内", "不停止执行"} {
			if strings.Contains(text, want) == (want == "不停止执行" && d.Kind == "no-penalty-decision") {
				t.Errorf("%s lacks %q: %s", d.Kind, want, text)
			}
		}
		if first := d.Kind == document.SummaryPenalty; strings.Contains(text, "先向") != first || strings.Contains(text, "六个月内") == first {
			t.Errorf("%s goes the wrong way: %s", d.Kind, text)
		}
		if strings.ContainsAny(text, "{}") || strings.Contains(text, "三个月") {
			t.Errorf("%s: %s", d.Kind, text)
		}
	}
	if told < 8 {
		t.Errorf("only %d kinds of papers tell remedies", told)
	}
}

func TestRemedyOn(t *testing.T) {
	for day, found := range map[string]bool{"2023-12-31": false, "2024-01-01": true, "2026-11-25": true} {
		if r, ok := document.RemedyOn("penalty-decision", beijing(day)); ok != found || ok && r.Kind != "penalty-decision" {
			t.Errorf("%s: %v, %v", day, r, ok)
		}
	}
	if r, ok := document.RemedyOn("seizure-decision", time.Time{}); !ok || r.Kind != document.AnyKind {
		t.Errorf("a draft says %v", r)
	}
	// The day is that of Beijing: it begins at 16:00 UTC.
	if _, ok := document.RemedyOn("penalty-decision", time.Date(2023, 12, 31, 16, 0, 0, 0, time.UTC)); !ok {
		t.Error("2024 has begun in Beijing")
	}
}

// A wrong clock takes nobody's remedies away.
func TestRemediesBeforeTheTable(t *testing.T) {
	w := document.Words{Template: document.Template{Kind: "seizure-decision", Name: "扣押决定书"}}
	for _, at := range []time.Time{beijing("1970-01-01"), {}} {
		if w.Instance.IssuedAt = at; !strings.HasPrefix(w.Expand("{remedies}"), "如对本扣押决定书不服，可以自知道该行政行为之日起六十日内") {
			t.Errorf("%v: %q", at, w.Expand("{remedies}"))
		}
	}
}

// Lint follows the token into the table: the terms that its text names must be there.
func TestLintReadsRemedies(t *testing.T) {
	for path, want := range map[string]string{"terms/suitCourt": "{remedies} 用到 terms/suitCourt", "terms/reconsiderationOrgan": "{remedies} 用到 terms/reconsiderationOrgan"} {
		flaws := document.Lint(edit(seed(t, secondPenalty), path, nil))
		if len(flaws) != 1 || flaws[0].Path != "layout/remedy" || !strings.Contains(flaws[0].Zh, want) {
			t.Errorf("%s: %v", path, flaws)
		}
	}
}

func TestReadRemediesRefuses(t *testing.T) {
	const head, good = "kind,from,to,text,basis,confirmed\n", "*,2024-01-01,,甲,某条,yes\n"
	const two = "*,2024-01-01,2024-02-29,甲,某条,yes\n*,2024-03-01,,乙,某条,no\n"
	for _, text := range []string{good, two} {
		if all, err := document.ReadRemedies([]byte(head + text)); err != nil || len(all) != strings.Count(text, "\n") {
			t.Errorf("%q: %v, %v", text, all, err)
		}
	}
	for _, text := range []string{"", good + good, "poem,2024-01-01,,甲,某条,yes\n", "*,2024-13-01,,甲,某条,yes\n", "*,2024-01-01,x,甲,某条,yes\n", "*,2024-01-02,2024-01-01,甲,某条,yes\n*,2024-01-02,,乙,某条,yes\n",
		"*,2024-01-01,,,某条,yes\n", "*,2024-01-01,,甲,,yes\n", "*,2024-01-01,,甲{remedies},某条,yes\n", "*,2024-01-01,,甲,某条,y\n", "*,2024-01-01,2025-01-01,甲,某条,yes\n",
		strings.Replace(two, "2024-03-01", "2024-03-02", 1), strings.Replace(good, "*", "summary-penalty", 1)} {
		if all, err := document.ReadRemedies([]byte(head + text)); err == nil || all != nil || !strings.HasPrefix(err.Error(), "remedies: ") {
			t.Errorf("%q was read: %v, %v", text, all, err)
		}
	}
}
