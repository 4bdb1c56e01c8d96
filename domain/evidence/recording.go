package evidence

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	Paper, PaperName string // kind of the paper that is the record in writing; "": none
	AV               string
	Begins, Ends     string // the events between which it is recorded: see eventOf
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
	if len(row) != 12 || row[0] == "" || row[11] == "" {
		return errRule
	}
	rule := Rule{Step: row[0], From: row[1], To: row[2], Name: row[3], Paper: row[4], PaperName: row[5], AV: row[6], Begins: row[7], Ends: row[8],
		Confirmed: row[10] == "yes", Basis: row[11]}
	if rule.Step == handIn {
		hours, err := strconv.Atoi(row[9])
		if err != nil || hours < 1 {
			return errRule
		}
		r.HandIn, r.Basis = time.Duration(hours)*time.Hour, rule.Basis
		return nil
	}
	_, ok := Term{From: rule.From, To: rule.To}.inForce()
	if !ok || !slices.Contains([]string{AVFull, AVYes, AVPhoto, AVWhen, AVOptional}, rule.AV) || !slices.Contains(events, rule.Begins) || !slices.Contains(events, rule.Ends) {
		return errRule
	}
	r.Rules = append(r.Rules, rule)
	return nil
}

// events are what a step begins or ends with.
var events = []string{"inspection.startedAt", "inspection.endedAt", "certificatesShown.at", "paper.issuedAt"}

// eventOf is when an event was, by the records; ok is false when it was not, or nobody said when.
func eventOf(name string, inspection, paper record.Object) (time.Time, bool) {
	switch name {
	case "inspection.startedAt":
		return moment(inspection, "startedAt")
	case "inspection.endedAt":
		return moment(inspection, "endedAt")
	case "certificatesShown.at":
		shown, _ := inspection["certificatesShown"].(record.Object)
		return moment(shown, "at")
	}
	return moment(paper, "issuedAt")
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
