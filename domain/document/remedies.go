package document

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Remedy is what papers say, while it is the law, of how to seek remedy (救济告知): a row of remedies.csv. No template holds
// these periods, so no paper prints one that has changed.
type Remedy struct {
	Kind string // of the paper; AnyKind for those without a row of their own
	Dated
	Text      string // its tokens {name}, {term.reconsiderationOrgan} and {term.suitCourt} are filled from the template
	Basis     string
	Confirmed bool // somebody has read it in the law's text
}

// AnyKind stands for the kinds of papers that have no remedies of their own.
const AnyKind = "*"

// RemediesDemand is the type of a row of statutory.csv that asks for the token {remedies}.
const RemediesDemand FieldKind = "remedies"

//go:embed remedies.csv
var remediesText []byte

var remedies = must(ReadRemedies(remediesText))

// Remedies lists the rows in the order of the table.
func Remedies() []Remedy { return slices.Clone(remedies) }

// RemedyOn finds what a paper of the kind that is issued at the moment says of remedies; not found before the first day that
// the table knows. A paper that is not issued yet (the zero moment) says what is in force until further notice.
func RemedyOn(kind string, issued time.Time) (Remedy, bool) {
	rows := remediesOf(kind)
	i := slices.IndexFunc(rows, func(r Remedy) bool {
		if issued.IsZero() {
			return r.To == ""
		}
		return r.inForce(beijingDay(issued))
	})
	if i < 0 {
		return Remedy{}, false
	}
	return rows[i], true
}

// remediesOf are the rows of a kind, or those of any kind.
func remediesOf(kind string) []Remedy {
	pick := func(kind string) []Remedy {
		return slices.DeleteFunc(Remedies(), func(r Remedy) bool { return r.Kind != kind })
	}
	if own := pick(kind); len(own) > 0 {
		return own
	}
	return pick(AnyKind)
}

// ReadRemedies reads a table of remedies: CSV by RFC 4180 with the head kind,from,to,text,basis,confirmed. The rows of a kind
// follow each other day by day, without a gap, and the last is in force until further notice. Or it says in which row
// something is wrong.
func ReadRemedies(text []byte) ([]Remedy, error) {
	var all []Remedy
	last := succession{}
	err := eachRow(text, "kind,from,to,text,basis,confirmed", func(cell map[string]string) error {
		r, err := readRemedy(cell)
		if err != nil {
			return err
		}
		all = append(all, r)
		return last.add(r.Kind, r.Dated)
	})
	if err == nil {
		err = last.open()
	}
	if _, any := last[AnyKind]; err == nil && !any {
		err = fmt.Errorf("there is no row %s", AnyKind)
	}
	if err != nil {
		return nil, fmt.Errorf("remedies: %w", err)
	}
	return all, nil
}

func readRemedy(cell map[string]string) (Remedy, error) {
	r := Remedy{Kind: cell["kind"], Text: cell["text"], Basis: cell["basis"]}
	if _, ok := KindOf(r.Kind); !ok && r.Kind != AnyKind {
		return r, fmt.Errorf("there is no paper %q", r.Kind)
	}
	var err error
	if r.Dated, err = readDated(cell); err != nil {
		return r, err
	}
	if r.Text == "" || r.Basis == "" || strings.Contains(r.Text, "{remedies") {
		return r, fmt.Errorf("a text that does not name itself, and an article, are needed")
	}
	r.Confirmed, err = either(cell["confirmed"], "yes", "no")
	return r, err
}

// remedies is what the paper says of remedies. A paper that says it was issued before the table begins was issued by a clock that
// is wrong: it tells what is in force, because a paper without remedies harms whoever gets it.
func (w *Words) remedies() string {
	r, ok := RemedyOn(w.Template.Kind, w.Instance.IssuedAt)
	if !ok {
		r, _ = RemedyOn(w.Template.Kind, time.Time{})
	}
	return w.Expand(r.Text)
}

// PublishedRemedies is the table as it is given to devices: {remedies: [{kind, from, to, text, basis}]} in its order, so that a paper can be shown
// without a network as it will be printed.
func PublishedRemedies() record.Object {
	rows := []any{}
	for _, r := range Remedies() {
		rows = append(rows, record.Object{"kind": r.Kind, "from": r.From, "to": r.To, "text": r.Text, "basis": r.Basis})
	}
	return record.Object{"remedies": rows}
}
