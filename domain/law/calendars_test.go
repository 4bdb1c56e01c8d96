package law

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

func notice(year, text string) record.Object {
	return record.Object{"year": year, "notice": "关于" + year + "年部分节假日安排的通知", "text": text}
}

// A notice that cannot be read, is too long, or is of another year is refused, with the field named.
func TestNoticesAreJudged(t *testing.T) {
	gate := CalendarGates()[0]
	for _, c := range []struct {
		year, text, field string
	}{
		{"2027", "year 2027\noff 2027-01-01 2027-01-03 元旦\n", ""}, {"2027", "year 2026\n", "year"}, {"2027", "year 2027\nyear 2028\n", "year"}, {"2027", "", "year"},
		{"2027", "year 2027\noff 2027-01-03 2027-01-01 元旦\n", "text"}, {"2027", "year 2027\nholiday\n", "text"}, {"2027", "year 2027\n" + strings.Repeat("# 注\n", 3000), "text"},
	} {
		breaches, err := gate.Judge(context.Background(), record.Event{After: notice(c.year, c.text)}, catalogue{})
		if field := fieldOf(breaches); err != nil || field != c.field || len(breaches) > 0 && (breaches[0].Zh == "" || breaches[0].En == "") {
			t.Errorf("%q: %v, %v, want %q", c.text[:min(40, len(c.text))], breaches, err, c.field)
		}
	}
	if breaches, err := gate.Judge(context.Background(), record.Event{Before: notice("2027", "year 2027\n")}, catalogue{}); err != nil || len(breaches) > 0 {
		t.Error("a notice that is removed is judged:", breaches, err)
	}
}

func fieldOf(breaches []record.Breach) string {
	if len(breaches) == 0 {
		return ""
	}
	return breaches[0].Field
}

// Notices on record are counted by, beside those of the program and before them.
func TestCalendarFromRecords(t *testing.T) {
	year := time.Date(2026, 12, 25, 0, 0, 0, 0, Beijing)
	seven := Period{N: 7, Unit: WorkingDays}
	cal, err := CalendarFrom(context.Background(), year, catalogue{})
	if err != nil {
		t.Fatal(err)
	}
	if due, err := seven.Due(year, cal); err == nil {
		t.Error("the days off of 2027 were guessed:", due)
	}
	facts := catalogue{"a": notice("2027", "year 2027\noff 2027-01-01 2027-01-03 元旦\n"), "b": notice("2026", "year 2026\noff 2026-12-28 2026-12-28 补休\n")}
	if cal, err = CalendarFrom(context.Background(), year, facts); err != nil {
		t.Fatal(err)
	}
	due, err := seven.Due(year, cal)
	if want := time.Date(2027, 1, 7, 0, 0, 0, 0, Beijing); err != nil || !due.Day.Equal(want) {
		t.Errorf("%v, %v, want %v", due.Day, err, want)
	}
}
