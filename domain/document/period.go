package document

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// PeriodUnit is what a period is counted in.
type PeriodUnit string

// The units, as the value of a field names them.
const (
	Days        PeriodUnit = "days"        // calendar days (日)
	WorkingDays PeriodUnit = "workingDays" // 工作日
	Months      PeriodUnit = "months"
)

var unitWords = map[PeriodUnit]string{Days: "日", WorkingDays: "个工作日", Months: "个月"}

// Span is the value of a field of kind Period: {n, unit, last}. The first day is that of the field that the template names; it
// is not counted. The last is computed by whoever has the calendar of working days: a device, or the server.
type Span struct {
	N     int
	Unit  PeriodUnit
	First time.Time // the zero moment when the paper does not say
	Last  time.Time
}

// maxPeriod bounds a period, as in domain/law: a count beyond is a typing error.
const maxPeriod = 10_000

// Span reads a Period of a paper's data. What has the wrong form is zero.
func (f Field) Span(data record.Object) Span {
	value := object(data, f.ID)
	s := Span{N: whole(value, "n"), Unit: PeriodUnit(text(value, "unit"))}
	s.First, _ = dayIn(text(data, f.From))
	s.Last, _ = dayIn(text(value, "last"))
	return s
}

// dayIn reads a date, or the day of a moment in Beijing, as its first instant.
func dayIn(text string) (time.Time, bool) {
	if t, err := time.ParseInLocation(time.DateOnly, text, record.Beijing); err == nil {
		return t, true
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, false
	}
	y, m, d := t.In(record.Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, record.Beijing), true
}

// Due computes the last day of a period that begins on a day, by the rules and the calendar of domain/law. Roll moves a last
// day that is a day off to the next working day. It MUST say an error where the calendar lacks a year, and never guess.
type Due func(first time.Time, n int, unit PeriodUnit, roll bool) (time.Time, error)

// Calendar gives the calendar of working days as it stands on record for whoever asks in a transaction.
type Calendar func(ctx context.Context, facts record.Facts) Due

// CheckPeriods lists the periods of a paper whose last day is not what the calendar says. [Check] has no calendar: it finds only
// last days that no calendar can give.
func CheckPeriods(t Template, in Instance, due Due) []Flaw {
	var flaws []Flaw
	for _, f := range t.Fields {
		if f.Kind != Period || in.Data[f.ID] == nil || len(f.checkSpan(in.Data)) > 0 {
			continue
		}
		s, path := f.Span(in.Data), "data/"+f.ID+"/last"
		last, err := due(s.First, s.N, s.Unit, f.Roll)
		switch {
		case err != nil:
			why := fault.Of(err)
			flaws = append(flaws, Flaw{path, "“" + f.Label.Zh + "”的截止日期无法核对：" + why.Zh, f.Label.En + ": the last day cannot be checked: " + why.En})
		case !last.Equal(s.Last):
			flaws = append(flaws, Flaw{path, "“" + f.Label.Zh + "”的截止日期应为" + day(last), f.Label.En + ": the last day is " + last.Format(time.DateOnly)})
		}
	}
	return flaws
}

// longestRest is how many days off may follow each other, with room: a last day that rolls goes on by no more.
const longestRest = 15

// checkSpan checks what can be checked without a calendar; paths are relative to the field.
func (f Field) checkSpan(data record.Object) []Flaw {
	value, ok := data[f.ID].(record.Object)
	if !ok {
		return wrong("格式不正确", "want an object")
	}
	s := f.Span(data)
	switch {
	case s.N < 1 || s.N > maxPeriod:
		return []Flaw{{"n", fmt.Sprintf("的数量应为1至%d的整数", maxPeriod), fmt.Sprintf("n is a whole number from 1 to %d", maxPeriod)}}
	case unitWords[s.Unit] == "":
		return []Flaw{{"unit", "的单位应为日、工作日或者月", "the unit is days, workingDays or months"}}
	case s.First.IsZero():
		return []Flaw{{"", "的起算日期未填写", "the day it begins is missing: " + f.From}}
	case s.Last.IsZero() || s.Last.Format(time.DateOnly) != text(value, "last"):
		return []Flaw{{"last", "的截止日期格式应为YYYY-MM-DD", "last is a date YYYY-MM-DD"}}
	}
	if earliest, latest := f.bounds(s); s.Last.Before(earliest) || s.Last.After(latest) {
		return []Flaw{{"last", "的截止日期与期限不符", "last cannot be the last day of this period"}}
	}
	return nil
}

// bounds are the days between which the last day lies, whatever the calendar says.
func (f Field) bounds(s Span) (earliest, latest time.Time) {
	switch s.Unit {
	case WorkingDays:
		earliest = s.First.AddDate(0, 0, s.N)
		return earliest, s.First.AddDate(0, 0, 3*s.N+longestRest)
	case Months:
		month := time.Date(s.First.Year(), s.First.Month()+time.Month(s.N), 1, 0, 0, 0, 0, record.Beijing)
		earliest = month.AddDate(0, 0, min(s.First.Day(), month.AddDate(0, 1, -1).Day())-1)
	default:
		earliest = s.First.AddDate(0, 0, s.N)
	}
	if !f.Roll {
		return earliest, earliest
	}
	return earliest, earliest.AddDate(0, 0, longestRest)
}

// spanText is how papers write a period: 自2026年11月25日起15日，至2026年12月10日止. Forms: length (15日), last (the last day).
func spanText(s Span, form string) (string, bool) {
	known := form == "" || form == "length" || form == "last"
	if s.N < 1 || unitWords[s.Unit] == "" {
		return "", known
	}
	length := fmt.Sprintf("%d%s", s.N, unitWords[s.Unit])
	switch {
	case form == "length":
		return length, true
	case form == "last":
		return day(s.Last), true
	case s.First.IsZero() || s.Last.IsZero():
		return length, known
	}
	return "自" + day(s.First) + "起" + length + "，至" + day(s.Last) + "止", known
}
