package seed

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// calendars brings in the notices on days off.
func (b *builder) calendars() error {
	notices, err := calendar.Notices()
	if err != nil {
		return err
	}
	for _, year := range slices.Sorted(maps.Keys(notices)) {
		title, _, _ := strings.Cut(strings.TrimPrefix(notices[year], "# "), "\n")
		b.d.Calendars = append(b.d.Calendars, b.op("calendars", year, record.Object{"year": year, "notice": title, "text": notices[year]}))
	}
	return nil
}
