package document

import (
	"context"
	_ "embed" // the table
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// GateRule is one rule of the law about the issue of a kind of paper: a row of gates.csv. What it asks is code; whom, how long and
// by which article is data.
type GateRule struct {
	Kinds     []string // of the papers it binds; AnyKind: those without a row of the same gate and test
	Gate      string   // G01 …: its findings are named after it
	Test      string   // see tests
	Field     string   // of the paper's data that it looks at
	Of        []string // kinds that the paper named in Field may be of
	N         int      // so many officers, or so many of Unit; 0: the other paper's own period, or none
	Unit      PeriodUnit
	Effect    record.Effect
	Basis     string
	Confirmed bool      // read in the law's text
	When      Condition // of this paper's data: it binds nobody otherwise
	Says      Condition // of the data of the paper named in Field
}

// ruleOfficers is the test that [OfficersNeeded] answers: certificates are judged where people are known.
const ruleOfficers = "officers"

// ruleReported is the test of what must be told within so many hours.
const ruleReported = "reported"

// tests are the rules there are, by their word in the table. Each says what is wrong, or that nothing is.
var tests = map[string]func(*issue, context.Context, GateRule) error{
	ruleOfficers: func(*issue, context.Context, GateRule) error { return nil },
	"shown":      (*issue).shown,
	"stated":     (*issue).stated,
	"preceded":   (*issue).preceded,
	"waited":     (*issue).waited,
	"within":     (*issue).within,
	"total":      (*issue).total,
	"atMost":     (*issue).atMost,
	"atLeast":    (*issue).atLeast,
	"ahead":      (*issue).ahead,
	"upon":       (*issue).upon,
	"apart":      (*issue).apart,
	"heard":      (*issue).heard,
	ruleReported: (*issue).reported,
	ruleMadeUp:   func(*issue, context.Context, GateRule) error { return nil }, // its hours are not over when the paper is issued: see Unapproved
}

//go:embed gates.csv
var gateRulesText []byte

var gateRules []GateRule

// init breaks the circle between the table, which names the tests, and the tests, which ask the table.
func init() { gateRules = must(ReadGateRules(gateRulesText)) }

// GateRules lists the rules in the order of the table.
func GateRules() []GateRule { return slices.Clone(gateRules) }

// rulesOf lists the rules that bind a kind of paper.
func rulesOf(kind string) []GateRule {
	own := func(r GateRule) bool { return slices.Contains(r.Kinds, kind) }
	return slices.DeleteFunc(GateRules(), func(r GateRule) bool {
		return !own(r) && (r.Kinds[0] != AnyKind || slices.ContainsFunc(gateRules, func(o GateRule) bool { return own(o) && o.Gate == r.Gate && o.Test == r.Test }))
	})
}

// OfficersNeeded is how many certified officers put their names to a paper of the kind: as its template says in "officersNeeded",
// else by the table. A kind that the table does not know needs as many as an act of enforcement does.
func OfficersNeeded(kind string, template record.Object) int {
	if n, ok := template["officersNeeded"].(float64); ok {
		return int(n)
	}
	for _, r := range rulesOf(kind) {
		if r.Test == ruleOfficers {
			return r.N
		}
	}
	return 0
}

// ReadGateRules reads a table of rules: CSV by RFC 4180 with the head kind,gate,rule,field,kinds,n,unit,effect,basis,confirmed,when,says. Kinds are
// separated by |; a field that is looked at is one that statutory.csv gives the kind, or a role that signs it; when and says are empty or conditions like
// urgent=no. Or it says in which row something is wrong.
func ReadGateRules(text []byte) ([]GateRule, error) {
	var all []GateRule
	err := eachRow(text, "kind,gate,rule,field,kinds,n,unit,effect,basis,confirmed,when,says", func(cell map[string]string) error {
		r, err := readGateRule(cell)
		all = append(all, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rules about papers: %w", err)
	}
	return all, nil
}

func readGateRule(cell map[string]string) (GateRule, error) {
	r := GateRule{Kinds: strings.Split(cell["kind"], "|"), Gate: cell["gate"], Test: cell["rule"], Field: cell["field"], Unit: PeriodUnit(cell["unit"]),
		Effect: record.Effect(cell["effect"]), Basis: cell["basis"]}
	if cell["kinds"] != "" {
		r.Of = strings.Split(cell["kinds"], "|")
	}
	for _, kind := range slices.Concat(r.Kinds, r.Of) {
		if _, ok := KindOf(kind); !ok && kind != AnyKind {
			return r, fmt.Errorf("there is no paper %q", kind)
		}
	}
	if tests[r.Test] == nil || r.Gate == "" || r.Basis == "" || r.Effect != record.Flag && r.Effect != record.Refuse {
		return r, fmt.Errorf("%q: a gate, a rule there is, an effect and an article are needed", r.Test)
	}
	var err error
	if cell["n"] != "" {
		if r.N, err = strconv.Atoi(cell["n"]); err != nil || r.N < 0 || r.N > maxPeriod {
			return r, fmt.Errorf("%q is no count", cell["n"])
		}
	}
	if r.When, err = conditionIn(cell["when"]); err != nil {
		return r, err
	}
	if r.Says, err = conditionIn(cell["says"]); err != nil {
		return r, err
	}
	if hours := r.Test == ruleReported || r.Test == ruleMadeUp; hours != (r.Unit == "hours") || !hours && r.Unit != "" && unitWords[r.Unit] == "" || (r.Unit == "") != (r.N == 0) && r.Test != ruleOfficers {
		return r, fmt.Errorf("%q is no unit of %d", r.Unit, r.N)
	}
	for _, kind := range r.Kinds {
		if r.Field != "" && !slices.ContainsFunc(demandsOf(kind), func(d Demand) bool { return d.Field == r.Field }) {
			return r, fmt.Errorf("a paper of kind %s has no field %q", kind, r.Field)
		}
	}
	r.Confirmed, err = either(cell["confirmed"], "yes", "no")
	return r, err
}
