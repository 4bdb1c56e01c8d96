package law

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// CalendarUnfit is how a notice on days off breaks the rules: it cannot be read, or is of another year than it says.
const CalendarUnfit = "law.calendar"

// longestNotice is how many octets a notice may have: the longest so far has a tenth.
const longestNotice = 10_000

// CalendarGates refuse a notice that cannot be read: periods are counted by it in papers that are handed over.
func CalendarGates() []record.Gate {
	judge := func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After == nil {
			return nil, nil
		}
		year, _ := ev.After["year"].(string)
		notice, _ := ev.After["text"].(string)
		if len(notice) > longestNotice {
			return []record.Breach{{Field: "text", Zh: fmt.Sprintf("放假安排超过%d字节", longestNotice), En: fmt.Sprintf("the notice has more than %d octets", longestNotice)}}, nil
		}
		read, err := (&calendar.Calendar{}).Import(strings.NewReader(notice))
		if err != nil {
			return []record.Breach{{Field: "text", Zh: "放假安排无法识别：" + err.Error(), En: "the notice cannot be read: " + err.Error()}}, nil
		}
		if years := read.Years(); len(years) != 1 || strconv.Itoa(years[0]) != year {
			return []record.Breach{{Field: "year", Zh: "放假安排应只含年度" + year, En: "the notice is of another year than " + year}}, nil
		}
		return nil, nil
	}
	return []record.Gate{{Code: CalendarUnfit, Basis: "全国年节及纪念日放假办法", Effect: record.Refuse, Judge: judge}}
}

// spans is how many years on a period may reach from the year it begins in. What ends later has no notice yet.
const spans = 2

// CalendarFrom is the calendar for periods that begin on a day or later: the notices that the program brings, and those on record of the years that
// count, which win.
func CalendarFrom(ctx context.Context, day time.Time, facts record.Facts) (*calendar.Calendar, error) {
	cal, err := calendar.Builtin()
	if err != nil {
		return nil, err
	}
	for year := DayOf(day).Year(); year <= DayOf(day).Year()+spans; year++ {
		found, err := facts.Match(ctx, Calendars.Name, "year", strconv.Itoa(year))
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(found)) {
			notice, _ := found[id]["text"].(string)
			if cal, err = cal.Import(strings.NewReader(notice)); err != nil {
				return nil, fmt.Errorf("notice %s as stored: %w", id, err)
			}
		}
	}
	return cal, nil
}
