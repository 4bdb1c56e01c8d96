package document

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Dated says when a row of a table is the law.
type Dated struct {
	From, To string // first and last day in force, YYYY-MM-DD in Beijing; To "": until further notice
}

// inForce reports whether a day YYYY-MM-DD is one of the row's.
func (d Dated) inForce(day string) bool { return d.From <= day && (d.To == "" || day <= d.To) }

// beijingDay is the day of a moment in Beijing.
func beijingDay(at time.Time) string { return at.In(record.Beijing).Format(time.DateOnly) }

func readDated(cell map[string]string) (Dated, error) {
	d := Dated{cell["from"], cell["to"]}
	if nextDay(d.From) == "" || d.To != "" && (nextDay(d.To) == "" || d.To < d.From) {
		return d, fmt.Errorf("%q to %q are no days", d.From, d.To)
	}
	return d, nil
}

// nextDay is the day after; "" for what is no day.
func nextDay(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

// succession holds the last row of each key of a table whose rows of one key follow each other day by day, without a gap.
type succession map[string]Dated

func (s succession) add(key string, d Dated) error {
	if before, again := s[key]; again && nextDay(before.To) != d.From {
		return fmt.Errorf("%s from %s does not follow the row before, which ends %q", key, d.From, before.To)
	}
	s[key] = d
	return nil
}

// open checks that the last row of each key is in force until further notice.
func (s succession) open() error {
	for key, d := range s {
		if d.To != "" {
			return fmt.Errorf("%s has no row that is in force until further notice", key)
		}
	}
	return nil
}
