package evidence

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Class says how long a thing must be kept at least. A longer class always wins over a shorter one, and a legal hold over all.
type Class string

// General is the class that every recording has from when it is taken into custody. The others are added to its record, field
// "retention", when it becomes part of a file: a class is never taken away.
const General Class = "general"

// undo is the row that says how long a confirmed disposal can be taken back; no recording is of this class.
const undo Class = "undo"

// Term is what a class asks for while it is in force: a row of retention.csv. Several rows of one class follow each other in time.
type Term struct {
	Class               Class
	From, To            string // first and last day in force, Beijing time; "": since ever, until further notice
	Years, Months, Days int
	Forever             bool
	Confirmed           bool // somebody of the legal office has confirmed it
	Name, Basis         string
}

// Terms is the table of retention, with the days between the confirmation of a disposal and the end of the bytes.
type Terms struct {
	UndoDays int
	Terms    []Term
}

//go:embed retention.csv
var retentionText []byte

// Retention is the table in use.
var Retention = must(ReadTerms(retentionText))

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // our own data, seen by every test
	}
	return value
}

// ReadTerms reads a table of retention: CSV by RFC 4180 with a head, the columns those of [Term]. Or it says what is wrong with it.
func ReadTerms(text []byte) (Terms, error) {
	var t Terms
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return t, fmt.Errorf("terms of retention: %w", err)
	}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		term, err := readTerm(row)
		if err != nil {
			return t, fmt.Errorf("terms of retention, row %d: %w", i+1, err)
		}
		if term.Class == undo {
			t.UndoDays = term.Days
			continue
		}
		t.Terms = append(t.Terms, term)
	}
	if t.UndoDays < 1 || !t.Knows(General) {
		return t, fmt.Errorf("terms of retention: class %s or %s is missing", General, undo)
	}
	return t, nil
}

var errTerm = errors.New("a class, a basis, days that can be read, and either a term or forever are needed")

func readTerm(row []string) (t Term, err error) {
	if len(row) != 10 {
		return t, errTerm
	}
	t = Term{Class: Class(row[0]), From: row[1], To: row[2], Forever: row[6] == "yes", Confirmed: row[7] == "yes", Name: row[8], Basis: row[9]}
	for i, into := range []*int{&t.Years, &t.Months, &t.Days} {
		if text := row[3+i]; text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 1 {
				return t, errTerm
			}
		}
	}
	_, ok := t.inForce()
	if !ok || t.Class == "" || t.Basis == "" || (t.Years+t.Months+t.Days > 0) == t.Forever {
		return t, errTerm
	}
	return t, nil
}

// inForce is when the row is the law.
func (t Term) inForce() (record.Span, bool) {
	var last any
	if t.To != "" {
		last = t.To
	}
	if t.From != "" {
		return record.Days(t.From, last)
	}
	if last == nil {
		return record.Span{}, true
	}
	span, ok := record.Days(t.To, last)
	return record.Span{Until: span.Until}, ok
}

// Knows reports whether the table has the class.
func (t Terms) Knows(c Class) bool {
	return slices.ContainsFunc(t.Terms, func(term Term) bool { return term.Class == c })
}

// Keeping is how long a recording is kept, and by which rows.
type Keeping struct {
	Until   time.Time // of the terms that end
	Forever bool      // one of them does not
	By      []Term
}

// Over reports whether nothing but a hold keeps the recording any more.
func (k Keeping) Over(now time.Time) bool { return !k.Forever && !now.Before(k.Until) }

// Keep is how long a recording is kept that is of the classes, each since its moment, as seen now. Every row that has been in force
// since then counts, and the longest wins: a rule that became shorter shortens nothing. A class that the table does not know
// keeps for ever: in doubt nothing is lost. Months are counted on the calendar in Beijing: in UTC they may end days earlier.
func (t Terms) Keep(classes map[Class]time.Time, now time.Time) (k Keeping) {
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		since, found := classes[class], false
		for _, term := range t.Terms {
			span, _ := term.inForce()
			if term.Class != class || span.From.After(now) || !span.Until.IsZero() && !span.Until.After(since) {
				continue
			}
			found = true
			k.By = append(k.By, term)
			k.Forever = k.Forever || term.Forever
			if until := since.In(record.Beijing).AddDate(term.Years, term.Months, term.Days); !term.Forever && until.After(k.Until) {
				k.Until = until
			}
		}
		if !found {
			k.Forever = true
			k.By = append(k.By, Term{Class: class, Name: string(class), Forever: true})
		}
	}
	return k
}

// KeepingOf is how long the recording of an evidence record is kept by the table in use, as seen now: of class general since it is held,
// or since now if it is not yet, and of each class that was added, since then.
func KeepingOf(body record.Object, now time.Time) Keeping {
	custody, _ := body["custody"].(record.Object)
	received, ok := moment(custody, "receivedAt")
	if !ok {
		received = now
	}
	classes := map[Class]time.Time{General: received}
	added, _ := body["retention"].(record.Object)
	for name, value := range added {
		entry, _ := value.(record.Object)
		at, ok := moment(entry, "at")
		if !ok || at.Before(received) {
			at = received // whoever says it was earlier does not shorten the term
		}
		classes[Class(name)] = at
	}
	return Retention.Keep(classes, now)
}

// knownClass refuses to add a class that the table does not have: it would be kept for ever by a slip of the pen.
var knownClass = record.Gate{Code: "retention.class", Basis: "国家档案局令第8号", Effect: record.Refuse,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		after, _ := ev.After["retention"].(record.Object)
		before, _ := ev.Before["retention"].(record.Object)
		for _, name := range slices.Sorted(maps.Keys(after)) {
			if _, had := before[name]; !had && !Retention.Knows(Class(name)) {
				return []record.Breach{{Field: "retention/" + name, Zh: "没有该保管类别：" + name, En: "there is no such class: " + name}}, nil
			}
		}
		return nil, nil
	}}
