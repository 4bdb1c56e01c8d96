package document

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Effect is a period that runs from the issue or the service of a kind of paper: a row of effects.csv.
type Effect struct {
	Kinds     []string
	ID        string // payBy, hearingBy, …: the key in "service/deadlines"
	Name      string // what is to be done by then, in Chinese
	N         int
	Unit      PeriodUnit
	Roll      bool // for what a party may still do; limits on the organ do not roll
	Served    bool // from the day of service; otherwise from the day of issue
	When      Condition
	Filled    string // runs only where this field of the paper is filled
	Basis     string
	Confirmed bool // read in the law's text
}

// ServeBy is the effect that limits how long the organ may take to serve a paper.
const ServeBy = "serveBy"

//go:embed effects.csv
var effectsText []byte

var effects = must(ReadEffects(effectsText))

// Effects lists the effects in the order of the table.
func Effects() []Effect { return slices.Clone(effects) }

func effectsOf(kind string) []Effect {
	return slices.DeleteFunc(Effects(), func(e Effect) bool { return !slices.Contains(e.Kinds, kind) })
}

// Deadline is the last day of something that runs from a paper.
type Deadline struct {
	Effect
	On time.Time // the last day, as its first instant in Beijing; zero while the calendar lacks a year that counts
}

// Deadlines computes what runs from a paper: from its issue, and from the day of its service unless that is zero. The error, the first of the
// calendar's, leaves those without a day that it concerns.
func Deadlines(in Instance, served time.Time, due Due) ([]Deadline, error) {
	var all []Deadline
	var calendar error
	for _, e := range effectsOf(in.Kind) {
		from := dayOf(in.IssuedAt)
		if e.Served {
			from = served
		}
		if from.IsZero() || in.IssuedAt.IsZero() || !e.When.Holds(in.Data) || e.Filled != "" && empty(in.Data[e.Filled]) {
			continue
		}
		last, err := due(from, e.N, e.Unit, e.Roll)
		if err != nil {
			last = time.Time{}
			if calendar == nil {
				calendar = err
			}
		}
		all = append(all, Deadline{Effect: e, On: last})
	}
	return all, calendar
}

// ServiceBody is what the server writes into a paper's field "service": {mode?, on?, receipt?, unproven?, deadlines?: {<id>: {name, basis,
// on}}}. A deadline of a year without a calendar has no "on". nil when there is nothing to say.
func ServiceBody(s Service, known bool, deadlines []Deadline) record.Object {
	body := record.Object{}
	if known {
		body["mode"], body["on"] = s.Mode, s.On.Format(time.DateOnly)
		if s.Receipt != "" {
			body["receipt"] = s.Receipt
		}
		if !s.Proven {
			body["unproven"] = true
		}
	}
	set := record.Object{}
	for _, d := range deadlines {
		entry := record.Object{"name": d.Name, "basis": d.Basis}
		if !d.On.IsZero() {
			entry["on"] = d.On.Format(time.DateOnly)
		}
		set[d.ID] = entry
	}
	if len(set) > 0 {
		body["deadlines"] = set
	}
	if len(body) == 0 {
		return nil
	}
	return body
}

// Unserved tells that the organ has let the last day pass on which it had to serve a paper (处罚法第六十一条): which day that was, and by which
// article. A paper that was served, late or unproven, is judged where its receipt is.
func Unserved(body record.Object, now time.Time) (last time.Time, basis string, late bool) {
	last = lastToServe(body)
	if in := ReadInstance(body); in.State != Issued || last.IsZero() || text(object(body, "service"), "on") != "" || now.Before(last.AddDate(0, 0, 1)) {
		return last, "", false
	}
	return last, text(serveBy(body), "basis"), true
}

func serveBy(body record.Object) record.Object {
	return object(object(object(body, "service"), "deadlines"), ServeBy)
}

// lastToServe is the first instant of the day that a paper's body says, or zero.
func lastToServe(body record.Object) time.Time {
	day, _ := dayIn(text(serveBy(body), "on"))
	return day
}

// ReadEffects reads a table of effects: CSV by RFC 4180 with the head kind,id,name,n,unit,roll,from,when,basis,confirmed. Kinds are separated by |; from
// is issued or served; when is empty, a condition like collection=bank, or a field that must be filled. Or it says in which row something is wrong.
func ReadEffects(text []byte) ([]Effect, error) {
	var all []Effect
	err := eachRow(text, "kind,id,name,n,unit,roll,from,when,basis,confirmed", func(cell map[string]string) error {
		e, err := readEffect(cell)
		for _, other := range all {
			if other.ID == e.ID && slices.ContainsFunc(other.Kinds, func(kind string) bool { return slices.Contains(e.Kinds, kind) }) {
				return fmt.Errorf("%s is there already", e.ID)
			}
		}
		all = append(all, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("effects of papers: %w", err)
	}
	return all, nil
}

func readEffect(cell map[string]string) (Effect, error) {
	e := Effect{Kinds: strings.Split(cell["kind"], "|"), ID: cell["id"], Name: cell["name"], Unit: PeriodUnit(cell["unit"]), Basis: cell["basis"]}
	var err error
	if e.N, err = strconv.Atoi(cell["n"]); err != nil || e.N < 1 || e.N > maxPeriod || unitWords[e.Unit] == "" {
		return e, fmt.Errorf("%q %q is no period", cell["n"], cell["unit"])
	}
	if !fieldID.MatchString(e.ID) || e.Name == "" || e.Basis == "" {
		return e, fmt.Errorf("%q: an id, a name and an article are needed", e.ID)
	}
	if path, values, is := strings.Cut(cell["when"], "="); is {
		e.When = oneOf(path, values)
	} else {
		e.Filled = path
	}
	for _, kind := range e.Kinds {
		if _, ok := KindOf(kind); !ok {
			return e, fmt.Errorf("there is no paper %q", kind)
		}
	}
	if e.Roll, err = either(cell["roll"], "yes", "no"); err != nil {
		return e, err
	}
	if e.Served, err = either(cell["from"], "served", "issued"); err != nil {
		return e, err
	}
	e.Confirmed, err = either(cell["confirmed"], "yes", "no")
	return e, err
}
