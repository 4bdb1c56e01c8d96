// Package calendar knows which days are working days, from the yearly notices of the State Council on days off. A notice is
// a small text file; those that are out are embedded. For a year whose notice has not been imported it answers with
// fault law.calendar_missing: it never guesses.
//
// It must not know periods, cases or a clock.
package calendar

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

//go:embed *.txt
var notices embed.FS

// Calendar is a set of imported notices. Its methods take days of any zone by their year, month and day. It is not changed
// once built; [Calendar.Import] returns another.
type Calendar struct {
	years map[int]bool
	days  map[string]special // by YYYY-MM-DD: the days a notice names
}

// special is a day that a notice names.
type special struct {
	working bool
	name    string
}

// Notices returns the embedded notices by their year.
func Notices() (map[string]string, error) {
	names, err := notices.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("embedded notices: %w", err)
	}
	all := map[string]string{}
	for _, name := range names {
		text, err := notices.ReadFile(name.Name())
		if err != nil {
			return nil, fmt.Errorf("embedded notice: %w", err)
		}
		all[strings.TrimSuffix(name.Name(), ".txt")] = string(text)
	}
	return all, nil
}

// Builtin returns the calendar of the embedded notices.
func Builtin() (*Calendar, error) {
	all, err := Notices()
	if err != nil {
		return nil, err
	}
	cal := &Calendar{}
	for _, year := range slices.Sorted(maps.Keys(all)) {
		if cal, err = cal.Import(strings.NewReader(all[year])); err != nil {
			return nil, fmt.Errorf("embedded notice of %s: %w", year, err)
		}
	}
	return cal, nil
}

// Import returns the calendar with one more notice. A notice may name days of the year before its own (a make-up day in late
// December); a later notice overrides an earlier one. A malformed line is fault law.calendar_invalid with its number.
func (c *Calendar) Import(notice io.Reader) (*Calendar, error) {
	next := &Calendar{years: maps.Clone(c.years), days: maps.Clone(c.days)}
	if next.years == nil {
		next.years, next.days = map[int]bool{}, map[string]special{}
	}
	lines := bufio.NewScanner(notice)
	for n := 1; lines.Scan(); n++ {
		if err := next.line(strings.Fields(lines.Text())); err != nil {
			return nil, fault.New(fault.CalendarInvalid).At(fmt.Sprintf("line %d", n)).Because(err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read notice: %w", err)
	}
	return next, nil
}

func (c *Calendar) line(words []string) error {
	switch {
	case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		return nil
	case words[0] == "year" && len(words) == 2:
		year, err := strconv.Atoi(words[1])
		c.years[year] = true
		return err
	case words[0] == "work" && len(words) == 3:
		return c.span(words[1], words[1], special{working: true, name: words[2]})
	case words[0] == "off" && len(words) == 4:
		return c.span(words[1], words[2], special{name: words[3]})
	}
	return fmt.Errorf("neither year, off nor work: %q", strings.Join(words, " "))
}

// maxSpan is more than the longest holiday of a notice; it keeps a typing error from filling years.
const maxSpan = 31

func (c *Calendar) span(from, to string, what special) error {
	first, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return fmt.Errorf("first day: %w", err)
	}
	last, err := time.Parse(time.DateOnly, to)
	if err != nil {
		return fmt.Errorf("last day: %w", err)
	}
	if days := last.Sub(first).Hours() / 24; days < 0 || days > maxSpan {
		return fmt.Errorf("from %s to %s is no holiday", from, to)
	}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		c.days[day.Format(time.DateOnly)] = what
	}
	return nil
}

// Working reports whether people work on the day. A year without a notice is fault law.calendar_missing.
func (c *Calendar) Working(day time.Time) (bool, error) {
	if !c.years[day.Year()] {
		year := strconv.Itoa(day.Year())
		return false, fault.New(fault.CalendarMissing).Detail(year+" 日历未导入", "no calendar of "+year)
	}
	if s, ok := c.days[day.Format(time.DateOnly)]; ok {
		return s.working, nil
	}
	weekday := day.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday, nil
}

// Name is what a notice calls the day (the holiday, or the holiday it makes up for); "" for an ordinary day.
func (c *Calendar) Name(day time.Time) string { return c.days[day.Format(time.DateOnly)].name }

// Years lists the years whose notices are there, in order.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }
