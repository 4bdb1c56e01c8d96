package document

import (
	_ "embed" // the tables
	"fmt"
	"slices"
	"strings"
)

// Outcome is what a visit came to, or that it is still to come: a row of outcomes.csv. Outcomes are listed by their weight.
type Outcome struct {
	Key        string
	Name       Text
	Conclusion string // how a notice of the result words it: an option of its field; "" when it has no word
}

// Need says how a paper follows from an outcome.
type Need string

// The needs, the strongest first.
const (
	Must  Need = "must"  // it is made
	May   Need = "may"   // it is made where the officers find it needed
	Later Need = "later" // it follows in its time
)

var needs = []Need{Must, May, Later}

// Rule is a paper that follows from outcomes: a row of proposals.csv.
type Rule struct {
	Outcomes  []string
	Kind      string
	Need      Need
	When      Condition // of the facts of a visit: subject (its kind, or empty), exhibits (yes or no)
	Basis     string
	Confirmed bool
	Dated
}

// Asking says which question a field asks: a row of prefill.csv. Fields without a row ask a question of their own, <kind>.<field>.
type Asking struct {
	Kind     string // of the paper; AnyKind for all kinds that have no row of their own for the field
	Field    string
	Question string
	Source   string // where the answer comes from: a name in [Sources], or "=" and a text; "": it is asked, or told on another row of the question
}

//go:embed outcomes.csv
var outcomesText []byte

//go:embed proposals.csv
var proposalsText []byte

//go:embed prefill.csv
var prefillText []byte

var (
	outcomes = must(ReadOutcomes(outcomesText))
	rules    = must(ReadRules(proposalsText))
	askings  = must(ReadAskings(prefillText))
)

// Outcomes lists the outcomes that there are.
func Outcomes() []Outcome { return slices.Clone(outcomes) }

// Rules lists which papers follow from which outcomes.
func Rules() []Rule { return slices.Clone(rules) }

// Askings lists which field asks which question.
func Askings() []Asking { return slices.Clone(askings) }

// KnownOutcome reports whether there is such an outcome.
func KnownOutcome(key string) bool {
	return slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Key == key })
}

// ReadOutcomes reads a table of outcomes: CSV by RFC 4180 with the head outcome,zh,en,conclusion. Or it says in which row something is wrong.
func ReadOutcomes(text []byte) ([]Outcome, error) {
	var all []Outcome
	err := eachRow(text, "outcome,zh,en,conclusion", func(cell map[string]string) error {
		o := Outcome{cell["outcome"], Text{cell["zh"], cell["en"]}, cell["conclusion"]}
		if !kindKey.MatchString(o.Key) || o.Name.Zh == "" || o.Name.En == "" {
			return fmt.Errorf("%q: a key in kebab case and names are needed", o.Key)
		}
		if slices.ContainsFunc(all, func(other Outcome) bool { return other.Key == o.Key }) {
			return fmt.Errorf("%s is there already", o.Key)
		}
		all = append(all, o)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("outcomes: %w", err)
	}
	return all, nil
}

// ReadRules reads a table of rules: CSV by RFC 4180 with the head outcome,kind,need,when,basis,confirmed,from,to. Or it says in which row
// something is wrong.
func ReadRules(text []byte) ([]Rule, error) {
	var all []Rule
	err := eachRow(text, "outcome,kind,need,when,basis,confirmed,from,to", func(cell map[string]string) error {
		r := Rule{Outcomes: strings.Split(cell["outcome"], "|"), Kind: cell["kind"], Need: Need(cell["need"]), Basis: cell["basis"]}
		for _, o := range r.Outcomes {
			if !KnownOutcome(o) {
				return fmt.Errorf("there is no outcome %q", o)
			}
		}
		if _, ok := KindOf(r.Kind); !ok || !slices.Contains(needs, r.Need) || r.Basis == "" {
			return fmt.Errorf("%q %q: a kind of paper, a need and an article are needed", r.Kind, r.Need)
		}
		var err error
		if r.Dated, err = readDated(cell); err != nil {
			return err
		}
		if when := cell["when"]; when != "" {
			fact, values, _ := strings.Cut(when, "=")
			if r.When = oneOf(fact, values); !slices.Contains([]string{"subject", "exhibits"}, fact) {
				return fmt.Errorf("%q is no condition", when)
			}
		}
		r.Confirmed, err = either(cell["confirmed"], "yes", "no")
		all = append(all, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("which papers follow: %w", err)
	}
	return all, nil
}

// ReadAskings reads a table of questions: CSV by RFC 4180 with the head kind,field,question,source. A question has one source, told once.
// Or it says in which row something is wrong.
func ReadAskings(text []byte) ([]Asking, error) {
	var all []Asking
	seen, sourced := map[string]bool{}, map[string]bool{}
	err := eachRow(text, "kind,field,question,source", func(cell map[string]string) error {
		a := Asking{cell["kind"], cell["field"], cell["question"], cell["source"]}
		if _, ok := KindOf(a.Kind); !ok && a.Kind != AnyKind {
			return fmt.Errorf("there is no paper %q", a.Kind)
		}
		if !fieldID.MatchString(a.Field) || a.Question == "" || seen[a.Kind+"."+a.Field] {
			return fmt.Errorf("%s.%s: a field that has no row yet and a question are needed", a.Kind, a.Field)
		}
		if a.Source != "" && (sourced[a.Question] || !knownSource(a.Source)) {
			return fmt.Errorf("%s: no such source, or the question has one already: %q", a.Question, a.Source)
		}
		seen[a.Kind+"."+a.Field] = true
		sourced[a.Question] = sourced[a.Question] || a.Source != ""
		all = append(all, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("where fields come from: %w", err)
	}
	return all, nil
}

// questionOf is the question that a field of a kind of paper asks.
func questionOf(kind, field string) string {
	for _, k := range []string{kind, AnyKind} {
		if i := slices.IndexFunc(askings, func(a Asking) bool { return a.Kind == k && a.Field == field }); i >= 0 {
			return askings[i].Question
		}
	}
	return kind + "." + field
}

// sourceOf is where the answer to a question comes from; "": it must be asked.
func sourceOf(question string) string {
	i := slices.IndexFunc(askings, func(a Asking) bool { return a.Question == question && a.Source != "" })
	if i < 0 {
		return ""
	}
	return askings[i].Source
}
