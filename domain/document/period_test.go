package document_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// byLaw computes last days as whoever holds the calendar does.
func byLaw(t testing.TB) document.Due {
	cal, err := calendar.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	units := map[document.PeriodUnit]law.Unit{document.Days: law.CalendarDays, document.WorkingDays: law.WorkingDays, document.Months: law.Months}
	return func(first time.Time, n int, unit document.PeriodUnit, roll bool) (time.Time, error) {
		due, err := law.Period{N: n, Unit: units[unit], Roll: roll}.Due(first, cal)
		return due.Day, err
	}
}

func lasting(begins string, n int, unit, last string, roll bool) (document.Template, document.Instance) {
	tpl := document.Template{Fields: []document.Field{{ID: "begins", Kind: document.Date}, {ID: "within", Kind: document.Period, Label: document.Text{Zh: "期限", En: "term"}, From: "begins", Roll: roll}}}
	return tpl, document.Instance{Data: record.Object{"begins": begins, "within": record.Object{"n": float64(n), "unit": unit, "last": last}}}
}

// The cases that the law's calendar of 2026 gives, among them the make-up Saturday after National Day.
func TestCheckPeriods(t *testing.T) {
	for _, c := range []struct {
		begins     string
		n          int
		unit, last string
		roll       bool
	}{
		{"2026-09-28", 7, "workingDays", "2026-10-13", false}, {"2026-09-29", 5, "workingDays", "2026-10-12", true}, {"2026-09-20", 15, "days", "2026-10-08", true},
		{"2026-09-03", 30, "days", "2026-10-03", false}, {"2026-06-01", 90, "days", "2026-08-30", false}, {"2026-08-31", 1, "months", "2026-09-30", false},
	} {
		tpl, in := lasting(c.begins, c.n, c.unit, c.last, c.roll)
		if flaws := append(document.Check(tpl, in), document.CheckPeriods(tpl, in, byLaw(t))...); len(flaws) > 0 {
			t.Errorf("%v: %v", c, flaws)
		}
	}
	tpl, in := lasting("2026-09-28", 7, "workingDays", "2026-10-12", false) // a day early: only the calendar tells
	flaws := document.CheckPeriods(tpl, in, byLaw(t))
	if len(document.Check(tpl, in)) > 0 || len(flaws) != 1 || flaws[0].Path != "data/within/last" || !strings.Contains(flaws[0].Zh, "应为2026年10月13日") {
		t.Errorf("a day early: %v", flaws)
	}
	tpl, in = lasting("2031-09-28", 7, "workingDays", "2031-10-12", false)
	if flaws := document.CheckPeriods(tpl, in, byLaw(t)); len(flaws) != 1 || !strings.Contains(flaws[0].Zh, "无法核对") {
		t.Errorf("a year without a calendar: %v", flaws)
	}
}

// Check refuses no last day that the calendar gives, and without rolling, of days and months, accepts no other.
func TestSpansHoldWhatTheCalendarGives(t *testing.T) {
	due := byLaw(t)
	rapid.Check(t, func(t *rapid.T) {
		first := beijing("2026-01-01").AddDate(0, 0, rapid.IntRange(0, 300).Draw(t, "day"))
		n, roll := rapid.IntRange(1, 30).Draw(t, "n"), rapid.Bool().Draw(t, "roll")
		unit := rapid.SampledFrom([]document.PeriodUnit{document.Days, document.WorkingDays, document.Months}).Draw(t, "unit")
		last, err := due(first, n, unit, roll)
		if err != nil {
			t.Skip("the calendar ends")
		}
		tpl, in := lasting(first.Format(time.DateOnly), n, string(unit), last.Format(time.DateOnly), roll)
		if flaws := document.Check(tpl, in); len(flaws) > 0 {
			t.Fatalf("%v + %d %s = %v: %v", first, n, unit, last, flaws)
		}
		for _, other := range []int{-1, 1} {
			tpl, in := lasting(first.Format(time.DateOnly), n, string(unit), last.AddDate(0, 0, other).Format(time.DateOnly), roll)
			if exact := unit != document.WorkingDays && !roll; exact && len(document.Check(tpl, in)) != 1 {
				t.Fatalf("%v + %d %s: a day off is accepted", first, n, unit)
			}
			if len(document.Check(tpl, in)) == 0 && len(document.CheckPeriods(tpl, in, due)) != 1 {
				t.Fatalf("%v + %d %s: the calendar accepts a day off", first, n, unit)
			}
		}
	})
}

func TestPeriodText(t *testing.T) {
	tpl, in := lasting("2026-11-25", 15, "days", "2026-12-10", true)
	w := document.Words{Template: tpl, Instance: in}
	for token, want := range map[string]string{"{within}": "自2026年11月25日起15日，至2026年12月10日止", "{within|length}": "15日", "{within|last}": "2026年12月10日"} {
		if got := w.Expand(token); got != want {
			t.Errorf("%s: %q, want %q", token, got, want)
		}
	}
}
