package law

import (
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
)

// Unit is what a period is counted in.
type Unit string

// The units. Periods of two, three, five and seven days in the penalties law, and of up to ten days in the coercion law,
// are working days (处罚法第八十五条, 强制法第六十九条); all others are calendar days.
const (
	Hours        Unit = "HOUR"
	WorkingDays  Unit = "WD"
	CalendarDays Unit = "CD"
	Months       Unit = "MONTH"
	Years        Unit = "YEAR"
)

// Period is a span that the law gives. The day it starts from is not counted (民事诉讼法第八十五条).
type Period struct {
	N    int // from 1
	Unit Unit
	// Roll moves a last day that is a day off to the next working day. It is for what a party may still do (pay, ask for a
	// hearing or a reconsideration). Limits on the organ itself (to hold, to decide) do not roll.
	Roll bool
}

// Due is when a period ends.
type Due struct {
	Day   time.Time // the last day, as its first instant in Beijing time
	Until time.Time // the first instant at which it is too late
}

// maxCount bounds a period: the longest of the law are twenty years, and a count beyond is a typing error.
const maxCount = 10000

// Due computes when the period ends that starts at a moment. Periods of working days, and those that roll, need the
// calendar: fault law.calendar_missing when it lacks a year that counts. A period of a wrong form is fault
// law.period_invalid.
func (p Period) Due(start time.Time, cal *calendar.Calendar) (Due, error) {
	if p.N < 1 || p.N > maxCount {
		return Due{}, fault.New(fault.PeriodInvalid).Detail("数量应在1至10000之间", "the count is from 1 to 10000")
	}
	day := DayOf(start)
	switch p.Unit {
	case Hours:
		until := start.Add(time.Duration(p.N) * time.Hour)
		return Due{Day: DayOf(until), Until: until}, nil
	case WorkingDays:
		return workingDue(day, p.N, cal)
	case CalendarDays:
		day = day.AddDate(0, 0, p.N)
	case Months:
		day = addMonths(day, p.N)
	case Years:
		day = addMonths(day, 12*p.N)
	default:
		return Due{}, fault.New(fault.PeriodInvalid).Detail("单位不存在："+string(p.Unit), "no such unit: "+string(p.Unit))
	}
	if p.Roll {
		return roll(day, cal)
	}
	return dueOn(day), nil
}

func dueOn(day time.Time) Due { return Due{Day: day, Until: day.AddDate(0, 0, 1)} }

func workingDue(day time.Time, n int, cal *calendar.Calendar) (Due, error) {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		working, err := cal.Working(day)
		if err != nil {
			return Due{}, err
		}
		if working {
			n--
		}
	}
	return dueOn(day), nil
}

// roll finds the first working day from the day on.
func roll(day time.Time, cal *calendar.Calendar) (Due, error) {
	for {
		working, err := cal.Working(day)
		if err != nil {
			return Due{}, err
		}
		if working {
			return dueOn(day), nil
		}
		day = day.AddDate(0, 0, 1)
	}
}

// ActBy is the last working day on or before a day: when an organ must have acted to keep a limit that does not roll.
func ActBy(day time.Time, cal *calendar.Calendar) (time.Time, error) {
	day = DayOf(day)
	for {
		working, err := cal.Working(day)
		if err != nil || working {
			return day, err
		}
		day = day.AddDate(0, 0, -1)
	}
}

// WorkingDaysBetween counts the working days after the first day up to and including the last.
func WorkingDaysBetween(first, last time.Time, cal *calendar.Calendar) (int, error) {
	first, last = DayOf(first), DayOf(last)
	count := 0
	for day := first.AddDate(0, 0, 1); !day.After(last); day = day.AddDate(0, 0, 1) {
		working, err := cal.Working(day)
		if err != nil {
			return 0, err
		}
		if working {
			count++
		}
	}
	return count, nil
}

// addMonths goes to the same day n months on, or to the last day of a month that has no such day (民法典第二百零二条).
func addMonths(day time.Time, n int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, Beijing)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day.Day(), last)-1)
}
