package people

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// start is midnight of 2026-11-23 in Beijing; times of these tests are minutes from it.
var start = time.Date(2026, 11, 23, 0, 0, 0, 0, record.Beijing)

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// card is the body of a certificate that is valid on the days from first to last, counted from start.
func card(officer string, first, last int, events record.Object) record.Object {
	day := func(n int) string { return start.AddDate(0, 0, n).Format(time.DateOnly) }
	return record.Object{"number": "02000000001", "officer": officer, "organ": "120102001", "validFrom": day(first),
		"validTo": day(last), "events": events}
}

func event(kind EventKind, when time.Time, reason string) record.Object {
	return record.Object{"kind": string(kind), "at": stamp(when), "reason": reason}
}

func read(t interface{ Fatal(...any) }, body record.Object) Certificate {
	c, err := ReadCertificate(body)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// drawn is a certificate made by chance, as its body and as plain numbers for the oracle.
type drawn struct {
	body        record.Object
	first, last int
	events      []drawnEvent
}

type drawnEvent struct {
	kind   EventKind
	minute int
}

const dayMinutes = 24 * 60

func draw(t *rapid.T, label string) drawn {
	d := drawn{first: rapid.IntRange(0, 2).Draw(t, label+" first")}
	d.last = d.first + rapid.IntRange(0, 1).Draw(t, label+" days")
	events := record.Object{}
	kinds := []EventKind{Suspend, Restore, Withdraw, Cancel, Reissue, Amend}
	for i := range rapid.IntRange(0, 5).Draw(t, label+" events") {
		e := drawnEvent{rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.IntRange(-100, 4*dayMinutes).Draw(t, "minute")}
		if i > 0 && rapid.IntRange(0, 3).Draw(t, "together") == 0 {
			e.minute = d.events[i-1].minute
		}
		d.events = append(d.events, e)
		events[fmt.Sprint(rapid.IntRange(0, 1<<30).Draw(t, "key"), "-", i)] = event(e.kind, at(e.minute), "r")
	}
	d.body = card("o", d.first, d.last, events)
	return d
}

// at is the oracle: it walks from long before the first event, minute by minute, and knows nothing of spans. In one minute
// what lifts comes before what takes away.
func (d drawn) at(minute int) Standing {
	suspended, withdrawn, cancelled := false, false, false
	for m := -100; m <= minute; m++ {
		for _, e := range d.events {
			if e.minute == m && e.kind == Restore {
				suspended = false
			}
			if e.minute == m && e.kind == Reissue {
				withdrawn, cancelled = false, false
			}
		}
		for _, e := range d.events {
			suspended = suspended || e.minute == m && e.kind == Suspend
			withdrawn = withdrawn || e.minute == m && e.kind == Withdraw
			cancelled = cancelled || e.minute == m && e.kind == Cancel
		}
	}
	switch {
	case cancelled:
		return Cancelled
	case withdrawn:
		return Withdrawn
	case minute < d.first*dayMinutes:
		return NotYetValid
	case minute >= (d.last+1)*dayMinutes:
		return Expired
	case suspended:
		return Suspended
	}
	return Valid
}

// instant picks a minute worth asking about: near where something happens, or anywhere.
func (d drawn) instant(t *rapid.T, label string) int {
	near := []int{d.first * dayMinutes, (d.last + 1) * dayMinutes}
	for _, e := range d.events {
		near = append(near, e.minute)
	}
	if rapid.Bool().Draw(t, label+" near") {
		return rapid.SampledFrom(near).Draw(t, label+" what") + rapid.IntRange(-2, 2).Draw(t, label+" off")
	}
	return rapid.IntRange(-100, 5*dayMinutes).Draw(t, label)
}

func TestStandingAgreesWithEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, "card")
		c := read(t, d.body)
		m := d.instant(t, "minute")
		got, want := c.StandingAt(at(m)), d.at(m)
		if got.Standing != want {
			t.Fatalf("%v at minute %d: got %s, want %s", d, m, got.Standing, want)
		}
		// since: the standing held from then on, and something begins there
		if got.Since.IsZero() {
			if want != NotYetValid {
				t.Fatalf("%s has no since", want)
			}
			return
		}
		since := int(got.Since.Sub(start) / time.Minute)
		if since > m || (want == Valid && (d.at(since) != Valid || d.at(since-1) == Valid || c.ValidDuring(got.Since, at(m)) != record.Throughout)) {
			t.Fatalf("%v at minute %d: %s since minute %d", d, m, want, since)
		}
	})
}

func TestValidDuringAgreesWithEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cards := []drawn{draw(t, "one"), draw(t, "two")}
		holding := Holding{read(t, cards[0].body), read(t, cards[1].body)}
		from := cards[0].instant(t, "from")
		to := from + rapid.IntRange(0, 60).Draw(t, "long")
		one, both := counts{}, counts{}
		for m := from; m <= to; m++ {
			first := cards[0].at(m) == Valid
			one.add(first)
			both.add(first || cards[1].at(m) == Valid)
		}
		if got := holding[0].ValidDuring(at(from), at(to)); got != one.verdict() {
			t.Fatalf("%v in minutes %d to %d: got %s, want %s", cards[0], from, to, got, one.verdict())
		}
		if got := holding.ValidDuring(at(from), at(to)); got != both.verdict() {
			t.Fatalf("%v in minutes %d to %d: got %s, want %s", cards, from, to, got, both.verdict())
		}
	})
}

type counts struct{ in, out int }

func (c *counts) add(held bool) {
	if held {
		c.in++
	} else {
		c.out++
	}
}

func (c counts) verdict() record.Verdict {
	switch {
	case c.out == 0:
		return record.Throughout
	case c.in == 0:
		return record.Never
	}
	return record.Uncertain
}

// A card is valid on the whole of its last day, and a suspension counts from its moment on.
func TestEdges(t *testing.T) {
	c := read(t, card("o", 0, 1, record.Object{"a": event(Suspend, at(600), "培训学时不足"), "b": event(Restore, at(700), "补训合格")}))
	cases := []struct {
		at     time.Time
		want   Standing
		since  time.Time
		reason string
	}{
		{at(-1), NotYetValid, time.Time{}, ""},
		{at(0), Valid, at(0), ""},
		{at(600).Add(-time.Nanosecond), Valid, at(0), ""},
		{at(600), Suspended, at(600), "培训学时不足"},
		{at(700), Valid, at(700), "补训合格"},
		{at(2 * dayMinutes).Add(-time.Nanosecond), Valid, at(700), "补训合格"},
		{at(2 * dayMinutes), Expired, at(2 * dayMinutes), ""},
	}
	for _, want := range cases {
		if got := c.StandingAt(want.at); got.Standing != want.want || !got.Since.Equal(want.since) || got.Reason != want.reason {
			t.Errorf("%s: got %+v, want %s since %s", want.at, got, want.want, want.since)
		}
	}
	for _, want := range []struct {
		from, to int
		verdict  record.Verdict
	}{{0, 599, record.Throughout}, {590, 600, record.Uncertain}, {600, 699, record.Never}, {699, 700, record.Uncertain}} {
		if got := c.ValidDuring(at(want.from), at(want.to)); got != want.verdict {
			t.Errorf("minutes %d to %d: %s, want %s", want.from, want.to, got, want.verdict)
		}
	}
}

// What lifts one thing does not lift another, and what is said twice counts from the first time.
func TestSequences(t *testing.T) {
	type step struct {
		kind EventKind
		at   int
	}
	cases := []struct {
		name  string
		steps []step
		want  Standing
		since int
	}{
		{"suspended twice", []step{{Suspend, 10}, {Suspend, 20}}, Suspended, 10},
		{"suspended again", []step{{Suspend, 10}, {Restore, 15}, {Suspend, 20}}, Suspended, 20},
		{"a reissue does not lift a suspension", []step{{Suspend, 10}, {Cancel, 20}, {Reissue, 30}}, Suspended, 10},
		{"a restoration does not lift a cancellation", []step{{Suspend, 10}, {Cancel, 20}, {Restore, 30}}, Cancelled, 20},
		{"first the one, then the other", []step{{Suspend, 10}, {Cancel, 20}, {Restore, 30}, {Reissue, 40}}, Valid, 40},
		{"withdrawn twice", []step{{Withdraw, 10}, {Withdraw, 20}}, Withdrawn, 10},
		{"withdrawn, then cancelled", []step{{Withdraw, 10}, {Cancel, 20}}, Cancelled, 20},
		{"cancelled, then withdrawn", []step{{Cancel, 10}, {Withdraw, 20}}, Cancelled, 10},
		{"restored without need", []step{{Restore, 10}}, Valid, 0},
		{"reissued without need", []step{{Suspend, 10}, {Restore, 20}, {Reissue, 30}}, Valid, 20},
		{"amended", []step{{Suspend, 10}, {Amend, 20}}, Suspended, 10},
		{"lifted and suspended in one minute", []step{{Suspend, 10}, {Suspend, 20}, {Restore, 20}}, Suspended, 20},
	}
	for _, c := range cases {
		events := record.Object{}
		for i, s := range c.steps {
			events[fmt.Sprint(len(c.steps)-i)] = event(s.kind, at(s.at), "r")
		}
		if got := read(t, card("o", 0, 1, events)).StandingAt(at(100)); got.Standing != c.want || !got.Since.Equal(at(c.since)) {
			t.Errorf("%s: %s since %s, want %s since minute %d", c.name, got.Standing, got.Since, c.want, c.since)
		}
	}
}

func TestCovers(t *testing.T) {
	cases := []struct {
		organ string
		area  []string
		unit  string
		want  bool
	}{
		{"120102001", nil, "120102001", true},
		{"120102001", nil, "12010200101", true},
		{"120102001", nil, "120102002", false},
		{"120102001", nil, "120102", false},
		{"河东区城市管理委员会", nil, "120102002", true},
		{"河东区城市管理委员会", []string{"120102001"}, "120102002", false},
		{"120102001", []string{"120102002", "120102003"}, "120102003", true},
		{"120102001", []string{"120102"}, "120102013", true},
	}
	for _, c := range cases {
		if got := (Certificate{Organ: c.organ, Area: c.area}).Covers(c.unit); got != c.want {
			t.Errorf("organ %s, area %v, unit %s: %v", c.organ, c.area, c.unit, got)
		}
	}
}

func TestUnreadableCertificates(t *testing.T) {
	change := func(field string, value any) record.Object {
		return record.Apply(card("o", 0, 1, nil), record.Object{field: value})
	}
	for name, body := range map[string]record.Object{
		"no number":        change("number", nil),
		"blank officer":    change("officer", " "),
		"no organ":         change("organ", nil),
		"no last day":      change("validTo", nil),
		"no such day":      change("validTo", "2026-02-30"),
		"ends before":      change("validTo", "2020-01-01"),
		"unknown event":    change("events", record.Object{"a": event("lent", at(0), "r")}),
		"event without at": change("events", record.Object{"a": record.Object{"kind": "suspended"}}),
		"event of a text":  change("events", record.Object{"a": "suspended"}),
	} {
		if c, err := ReadCertificate(body); !errors.Is(err, fault.New(fault.CertificateUnreadable)) {
			t.Errorf("%s: read as %+v, %v", name, c, err)
		}
	}
}

// Whoever writes an event that there is not is told which there are, and what is missing is said to be missing.
func TestWhyACertificateIsUnreadable(t *testing.T) {
	good := card("o", 0, 1, nil)
	for want, body := range map[string]record.Object{
		"应为suspended、restored、withdrawn、cancelled、reissued、amended之一": record.Apply(good, record.Object{"events": record.Object{"e": event("issued", at(1), "r")}}),
		"缺少时间（at）": record.Apply(good, record.Object{"events": record.Object{"e": record.Object{"kind": "suspended"}}}),
		"未填写":      record.Apply(good, record.Object{"organ": nil}),
	} {
		if _, err := ReadCertificate(body); !strings.Contains(fault.Of(err).Zh, want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
