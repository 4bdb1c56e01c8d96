package calendar

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

func date(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

// TestBuiltin holds the embedded notice of 2026 to its text: make-up Saturdays and Sundays work, holidays do not.
func TestBuiltin(t *testing.T) {
	cal, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"2026-01-01": false, "2026-01-02": false, "2026-01-04": true, "2026-02-14": true,
		"2026-02-23": false, "2026-02-24": true, "2026-02-28": true, "2026-05-09": true, "2026-09-20": true, "2026-09-25": false,
		"2026-10-07": false, "2026-10-08": true, "2026-10-10": true, "2026-10-11": false, "2026-11-23": true, "2026-11-28": false} {
		if got, err := cal.Working(date(text)); err != nil || got != want {
			t.Errorf("%s: working %v, %v; want %v", text, got, err, want)
		}
	}
	if name := cal.Name(date("2026-10-10")); name != "国庆节" {
		t.Errorf("10-10 makes up for %q", name)
	}
	if years := cal.Years(); len(years) != 1 || years[0] != 2026 {
		t.Errorf("years: %v", years)
	}
}

// TestImport: the next year's notice adds its year, may name days of December before it, and leaves the old calendar alone.
func TestImport(t *testing.T) {
	old, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	notice := "# invented\nyear 2027\n\noff 2026-12-31 2027-01-02 元旦\nwork 2027-01-03 元旦\n"
	cal, err := old.Import(strings.NewReader(notice))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"2026-12-31": false, "2027-01-02": false, "2027-01-03": true, "2027-01-04": true} {
		if got, err := cal.Working(date(text)); err != nil || got != want {
			t.Errorf("%s: working %v, %v; want %v", text, got, err, want)
		}
	}
	if working, err := old.Working(date("2026-12-31")); err != nil || !working {
		t.Errorf("the old calendar changed: %v, %v", working, err)
	}
	if _, err := old.Working(date("2027-01-04")); !errors.Is(err, fault.New(fault.CalendarMissing)) {
		t.Errorf("the old calendar knows 2027: %v", err)
	}
}

func TestImportRefuses(t *testing.T) {
	for _, notice := range []string{"year", "year 二〇二七", "off 2027-01-01 元旦", "off 2027-01-03 2027-01-01 元旦",
		"off 2027-01-01 2028-01-01 元旦", "work 2027-13-01 元旦", "work 2027-01-01", "rest 2027-01-01 元旦",
		"off 2027-02-29 2027-03-01 元旦", "year 2027\n" + strings.Repeat("x", 1<<17)} {
		cal, err := (&Calendar{}).Import(strings.NewReader(notice))
		if err == nil {
			t.Errorf("%.40q was imported as %v", notice, cal.Years())
		}
	}
}

// FuzzImport: no notice makes the parser panic or spin, and an accepted one answers for its years.
func FuzzImport(f *testing.F) {
	f.Add("year 2027\noff 2027-01-01 2027-01-03 元旦\nwork 2027-01-04 元旦\n")
	f.Fuzz(func(t *testing.T, notice string) {
		cal, err := (&Calendar{}).Import(strings.NewReader(notice))
		if err != nil {
			return
		}
		for _, year := range cal.Years() {
			if year < 1 || year > 9999 {
				continue
			}
			if _, err := cal.Working(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)); err != nil {
				t.Errorf("year %d: %v", year, err)
			}
		}
	})
}
