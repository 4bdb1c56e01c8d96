package evidence

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// How much of a step is to be recorded in sound or picture.
const (
	AVFull     = "full"     // all of it, without a gap
	AVYes      = "yes"      // some of it
	AVPhoto    = "photo"    // a photo at least
	AVWhen     = "when"     // depending on the case: people judge
	AVOptional = "optional" //
)

// Rule is a row of recording.csv: what is to be recorded of a step of enforcement (国办发〔2018〕118号 and the lists made under it).
type Rule struct {
	Step, From, To   string // first and last day in force, Beijing time; "": since ever, until further notice
	Name             string
	Paper, PaperName string   // kind of the paper that is the record in writing; "": none
	Also             []string // kinds whose issue calls for the step too
	Field, Value     string   // what a field of the paper must say for the step to be this one; "": nothing
	AV               string
	Begins, Ends     []string // the events between which it is recorded, the first that is known: see eventOf
	Confirmed        bool
	Basis            string
}

// Rules are the rules of recording, and within which time a recording is to be handed in.
type Rules struct {
	Rules  []Rule
	HandIn time.Duration
	Basis  string // of HandIn
}

//go:embed recording.csv
var recordingText []byte

// Recording is the table in use.
var Recording = must(ReadRules(recordingText))

// of are the recordings that may count for a step: not those that name another. One that names a step that no rule has, of whatever time, counts as
// if it named none. named: only those that name this one; by its time alone none can be known to be of a step of which nobody knows when it was.
func (r Rules) of(step string, taken []Taken, named bool) (mine []Taken) {
	for _, t := range taken {
		if t.Step == step || !named && !slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Step == t.Step }) {
			mine = append(mine, t)
		}
	}
	return mine
}

// onsite is the step that every inspection is; handIn is no step, but the term within which recordings come.
const (
	onsite = "onsite"
	handIn = "hand-in"
)

var errRule = errors.New("a step, a basis, days and events that can be read, and a way of recording are needed")

// ReadRules reads a table of rules: CSV by RFC 4180 with a head, or says what is wrong with it.
func ReadRules(text []byte) (r Rules, err error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return r, fmt.Errorf("rules of recording: %w", err)
	}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		if err := r.add(row); err != nil {
			return r, fmt.Errorf("rules of recording, row %d: %w", i+1, err)
		}
	}
	if r.HandIn == 0 || !slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Step == onsite }) {
		return r, fmt.Errorf("rules of recording: %s or %s is missing", onsite, handIn)
	}
	return r, nil
}

func (r *Rules) add(row []string) error {
	if len(row) != 14 || row[0] == "" || row[13] == "" {
		return errRule
	}
	rule := Rule{Step: row[0], From: row[1], To: row[2], Name: row[3], Paper: row[4], PaperName: row[5], Also: parts(row[6]), AV: row[8],
		Begins: parts(row[9]), Ends: parts(row[10]), Confirmed: row[12] == "yes", Basis: row[13]}
	if rule.Step == handIn {
		hours, err := strconv.Atoi(row[11])
		if err != nil || hours < 1 {
			return errRule
		}
		r.HandIn, r.Basis = time.Duration(hours)*time.Hour, rule.Basis
		return nil
	}
	_, ok := Term{From: rule.From, To: rule.To}.inForce()
	if !ok || !slices.Contains([]string{AVFull, AVYes, AVPhoto, AVWhen, AVOptional}, rule.AV) || !areEvents(rule.Begins) || !areEvents(rule.Ends) {
		return errRule
	}
	if row[7] != "" {
		var found bool
		if rule.Field, rule.Value, found = strings.Cut(row[7], "="); !found || rule.Paper == "" {
			return errRule
		}
	}
	r.Rules = append(r.Rules, rule)
	return nil
}

// parts are what stands in a cell, set apart by |.
func parts(cell string) []string {
	if cell == "" {
		return nil
	}
	return strings.Split(cell, "|")
}

// ofPaper begins the name of an event that the paper tells: its issue, or a time that was filled in.
const ofPaper = "paper."

// areEvents reports whether all are events that a step can begin or end with, and there is one.
func areEvents(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		field, told := strings.CutPrefix(name, ofPaper)
		return !told && !slices.Contains([]string{"inspection.startedAt", "inspection.endedAt", "certificatesShown.at"}, name) || field == ""
	})
}

// eventOf is when the first of some events was that the records tell; ok is false when nobody said when.
func eventOf(names []string, inspection, paper record.Object) (at time.Time, ok bool) {
	for _, name := range names {
		field, told := strings.CutPrefix(name, ofPaper)
		switch {
		case name == "certificatesShown.at":
			shown, _ := inspection["certificatesShown"].(record.Object)
			at, ok = moment(shown, "at")
		case !told:
			at, ok = moment(inspection, strings.TrimPrefix(name, "inspection."))
		case field == "issuedAt":
			at, ok = moment(paper, field)
		default:
			data, _ := paper["data"].(record.Object)
			at, ok = moment(data, field)
		}
		if ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// Taken is one recording or photo of an inspection, as far as completeness goes.
type Taken struct {
	Evidence string
	Step     string
	Photo    bool
	Span     Range   // from first to last, in milliseconds since 1970
	Covers   []Range // what it recorded of that: by its segments, if it has any
	Held     bool    // the server has the bytes, or had them until they were disposed of
	Octets   int64
}

// TakenOf reads an evidence record; ok is false for one whose times cannot be read.
func TakenOf(id string, body record.Object) (Taken, bool) {
	m, err := ManifestOf(body)
	if err != nil {
		return Taken{}, false
	}
	t := Taken{Evidence: id, Step: text(body, "step"), Photo: len(m.MIME) > 6 && m.MIME[:6] == "image/", Held: held(body), Octets: m.Digest.Length,
		Span: Range{m.StartedAt.UnixMilli(), m.EndedAt.UnixMilli()}}
	segments, _ := SegmentsOf(body)
	for _, s := range segments {
		if at, err := time.Parse(time.RFC3339Nano, s.At); err == nil && s.DurationMs > 0 {
			t.Covers = append(t.Covers, Range{at.UnixMilli(), at.UnixMilli() + s.DurationMs})
		}
	}
	if t.Covers = Unite(t.Covers...); len(t.Covers) == 0 && t.Span.Len() > 0 {
		t.Covers = []Range{t.Span}
	}
	return t, true
}
