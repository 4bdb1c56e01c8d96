package law

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
)

func builtin(t testing.TB) *calendar.Calendar {
	t.Helper()
	cal, err := calendar.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

// TestPeriodVectors are the periods of everyday enforcement over the holidays of 2026.
func TestPeriodVectors(t *testing.T) {
	cases := []struct {
		name, start string
		period      Period
		due         string
	}{
		{"先行登记保存，跨国庆节与调休周六", "2026-09-28", Period{N: 7, Unit: WorkingDays}, "2026-10-13"},
		{"申请听证", "2026-09-29", Period{N: 5, Unit: WorkingDays}, "2026-10-12"},
		{"当场收缴罚款交回，跨春节", "2026-02-13", Period{N: 2, Unit: WorkingDays}, "2026-02-24"},
		{"缴纳罚款，末日逢假顺延", "2026-09-20", Period{N: 15, Unit: CalendarDays, Roll: true}, "2026-10-08"},
		{"同上，不顺延", "2026-09-20", Period{N: 15, Unit: CalendarDays}, "2026-10-05"},
		{"送达决定书，跨劳动节", "2026-04-30", Period{N: 7, Unit: WorkingDays}, "2026-05-13"},
		{"催告", "2026-09-24", Period{N: 10, Unit: WorkingDays}, "2026-10-15"},
		{"扣押", "2026-09-03", Period{N: 30, Unit: CalendarDays}, "2026-10-03"},
		{"作出决定", "2026-06-01", Period{N: 90, Unit: CalendarDays}, "2026-08-30"},
		{"公告送达", "2026-11-23", Period{N: 30, Unit: CalendarDays}, "2026-12-23"},
		{"起诉六个月", "2026-08-31", Period{N: 6, Unit: Months}, "2027-02-28"},
		{"追责二年", "2024-02-29", Period{N: 2, Unit: Years}, "2026-02-28"},
		{"跨年月份", "2026-12-31", Period{N: 2, Unit: Months}, "2027-02-28"},
	}
	cal := builtin(t)
	for _, c := range cases {
		due, err := c.period.Due(day(c.start).Add(10*time.Hour), cal)
		if err != nil || !due.Day.Equal(day(c.due)) || !due.Until.Equal(day(c.due).AddDate(0, 0, 1)) {
			t.Errorf("%s: got %s until %s, %v; want %s", c.name, due.Day, due.Until, err, c.due)
		}
	}
}

func TestHours(t *testing.T) {
	start := time.Date(2026, 9, 30, 22, 15, 0, 0, Beijing)
	due, err := Period{N: 24, Unit: Hours}.Due(start, nil)
	if err != nil || !due.Until.Equal(start.Add(24*time.Hour)) || !due.Day.Equal(day("2026-10-01")) {
		t.Errorf("got %+v, %v", due, err)
	}
}

// TestMissingYear proves that a period into a year without a notice says so and never guesses.
func TestMissingYear(t *testing.T) {
	cal := builtin(t)
	for _, p := range []Period{{N: 7, Unit: WorkingDays}, {N: 8, Unit: CalendarDays, Roll: true}} {
		_, err := p.Due(day("2026-12-25"), cal)
		if !errors.Is(err, fault.New(fault.CalendarMissing)) || !strings.Contains(fault.Of(err).Zh, "2027 日历未导入") {
			t.Errorf("%+v: got %v", p, err)
		}
	}
	if due, err := (Period{N: 30, Unit: CalendarDays}).Due(day("2026-12-25"), cal); err != nil || !due.Day.Equal(day("2027-01-24")) {
		t.Errorf("calendar days need no notice: got %+v, %v", due, err)
	}
	if _, err := ActBy(day("2027-01-24"), cal); !errors.Is(err, fault.New(fault.CalendarMissing)) {
		t.Errorf("ActBy: %v", err)
	}
}

func TestPeriodRefused(t *testing.T) {
	for _, p := range []Period{{}, {N: 0, Unit: Hours}, {N: -1, Unit: CalendarDays}, {N: 5}, {N: 5, Unit: "FORTNIGHT"}, {N: maxCount + 1, Unit: Years}} {
		if _, err := p.Due(day("2026-01-05"), builtin(t)); !errors.Is(err, fault.New(fault.PeriodInvalid)) {
			t.Errorf("%+v: got %v", p, err)
		}
	}
}

// TestActBy: goods held until a day of the National Day holiday must be decided on before it begins.
func TestActBy(t *testing.T) {
	for in, want := range map[string]string{"2026-10-03": "2026-09-30", "2026-10-10": "2026-10-10", "2026-08-30": "2026-08-28"} {
		if got, err := ActBy(day(in), builtin(t)); err != nil || !got.Equal(day(want)) {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestWorkingDaysOf2026(t *testing.T) {
	cal := builtin(t)
	count, err := WorkingDaysBetween(day("2025-12-31"), day("2026-12-31"), cal)
	if err != nil || count != 248 {
		t.Errorf("got %d, %v; want 248", count, err)
	}
	if _, err := WorkingDaysBetween(day("2026-12-30"), day("2027-01-01"), cal); err == nil {
		t.Error("counted a day of 2027")
	}
}

// TestPeriodGrows: a longer period of the same unit from the same start, or the same period from a later start, never ends
// earlier; and it always ends after it started.
func TestPeriodGrows(t *testing.T) {
	cal := builtin(t)
	rapid.Check(t, func(t *rapid.T) {
		p := Period{N: rapid.IntRange(1, 60).Draw(t, "n"), Roll: rapid.Bool().Draw(t, "roll"),
			Unit: rapid.SampledFrom([]Unit{Hours, WorkingDays, CalendarDays}).Draw(t, "unit")}
		start := day("2026-01-01").Add(time.Duration(rapid.IntRange(0, 200*24*60).Draw(t, "minute")) * time.Minute)
		due, err := p.Due(start, cal)
		if err != nil {
			t.Fatal(err)
		}
		if !due.Until.After(start) {
			t.Fatalf("%+v from %s ends at %s", p, start, due.Until)
		}
		longer := p
		longer.N += rapid.IntRange(1, 20).Draw(t, "more")
		if after, err := longer.Due(start, cal); err != nil || after.Until.Before(due.Until) {
			t.Fatalf("%+v from %s ends at %s, before %s, %v", longer, start, after.Until, due.Until, err)
		}
		later := start.Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "later")) * time.Hour)
		if after, err := p.Due(later, cal); err != nil || after.Until.Before(due.Until) {
			t.Fatalf("%+v from %s ends at %s, before %s, %v", p, later, after.Until, due.Until, err)
		}
	})
}

// TestWorkingDueCounts: a period of n working days contains exactly n of them and ends on one.
func TestWorkingDueCounts(t *testing.T) {
	cal := builtin(t)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 90).Draw(t, "n")
		start := day("2026-01-01").AddDate(0, 0, rapid.IntRange(0, 200).Draw(t, "day"))
		due, err := Period{N: n, Unit: WorkingDays}.Due(start, cal)
		if err != nil {
			t.Fatal(err)
		}
		count, err := WorkingDaysBetween(start, due.Day, cal)
		if working, _ := cal.Working(due.Day); err != nil || count != n || !working {
			t.Fatalf("%d working days from %s: ends %s with %d, %v", n, start, due.Day, count, err)
		}
	})
}
